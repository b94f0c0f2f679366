/* Applying a channel's word; see complete_payment.h. */
#include "flows/complete_payment.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/plant.h"
#include "flows/book_money.h"
#include "flows/fail_order.h"
#include "flows/order_paid.h"
#include "order/watch.h"
#include "payment/ops_refund.h"

/* Speaks the channel of this payment, and of the same money? */
static bool matches(struct complete_payment *c)
{
    const struct channel_verdict *verdict = &c->verdict;
    const char *field = NULL;

    if (verdict->payment_id != 0 && verdict->payment_id != c->payment_id)
        field = "payment";
    else if (verdict->amount.currency[0] != '\0' && strcmp(verdict->amount.currency, c->row->currency) != 0)
        field = "currency";
    else if (verdict->amount.currency[0] != '\0' && verdict->amount.amount_minor != c->row->amount_minor)
        field = "amount";
    else if (verdict->ref != NULL && c->row->channel_ref != NULL && strcmp(verdict->ref, c->row->channel_ref) != 0)
        field = "channel_ref";
    if (field != NULL)
        command_refuse(&c->command, ERR_NOTIFICATION_MISMATCH, field, id_show(ID_PAYMENT, c->payment_id));
    return field == NULL;
}

/* Whether our request to create is the only one that the channel can have seen. */
static bool is_only_create(const struct complete_payment *c)
{
    return c->is_create && c->row->version == c->version_asked;
}

/* What the word means for the payment; 0: nothing. */
static enum payment_event event_of(const struct complete_payment *c, int64_t now_ms)
{
    switch (c->verdict.word) {
    case CHANNEL_WAITS: return PAYMENT_EVENT_WAIT;
    case CHANNEL_HAS_MONEY: return PAYMENT_EVENT_SUCCEED;
    case CHANNEL_GAVE_BACK: /* no words on a payment */
    case CHANNEL_PAID_OUT:
    case CHANNEL_RETURNED: return 0;
    case CHANNEL_FAILED: return PAYMENT_EVENT_FAIL;
    case CHANNEL_CLOSED: return PAYMENT_EVENT_CLOSE;
    case CHANNEL_REFUSED:
    case CHANNEL_NOT_ASKED: return is_only_create(c) ? PAYMENT_EVENT_FAIL : 0;
    case CHANNEL_UNCLEAR:
        if (PLANTED("unknown_is_failed"))
            return PAYMENT_EVENT_FAIL;
        return c->is_create ? PAYMENT_EVENT_LOSE : 0;
    case CHANNEL_MISSING: /* our request may still be on its way, until the payment has expired */
        return now_ms > c->row->expire_time_ms ? PAYMENT_EVENT_CLOSE : 0;
    }
    return 0;
}

static const char *failure_of(const struct channel_verdict *verdict)
{
    if (verdict->word == CHANNEL_NOT_ASKED)
        return "CHANNEL_UNREACHABLE";
    if (verdict->word == CHANNEL_MISSING)
        return "UNKNOWN_TO_CHANNEL";
    return verdict->failure;
}

/* What the channel told besides its word is kept with the move. */
static void learn(struct payment_row *row, const struct channel_verdict *verdict, enum payment_event event)
{
    if (verdict->ref != NULL)
        row->channel_ref = verdict->ref;
    if (verdict->transaction != NULL)
        row->channel_transaction = verdict->transaction;
    if (event == PAYMENT_EVENT_SUCCEED)
        row->fee_minor = verdict->fee_minor;
    if (event == PAYMENT_EVENT_WAIT)
        row->action_url = verdict->action_url;
    if (event == PAYMENT_EVENT_FAIL || event == PAYMENT_EVENT_CLOSE)
        row->failure = failure_of(verdict);
}

/* Moves what the table allows; a contradiction of what is proven changes nothing. */
static void apply(struct complete_payment *c, struct payment_moves *moves, int64_t now_ms)
{
    const enum payment_event event = event_of(c, now_ms);
    int to;

    if (event == 0 || !fsm_next(&payment_fsm, c->row->state, (int)event, &to))
        return;
    learn(c->row, &c->verdict, event);
    payment_move_add(moves, c->row, event, c->command.actor, failure_of(&c->verdict), now_ms);
}

/* The payments that have just succeeded for an order pay it now, or are late. */
static int pay_orders(struct batch *batch, struct payment_moves *moves, struct err *err)
{
    struct paid_order *paid = arena_array_of(batch->arena, struct paid_order, moves->n_rows);
    struct payment_row **rows = arena_array_of(batch->arena, struct payment_row *, moves->n_rows);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < moves->n_rows; i++) {
        struct payment_row *row = moves->rows[i];

        if (row->state != PAYMENT_SUCCEEDED || row->order_id == 0)
            continue;
        rows[n] = row;
        paid[n++] = (struct paid_order){
            .biz_id = row->biz_id,
            .order_id = row->order_id,
            .payment_id = row->payment_id,
            .amount = money_of(row->amount_minor, row->currency),
            .channel_account_id = row->channel_account_id,
            .fee_minor = row->fee_minor,
            .actor = arena_printf(batch->arena, "payment %s", id_show(ID_PAYMENT, row->payment_id)),
        };
    }
    if (n == 0)
        return 0;
    rc = order_paid(batch, paid, n, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        rows[i]->is_late = paid[i].is_late;
        for_each_command(struct complete_payment, c, batch) if (c->row == rows[i] && paid[i].is_changed)
            c->changed_order_id = paid[i].order_id;
    }
    return rc;
}

