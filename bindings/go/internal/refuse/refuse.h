/* A malloc that refuses, for the tests. */

#ifndef ASYNCHRON_REFUSE_H
#define ASYNCHRON_REFUSE_H

/* From now on this thread gets so many allocations of C, and then none. 0 if this C library is not known. */
int asynchron_refuse_after(long granted);

/* It gets all again. How many were refused. */
long asynchron_refuse_end(void);

#endif
