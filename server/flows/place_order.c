/*
 * Creating orders; see place_order.h. In the order of the steps:
 *
 *   answer    repeats of known request_ids (when looking first, and again when something was refused)
 *   price     SKUs at their present prices, quotes at theirs
 *   decide    sums, time to pay
 *   write     orders, lines, quotes, and last the stock, whose rows are the hottest
 *
 * If we die on any line before the commit, nothing happened; after it, the request_id tells.
 */
#include "flows/place_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/plant.h"
#include "business/terms.h"
#include "product/rules.h"

/* A repeat gets the order as it is now; another body under the same request_id is refused. */
static void answer(struct place_order *c, struct order_row *row)
{
    if (command_repeats(&c->command, row->fingerprint))
        c->row = row;
}

static int answer_repeats(struct batch *batch, struct err *err)
{
    struct order_request_key *keys = arena_array_of(batch->arena, struct order_request_key, batch->n);
    struct order_row **found = arena_array_of(batch->arena, struct order_row *, batch->n);
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, batch->n);
    struct order_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        keys[i] = (struct order_request_key){.biz_id = batch->commands[i]->biz_id,
                                             .request_id = command_request(batch->commands[i])};
    rc = order_store_find_requests(batch->tx, keys, batch->n, batch->arena, &rows, &n_rows, err);
    if (rc != 0 || n_rows == 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++) {
        struct place_order *c = (void *)batch->commands[i];

        for (size_t j = 0; j < n_rows; j++)
            if (command_has_request(&c->command, rows[j].biz_id, rows[j].request_id))
                answer(c, &rows[j]);
        found[i] = c->command.is_done && c->command.err.id == ERR_NONE ? c->row : NULL;
    }
    rc = order_load_lines(batch, found, batch->n, lines, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        if (found[i] != NULL)
            ((struct place_order *)(void *)batch->commands[i])->order_lines = lines[i];
    return rc;
}

/* All that one batch writes. */
struct work {
    struct order_row *orders;
    struct quote_use *uses;
    size_t n_uses;
    struct sale_line *lines; /* of all commands without a quote */
    size_t n_lines;
};

static struct work lay_out(struct batch *batch)
{
    struct work work = {0};

    for_each_command(struct place_order, c, batch)
    {
        work.n_uses += c->quote_id != 0;
        work.n_lines += c->quote_id == 0 ? c->n_lines : 0;
    }
    work.orders = arena_array_of(batch->arena, struct order_row, batch->n);
    work.uses = arena_array_of(batch->arena, struct quote_use, work.n_uses);
    work.lines = arena_array_of(batch->arena, struct sale_line, work.n_lines);
    work.n_uses = work.n_lines = 0;
    for_each_command(struct place_order, c, batch)
    {
        c->row = &work.orders[c_i];
        *c->row = (struct order_row){.order_id = id_new(id_route(c->command.biz_id, c->user_id))};
        if (c->quote_id != 0)
            work.uses[work.n_uses++] = (struct quote_use){
                .command = &c->command, .quote_id = c->quote_id, .order_id = c->row->order_id, .user_id = c->user_id};
        for (size_t i = 0; c->quote_id == 0 && i < c->n_lines; i++) {
            work.lines[work.n_lines] = c->lines[i];
            work.lines[work.n_lines++].command = &c->command;
        }
    }
    return work;
}

/* Prices everything; afterwards each command's `lines` are its priced ones. */
static int price(struct batch *batch, struct work *work, struct err *err)
{
    size_t use = 0;
    size_t line = 0;
    int rc = 0;

    if (work->n_lines > 0)
        rc = product_price_lines(batch, work->lines, work->n_lines, err);
    if (rc == 0 && work->n_uses > 0)
        rc = product_use_quotes(batch, work->uses, work->n_uses, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++) {
        struct place_order *c = (void *)batch->commands[i];

        if (c->row == NULL || c->row < work->orders || c->row >= work->orders + batch->n)
            continue; /* answered from before */
        if (c->quote_id != 0) {
            c->lines = work->uses[use].lines;
            c->n_lines = work->uses[use++].n_lines;
        } else {
            memcpy(c->lines, work->lines + line, c->n_lines * sizeof *c->lines);
            line += c->n_lines;
        }
    }
    return rc;
}

static bool is_any_refused(const struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++)
        if (batch->commands[i]->err.id != ERR_NONE)
            return true;
    return false;
}

