/*
 * Stock against its holds, in one snapshot of the product module's server: both change in the same transactions, so a
 * snapshot is never in between. Stocks are taken WINDOW at a time; the holds of a window are added up in slices of
 * orders, so that neither memory nor one statement grows with their number.
 */
#include <stdlib.h>
#include <string.h>

#include "verify/pass.h"

struct stock_seen {
    int64_t sku_id, biz_id, total, available, held, sold;
};
struct sum_seen {
    int64_t sku_id, held, sold;
};

static const struct seen_column stock_list[] = {
    SEEN(stock_seen, sku_id),    SEEN(stock_seen, biz_id), SEEN(stock_seen, total),
    SEEN(stock_seen, available), SEEN(stock_seen, held),   SEEN(stock_seen, sold),
};
static const struct seen_column sum_list[] = {SEEN(sum_seen, sku_id), SEEN(sum_seen, held), SEEN(sum_seen, sold)};

static const struct seen_columns stock_columns = {stock_list, COUNT_OF(stock_list), sizeof(struct stock_seen)};
static const struct seen_columns sum_columns = {sum_list, COUNT_OF(sum_list), sizeof(struct sum_seen)};

enum { WINDOW = 200000, SLICE = 65536, SLICE_BYTES_MAX = 64 << 20 };

/* The SKUs of (after, upto], with the sums of their holds beside them. */
struct window {
    int64_t after;
    int64_t upto;
    struct stock_seen *stocks;
    struct sum_seen *sums;
    size_t n;
    int64_t last_orphan;
};

static int compare(const void *a, const void *b)
{
    const int64_t one = ((const struct stock_seen *)a)->sku_id;
    const int64_t other = ((const struct stock_seen *)b)->sku_id;

    return (one > other) - (one < other);
}

static int read_window(struct worker *worker, struct window *window)
{
    const int rc = rows_read(worker, MODULE_PRODUCT,
                             arena_printf(worker->arena,
                                          "SELECT sku_id, biz_id, total, available, held, sold FROM bmt_product.stocks "
                                          "WHERE sku_id > %lld ORDER BY sku_id LIMIT %d",
                                          (long long)window->after, WINDOW),
                             &stock_columns, &window->stocks, &window->n);

    if (rc != 0)
        return rc;
    window->upto = window->n == WINDOW ? window->stocks[WINDOW - 1].sku_id : INT64_MAX;
    window->sums = arena_array_of(worker->arena, struct sum_seen, window->n);
    return 0;
}

static void add_sum(struct worker *worker, struct window *window, const struct sum_seen *sum)
{
    const struct stock_seen wanted = {.sku_id = sum->sku_id};
    const struct stock_seen *stock =
        window->n > 0 ? bsearch(&wanted, window->stocks, window->n, sizeof *window->stocks, compare) : NULL;

    if (stock != NULL) {
        window->sums[stock - window->stocks].held += sum->held;
        window->sums[stock - window->stocks].sold += sum->sold;
    } else if (sum->sku_id != window->last_orphan) {
        window->last_orphan = sum->sku_id;
        found(worker, 0, STOCK_SUM, 0, ID_SKU, sum->sku_id, "has holds and no stock");
    }
}

/* The order with which the next slice ends; INT64_MAX: no more than a slice is left. */
static int find_end(struct worker *worker, int64_t after, int64_t *ret_upto)
{
    struct scan scan;

    *ret_upto = INT64_MAX;
    if (scan_begin(worker->session, MODULE_PRODUCT,
                   arena_printf(worker->arena,
                                "SELECT order_id FROM bmt_product.stock_holds WHERE order_id > %lld ORDER BY order_id "
                                "LIMIT 1 OFFSET %d",
                                (long long)after, SLICE - 1),
                   worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan))
        *ret_upto = scan_i64(&scan, 0);
    return scan.has_failed ? -1 : 0;
}

static int add_holds(struct worker *worker, struct window *window)
{
    struct arena *own CLEANUP(arena_cleanup) = arena_new(SLICE_BYTES_MAX);
    struct worker slice = *worker;
    int64_t after = 0;
    int64_t upto = 0;
    int rc = 0;

    slice.arena = own;
    for (; upto != INT64_MAX && rc == 0; after = upto) {
        struct sum_seen *sums = NULL;
        size_t n = 0;

        rc = pass_stops(worker->verify) ? -1 : find_end(&slice, after, &upto);
        if (rc == 0)
            rc = rows_read(&slice, MODULE_PRODUCT,
                           arena_printf(own,
                                        "SELECT sku_id, SUM(IF(state = 1, quantity, 0)), "
                                        "SUM(IF(state = 2, quantity - returned, 0)) FROM bmt_product.stock_holds "
                                        "WHERE order_id > %lld AND order_id <= %lld AND sku_id > %lld AND "
                                        "sku_id <= %lld GROUP BY sku_id ORDER BY sku_id",
                                        (long long)after, (long long)upto, (long long)window->after,
                                        (long long)window->upto),
                           &sum_columns, &sums, &n);
        for (size_t i = 0; i < n && rc == 0; i++)
            add_sum(worker, window, &sums[i]);
        arena_reset(own);
    }
    worker->n_rows = slice.n_rows;
    return rc;
}

static int check_window(struct worker *worker, struct window *window)
{
    int rc;

    rc = read_window(worker, window);
    if (rc == 0)
        rc = add_holds(worker, window);
    for (size_t i = 0; i < window->n && rc == 0; i++) {
        const struct stock_seen *s = &window->stocks[i];
        const struct sum_seen *sum = &window->sums[i];

        if (s->total != s->available + s->held + s->sold || s->held != sum->held || s->sold != sum->sold)
            found(worker, 0, STOCK_SUM, s->biz_id, ID_SKU, s->sku_id,
                  "total %lld, available %lld, held %lld (holds say %lld), sold %lld (%lld)", (long long)s->total,
                  (long long)s->available, (long long)s->held, (long long)sum->held, (long long)s->sold,
                  (long long)sum->sold);
    }
    return rc;
}

int stocks_check(struct worker *worker)
{
    FILE *problems = worker->verify->problems;
    struct window window = {0};
    int64_t n_stocks = 0;
    int rc = 0;

    if (scan_run(worker->session, MODULE_PRODUCT, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                 problems) != 0 ||
        scan_run(worker->session, MODULE_PRODUCT, "START TRANSACTION WITH CONSISTENT SNAPSHOT", problems) != 0)
        return -1;
    while (rc == 0 && window.upto != INT64_MAX) {
        rc = check_window(worker, &window);
        n_stocks += (int64_t)window.n;
        window.after = window.upto;
        arena_reset(worker->arena);
    }
    if (scan_run(worker->session, MODULE_PRODUCT, "COMMIT", problems) != 0)
        return -1;
    worker->pass->n_keys = n_stocks;
    return rc;
}
