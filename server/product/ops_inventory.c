/*
 * Commands on stock; see ops_inventory.h. A SKU without a stock row has unlimited stock, and so has one whose row is
 * not counted: that row remembers what was sold.
 */
#include <string.h>

#include "base/id.h"
#include "product/ops_inventory.h"
#include "product/ops_offers.h"

/* A stock while a batch changes it: the row, and how it stood when it was read. */
struct present {
    bool was_stored;
    bool was_counted;
    struct stock_row row;
};

static struct present *find_present(struct present *stocks, size_t n, int64_t sku_id)
{
    for (size_t i = 0; i < n; i++)
        if (stocks[i].row.sku_id == sku_id)
            return &stocks[i];
    return NULL;
}

/* One entry for each known SKU among the keys, with its stock row if it has one. */
static int load(struct batch *batch, const struct product_key *keys, struct present **ret_stocks, size_t *ret_n,
                struct err *err)
{
    struct sku_row *skus = NULL;
    struct stock_row *rows = NULL;
    size_t n_skus = 0;
    size_t n_rows = 0;
    int rc;

    rc = product_store_find_skus(batch->tx, keys, batch->n, batch->arena, &skus, &n_skus, err);
    if (rc == 0)
        rc = product_store_find_stocks(batch->tx, keys, batch->n, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    struct present *stocks = arena_array_of(batch->arena, struct present, n_skus);

    for (size_t i = 0; i < n_skus; i++) {
        stocks[i].row.sku_id = skus[i].sku_id;
        stocks[i].row.biz_id = skus[i].biz_id;
        for (size_t j = 0; j < n_rows; j++)
            if (rows[j].sku_id == skus[i].sku_id) {
                stocks[i].row = rows[j];
                stocks[i].row.version_read = rows[j].version;
                stocks[i].was_stored = true;
                stocks[i].was_counted = rows[j].is_counted;
            }
    }
    *ret_stocks = stocks;
    *ret_n = n_skus;
    return 0;
}

static void set_total(struct change_stock *c, struct present *stock, int64_t total)
{
    struct stock_row *row = &stock->row;
    const int64_t taken = row->held + row->sold;

    if (total < taken) {
        command_refuse(&c->command, ERR_STOCK_INSUFFICIENT, id_show(ID_SKU, row->sku_id), err_i64(row->available));
        return;
    }
    row->is_counted = true;
    row->total = total;
    row->available = total - taken;
    row->version++;
}

static void set_unlimited(struct change_stock *c, struct present *stock)
{
    struct stock_row *row = &stock->row;

    if (row->held > 0) {
        command_refuse(&c->command, ERR_STOCK_HELD, id_show(ID_SKU, row->sku_id), err_i64(row->held));
        return;
    }
    row->is_counted = false;
    row->total = row->sold;
    row->available = 0;
    row->version++;
}

static void add(struct change_stock *c, struct present *stock)
{
    int64_t total;

    if (!stock->row.is_counted)
        command_refuse(&c->command, ERR_STOCK_UNLIMITED, id_show(ID_SKU, c->sku_id));
    else if (__builtin_add_overflow(stock->row.total, c->amount, &total) || total > MONEY_AMOUNT_MAX)
        command_refuse(&c->command, ERR_AMOUNT_OVERFLOW, "delta");
    else
        set_total(c, stock, total);
}

static void change(struct change_stock *c, struct present *stock, int64_t now_ms)
{
    switch (c->change) {
    case STOCK_SET_TOTAL: set_total(c, stock, c->amount); break;
    case STOCK_SET_UNLIMITED: set_unlimited(c, stock); break;
    case STOCK_ADD: add(c, stock); break;
    }
    if (c->command.is_done)
        return;
    stock->row.update_time_ms = now_ms;
    c->is_counted = stock->row.is_counted;
    c->row = stock->row;
}

/* Whether stock is counted is part of the offer; how much there is, is not. */
static int write_changes(struct batch *batch, const struct present *stocks, size_t n, struct err *err)
{
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, n);
    struct stock_row *made = arena_array_of(batch->arena, struct stock_row, n);
    struct stock_row *changed = arena_array_of(batch->arena, struct stock_row, n);
    size_t n_made = 0;
    size_t n_changed = 0;
    size_t n_offers = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        if (stocks[i].row.version == stocks[i].row.version_read)
            continue;
        if (stocks[i].row.is_counted != stocks[i].was_counted)
            biz_ids[n_offers++] = stocks[i].row.biz_id;
        if (stocks[i].was_stored)
            changed[n_changed++] = stocks[i].row;
        else
            made[n_made++] = stocks[i].row;
    }
    rc = product_store_insert_stocks(batch->tx, made, n_made, err);
    if (rc == 0)
        rc = product_store_update_stocks(batch->tx, changed, n_changed, err);
    if (rc == 0)
        rc = product_count_changes(batch, biz_ids, n_offers, err);
    return rc;
}

static int change_stock_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    struct present *stocks = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct change_stock, c, batch) keys[c_i] =
        (struct product_key){.id = c->sku_id, .biz_id = c->command.biz_id};
    rc = load(batch, keys, &stocks, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct change_stock, c, batch)
    {
        struct present *stock = find_present(stocks, n, c->sku_id);

        if (stock == NULL || stock->row.biz_id != c->command.biz_id)
            command_refuse(&c->command, ERR_SKU_NOT_FOUND, id_show(ID_SKU, c->sku_id));
        else
            change(c, stock, batch->now_ms);
    }
    return write_changes(batch, stocks, n, err);
}

static int get_stock_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    struct present *stocks = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_stock, c, batch) keys[c_i] =
        (struct product_key){.id = c->sku_id, .biz_id = c->command.biz_id};
    rc = load(batch, keys, &stocks, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_stock, c, batch)
    {
        const struct present *stock = find_present(stocks, n, c->sku_id);

        if (stock == NULL || stock->row.biz_id != c->command.biz_id) {
            command_refuse(&c->command, ERR_SKU_NOT_FOUND, id_show(ID_SKU, c->sku_id));
        } else {
            c->is_counted = stock->row.is_counted;
            c->row = stock->row;
        }
    }
    return 0;
}

struct batch_plan change_stock_plan = {
    .name = "product.change_stock", .home = MODULE_PRODUCT, .keeps_replies = true, .body = change_stock_body};
struct batch_plan get_stock_plan = {
    .name = "product.get_stock", .home = MODULE_PRODUCT, .is_read = true, .body = get_stock_body};
