/*
 * The first step of RefundOrder: deciding and recording; see refund_order.h. Locks payments, then orders, as
 * complete_payment.c does; refunds are new rows.
 */
#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "flows/refund_order.h"
#include "order/watch.h"

/* A repeat gets the refund as it is now; another body under the same request_id is refused. */
static void answer(struct begin_refund *c, const struct order_refund_row *row)
{
    if (command_repeats(&c->command, row->fingerprint))
        c->refund_id = row->refund_id;
}

/* Looks at those that are refused by now, too: it may be their own first run that stands in their way. */
static int answer_repeats(struct batch *batch, struct err *err)
{
    struct order_request_key *keys = arena_array_of(batch->arena, struct order_request_key, batch->n);
    struct order_refund_row *rows = NULL;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        keys[i] = (struct order_request_key){.biz_id = batch->commands[i]->biz_id,
                                             .request_id = command_request(batch->commands[i])};
    rc = order_store_find_refund_requests(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++)
        for (size_t j = 0; j < n; j++)
            if (command_has_request(batch->commands[i], rows[j].biz_id, rows[j].request_id))
                answer((struct begin_refund *)(void *)batch->commands[i], &rows[j]);
    return 0;
}

/* Everything that one batch looks at and writes; arrays run beside the batch's commands. */
struct work {
    struct order_ref *orders;
    struct payment_ref *payments;
    struct channel_account_row **accounts;
    struct order_lines *lines;
    struct order_refund_row *refunds;
    size_t n_refunds;
    struct refund_row *payment_refunds;
    struct refund_line_row *refund_lines;
    size_t n_refund_lines;
    struct order_moves moves;
};

static struct work work_begin(struct batch *batch)
{
    return (struct work){
        .orders = arena_array_of(batch->arena, struct order_ref, batch->n),
        .payments = arena_array_of(batch->arena, struct payment_ref, batch->n),
        .accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n),
        .lines = arena_array_of(batch->arena, struct order_lines, batch->n),
        .refunds = arena_array_of(batch->arena, struct order_refund_row, batch->n),
        .payment_refunds = arena_array_of(batch->arena, struct refund_row, batch->n),
        .moves = order_moves_begin(batch->n, batch->arena),
    };
}

