/* tcl.c: an extension that calls the library for tcl.tcl. A handle is a wide integer in Tcl. */
#include <asynchron.h>
#include <tcl.h>

#include "given.h"

#define FOREVER ASYNCHRON_FOREVER

static asynchron_t *handle(Tcl_Obj *word)
{
    Tcl_WideInt number = 0;

    Tcl_GetWideIntFromObj(NULL, word, &number);
    return (asynchron_t *)(intptr_t)number;
}

static int give(Tcl_Interp *interp, Tcl_WideInt number)
{
    Tcl_SetObjResult(interp, Tcl_NewWideIntObj(number));
    return TCL_OK;
}

static uint64_t timeout(Tcl_Obj *word) /* in milliseconds; "forever" is for ever */
{
    Tcl_WideInt milliseconds;

    return Tcl_GetWideIntFromObj(NULL, word, &milliseconds) == TCL_OK ? (uint64_t)milliseconds * 1000000 : FOREVER;
}

static int timer(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)data, (void)n;
    return give(interp, (intptr_t)asynchron_timer(timeout(words[1])));
}

static int create(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)data, (void)n, (void)words;
    return give(interp, (intptr_t)asynchron_create(NULL));
}

static int wait_for(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)data, (void)n;
    return give(interp, asynchron_wait(handle(words[1]), timeout(words[2])));
}

static int cancel(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)data, (void)n;
    return give(interp, asynchron_cancel(handle(words[1])));
}

static int arrives(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)data, (void)n;
    return give(interp, given_forever(timeout(words[1])));
}

static int forever(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)data, (void)n, (void)words;
    return give(interp, (Tcl_WideInt)asynchron_forever());
}

/* What becomes of one whose function is a script: an error of that is a number that is not 0. */
struct script {
    Tcl_Interp *interp;
    Tcl_Obj *text;
    int tells;
};

static int32_t run(asynchron_t *a, void *ctx)
{
    struct script *script = ctx;
    int code = Tcl_EvalObjEx(script->interp, script->text, 0);

    return code == TCL_OK || !script->tells ? code : asynchron_fail(a, code, Tcl_GetStringResult(script->interp));
}

static int outcome(ClientData tells, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    struct script script = { interp, words[1], tells != NULL };
    asynchron_t *a = asynchron_create(NULL);
    asynchron_error_t why;

    (void)n;
    asynchron_call(a, run, &script);
    if (asynchron_error(a, &why) != ASYNCHRON_OK)
        Tcl_SetObjResult(interp, Tcl_NewStringObj("success", -1));
    else
        Tcl_SetObjResult(interp, tells ? Tcl_ObjPrintf("failure: %s", why.message) : Tcl_NewStringObj("failure", -1));
    asynchron_release(a);
    return TCL_OK;
}

/* On a thread of ours: no script may run there, so an event takes it to the interpreter's. */
struct told {
    Tcl_Event event;
    Tcl_Interp *interp;
    Tcl_ThreadId home;
};

static int served(Tcl_Event *event, int flags)
{
    (void)flags;
    Tcl_SetVar(((struct told *)event)->interp, "told", "later", TCL_GLOBAL_ONLY);
    return 1;
}

static void tell(asynchron_t *a, void *ctx)
{
    struct told *told = ctx;
    Tcl_ThreadId home = told->home;

    (void)a;
    Tcl_ThreadQueueEvent(home, &told->event, TCL_QUEUE_TAIL);
    Tcl_ThreadAlert(home);
}

static int notify(ClientData data, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    struct told *told = (struct told *)Tcl_Alloc(sizeof *told);

    (void)data, (void)n;
    told->event.proc = served;
    told->interp = interp;
    told->home = Tcl_GetCurrentThread();
    return give(interp, asynchron_notify(handle(words[1]), tell, told));
}

int Asynchron_Init(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, "create", create, NULL, NULL);
    Tcl_CreateObjCommand(interp, "timer", timer, NULL, NULL);
    Tcl_CreateObjCommand(interp, "wait_for", wait_for, NULL, NULL);
    Tcl_CreateObjCommand(interp, "cancel", cancel, NULL, NULL);
    Tcl_CreateObjCommand(interp, "arrives", arrives, NULL, NULL);
    Tcl_CreateObjCommand(interp, "max", forever, NULL, NULL);
    Tcl_CreateObjCommand(interp, "exception", outcome, NULL, NULL);
    Tcl_CreateObjCommand(interp, "caught", outcome, interp, NULL);
    Tcl_CreateObjCommand(interp, "notify", notify, NULL, NULL);
    return TCL_OK;
}
