/* Applying a channel's word to refunds; see complete_refund.h. */
#include "flows/complete_refund.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/plant.h"
#include "business/terms.h"
#include "flows/book_money.h"
#include "flows/prove_refund.h"
#include "order/ops.h"
#include "order/watch.h"
#include "product/ops.h"

/* Speaks the channel of this refund, and of the same money? */
static bool matches(struct complete_refund *c)
{
    const struct channel_verdict *verdict = &c->verdict;
    const char *field = NULL;

    if (verdict->refund_id != 0 && verdict->refund_id != c->refund_id)
        field = "refund";
    else if (verdict->amount.currency[0] != '\0' && strcmp(verdict->amount.currency, c->row->currency) != 0)
        field = "currency";
    else if (verdict->amount.currency[0] != '\0' && verdict->amount.amount_minor != c->row->amount_minor)
        field = "amount";
    if (field != NULL)
        command_refuse(&c->command, ERR_NOTIFICATION_MISMATCH, field, id_show(ID_REFUND, c->refund_id));
    return field == NULL;
}

/* What the word means for the refund; 0: nothing. A channel that cannot be reached is asked again. */
static enum refund_event event_of(const struct complete_refund *c)
{
    switch (c->verdict.word) {
    case CHANNEL_WAITS: return REFUND_EVENT_WAIT;
    case CHANNEL_GAVE_BACK:
        return c->is_proof && c->row->state == REFUND_FAILED ? REFUND_EVENT_PROVE : REFUND_EVENT_SUCCEED;
    case CHANNEL_FAILED: return REFUND_EVENT_FAIL;
    case CHANNEL_REFUSED: return c->is_ask && refund_is_at(c->row, c->turn) ? REFUND_EVENT_FAIL : 0;
    case CHANNEL_UNCLEAR: return c->is_ask ? REFUND_EVENT_LOSE : 0;
    case CHANNEL_NOT_ASKED:
    case CHANNEL_MISSING:
    case CHANNEL_HAS_MONEY:
    case CHANNEL_PAID_OUT:
    case CHANNEL_RETURNED:
    case CHANNEL_CLOSED: return 0;
    }
    return 0;
}

static bool is_to_ask(const struct complete_refund *c)
{
    const bool is_maybe_unheard = c->row->state == REFUND_CREATED || c->row->state == REFUND_UNKNOWN;

    return c->verdict.word == CHANNEL_MISSING && !c->is_ask && is_maybe_unheard && refund_is_at(c->row, c->turn);
}

static int apply(struct batch *batch, struct complete_refund *c, struct refund_moves *moves, struct err *err)
{
    const enum refund_event event = event_of(c);
    int rc = 0;
    int to;

    c->is_to_ask = is_to_ask(c);
    c->is_moved = event != 0 && fsm_next(&refund_fsm, c->row->state, (int)event, &to);
    if (event == REFUND_EVENT_PROVE)
        rc = prove_refund(batch, c, &c->is_moved, err);
    if (rc != 0 || !c->is_moved || c->is_look)
        return rc;
    if (c->verdict.ref != NULL)
        c->row->channel_ref = c->verdict.ref;
    if (c->verdict.transaction != NULL)
        c->row->channel_transaction = c->verdict.transaction;
    if (event == REFUND_EVENT_FAIL || event == REFUND_EVENT_PROVE)
        c->row->failure = c->verdict.failure;
    refund_move_add(moves, c->row, event, c->command.actor, c->verdict.failure, batch->now_ms);
    return 0;
}

/* The refunds of orders that have just ended, each with its order and what it recalls. */
struct ended {
    const struct refund_row *refund;
    struct order_ref order;
    struct order_lines lines;
    const struct refund_line_row *recalls;
    size_t n_recalls;
};

static size_t find_ended(struct batch *batch, const struct refund_moves *moves, struct ended *ended)
{
    size_t n = 0;

    for (size_t i = 0; i < moves->n_rows; i++) {
        const struct refund_row *row = moves->rows[i];

        if (row->purpose != REFUND_OF_ORDER || refund_state_is_open(row->state))
            continue;
        ended[n].refund = row;
        ended[n].order =
            (struct order_ref){.command = arena_new_of(batch->arena, struct command), .order_id = row->order_id};
        ended[n++].order.command->biz_id = row->biz_id;
    }
    return n;
}

