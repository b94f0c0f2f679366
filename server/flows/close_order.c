/* Closing orders; see close_order.h. Locks orders by id first, then the product module its holds and stock. */
#include "flows/close_order.h"

#include "base/failpoint.h"
#include "base/plant.h"
#include "order/watch.h"
#include "product/ops.h"

/* Whether the order's time is over; between the timer's look and our lock it may have been paid. */
static bool is_due(const struct close_order *c, int64_t now_ms)
{
    return c->row->state == ORDER_PENDING_PAYMENT && c->row->due_time_ms <= now_ms;
}

static void close_one(struct batch *batch, struct close_order *c, struct order_moves *moves)
{
    if (c->event == ORDER_EVENT_EXPIRE && !is_due(c, batch->now_ms) && !PLANTED("timer_runs_early")) {
        c->command.is_done = true;
        c->row = NULL;
        return;
    }
    if (order_allows(c->row, c->event, &c->command))
        order_move_add(moves,
                       &(struct order_move){.row = c->row,
                                            .event = c->event,
                                            .close_reason = c->reason,
                                            .actor = c->command.actor,
                                            .detail = c->detail},
                       batch->now_ms);
}

static int close_order_body(struct batch *batch, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    struct order_row **rows = arena_array_of(batch->arena, struct order_row *, batch->n);
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, batch->n);
    int64_t *closed = arena_array_of(batch->arena, int64_t, batch->n);
    struct order_moves moves = order_moves_begin(batch->n, batch->arena);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct order_ref){.command = batch->commands[i],
                                     .order_id = ((struct close_order *)(void *)batch->commands[i])->order_id};
    rc = order_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("close_order.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct close_order, c, batch)
    {
        c->row = refs[c_i].row;
        close_one(batch, c, &moves);
    }
    for (size_t i = 0; i < moves.n_rows; i++)
        closed[i] = moves.rows[i]->order_id;
    rc = order_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("close_order.moved", err);
    if (rc == 0)
        rc = product_release_holds(batch, closed, moves.n_rows, err);
    if (rc == 0)
        rc = failpoint_step("close_order.released", err);
    if (rc != 0)
        return rc;

    for_each_command(struct close_order, c, batch) rows[c_i] = c->row;
    rc = order_load_lines(batch, rows, batch->n, lines, err);
    for_each_command(struct close_order, c, batch) c->lines = lines[c_i];
    return rc;
}

static void tell_watchers(struct command **commands, size_t n)
{
    int64_t ids[BATCH_MAX];

    for (size_t i = 0; i < n; i++)
        ids[i] = ((struct close_order *)(void *)commands[i])->order_id;
    order_watch_changed(ids, n);
}

struct batch_plan cancel_order_plan = {
    .name = "order.cancel",
    .home = MODULE_ORDER,
    .keeps_replies = true,
    .body = close_order_body,
    .committed = tell_watchers,
};

struct batch_plan expire_order_plan = {
    .name = "order.expire",
    .home = MODULE_ORDER,
    .body = close_order_body,
    .committed = tell_watchers,
};
