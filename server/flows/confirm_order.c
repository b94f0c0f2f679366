/* Completing orders; see confirm_order.h. */
#include "flows/confirm_order.h"

#include "base/failpoint.h"
#include "order/watch.h"
#include "settlement/ops_clearing.h"

static void confirm_one(struct batch *batch, struct confirm_order *c, struct order_moves *moves)
{
    if (c->by_timer && (c->row->state != ORDER_FULFILLED || c->row->due_time_ms > batch->now_ms)) {
        c->command.is_done = true;
        c->row = NULL;
        return;
    }
    if (order_allows(c->row, ORDER_EVENT_CONFIRM, &c->command))
        order_move_add(moves,
                       &(struct order_move){.row = c->row, .event = ORDER_EVENT_CONFIRM, .actor = c->command.actor},
                       batch->now_ms);
}

/* The lines of orders that have completed can be divided. */
static int end_lines(struct batch *batch, const struct order_moves *moves, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, moves->n_rows);

    for (size_t i = 0; i < moves->n_rows; i++)
        ids[i] = moves->rows[i]->order_id;
    return clearing_end(batch, ids, moves->n_rows, err);
}

static int confirm_order_body(struct batch *batch, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    struct order_row **rows = arena_array_of(batch->arena, struct order_row *, batch->n);
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, batch->n);
    struct order_moves moves = order_moves_begin(batch->n, batch->arena);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct order_ref){.command = batch->commands[i],
                                     .order_id = ((struct confirm_order *)(void *)batch->commands[i])->order_id};
    rc = order_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("confirm_order.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct confirm_order, c, batch)
    {
        c->row = refs[c_i].row;
        confirm_one(batch, c, &moves);
    }
    rc = order_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("confirm_order.moved", err);
    if (rc == 0)
        rc = end_lines(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("confirm_order.ended", err);
    if (rc != 0)
        return rc;

    for_each_command(struct confirm_order, c, batch) rows[c_i] = c->row;
    rc = order_load_lines(batch, rows, batch->n, lines, err);
    for_each_command(struct confirm_order, c, batch) c->lines = lines[c_i];
    return rc;
}

static void tell_watchers(struct command **commands, size_t n)
{
    int64_t ids[BATCH_MAX];

    for (size_t i = 0; i < n; i++)
        ids[i] = ((struct confirm_order *)(void *)commands[i])->order_id;
    order_watch_changed(ids, n);
}

struct batch_plan confirm_order_plan = {
    .name = "order.confirm",
    .home = MODULE_ORDER,
    .keeps_replies = true,
    .body = confirm_order_body,
    .committed = tell_watchers,
};

struct batch_plan confirm_due_order_plan = {
    .name = "order.confirm_due",
    .home = MODULE_ORDER,
    .body = confirm_order_body,
    .committed = tell_watchers,
};