/* Locks the orders and loads their lines and recalls. An order that is not at this refund is a row that lies. */
static int load_ended(struct batch *batch, struct ended *ended, size_t n, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, n);
    struct order_row **rows = arena_array_of(batch->arena, struct order_row *, n);
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, n);
    int64_t *refund_ids = arena_array_of(batch->arena, int64_t, n);
    struct refund_line_row *recalls = NULL;
    size_t n_recalls = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        refs[i] = ended[i].order;
        refund_ids[i] = ended[i].refund->refund_id;
    }
    rc = order_lock(batch, refs, n, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        rows[i] = refs[i].row;
        if (rows[i] == NULL || rows[i]->refund_id != refund_ids[i] || rows[i]->state != ORDER_REFUNDING)
            rc = err_fail(err, ERR_INTERNAL_ERROR);
    }
    if (rc == 0)
        rc = order_load_lines(batch, rows, n, lines, err);
    if (rc == 0)
        rc = order_store_find_refund_lines(batch->tx, refund_ids, n, batch->arena, &recalls, &n_recalls, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        ended[i].order.row = rows[i];
        ended[i].lines = lines[i];
        for (size_t j = 0; j < n_recalls; j++)
            if (recalls[j].refund_id == refund_ids[i]) {
                ended[i].recalls = ended[i].recalls == NULL ? &recalls[j] : ended[i].recalls;
                ended[i].n_recalls++;
            }
    }
    return rc;
}

/* Whether the refund leaves nothing of the order. */
static bool takes_all(const struct ended *ended)
{
    int64_t left = 0;

    for (size_t i = 0; i < ended->lines.n; i++)
        left += ended->lines.list[i].quantity - ended->lines.list[i].refunded_quantity;
    for (size_t i = 0; i < ended->n_recalls; i++)
        left -= ended->recalls[i].quantity;
    return left == 0;
}

static enum order_event order_event_of(const struct ended *ended)
{
    if (ended->refund->state == REFUND_SUCCEEDED && takes_all(ended))
        return ORDER_EVENT_REFUND;
    return ended->order.row->complete_time_ms != 0 ? ORDER_EVENT_END_REFUND_COMPLETED : ORDER_EVENT_END_REFUND;
}

static void move_order(struct ended *ended, struct order_moves *moves, const struct order_terms *terms, int64_t now_ms)
{
    struct order_row *row = ended->order.row;

    if (ended->refund->state == REFUND_SUCCEEDED)
        row->refunded_minor +=
            PLANTED("refund_counted_twice") ? 2 * ended->refund->amount_minor : ended->refund->amount_minor;
    row->refund_id = 0;
    order_move_add(moves,
                   &(struct order_move){.row = row,
                                        .event = order_event_of(ended),
                                        .payment_id = ended->refund->payment_id,
                                        .actor = "refund",
                                        .detail = ended->refund->failure},
                   now_ms);
    if (row->state == ORDER_FULFILLED) /* its timer goes on where it was */
        row->due_time_ms = row->fulfil_time_ms + terms->confirm_after_ms;
}

static int64_t sku_of(const struct ended *ended, int32_t line_no)
{
    for (size_t i = 0; i < ended->lines.n; i++)
        if (ended->lines.list[i].line_no == line_no)
            return ended->lines.list[i].sku_id;
    return 0;
}

/* Takes back what the refunds that succeeded have paid back. */
static int recall(struct batch *batch, const struct ended *ended, size_t n, struct err *err)
{
    struct line_recall *recalls;
    struct order_line_recall *lines;
    size_t n_recalls = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        n_recalls += ended[i].n_recalls;
    recalls = arena_array_of(batch->arena, struct line_recall, n_recalls);
    lines = arena_array_of(batch->arena, struct order_line_recall, n_recalls);
    n_recalls = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < ended[i].n_recalls && ended[i].refund->state == REFUND_SUCCEEDED; j++) {
            const struct refund_line_row *line = &ended[i].recalls[j];

            lines[n_recalls] = (struct order_line_recall){.order_id = ended[i].refund->order_id,
                                                          .line_no = line->line_no,
                                                          .biz_id = line->biz_id,
                                                          .quantity = line->quantity};
            recalls[n_recalls++] = (struct line_recall){.biz_id = line->biz_id,
                                                        .order_id = ended[i].refund->order_id,
                                                        .line_no = line->line_no,
                                                        .sku_id = sku_of(&ended[i], line->line_no),
                                                        .quantity = line->quantity};
        }
    rc = order_store_recall_lines(batch->tx, lines, n_recalls, err);
    if (rc == 0 && !PLANTED("nothing_recalled"))
        rc = product_recall(batch, recalls, n_recalls, err);
    return rc;
}

