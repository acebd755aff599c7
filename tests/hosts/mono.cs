// C# on Mono, by P/Invoke: each question that docs/languages.md answers for it.
using System;
using System.Runtime.InteropServices;
using System.Threading;

class Program {
    const ulong FOREVER = ulong.MaxValue;
    const ulong LONG = 5000000000;
    const int OK = 0;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    delegate int Function(IntPtr a, IntPtr ctx);
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    delegate void Notify(IntPtr a, IntPtr ctx);

    [StructLayout(LayoutKind.Sequential)]
    struct Error {
        public int code;
        public IntPtr domain, message, payload;
    }

    [DllImport("libasynchron.so.0")] static extern ulong asynchron_forever();
    [DllImport("libasynchron.so.0")] static extern IntPtr asynchron_create(string name);
    [DllImport("libasynchron.so.0")] static extern IntPtr asynchron_timer(ulong ns);
    [DllImport("libasynchron.so.0")] static extern int asynchron_wait(IntPtr a, ulong ns);
    [DllImport("libasynchron.so.0")] static extern int asynchron_cancel(IntPtr a);
    [DllImport("libasynchron.so.0")] static extern int asynchron_fail(IntPtr a, int code, string message);
    [DllImport("libasynchron.so.0")] static extern int asynchron_poll(IntPtr a);
    [DllImport("libasynchron.so.0")] static extern int asynchron_error(IntPtr a, out Error error);
    [DllImport("libasynchron.so.0")] static extern int asynchron_call(IntPtr a, Function fn, IntPtr ctx);
    [DllImport("libasynchron.so.0")] static extern int asynchron_notify(IntPtr a, Notify fn, IntPtr ctx);
    [DllImport("libgiven.so")] static extern int given_forever(ulong n);

    static IntPtr Timer(ulong milliseconds) {
        return asynchron_timer(milliseconds * 1000000);
    }

    static string Outcome(Function function) {
        IntPtr a = asynchron_create(null);
        asynchron_call(a, function, IntPtr.Zero);
        GC.KeepAlive(function);
        if (asynchron_poll(a) == OK)
            return "success";
        Error error;
        asynchron_error(a, out error);
        return "failure: " + Marshal.PtrToStringAnsi(error.message);
    }

    static string Forever() {
        bool arrives = given_forever(FOREVER) == 1 && asynchron_wait(Timer(50), FOREVER) == OK;
        return arrives ? "arrives" : "lost";
    }

    static void InBackground(ThreadStart work) {
        var thread = new Thread(work);
        thread.IsBackground = true;
        thread.Start();
    }

    // Whether another thread comes to end the wait.
    static string Blocking() {
        IntPtr a = asynchron_create(null);
        InBackground(() => {
            Thread.Sleep(100);
            asynchron_cancel(a);
        });
        return asynchron_wait(a, LONG) == OK ? "the thread" : "all";
    }

    static string Interrupt() {
        Console.WriteLine("waiting");
        asynchron_wait(asynchron_create(null), LONG);
        return "went on";
    }

    static readonly ManualResetEvent done = new ManualResetEvent(false);
    static readonly Notify told = (a, ctx) => done.Set(); // lives as long as the program

    static string Callback() {
        asynchron_notify(Timer(100), told, IntPtr.Zero);
        return done.WaitOne(10000) ? "works" : "lost";
    }

    static void Leave(bool cancels) {
        IntPtr a = asynchron_create(null);
        InBackground(() => asynchron_wait(a, FOREVER));
        Thread.Sleep(300);
        if (cancels)
            AppDomain.CurrentDomain.ProcessExit += (sender, e) => asynchron_cancel(a);
        Console.WriteLine("ending");
        Environment.Exit(0);
    }

    // An exception must not leave the function: it would jump over the library to a handler outside, and the asynchron
    // would stay RUNNING.
    static int Catches(IntPtr a, IntPtr ctx) {
        try {
            throw new Exception("no luck");
        } catch (Exception e) {
            return asynchron_fail(a, 1, e.Message);
        }
    }

    static void Main(string[] arguments) {
        switch (arguments[0]) {
        case "version": Console.WriteLine("Mono " + Version()); break;
        case "forever": Console.WriteLine(Forever()); break;
        case "max": Console.WriteLine(asynchron_forever()); break;
        case "blocking": Console.WriteLine(Blocking()); break;
        case "interrupt": Console.WriteLine(Interrupt()); break;
        case "callback": Console.WriteLine(Callback()); break;
        case "exit": Leave(false); break;
        case "mended": Leave(true); break;
        case "caught": Console.WriteLine(Outcome(Catches)); break;
        }
    }

    static string Version() {
        var name = Type.GetType("Mono.Runtime").GetMethod("GetDisplayName",
            System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static);
        return ((string) name.Invoke(null, null)).Split(' ')[0];
    }
}
