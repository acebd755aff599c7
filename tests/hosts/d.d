// d.d: D, as LDC compiles it: each question that docs/languages.md answers for it.
import core.atomic;
import core.thread;
import std.conv : to;
import std.stdio;
import std.string : fromStringz, toStringz;

import asynchron; // what the compiler makes of asynchron.h

extern (C) int given_forever(ulong n);

enum FOREVER = ulong.max;
enum LONG = 5_000_000_000;

auto timer(ulong milliseconds)
{
    return asynchron_timer(milliseconds * 1_000_000);
}

string outcome(asynchron_fn_t fn)
{
    auto a = asynchron_create(null);
    asynchron_call(a, fn, null);
    if (asynchron_poll(a) == ASYNCHRON_OK)
        return "success";
    asynchron_error_t why;
    asynchron_error(a, &why);
    return "failure: " ~ why.message.fromStringz.to!string;
}

extern (C) int throws(asynchron_t* a, void* ctx)
{
    throw new Exception("no luck");
}

extern (C) int catches(asynchron_t* a, void* ctx)
{
    try
        return throws(a, ctx);
    catch (Exception e)
        return asynchron_fail(a, 1, e.msg.toStringz);
}

shared int told;

// It runs on a thread that D does not know: so it allocates nothing.
extern (C) void tell(asynchron_t* a, void* ctx) nothrow @nogc
{
    told.atomicOp!"+="(1);
}

Thread daemon(void delegate() work)
{
    auto thread = new Thread(work);
    thread.isDaemon = true;
    return thread.start();
}

// Whether another thread comes to end the wait.
string blocking()
{
    auto a = asynchron_create(null);
    daemon({
        Thread.sleep(100.msecs);
        asynchron_cancel(a);
    });
    return asynchron_wait(a, LONG) == ASYNCHRON_OK ? "the thread" : "all";
}

string callback()
{
    asynchron_notify(timer(100), &tell, null);
    foreach (_; 0 .. 1000)
        if (!told.atomicLoad)
            Thread.sleep(10.msecs);
    return told.atomicLoad ? "works" : "lost";
}

void say(string text)
{
    writeln(text);
    stdout.flush();
}

void main(string[] arguments)
{
    final switch (arguments[1])
    {
    case "version":
        say("LDC, D " ~ (__VERSION__ / 1000).to!string ~ "." ~ (__VERSION__ % 1000).to!string);
        break;
    case "forever":
        const arrives = given_forever(FOREVER) && asynchron_wait(timer(50), FOREVER) == ASYNCHRON_OK;
        say(arrives ? "arrives" : "lost");
        break;
    case "max":
        say(asynchron_forever().to!string);
        break;
    case "blocking":
        say(blocking());
        break;
    case "interrupt":
        say("waiting");
        asynchron_wait(asynchron_create(null), LONG);
        say("went on");
        break;
    case "callback":
        say(callback());
        break;
    case "exit":
        daemon({ asynchron_wait(asynchron_create(null), FOREVER); });
        Thread.sleep(300.msecs);
        say("ending");
        break;
    case "exception":
        say(outcome(&throws));
        break;
    case "caught":
        say(outcome(&catches));
        break;
    }
}
