/* Commands on price versions; see ops_catalogue.h. */
#include <string.h>

#include "base/id.h"
#include "product/ops_catalogue.h"
#include "product/ops_offers.h"

/* A price may begin this much in the past, for clocks that differ a little. */
enum { PRICE_PAST_MS_MAX = 5000 };

static bool is_known(const struct sku_row *skus, size_t n, const struct create_price *c)
{
    for (size_t i = 0; i < n; i++)
        if (skus[i].sku_id == c->row.sku_id && skus[i].biz_id == c->command.biz_id)
            return true;
    return false;
}

static bool is_same_time(const struct price_row *a, const struct price_row *b)
{
    return a->sku_id == b->sku_id && a->effective_time_ms == b->effective_time_ms &&
           strcmp(a->currency, b->currency) == 0;
}

/* Existence, then the time's rule, then what is taken (by stored rows or an earlier command of the batch). */
static void check(struct create_price *c, struct batch *batch, const struct sku_row *skus, size_t n_skus,
                  const struct price_row *taken, size_t n_taken)
{
    const char *id = id_show(ID_SKU, c->row.sku_id);

    if (!is_known(skus, n_skus, c)) {
        command_refuse(&c->command, ERR_SKU_NOT_FOUND, id);
        return;
    }
    if (c->row.effective_time_ms < batch->now_ms - PRICE_PAST_MS_MAX) {
        command_refuse(&c->command, ERR_FIELD_OUT_OF_RANGE, "effective_time", "now", "any later time");
        return;
    }
    for (size_t i = 0; i < n_taken; i++)
        if (is_same_time(&taken[i], &c->row)) {
            command_refuse(&c->command, ERR_PRICE_TIME_TAKEN, id, c->row.currency);
            return;
        }
}

static int create_price_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    struct price_row *rows = arena_array_of(batch->arena, struct price_row, batch->n);
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct sku_row *skus = NULL;
    struct price_row *taken = NULL;
    size_t n_skus = 0;
    size_t n_taken = 0;
    size_t n = 0;
    int rc;

    for_each_command(struct create_price, c, batch)
    {
        if (c->row.effective_time_ms == 0)
            c->row.effective_time_ms = batch->now_ms;
        keys[c_i] = (struct product_key){.id = c->row.sku_id, .biz_id = c->command.biz_id};
        rows[c_i] = c->row;
    }
    rc = product_store_find_skus(batch->tx, keys, batch->n, batch->arena, &skus, &n_skus, err);
    if (rc == 0)
        rc = product_store_find_prices(batch->tx, rows, batch->n, batch->arena, &taken, &n_taken, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_price, c, batch)
    {
        check(c, batch, skus, n_skus, taken, n_taken);
        if (!c->command.is_done)
            check(c, batch, skus, n_skus, rows, n);
        if (c->command.is_done)
            continue;
        c->row.price_id = id_new(0);
        c->row.biz_id = c->command.biz_id;
        c->row.create_time_ms = batch->now_ms;
        biz_ids[n] = c->command.biz_id;
        rows[n++] = c->row;
    }
    rc = product_store_insert_prices(batch->tx, rows, n, err);
    return rc != 0 ? rc : product_count_changes(batch, biz_ids, n, err);
}

static int list_prices_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_prices, c, batch)
    {
        rc = product_store_list_prices(batch->tx, c->command.biz_id, c->sku_id, &c->list.page, batch->arena, &c->rows,
                                       &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan create_price_plan = {
    .name = "product.create_price", .home = MODULE_PRODUCT, .keeps_replies = true, .body = create_price_body};
struct batch_plan list_prices_plan = {
    .name = "product.list_prices", .home = MODULE_PRODUCT, .is_read = true, .body = list_prices_body};
