/* D's runtime stops all threads that it knows, by signals, at each collection: each ends. Two of ours wait in the
 * library and two compute and allocate, until all collections have ended. */
import core.atomic, core.memory, core.thread, core.time;

extern (C)
{
    struct asynchron_t;
    alias asynchron_fn_t = int function(asynchron_t* self, void* ctx);
    asynchron_t* asynchron_create(const void* options);
    void asynchron_release(asynchron_t*);
    int asynchron_set_bytes(asynchron_t*, const void* data, size_t size);
    int asynchron_wait(asynchron_t*, ulong ns);
    int asynchron_spawn(asynchron_t*, asynchron_fn_t fn, void* ctx, void function(void*) drop);
}

enum forever = ulong.max, tasks = 4, collections = 100;

__gshared asynchron_t* begin, end;
shared int attached;
shared bool ended;

extern (C) int wait(asynchron_t* self, void* ctx)
{
    thread_attachThis();
    scope (exit) thread_detachThis();
    attached.atomicOp!"+="(1);
    return asynchron_wait(end, forever);
}

extern (C) int compute(asynchron_t* self, void* ctx)
{
    thread_attachThis();
    scope (exit) thread_detachThis();
    attached.atomicOp!"+="(1);
    check(asynchron_wait(begin, forever));
    while (!ended.atomicLoad)
        new ubyte[100];
    return 0;
}

void check(int status)
{
    if (status != 0)
        assert(0);
}

void main()
{
    asynchron_t*[tasks] all;
    begin = asynchron_create(null);
    end = asynchron_create(null);
    foreach (i, ref one; all)
    {
        one = asynchron_create(null);
        check(asynchron_spawn(one, i < tasks / 2 ? &wait : &compute, null, null));
    }
    // A thread that attaches itself is not safe from collections before it is attached.
    while (attached.atomicLoad < tasks)
        Thread.sleep(1.msecs);
    check(asynchron_set_bytes(begin, null, 0));
    foreach (i; 0 .. collections)
        GC.collect();
    ended.atomicStore(true);
    check(asynchron_set_bytes(end, null, 0));
    foreach (one; all ~ [begin, end])
    {
        check(asynchron_wait(one, forever));
        asynchron_release(one);
    }
}
