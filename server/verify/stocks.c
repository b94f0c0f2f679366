/*
 * Stock against its holds, in one snapshot of the product module's server: both change in the same transactions, so a
 * snapshot is never in between.
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

static int read_all(struct worker *worker, struct stock_seen **ret_stocks, size_t *ret_n_stocks,
                    struct sum_seen **ret_sums, size_t *ret_n_sums)
{
    static const struct seen_columns stock_columns = {stock_list, COUNT_OF(stock_list), sizeof(struct stock_seen)};
    static const struct seen_columns sum_columns = {sum_list, COUNT_OF(sum_list), sizeof(struct sum_seen)};
    FILE *problems = worker->verify->problems;
    int rc;

    if (scan_run(worker->session, MODULE_PRODUCT, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                 problems) != 0 ||
        scan_run(worker->session, MODULE_PRODUCT, "START TRANSACTION WITH CONSISTENT SNAPSHOT", problems) != 0)
        return -1;
    rc = rows_read(worker, MODULE_PRODUCT,
                   "SELECT sku_id, biz_id, total, available, held, sold FROM bmt_product.stocks ORDER BY sku_id",
                   &stock_columns, ret_stocks, ret_n_stocks);
    if (rc == 0)
        rc = rows_read(worker, MODULE_PRODUCT,
                       "SELECT sku_id, SUM(IF(state = 1, quantity, 0)), SUM(IF(state = 2, quantity - returned, 0)) "
                       "FROM bmt_product.stock_holds GROUP BY sku_id ORDER BY sku_id",
                       &sum_columns, ret_sums, ret_n_sums);
    if (scan_run(worker->session, MODULE_PRODUCT, "COMMIT", problems) != 0)
        return -1;
    return rc;
}

int stocks_check(struct worker *worker)
{
    struct stock_seen *stocks = NULL;
    struct sum_seen *sums = NULL;
    size_t n_stocks = 0;
    size_t n_sums = 0;
    size_t at = 0;

    if (read_all(worker, &stocks, &n_stocks, &sums, &n_sums) != 0)
        return -1;
    for (size_t i = 0; i < n_stocks; i++) {
        const struct stock_seen *s = &stocks[i];
        struct sum_seen sum = {0};

        for (; at < n_sums && sums[at].sku_id <= s->sku_id; at++)
            if (sums[at].sku_id == s->sku_id)
                sum = sums[at];
            else
                found(worker, 0, STOCK_SUM, 0, ID_SKU, sums[at].sku_id, "has holds and no stock");
        if (s->total != s->available + s->held + s->sold || s->held != sum.held || s->sold != sum.sold)
            found(worker, 0, STOCK_SUM, s->biz_id, ID_SKU, s->sku_id,
                  "total %lld, available %lld, held %lld (holds say %lld), sold %lld (%lld)", (long long)s->total,
                  (long long)s->available, (long long)s->held, (long long)sum.held, (long long)s->sold,
                  (long long)sum.sold);
    }
    worker->pass->n_keys = (int64_t)n_stocks;
    return 0;
}
