/*
 * then: a chain of a million, made, run and released on a small stack; a link. For contestants with
 * HAS_CHAIN, which say
 *
 *     static future *then(future *last);     one that gets the other's value and 1; gives that away
 *     static void run_chain(future *first);  gives it 0, and away; all links run before it returns
 */

static void *chain(void *arg)
{
    struct batches *b = (struct batches *)arg;
    size_t n = share(1000000);
    while (more(b)) {
        double begun = now();
        uint64_t value = 0;
        future *first = create(sizeof value), *last = first;
        for (size_t link = 0; link < n; link++)
            last = then(last);
        run_chain(first);
        get(last, &value, sizeof value);
        must(value == n, "end of the chain");
        release(last);
        batch(b, (now() - begun) / (double)n);
    }
    return NULL;
}

static void chained(void)
{
    static struct batches b;
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    must(pthread_create(&thread, &attr, chain, &b) == 0, "thread");
    pthread_join(thread, NULL);
    result("then", median(&b));
}