/* Refunds that have succeeded: those of orders, and those of money that no order has. */
static int book(struct batch *batch, const struct refund_moves *refunds, const struct ended *ended, size_t n_ended,
                struct err *err)
{
    struct booked_refund *booked = arena_array_of(batch->arena, struct booked_refund, refunds->n_rows);
    size_t n = 0;

    for (size_t i = 0; i < n_ended; i++)
        if (ended[i].refund->state == REFUND_SUCCEEDED)
            booked[n++] = (struct booked_refund){.row = ended[i].refund,
                                                 .lines = &ended[i].lines,
                                                 .recalls = ended[i].recalls,
                                                 .n_recalls = ended[i].n_recalls,
                                                 .has_ended = ended[i].order.row->state == ORDER_REFUNDED};
    for (size_t i = 0; i < refunds->n_rows; i++)
        if (refunds->rows[i]->purpose != REFUND_OF_ORDER && refunds->rows[i]->state == REFUND_SUCCEEDED)
            booked[n++] = (struct booked_refund){.row = refunds->rows[i]};
    return book_refunds(batch, booked, n, err);
}

static int end_orders(struct batch *batch, const struct refund_moves *refunds, struct err *err)
{
    struct ended *ended = arena_array_of(batch->arena, struct ended, refunds->n_rows);
    const size_t n = find_ended(batch, refunds, ended);
    struct order_terms *terms = arena_array_of(batch->arena, struct order_terms, n);
    struct order_moves moves = order_moves_begin(n, batch->arena);
    int rc;

    if (n == 0)
        return book(batch, refunds, ended, n, err);
    rc = load_ended(batch, ended, n, err);
    for (size_t i = 0; i < n; i++)
        terms[i].biz_id = ended[i].refund->biz_id;
    if (rc == 0)
        rc = business_order_terms(batch, terms, n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        move_order(&ended[i], &moves, &terms[i], batch->now_ms);
    rc = order_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("complete_refund.order_moved", err);
    if (rc == 0)
        rc = recall(batch, ended, n, err);
    if (rc == 0)
        rc = failpoint_step("complete_refund.recalled", err);
    if (rc == 0)
        rc = book(batch, refunds, ended, n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        for_each_command(struct complete_refund, c, batch) if (c->row == ended[i].refund) c->changed_order_id =
            ended[i].refund->order_id;
    return rc;
}

/* Of two refunds of a charge that end at once, one is the last, and must know it: it takes the channel's fee along. */
static int lock_charges(struct batch *batch, const struct refund_moves *moves, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, moves->n_rows);
    struct payment_row *rows = NULL;
    size_t n_keys = 0;
    size_t n = 0;

    for (size_t i = 0; i < moves->n_rows; i++)
        if (moves->rows[i]->purpose == REFUND_OF_CHARGE && moves->rows[i]->state == REFUND_SUCCEEDED)
            keys[n_keys++] = (struct payment_key){.id = moves->rows[i]->payment_id, .biz_id = moves->rows[i]->biz_id};
    return payment_store_lock(batch->tx, keys, n_keys, batch->arena, &rows, &n, err);
}

static int complete_refund_body(struct batch *batch, struct err *err)
{
    struct refund_ref *refs = arena_array_of(batch->arena, struct refund_ref, batch->n);
    struct refund_moves moves = refund_moves_begin(batch->n, batch->arena);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct refund_ref){.command = batch->commands[i],
                                      .refund_id = ((struct complete_refund *)(void *)batch->commands[i])->refund_id};
    rc = refund_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("complete_refund.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct complete_refund, c, batch)
    {
        c->row = refs[c_i].row;
        c->changed_order_id = 0;
        c->is_to_ask = c->is_moved = false;
        if (matches(c))
            rc = apply(batch, c, &moves, err);
        if (rc != 0)
            return rc;
    }
    rc = refund_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = lock_charges(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("complete_refund.moved", err);
    if (rc == 0)
        rc = end_orders(batch, &moves, err);
    return rc;
}

static void tell_watchers(struct command **commands, size_t n)
{
    int64_t ids[BATCH_MAX];
    size_t n_ids = 0;

    for (size_t i = 0; i < n; i++) {
        const int64_t id = ((const struct complete_refund *)(void *)commands[i])->changed_order_id;

        if (id != 0)
            ids[n_ids++] = id;
    }
    order_watch_changed(ids, n_ids);
}

struct batch_plan complete_refund_plan = {
    .name = "payment.complete_refund",
    .home = MODULE_ORDER,
    .body = complete_refund_body,
    .committed = tell_watchers,
};