static void fill_order(struct place_order *c, const struct order_terms *terms, int64_t now_ms)
{
    struct order_row *row = c->row;
    int64_t total = 0;

    for (size_t i = 0; i < c->n_lines; i++)
        if (product_total((const int64_t[]){total, c->lines[i].amount_minor}, 2, &total) != 0) {
            command_refuse(&c->command, ERR_AMOUNT_OVERFLOW, "lines");
            return;
        }
    row->biz_id = c->command.biz_id;
    row->user_id = c->user_id;
    row->request_id = command_request(&c->command);
    memcpy(row->fingerprint, c->command.fingerprint, FINGERPRINT_SIZE);
    row->state = ORDER_PENDING_PAYMENT;
    row->version = 1;
    memcpy(row->currency, c->lines[0].currency, CURRENCY_SIZE);
    row->amount_minor = total;
    row->line_count = (int32_t)c->n_lines;
    row->quote_id = c->quote_id;
    row->due_time_ms = now_ms + (c->expires_in_ms != 0 ? c->expires_in_ms : terms->expires_in_ms);
    row->create_time_ms = now_ms;
    row->update_time_ms = now_ms;
    row->created_by = c->command.actor;
    row->labels = c->labels;
}

static int decide(struct batch *batch, struct err *err)
{
    struct order_terms *terms = arena_array_of(batch->arena, struct order_terms, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        terms[i].biz_id = batch->commands[i]->biz_id;
    rc = business_order_terms(batch, terms, batch->n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct place_order, c, batch) fill_order(c, &terms[c_i], batch->now_ms);
    return 0;
}

static struct order_line_row line_row(const struct order_row *order, const struct sale_line *line, size_t i)
{
    return (struct order_line_row){
        .order_id = order->order_id,
        .line_no = (int32_t)i + 1,
        .biz_id = order->biz_id,
        .sku_id = line->sku_id,
        .spu_id = line->spu_id,
        .price_id = line->price_id,
        .title = line->title,
        .quantity = line->quantity,
        .unit_minor = line->unit_minor,
        .amount_minor = line->amount_minor,
    };
}

/* What the batch wants of counted stock, in the order of arrival: first come, first served. */
static size_t gather_wants(struct batch *batch, struct stock_want **ret_wants)
{
    size_t n = 0;

    for_each_command(struct place_order, c, batch) n += c->n_lines;
    struct stock_want *wants = arena_array_of(batch->arena, struct stock_want, n);

    n = 0;
    for_each_command(struct place_order, c, batch) for (size_t i = 0; i < c->n_lines; i++) if (c->lines[i].is_counted)
        wants[n++] = (struct stock_want){.command = &c->command,
                                         .order_id = c->row->order_id,
                                         .sku_id = c->lines[i].sku_id,
                                         .quantity = c->lines[i].quantity};
    *ret_wants = wants;
    return n;
}

static int write_orders(struct batch *batch, struct err *err)
{
    struct order_row *rows = arena_array_of(batch->arena, struct order_row, batch->n);
    struct order_line_row *lines;
    size_t n_rows = 0;
    size_t n_lines = 0;

    for_each_command(struct place_order, c, batch) n_lines += c->n_lines;
    lines = arena_array_of(batch->arena, struct order_line_row, n_lines);
    n_lines = 0;
    for_each_command(struct place_order, c, batch)
    {
        rows[n_rows++] = *c->row;
        c->order_lines = (struct order_lines){.list = lines + n_lines, .n = c->n_lines};
        for (size_t i = 0; i < c->n_lines; i++)
            lines[n_lines++] = line_row(c->row, &c->lines[i], i);
    }
    return order_store_insert(batch->tx, rows, n_rows, lines, n_lines, err);
}

static int write_all(struct batch *batch, const struct work *work, struct err *err)
{
    struct stock_want *wants = NULL;
    const size_t n_wants = gather_wants(batch, &wants);
    int rc;

    rc = product_check_stock(batch, wants, n_wants, err);
    /*
     * What is refused now may have been accepted under the same request_id, long ago or, though we looked first, a
     * moment ago: look before saying no.
     */
    if (rc == 0 && is_any_refused(batch))
        rc = answer_repeats(batch, err);
    if (rc == 0)
        rc = write_orders(batch, err);
    if (rc == 0)
        rc = failpoint_step("place_order.recorded", err);
    if (rc == 0)
        rc = product_mark_quotes(batch, work->uses, work->n_uses, err);
    if (rc == 0)
        rc = product_hold_stock(batch, wants, n_wants, err);
    return rc;
}

static int place_order_body(struct batch *batch, struct err *err)
{
    struct work work;
    int rc = 0;

    for (size_t i = 0; i < batch->n; i++)
        ((struct place_order *)(void *)batch->commands[i])->row = NULL;
    if (batch->look_first)
        rc = answer_repeats(batch, err);
    if (rc != 0)
        return rc;

    work = lay_out(batch);
    rc = price(batch, &work, err);
    if (rc == 0)
        rc = failpoint_step("place_order.priced", err);
    if (rc == 0)
        rc = decide(batch, err);
    if (rc == 0)
        rc = failpoint_step("place_order.decided", err);
    if (rc == 0)
        rc = write_all(batch, &work, err);
    return rc;
}

struct batch_plan place_order_plan = {
    .name = "order.place",
    .home = MODULE_ORDER,
    .body = place_order_body,
};
