/* after.c: one asynchron that completes after several others, however they end.
 *
 * Three shops are asked for a price. One of them does not answer; the best of the others wins.
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

enum { SHOPS = 3 };

struct shop {
    const char *name;
    int price; /* 0: does not answer */
};

struct offer {
    int price;
    int answers;
};

static int32_t ask(asynchron_t *self, void *ctx)
{
    const struct shop *shop = ctx;

    if (shop->price == 0)
        (void)asynchron_fail(self, 1, "closed today");
    else
        (void)asynchron_set_bytes(self, &shop->price, sizeof shop->price);
    return 0;
}

/* Runs once, when all are complete, on the thread that completed the last one. */
static int32_t choose(asynchron_t *self, asynchron_t *const *prices, size_t n, void *unused)
{
    struct offer best = {0, 0};

    (void)unused;
    for (size_t i = 0; i < n; i++) {
        int price;

        if (asynchron_get_bytes(prices[i], &price, sizeof price, NULL) != ASYNCHRON_OK)
            continue; /* failed or cancelled */
        if (best.answers++ == 0 || price < best.price)
            best.price = price;
    }
    if (best.answers == 0)
        return 1;
    (void)asynchron_set_bytes(self, &best, sizeof best);
    return 0;
}

int main(void)
{
    static struct shop shops[SHOPS] = {{"Arthur", 12}, {"Berta", 0}, {"Carl", 9}};
    asynchron_t *prices[SHOPS];
    asynchron_t *best;
    asynchron_value_t value;
    const struct offer *offer;

    for (int i = 0; i < SHOPS; i++) {
        prices[i] = asynchron_create(shops[i].name);
        CHECK(prices[i] != NULL);
    }
    best = asynchron_after(prices, SHOPS, NULL, choose, NULL, NULL);
    CHECK(best != NULL && asynchron_poll(best) == ASYNCHRON_PENDING);

    /* While it runs, a spawned function keeps its asynchron itself, so ours can go. */
    for (int i = 0; i < SHOPS; i++) {
        CHECK(asynchron_spawn(prices[i], ask, &shops[i], NULL) == ASYNCHRON_OK);
        asynchron_release(prices[i]);
    }

    CHECK(asynchron_get(best, &value) == ASYNCHRON_OK);
    offer = value.data;
    printf("%d of %d shops answered, the best price is %d\n", offer->answers, SHOPS, offer->price);
    CHECK(offer->answers == 2 && offer->price == 9);
    asynchron_release(best);
    return EXIT_SUCCESS;
}
