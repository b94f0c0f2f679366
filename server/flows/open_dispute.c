/* Opening disputes; see open_dispute.h. Locks orders, then their lines in settlement, then the ledger. */
#include "flows/open_dispute.h"

#include "base/failpoint.h"

/* Orders are asked for in other commands' names: that one is not there is settlement's to say. */
int lock_disputed_orders(struct batch *batch, const int64_t *order_ids, struct order_row **ret_rows, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        struct command *asker = arena_new_of(batch->arena, struct command);

        asker->biz_id = batch->commands[i]->biz_id;
        asker->is_done = order_ids[i] == 0;
        refs[i] = (struct order_ref){.command = asker, .order_id = order_ids[i]};
    }
    rc = order_lock(batch, refs, batch->n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        ret_rows[i] = refs[i].row;
    return rc;
}

/* The refunds under way of the batch's orders, with what they recall. */
struct refunds {
    struct order_refund_row *rows;
    size_t n;
    struct refund_line_row *recalls;
    size_t n_recalls;
};

static int load_refunds(struct batch *batch, struct order_row *const *orders, struct refunds *refunds, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        if (orders[i] != NULL && orders[i]->refund_id != 0)
            ids[n++] = orders[i]->refund_id;
    rc = order_store_find_refunds(batch->tx, ids, n, batch->arena, &refunds->rows, &refunds->n, err);
    if (rc == 0)
        rc =
            order_store_find_refund_lines(batch->tx, ids, n, batch->arena, &refunds->recalls, &refunds->n_recalls, err);
    return rc;
}

static int64_t unit_of(const struct order_lines *lines, int32_t line_no)
{
    for (size_t i = 0; i < lines->n; i++)
        if (lines->list[i].line_no == line_no)
            return lines->list[i].unit_minor;
    return 0;
}

/* What the order's refund under way needs, if there is one. */
static int tell_refund(struct batch *batch, struct open_dispute *c, const struct order_row *order,
                       const struct order_lines *lines, const struct refunds *refunds, struct err *err)
{
    struct refunded_line *refunded = arena_array_of(batch->arena, struct refunded_line, refunds->n_recalls);

    c->refund_minor = 0;
    c->refunded = refunded;
    c->n_refunded = 0;
    if (order == NULL || order->refund_id == 0)
        return 0;
    for (size_t i = 0; i < refunds->n; i++)
        if (refunds->rows[i].refund_id == order->refund_id)
            c->refund_minor = refunds->rows[i].amount_minor;
    for (size_t i = 0; i < refunds->n_recalls; i++) {
        const struct refund_line_row *recall = &refunds->recalls[i];

        if (recall->refund_id == order->refund_id)
            refunded[c->n_refunded++] = (struct refunded_line){
                .line_no = recall->line_no, .weight_minor = unit_of(lines, recall->line_no) * recall->quantity};
    }
    return c->refund_minor > 0 ? 0
                               : err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies: a refund that is not there */
}

static int load_orders(struct batch *batch, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct order_row **orders = arena_array_of(batch->arena, struct order_row *, batch->n);
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, batch->n);
    struct refunds refunds = {0};
    int rc;

    for_each_command(struct open_dispute, c, batch) order_ids[c_i] = c->order_id;
    rc = lock_disputed_orders(batch, order_ids, orders, err);
    if (rc == 0)
        rc = order_load_lines(batch, orders, batch->n, lines, err);
    if (rc == 0)
        rc = load_refunds(batch, orders, &refunds, err);
    if (rc != 0)
        return rc;
    for_each_command(struct open_dispute, c, batch)
    {
        rc = tell_refund(batch, c, orders[c_i], &lines[c_i], &refunds, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Refunds are bounded by it from now on. */
static int note_on_orders(struct batch *batch, struct err *err)
{
    struct order_line_dispute *lines = arena_array_of(batch->arena, struct order_line_dispute, batch->n);
    size_t n = 0;

    for_each_command(struct open_dispute, c, batch) lines[n++] =
        (struct order_line_dispute){.order_id = c->row.order_id,
                                    .line_no = c->row.line_no,
                                    .biz_id = c->row.biz_id,
                                    .amount_minor = c->row.amount_minor};
    return order_store_dispute_lines(batch->tx, lines, n, err);
}

static int open_dispute_body(struct batch *batch, struct err *err)
{
    struct dispute_work work;
    int rc = load_orders(batch, err);

    if (rc == 0)
        rc = failpoint_step("open_dispute.locked", err);
    if (rc == 0)
        rc = disputes_decide_opening(batch, &work, err);
    if (rc == 0)
        rc = note_on_orders(batch, err);
    if (rc == 0)
        rc = failpoint_step("open_dispute.noted", err);
    if (rc == 0)
        rc = disputes_write_opened(batch, &work, err);
    return rc;
}

struct batch_plan open_dispute_plan = {
    .name = "settlement.open_dispute", .home = MODULE_ORDER, .keeps_replies = true, .body = open_dispute_body};