/* The payments that the channel itself has just refused may end their orders; we may be the ones that failed to ask. */
static int end_failed_orders(struct batch *batch, const struct payment_moves *moves, struct err *err)
{
    struct fail_order *items = arena_array_of(batch->arena, struct fail_order, moves->n_rows);
    struct payment_row **all = arena_array_of(batch->arena, struct payment_row *, moves->n_rows);
    struct complete_payment **of = arena_array_of(batch->arena, struct complete_payment *, moves->n_rows);
    size_t n_all = 0;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < moves->n_rows; i++)
        if (moves->rows[i]->order_id != 0)
            all[n_all++] = moves->rows[i];
    for_each_command(struct complete_payment, c, batch)
    {
        const bool is_refused = c->verdict.word == CHANNEL_FAILED || c->verdict.word == CHANNEL_REFUSED;

        if (!is_refused || c->row->state != PAYMENT_FAILED || c->row->state_read == PAYMENT_FAILED ||
            c->row->order_id == 0)
            continue;
        of[n] = c;
        items[n++] = (struct fail_order){.payment = c->row};
    }
    rc = fail_orders(batch, items, n, all, n_all, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (items[i].is_closed)
            of[i]->changed_order_id = items[i].payment->order_id;
    return rc;
}

/* Money that came too late goes back by itself: its refund is recorded with the payment's own move. */
static int refund_late(struct batch *batch, const struct payment_moves *moves, struct err *err)
{
    struct refund_row *rows = arena_array_of(batch->arena, struct refund_row, moves->n_rows);
    size_t n = 0;

    for (size_t i = 0; i < moves->n_rows; i++) {
        const struct payment_row *row = moves->rows[i];

        if (row->state == PAYMENT_SUCCEEDED && row->is_late)
            rows[n++] = refund_make(id_new(id_route(row->biz_id, row->user_id)), row, row->amount_minor, REFUND_OF_LATE,
                                    batch->now_ms);
    }
    return refund_begin(batch, rows, n, err);
}

static int book(struct batch *batch, const struct payment_moves *moves, struct err *err)
{
    struct payment_row **rows = arena_array_of(batch->arena, struct payment_row *, moves->n_rows);
    size_t n = 0;

    for (size_t i = 0; i < moves->n_rows; i++)
        if (moves->rows[i]->state == PAYMENT_SUCCEEDED)
            rows[n++] = moves->rows[i];
    return book_payments(batch, rows, n, err);
}

enum { NOTIFICATION_APPLIED = 1 };

/* What is kept is acknowledged without asking when it comes again: so only once the channel has given its last word. */
static bool is_last_word(enum channel_word word)
{
    return word == CHANNEL_HAS_MONEY || word == CHANNEL_FAILED || word == CHANNEL_CLOSED;
}

static int keep_notifications(struct batch *batch, struct err *err)
{
    struct notification_row *rows = arena_array_of(batch->arena, struct notification_row, batch->n);
    size_t n = 0;

    for_each_command(struct complete_payment, c, batch)
    {
        if (c->notification.event_id == NULL || !is_last_word(c->verdict.word))
            continue;
        rows[n] = c->notification;
        rows[n].biz_id = c->command.biz_id;
        rows[n].payment_id = c->payment_id;
        rows[n].outcome = NOTIFICATION_APPLIED;
        rows[n++].create_time_ms = batch->now_ms;
    }
    return payment_store_insert_notifications(batch->tx, rows, n, err);
}

static int complete_payment_body(struct batch *batch, struct err *err)
{
    struct payment_ref *refs = arena_array_of(batch->arena, struct payment_ref, batch->n);
    struct payment_moves moves = payment_moves_begin(batch->n, batch->arena);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] =
            (struct payment_ref){.command = batch->commands[i],
                                 .payment_id = ((struct complete_payment *)(void *)batch->commands[i])->payment_id};
    rc = payment_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("complete_payment.locked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct complete_payment, c, batch)
    {
        c->row = refs[c_i].row;
        c->changed_order_id = 0;
        if (matches(c))
            apply(c, &moves, batch->now_ms);
    }
    rc = end_failed_orders(batch, &moves, err);
    if (rc == 0)
        rc = pay_orders(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("complete_payment.paid", err);
    if (rc == 0)
        rc = payment_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = failpoint_step("complete_payment.moved", err);
    if (rc == 0 && !PLANTED("late_money_kept"))
        rc = refund_late(batch, &moves, err);
    if (rc == 0)
        rc = keep_notifications(batch, err);
    if (rc == 0)
        rc = failpoint_step("complete_payment.kept", err);
    if (rc == 0)
        rc = book(batch, &moves, err);
    return rc;
}

static void tell_watchers(struct command **commands, size_t n)
{
    int64_t ids[BATCH_MAX];
    size_t n_ids = 0;

    for (size_t i = 0; i < n; i++) {
        const int64_t id = ((const struct complete_payment *)(void *)commands[i])->changed_order_id;

        if (id != 0)
            ids[n_ids++] = id;
    }
    order_watch_changed(ids, n_ids);
}

struct batch_plan complete_payment_plan = {
    .name = "payment.complete",
    .home = MODULE_ORDER,
    .body = complete_payment_body,
    .committed = tell_watchers,
};
