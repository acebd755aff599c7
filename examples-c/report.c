/* report.c: many asynchrons, taken in the order in which they complete.
 *
 * A table orders three dishes. The kitchen serves them as they get done, and the waiter carries
 * each one out without knowing which comes next.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include <string.h>
#include "check.h"

enum { STEAK, SOUP, SALAD, DISHES };

static const char *const menu[DISHES] = {"steak", "soup", "salad"};
static const int price[DISHES] = {24, 9, 7};

/* Completes the orders in an order of its own. It borrows the handles: main keeps them. */
static void *kitchen(void *ctx)
{
    asynchron_t *const *orders = ctx;

    CHECK(asynchron_set_bytes(orders[SALAD], &price[SALAD], sizeof price[SALAD]) == ASYNCHRON_OK);
    CHECK(asynchron_fail(orders[STEAK], 86, "sold out") == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(orders[SOUP], &price[SOUP], sizeof price[SOUP]) == ASYNCHRON_OK);
    return NULL;
}

int main(void)
{
    asynchron_t *orders[DISHES];
    asynchron_report_t *report = asynchron_report_create(NULL, 0); /* more is added below */
    asynchron_item_t item;
    asynchron_status_t status;
    pthread_t cook;
    char carried[64] = "";
    int bill = 0;

    CHECK(report != NULL);
    for (int i = 0; i < DISHES; i++) {
        orders[i] = asynchron_create(menu[i]);
        CHECK(orders[i] != NULL);
        /* The tag comes back with the item; it is any pointer that tells us which one it is. */
        CHECK(asynchron_report_add(report, orders[i], (void *)menu[i]) == ASYNCHRON_OK);
    }
    CHECK(asynchron_report_pending(report) == DISHES);
    CHECK(pthread_create(&cook, NULL, kitchen, orders) == 0);

    /* Blocks until the next one is complete; says END when everything added has been yielded. */
    while ((status = asynchron_report_next(report, ASYNCHRON_FOREVER, &item)) == ASYNCHRON_OK) {
        const char *dish = item.tag;
        asynchron_value_t value;
        asynchron_error_t error;

        if (asynchron_get(item.asynchron, &value) == ASYNCHRON_OK) { /* complete: never blocks */
            bill += *(const int *)value.data;
            printf("%s: %d\n", dish, *(const int *)value.data);
        } else {
            CHECK(asynchron_error(item.asynchron, &error) == ASYNCHRON_OK);
            printf("%s: %s\n", dish, error.message);
        }
        strcat(strcat(carried, dish), " ");
        asynchron_release(item.asynchron); /* the report's reference came to us with the item */
    }
    CHECK(status == ASYNCHRON_END);
    CHECK(strcmp(carried, "salad steak soup ") == 0);
    CHECK(bill == price[SALAD] + price[SOUP]);

    CHECK(pthread_join(cook, NULL) == 0);
    for (int i = 0; i < DISHES; i++)
        asynchron_release(orders[i]);
    asynchron_report_release(report);
    return EXIT_SUCCESS;
}
