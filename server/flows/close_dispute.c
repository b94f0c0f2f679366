/*
 * Closing disputes; see close_dispute.h. Locks disputes, which tell their orders, then orders, their lines in
 * settlement, and the ledger. Nobody who holds an order waits for a dispute.
 */
#include "flows/close_dispute.h"

#include "base/failpoint.h"
#include "flows/open_dispute.h"

static int lock_all(struct batch *batch, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct order_row **orders = arena_array_of(batch->arena, struct order_row *, batch->n);
    int rc = disputes_lock(batch, err);

    if (rc != 0)
        return rc;
    for_each_command(struct close_dispute, c, batch) order_ids[c_i] = c->row->order_id;
    rc = lock_disputed_orders(batch, order_ids, orders, err);
    for_each_command(struct close_dispute, c, batch) if (rc == 0 && orders[c_i] == NULL) rc =
        err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies: a dispute of no order */
    return rc;
}

/* What was won can be refunded again; what was lost has gone back and stays noted. */
static int note_on_orders(struct batch *batch, struct err *err)
{
    struct order_line_dispute *lines = arena_array_of(batch->arena, struct order_line_dispute, batch->n);
    size_t n = 0;

    for_each_command(struct close_dispute, c, batch) if (c->event == DISPUTE_EVENT_WIN) lines[n++] =
        (struct order_line_dispute){.order_id = c->row->order_id,
                                    .line_no = c->row->line_no,
                                    .biz_id = c->row->biz_id,
                                    .amount_minor = -c->row->amount_minor};
    return order_store_dispute_lines(batch->tx, lines, n, err);
}

static int close_dispute_body(struct batch *batch, struct err *err)
{
    struct dispute_work work;
    int rc = lock_all(batch, err);

    if (rc == 0)
        rc = failpoint_step("close_dispute.locked", err);
    if (rc == 0)
        rc = disputes_decide_closing(batch, &work, err);
    if (rc == 0)
        rc = note_on_orders(batch, err);
    if (rc == 0)
        rc = failpoint_step("close_dispute.noted", err);
    if (rc == 0)
        rc = disputes_write_closed(batch, &work, err);
    return rc;
}

struct batch_plan close_dispute_plan = {
    .name = "settlement.close_dispute", .home = MODULE_ORDER, .keeps_replies = true, .body = close_dispute_body};
