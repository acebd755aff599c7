/* Mono stops all threads on which code of its own has run, by signals, at each collection and at the end of the
 * process: both end. Two of ours wait in the library and two compute in managed code, until all collections have ended;
 * then they rest, and are still there when the process ends. */
using System;
using System.Runtime.InteropServices;
using System.Threading;

static class Program
{
    const string Library = "asynchron";
    const ulong Forever = ulong.MaxValue;
    const int Tasks = 4, Collections = 100;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    delegate int Function(IntPtr self, IntPtr ctx);

    [DllImport(Library)] static extern IntPtr asynchron_create(IntPtr options);
    [DllImport(Library)] static extern void asynchron_release(IntPtr a);
    [DllImport(Library)] static extern int asynchron_set_bytes(IntPtr a, IntPtr data, UIntPtr size);
    [DllImport(Library)] static extern int asynchron_wait(IntPtr a, ulong ns);
    [DllImport(Library)] static extern int asynchron_spawn(IntPtr a, Function f, IntPtr ctx, IntPtr drop);

    static readonly IntPtr end = asynchron_create(IntPtr.Zero);
    static readonly CountdownEvent inside = new CountdownEvent(Tasks);
    static readonly Function compute = Compute, wait = Wait;
    static volatile bool computing = true;

    static int Compute(IntPtr self, IntPtr ctx)
    {
        inside.Signal();
        while (computing)
            GC.KeepAlive(new byte[100]);
        return 0;
    }

    static int Wait(IntPtr self, IntPtr ctx)
    {
        inside.Signal();
        return asynchron_wait(end, Forever);
    }

    static void Check(int status)
    {
        if (status != 0)
            Environment.Exit(1);
    }

    static void Main()
    {
        var tasks = new IntPtr[Tasks];
        for (int i = 0; i < Tasks; i++) {
            tasks[i] = asynchron_create(IntPtr.Zero);
            Check(asynchron_spawn(tasks[i], i < Tasks / 2 ? wait : compute, IntPtr.Zero, IntPtr.Zero));
        }
        inside.Wait();
        for (int i = 0; i < Collections; i++)
            GC.Collect();
        computing = false;
        Check(asynchron_set_bytes(end, IntPtr.Zero, UIntPtr.Zero));
        foreach (IntPtr task in tasks) {
            Check(asynchron_wait(task, Forever));
            asynchron_release(task);
        }
        asynchron_release(end);
        GC.Collect();
    }
}