/* The payments are known from the orders, but are locked first; an order that changed between is looked at again. */
static int lock_all(struct batch *batch, struct work *work, struct err *err)
{
    int64_t *payment_ids = arena_array_of(batch->arena, int64_t, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        work->orders[i] = (struct order_ref){.command = batch->commands[i],
                                             .order_id = ((struct begin_refund *)(void *)batch->commands[i])->order_id};
    rc = order_load(batch, work->orders, batch->n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct begin_refund, c, batch)
    {
        payment_ids[c_i] = work->orders[c_i].row->payment_id;
        if (order_allows(work->orders[c_i].row, ORDER_EVENT_START_REFUND, &c->command))
            work->payments[c_i] = (struct payment_ref){.command = &c->command, .payment_id = payment_ids[c_i]};
    }
    for (size_t i = 0; i < batch->n; i++)
        work->payments[i].command = batch->commands[i];
    rc = payment_lock(batch, work->payments, batch->n, err);
    if (rc == 0)
        rc = order_lock(batch, work->orders, batch->n, err);
    if (rc == 0)
        rc = answer_repeats(batch, err); /* the same request may have held the locks that we waited for */
    for_each_command(struct begin_refund, c, batch) if (rc == 0 && work->orders[c_i].row->payment_id !=
                                                                       payment_ids[c_i]) rc = batch_conflict(err);
    return rc;
}

static int load_rest(struct batch *batch, struct work *work, struct err *err)
{
    struct order_row **rows = arena_array_of(batch->arena, struct order_row *, batch->n);
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    int rc;

    for_each_command(struct begin_refund, c, batch)
    {
        rows[c_i] = work->orders[c_i].row;
        account_ids[c_i] = work->payments[c_i].row->channel_account_id;
    }
    rc = payment_load_accounts(batch, batch->commands, account_ids, batch->n, work->accounts, err);
    if (rc == 0)
        rc = order_load_lines(batch, rows, batch->n, work->lines, err);
    return rc;
}

/* Everything that is left of the order. */
static void want_all(struct begin_refund *c, const struct order_lines *lines, struct arena *arena)
{
    c->wants = arena_array_of(arena, struct refund_want, lines->n);
    c->n_wants = 0;
    for (size_t i = 0; i < lines->n; i++) {
        const int64_t left = lines->list[i].quantity - lines->list[i].refunded_quantity;

        if (left > 0)
            c->wants[c->n_wants++] = (struct refund_want){.line_no = lines->list[i].line_no, .quantity = left};
    }
}

static bool refuse_fault(struct begin_refund *c, const struct order_row *order, const struct refund_terms *terms)
{
    char money[MONEY_TEXT_SIZE];
    struct command *command = &c->command;

    switch (terms->fault) {
    case REFUND_FITS: return false;
    case REFUND_NO_SUCH_LINE:
        command_refuse(command, ERR_ORDER_LINE_NOT_FOUND, id_show(ID_ORDER, c->order_id), err_i64(terms->line_no));
        break;
    case REFUND_LINE_TOO_LARGE: {
        char what[24];

        snprintf(what, sizeof what, "line %d", (int)terms->line_no);
        command_refuse(command, ERR_REFUND_TOO_LARGE, id_show(ID_ORDER, c->order_id), what, err_i64(terms->left));
        break;
    }
    case REFUND_AMOUNT_TOO_LARGE:
        command_refuse(command, ERR_REFUND_TOO_LARGE, id_show(ID_ORDER, c->order_id), "amount",
                       money_text(money_of(terms->left, order->currency), money));
        break;
    }
    return true;
}

/* What it comes to; refuses what is not there. */
static bool price(struct begin_refund *c, const struct order_row *order, const struct order_lines *lines,
                  struct arena *arena, int64_t *ret_minor)
{
    struct refundable_line *refundable;
    struct refund_terms terms;
    int64_t left_minor;

    if (c->amount.currency[0] != '\0' && strcmp(c->amount.currency, order->currency) != 0) {
        command_refuse(&c->command, ERR_CURRENCY_MISMATCH, c->amount.currency, order->currency);
        return false;
    }
    if (c->wants_all)
        want_all(c, lines, arena);
    refundable = order_refundable(order, lines, arena, &left_minor);
    terms = order_refund_terms(refundable, lines->n, c->wants, c->n_wants, left_minor, c->amount.amount_minor);
    if (refuse_fault(c, order, &terms))
        return false;
    *ret_minor = terms.amount_minor;
    return true;
}

static void record(struct begin_refund *c, struct work *work, size_t i, int64_t amount_minor, int64_t now_ms)
{
    struct order_row *order = work->orders[i].row;
    struct order_refund_row *row = &work->refunds[work->n_refunds];

    c->refund_id = id_new(id_route(c->command.biz_id, order->user_id));
    *row = (struct order_refund_row){
        .refund_id = c->refund_id,
        .biz_id = c->command.biz_id,
        .order_id = c->order_id,
        .payment_id = order->payment_id,
        .request_id = command_request(&c->command),
        .amount_minor = amount_minor,
        .reason = c->reason,
        .actor = c->command.actor,
        .create_time_ms = now_ms,
    };
    memcpy(row->fingerprint, c->command.fingerprint, FINGERPRINT_SIZE);
    memcpy(row->currency, order->currency, CURRENCY_SIZE);
    for (size_t j = 0; j < c->n_wants; j++)
        work->refund_lines[work->n_refund_lines++] = (struct refund_line_row){.refund_id = c->refund_id,
                                                                              .line_no = c->wants[j].line_no,
                                                                              .biz_id = c->command.biz_id,
                                                                              .quantity = c->wants[j].quantity};
    work->payment_refunds[work->n_refunds] =
        refund_make(c->refund_id, work->payments[i].row, amount_minor, REFUND_OF_ORDER, now_ms);
    c->refund = &work->payment_refunds[work->n_refunds++];
    c->account = work->accounts[i];
    c->is_new = true;
    order->refund_id = c->refund_id;
    order_move_add(&work->moves,
                   &(struct order_move){.row = order,
                                        .event = ORDER_EVENT_START_REFUND,
                                        .payment_id = order->payment_id,
                                        .actor = c->command.actor,
                                        .detail = c->reason},
                   now_ms);
}

static void decide(struct batch *batch, struct work *work)
{
    size_t n_lines = 0;

    for_each_command(struct begin_refund, c, batch) n_lines += c->wants_all ? work->lines[c_i].n : c->n_wants;
    work->refund_lines = arena_array_of(batch->arena, struct refund_line_row, n_lines);
    for_each_command(struct begin_refund, c, batch)
    {
        struct channel_account opened;
        int64_t amount_minor = 0;

        /* An earlier command of this batch may have moved the order. */
        if (!order_allows(work->orders[c_i].row, ORDER_EVENT_START_REFUND, &c->command) ||
            !price(c, work->orders[c_i].row, &work->lines[c_i], batch->arena, &amount_minor))
            continue;
        if (channel_open(work->accounts[c_i], &opened, &c->command.err) != 0)
            c->command.is_done = true;
        else
            record(c, work, c_i, amount_minor, batch->now_ms);
    }
}

static int begin_refund_body(struct batch *batch, struct err *err)
{
    struct work work = work_begin(batch);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        ((struct begin_refund *)(void *)batch->commands[i])->is_new = false;
    rc = answer_repeats(batch, err);
    if (rc == 0)
        rc = lock_all(batch, &work, err);
    if (rc == 0)
        rc = failpoint_step("begin_refund.locked", err);
    if (rc == 0)
        rc = load_rest(batch, &work, err);
    if (rc != 0)
        return rc;
    decide(batch, &work);
    rc = order_moves_write(batch, &work.moves, err);
    if (rc == 0)
        rc = failpoint_step("begin_refund.moved", err);
    if (rc == 0)
        rc = order_store_insert_refunds(batch->tx, work.refunds, work.n_refunds, work.refund_lines, work.n_refund_lines,
                                        err);
    if (rc == 0)
        rc = failpoint_step("begin_refund.recorded", err);
    if (rc == 0)
        rc = refund_begin(batch, work.payment_refunds, work.n_refunds, err);
    return rc;
}

static void tell_watchers(struct command **commands, size_t n)
{
    int64_t ids[BATCH_MAX];

    for (size_t i = 0; i < n; i++)
        ids[i] = ((struct begin_refund *)(void *)commands[i])->order_id;
    order_watch_changed(ids, n);
}

struct batch_plan begin_refund_plan = {
    .name = "order.begin_refund",
    .home = MODULE_ORDER,
    .body = begin_refund_body,
    .committed = tell_watchers,
};
