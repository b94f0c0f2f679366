/* RefundPayment's steps and its answer; see refund_payment.h. Locks payments; refunds are new rows. */
#include "flows/refund_payment.h"

#include <string.h>

#include "base/id.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "flows/ask_refund.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

/* A repeat gets the refund that it has begun; another body under the same request_id is refused. */
static void answer_repeat(struct refund_payment *c, const struct refund_row *row)
{
    if (command_repeats(&c->command, row->fingerprint))
        c->refund_id = row->refund_id;
}

static int answer_repeats(struct batch *batch, struct err *err)
{
    struct refund_request_key *keys = arena_array_of(batch->arena, struct refund_request_key, batch->n);
    struct refund_row *rows = NULL;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        keys[i] = (struct refund_request_key){.biz_id = batch->commands[i]->biz_id,
                                              .request_id = command_request(batch->commands[i])};
    rc = payment_store_find_refund_requests(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++)
        for (size_t j = 0; j < n; j++)
            if (command_has_request(batch->commands[i], rows[j].biz_id, rows[j].request_id))
                answer_repeat((struct refund_payment *)(void *)batch->commands[i], &rows[j]);
    return 0;
}

/* An order's money goes back with what was bought, so the order must be refunded, not its payment. */
static bool is_refundable(struct refund_payment *c, const struct payment_row *payment)
{
    char left[MONEY_TEXT_SIZE];
    const char *name = id_show(ID_PAYMENT, c->payment_id);

    if (payment->order_id != 0)
        command_refuse(&c->command, ERR_PAYMENT_OF_ORDER, name, id_show(ID_ORDER, payment->order_id));
    else if (payment->state != PAYMENT_SUCCEEDED)
        command_refuse(&c->command, ERR_PAYMENT_WRONG_STATE, name, fsm_state_name(&payment_fsm, payment->state),
                       fsm_state_name(&payment_fsm, PAYMENT_SUCCEEDED));
    else if (strcmp(c->amount.currency, payment->currency) != 0)
        command_refuse(&c->command, ERR_CURRENCY_MISMATCH, c->amount.currency, payment->currency);
    else if (c->amount.amount_minor > payment->amount_minor - payment->refund_minor)
        command_refuse(&c->command, ERR_PAYMENT_REFUNDED, name,
                       money_text(money_of(payment->amount_minor - payment->refund_minor, payment->currency), left));
    return !c->command.is_done;
}

static void record(struct refund_payment *c, struct payment_row *payment, struct channel_account_row *account,
                   struct refund_row *row, int64_t now_ms)
{
    c->refund_id = id_new(id_route(c->command.biz_id, payment->user_id));
    *row = refund_make(c->refund_id, payment, c->amount.amount_minor, REFUND_OF_CHARGE, now_ms);
    row->request_id = command_request(&c->command);
    memcpy(row->fingerprint, c->command.fingerprint, FINGERPRINT_SIZE);
    row->reason = c->reason;
    row->actor = c->command.actor;
    payment->refund_minor += c->amount.amount_minor; /* as the claim will, for the next command on the same payment */
    c->refund = row;
    c->account = account;
    c->is_new = true;
}

static int refund_payment_body(struct batch *batch, struct err *err)
{
    struct payment_ref *payments = arena_array_of(batch->arena, struct payment_ref, batch->n);
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    struct refund_row *rows = arena_array_of(batch->arena, struct refund_row, batch->n);
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        struct refund_payment *c = (void *)batch->commands[i];

        c->is_new = false;
        payments[i] = (struct payment_ref){.command = &c->command, .payment_id = c->payment_id};
    }
    rc = answer_repeats(batch, err);
    if (rc == 0)
        rc = payment_lock(batch, payments, batch->n, err);
    if (rc == 0)
        rc = answer_repeats(batch, err); /* the same request may have held the locks that we waited for */
    if (rc != 0)
        return rc;
    for_each_command(struct refund_payment, c, batch) account_ids[c_i] = payments[c_i].row->channel_account_id;
    rc = payment_load_accounts(batch, batch->commands, account_ids, batch->n, accounts, err);
    if (rc != 0)
        return rc;
    for_each_command(struct refund_payment, c, batch)
    {
        struct channel_account opened;

        if (!is_refundable(c, payments[c_i].row))
            continue;
        if (channel_open(accounts[c_i], &opened, &c->command.err) != 0)
            c->command.is_done = true;
        else
            record(c, payments[c_i].row, accounts[c_i], &rows[n++], batch->now_ms);
    }
    return refund_begin(batch, rows, n, err);
}

struct batch_plan refund_payment_plan = {
    .name = "payment.refund",
    .home = MODULE_PAYMENT,
    .body = refund_payment_body,
};

static void answer(struct call *call, int64_t refund_id, struct arena *arena)
{
    Bmt__Payment__V1__RefundPaymentResponse reply = BMT__PAYMENT__V1__REFUND_PAYMENT_RESPONSE__INIT;

    reply.refund_id = proto_id(ID_REFUND, refund_id, arena);
    call_reply(call, &reply.base);
}

/* Whatever the channel said, the refund tells it. */
static void answer_one(struct refund_ask *ask, const struct complete_refund *done, struct lane *lane)
{
    struct call *call = ask->context;

    if (done->command.err.id != ERR_NONE)
        call_fail(call, &done->command.err);
    else
        answer(call, ask->refund_id, lane_arena(lane));
}

static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    for (size_t i = 0; i < n; i++)
        answer_one(asked[i].ask, asked[i].done, lane);
}

void refund_payment_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct refund_payment *commands = arena_array_of(arena, struct refund_payment, n);

    for (size_t i = 0; i < n; i++) {
        const Bmt__Payment__V1__RefundPaymentRequest *request = call_request(calls[i]);

        call_command(calls[i], request->request_id, &commands[i].command);
        commands[i].payment_id = proto_id_of(ID_PAYMENT, request->payment_id);
        commands[i].amount = money_of(request->amount->amount_minor, request->amount->currency);
        commands[i].reason = request->reason;
    }
    batch_run(lane_session(lane), &refund_payment_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            call_fail(calls[i], &commands[i].command.err);
        else if (commands[i].is_new)
            ask_refund_for(calls[i], commands[i].refund, commands[i].account, answer_asked);
        else
            answer(calls[i], commands[i].refund_id, arena);
    }
}
