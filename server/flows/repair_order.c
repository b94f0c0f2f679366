/* Repairs at an order; see repair_order.h. Lock order: the order, then the product module's rows. */
#include "flows/repair_order.h"

#include "base/failpoint.h"
#include "flows/fulfil_order.h"
#include "order/watch.h"
#include "product/ops.h"
#include "product/state.h"
#include "product/store.h"

/* One order's repair as it is worked. `row` is NULL when there is no such order. */
struct work {
    struct repair_order *c;
    struct order_row *row;
    struct order_lines lines;
    const struct lot_row *lots;
    size_t n_lots;
};

static bool is_paid(const struct work *w)
{
    return w->row != NULL && w->row->state >= ORDER_PAID && w->row->state != ORDER_CLOSED;
}

static bool wants(const struct work *w, enum order_repair repair)
{
    const enum order_repair whole = repair == ORDER_REPAIR_RECALL ? 0 : ORDER_REPAIR_FULFIL;

    return (w->c->repairs & (repair | whole)) != 0;
}

/* Adds a piece to the sentence of what was done. */
static void tell(struct work *w, struct arena *arena, const char *piece)
{
    w->c->done = w->c->done == NULL ? piece : arena_printf(arena, "%s; %s", w->c->done, piece);
}

static int fulfil(struct batch *batch, struct work *w, struct err *err)
{
    static const enum order_event steps[] = {ORDER_EVENT_START_FULFILMENT, ORDER_EVENT_FULFIL};
    struct order_moves moves = order_moves_begin(COUNT_OF(steps), batch->arena);
    int to;
    int rc;

    if (w->row == NULL || (w->row->state != ORDER_PAID && w->row->state != ORDER_FULFILLING))
        return 0;
    tell(w, batch->arena, "the order is fulfilled");
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (fsm_next(&order_fsm, w->row->state, (int)steps[i], &to))
            order_move_add(&moves,
                           &(struct order_move){.row = w->row,
                                                .event = steps[i],
                                                .payment_id = w->row->payment_id,
                                                .actor = w->c->command.actor,
                                                .detail = w->c->reason},
                           batch->now_ms);
    if (w->c->is_look)
        return 0;
    rc = fulfil_set_times(batch, &moves, err);
    return rc == 0 ? order_moves_write(batch, &moves, err) : rc;
}

static int settle_holds(struct batch *batch, struct work *w, struct err *err)
{
    size_t n = 0;
    int rc;

    if (w->row != NULL && w->row->state == ORDER_PENDING_PAYMENT)
        return 0; /* its stock is to be held */
    rc = product_settle_holds(batch, w->c->order_id, is_paid(w), w->c->is_look, &n, err);
    if (rc == 0 && n > 0)
        tell(w, batch->arena, is_paid(w) ? "held stock is sold" : "held stock is released");
    return rc;
}

static const struct lot_row *lot_of(const struct work *w, int32_t line_no)
{
    for (size_t i = 0; i < w->n_lots; i++)
        if (w->lots[i].line_no == line_no)
            return &w->lots[i];
    return NULL;
}

/* Lines that were partly paid back without ever having been granted are nothing that a rule could repair. */
static int grant(struct batch *batch, struct work *w, struct err *err)
{
    struct order_line_row *missing = arena_array_of(batch->arena, struct order_line_row, w->lines.n);
    struct order_lines granted = {.list = missing};

    if (!is_paid(w))
        return 0;
    for (size_t i = 0; i < w->lines.n; i++)
        if (lot_of(w, w->lines.list[i].line_no) == NULL && w->lines.list[i].refunded_quantity == 0)
            missing[granted.n++] = w->lines.list[i];
    if (granted.n == 0)
        return 0;
    tell(w, batch->arena, arena_printf(batch->arena, "%zu lines are granted", granted.n));
    return w->c->is_look ? 0 : fulfil_grant(batch, &w->row, &granted, 1, err);
}

static bool was_bought(const struct work *w, const struct lot_row *lot)
{
    bool is_line = false;

    for (size_t i = 0; i < w->lines.n; i++)
        is_line = is_line || w->lines.list[i].line_no == lot->line_no;
    return is_line && is_paid(w);
}

static int recall(struct batch *batch, struct work *w, struct err *err)
{
    struct line_recall *recalls = arena_array_of(batch->arena, struct line_recall, w->n_lots);
    size_t n = 0;

    for (size_t i = 0; i < w->n_lots; i++)
        if (!was_bought(w, &w->lots[i]) && w->lots[i].recalled < w->lots[i].quantity)
            recalls[n++] = (struct line_recall){.biz_id = w->lots[i].biz_id,
                                                .order_id = w->lots[i].order_id,
                                                .line_no = w->lots[i].line_no,
                                                .sku_id = w->lots[i].sku_id,
                                                .quantity = w->lots[i].quantity - w->lots[i].recalled};
    if (n == 0)
        return 0;
    tell(w, batch->arena, arena_printf(batch->arena, "%zu lots are recalled", n));
    return w->c->is_look ? 0 : product_recall_lots(batch, recalls, n, err);
}

static int repair(struct batch *batch, struct work *w, struct err *err)
{
    struct lot_row *lots = NULL;
    int rc;

    w->c->done = NULL;
    rc = order_load_lines(batch, &w->row, 1, &w->lines, err);
    if (rc == 0)
        rc = product_store_lock_lots_of_orders(batch->tx, &w->c->order_id, 1, batch->arena, &lots, &w->n_lots, err);
    w->lots = lots;
    if (rc == 0 && w->c->repairs & ORDER_REPAIR_FULFIL)
        rc = fulfil(batch, w, err);
    if (rc == 0)
        rc = failpoint_step("repair_order.fulfilled", err);
    if (rc == 0 && wants(w, ORDER_REPAIR_GRANT))
        rc = grant(batch, w, err);
    if (rc == 0)
        rc = failpoint_step("repair_order.granted", err);
    if (rc == 0 && wants(w, ORDER_REPAIR_RECALL))
        rc = recall(batch, w, err);
    if (rc == 0 && wants(w, ORDER_REPAIR_SETTLE_HOLD))
        rc = settle_holds(batch, w, err);
    return rc;
}

static int repair_order_body(struct batch *batch, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    struct command *lookers = arena_array_of(batch->arena, struct command, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) { /* an order that is not there is no refusal here */
        lookers[i].biz_id = batch->commands[i]->biz_id;
        refs[i] = (struct order_ref){.command = &lookers[i],
                                     .order_id = ((struct repair_order *)(void *)batch->commands[i])->order_id};
    }
    rc = order_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("repair_order.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct repair_order, c, batch)
    {
        struct work work = {.c = c, .row = refs[c_i].row};

        rc = repair(batch, &work, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static void tell_watchers(struct command **commands, size_t n)
{
    int64_t ids[BATCH_MAX];

    for (size_t i = 0; i < n; i++)
        ids[i] = ((struct repair_order *)(void *)commands[i])->order_id;
    order_watch_changed(ids, n);
}

struct batch_plan repair_order_plan = {
    .name = "order.repair", .home = MODULE_ORDER, .body = repair_order_body, .committed = tell_watchers};
