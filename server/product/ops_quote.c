/* Commands on quotes; see ops_inventory.h. */
#include <string.h>

#include "base/id.h"
#include "product/ops_inventory.h"
#include "product/rules.h"

_Atomic int64_t product_quote_lives_ms = 600000;

/* All lines of all commands as one array for the verb; they are copied back priced. */
static int price(struct batch *batch, struct err *err)
{
    struct sale_line *lines;
    size_t n = 0;
    size_t at = 0;
    int rc;

    for_each_command(struct quote_price, c, batch) n += c->n_lines;
    lines = arena_array_of(batch->arena, struct sale_line, n);
    n = 0;
    for_each_command(struct quote_price, c, batch) for (size_t i = 0; i < c->n_lines; i++) lines[n++] = c->lines[i];
    rc = product_price_lines(batch, lines, n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++) {
        struct quote_price *c = (void *)batch->commands[i];

        memcpy(c->lines, lines + at, c->n_lines * sizeof *lines);
        at += c->n_lines;
    }
    return rc;
}

static void sum_up(struct quote_price *c, struct batch *batch)
{
    int64_t total = 0;

    for (size_t i = 0; i < c->n_lines; i++)
        if (product_total((const int64_t[]){total, c->lines[i].amount_minor}, 2, &total) != 0) {
            command_refuse(&c->command, ERR_AMOUNT_OVERFLOW, "lines");
            return;
        }
    c->row = (struct quote_row){
        .quote_id = id_new(id_route(c->command.biz_id, c->user_id)),
        .biz_id = c->command.biz_id,
        .user_id = c->user_id,
        .amount_minor = total,
        .expire_time_ms = batch->now_ms + product_quote_lives_ms,
        .create_time_ms = batch->now_ms,
    };
    memcpy(c->row.currency, c->lines[0].currency, CURRENCY_SIZE);
}

size_t product_quote_lines(const struct quote_price *c, struct quote_line_row *rows)
{
    for (size_t i = 0; i < c->n_lines; i++)
        rows[i] = (struct quote_line_row){
            .quote_id = c->row.quote_id,
            .line_no = (int32_t)i + 1,
            .biz_id = c->row.biz_id,
            .sku_id = c->lines[i].sku_id,
            .spu_id = c->lines[i].spu_id,
            .price_id = c->lines[i].price_id,
            .title = c->lines[i].title,
            .quantity = c->lines[i].quantity,
            .unit_minor = c->lines[i].unit_minor,
            .amount_minor = c->lines[i].amount_minor,
        };
    return c->n_lines;
}

/* No promotion can be created yet, so no code can be one's. */
static void refuse_coupons(struct batch *batch)
{
    for_each_command(struct quote_price, c, batch)
    {
        if (c->coupon_code == NULL)
            continue;
        command_refuse(&c->command, ERR_COUPON_NOT_FOUND, c->coupon_code);
        c->n_lines = 0; /* nothing of it is to be priced */
    }
}

static int quote_price_body(struct batch *batch, struct err *err)
{
    struct quote_row *quotes = arena_array_of(batch->arena, struct quote_row, batch->n);
    struct quote_line_row *lines;
    size_t n_quotes = 0;
    size_t n_lines = 0;
    int rc;

    refuse_coupons(batch);
    rc = price(batch, err);
    if (rc != 0)
        return rc;
    for_each_command(struct quote_price, c, batch)
    {
        sum_up(c, batch);
        n_lines += c->n_lines;
    }
    lines = arena_array_of(batch->arena, struct quote_line_row, n_lines);
    n_lines = 0;
    for_each_command(struct quote_price, c, batch)
    {
        quotes[n_quotes++] = c->row;
        n_lines += product_quote_lines(c, lines + n_lines);
    }
    return product_store_insert_quotes(batch->tx, quotes, n_quotes, lines, n_lines, err);
}

static bool is_visible(const struct quote_row *quote, const struct command *command)
{
    return quote->biz_id == command->biz_id &&
           (command->user_id == NULL || strcmp(command->user_id, quote->user_id) == 0);
}

static void fill(struct get_quote *c, struct quote_row *quotes, size_t n_quotes, struct quote_line_row *lines,
                 size_t n_lines)
{
    for (size_t i = 0; i < n_quotes; i++)
        if (quotes[i].quote_id == c->row.quote_id && is_visible(&quotes[i], &c->command)) {
            c->row = quotes[i];
            for (size_t j = 0; j < n_lines; j++) /* lines of one quote stand together */
                if (lines[j].quote_id == c->row.quote_id) {
                    c->lines = c->lines == NULL ? &lines[j] : c->lines;
                    c->n_lines++;
                }
            return;
        }
    command_refuse(&c->command, ERR_QUOTE_NOT_FOUND, id_show(ID_QUOTE, c->row.quote_id));
}

static int get_quote_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct quote_row *quotes = NULL;
    struct quote_line_row *lines = NULL;
    size_t n_quotes = 0;
    size_t n_lines = 0;
    int rc;

    for_each_command(struct get_quote, c, batch) keys[c_i] =
        (struct product_key){.id = ids[c_i] = c->row.quote_id, .biz_id = c->command.biz_id};
    rc = product_store_find_quotes(batch->tx, keys, batch->n, batch->arena, &quotes, &n_quotes, err);
    if (rc == 0)
        rc = product_store_find_quote_lines(batch->tx, ids, batch->n, batch->arena, &lines, &n_lines, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_quote, c, batch)
    {
        c->lines = NULL;
        c->n_lines = 0;
        fill(c, quotes, n_quotes, lines, n_lines);
    }
    return 0;
}

struct batch_plan quote_price_plan = {
    .name = "product.quote_price", .home = MODULE_PRODUCT, .keeps_replies = true, .body = quote_price_body};
struct batch_plan get_quote_plan = {
    .name = "product.get_quote", .home = MODULE_PRODUCT, .is_read = true, .body = get_quote_body};
