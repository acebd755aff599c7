/* gtask.c: three tasks of GLib that return what asynchrons become. */
#include <asynchron/gtask.h>

#include "work.h"

static int numbers[] = { 2, 3, 4 }, left = 3;

static void returned(GObject *source, GAsyncResult *result, gpointer number)
{
    GError *error = NULL;
    GBytes *bytes = (GBytes *)g_task_propagate_pointer(G_TASK(result), &error);

    (void)source;
    if (bytes != NULL)
        printf("%d squared is %d\n", *(int *)number, *(const int *)g_bytes_get_data(bytes, NULL));
    g_clear_pointer(&bytes, g_bytes_unref);
    g_clear_error(&error);
    left--;
}

int main(void)
{
    int i;

    for (i = 0; i < 3; i++) {
        asynchron_t *a = asynchron_create(NULL);
        GTask *task = g_task_new(NULL, NULL, returned, &numbers[i]);

        if (asynchron_glib_return(a, task) != ASYNCHRON_OK ||
            asynchron_spawn(a, square, &numbers[i], NULL) != ASYNCHRON_OK)
            return EXIT_FAILURE;
        asynchron_release(a); /* both are kept until it is complete */
        g_object_unref(task);
    }
    while (left > 0)
        g_main_context_iteration(NULL, TRUE);
    puts("that was all");
    return EXIT_SUCCESS;
}
