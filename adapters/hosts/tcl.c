/* tcl.c: a report in Tcl. Its descriptor gets a file handler, which wants a small extension; tcl.tcl loads this one. */
#include <tcl.h>

#include "taken.h"

static taken_t taken;
static asynchron_report_t *watched;
static int calls;

static void readable(ClientData report, int mask)
{
    (void)mask;
    if (take((asynchron_report_t *)report, &taken) == ASYNCHRON_END) { /* after its close: all is taken */
        Tcl_DeleteFileHandler(asynchron_report_fd((asynchron_report_t *)report));
        asynchron_report_release((asynchron_report_t *)report);
        taken.over = 1;
    }
}

static void called(ClientData unused, int mask)
{
    (void)unused, (void)mask;
    calls++;
}

static int take_all(ClientData unused, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    asynchron_report_t *report = filled();

    (void)unused, (void)n, (void)words;
    Tcl_CreateFileHandler(asynchron_report_fd(report), TCL_READABLE, readable, report);
    while (!taken.over)
        Tcl_DoOneEvent(TCL_ALL_EVENTS);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(said(&taken), -1));
    return TCL_OK;
}

/* A report that is watched, and has something: the first time it is released at once, against the rule. */
static int watch(ClientData unused, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)unused, (void)n, (void)words;
    watched = asynchron_report_create(NULL, 0);
    calls = 0;
    Tcl_CreateFileHandler(asynchron_report_fd(watched), TCL_READABLE, called, NULL);
    Tcl_SetObjResult(interp, Tcl_NewIntObj(asynchron_report_fd(watched)));
    return TCL_OK;
}

static int ring(ClientData unused, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)unused, (void)interp, (void)n, (void)words;
    add_timer(watched, 0, 0);
    return TCL_OK;
}

static int let_go(ClientData unused, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)unused, (void)interp, (void)n, (void)words;
    asynchron_report_release(watched);
    return TCL_OK;
}

static int called_so_often(ClientData unused, Tcl_Interp *interp, int n, Tcl_Obj *const words[])
{
    (void)unused, (void)n, (void)words;
    Tcl_SetObjResult(interp, Tcl_NewIntObj(calls));
    return TCL_OK;
}

int Report_Init(Tcl_Interp *interp)
{
    Tcl_CreateObjCommand(interp, "take_all", take_all, NULL, NULL);
    Tcl_CreateObjCommand(interp, "watch", watch, NULL, NULL);
    Tcl_CreateObjCommand(interp, "ring", ring, NULL, NULL);
    Tcl_CreateObjCommand(interp, "let_go", let_go, NULL, NULL);
    Tcl_CreateObjCommand(interp, "calls", called_so_often, NULL, NULL);
    return TCL_OK;
}
