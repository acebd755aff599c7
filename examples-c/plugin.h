/* plugin.h: what plugin.c and the plug-ins that it loads agree upon. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <asynchron.h>

/* Every plug-in has one, which is named "plugin". */
struct plugin {
    /* Makes it ready; any other status than ASYNCHRON_OK: it cannot be used. */
    asynchron_status_t (*begin)(void);

    /* Begins to compute something of `n`, a uint32_t. A new reference; NULL: it cannot. */
    asynchron_t *(*compute)(uint64_t n);

    /* Returns when no code of the plug-in runs any more, nor ever will: it may be unloaded. */
    void (*end)(void);
};

#endif
