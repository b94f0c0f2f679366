/* CreatePayment's steps and its answer; see create_payment.h. Inserts payments, locks nothing. */
#include "flows/create_payment.h"

#include <string.h>

#include "base/failpoint.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "flows/offer_payment.h"
#include "payment/messages.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

enum { EXPIRES_IN_S = 900 }; /* the proto promises it: no setting */

static struct payment_row make_payment(const struct create_payment *c, int64_t now_ms)
{
    struct payment_row row = {
        .user_id = c->user_id,
        .channel_account_id = c->account_id,
        .amount_minor = c->amount.amount_minor,
        .return_url = c->return_url,
        .expire_time_ms = now_ms + (c->expires_in_s != 0 ? c->expires_in_s : EXPIRES_IN_S) * 1000,
    };

    memcpy(row.currency, c->amount.currency, CURRENCY_SIZE);
    payment_row_begin(&row, &c->command, now_ms);
    return row;
}

/* Equal requests that race meet at the rows' unique key: the batch of the later one runs again, and finds the first. */
static int create_payment_body(struct batch *batch, struct err *err)
{
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    struct payment_row **repeats = arena_array_of(batch->arena, struct payment_row *, batch->n);
    struct payment_row *rows = arena_array_of(batch->arena, struct payment_row, batch->n);
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t n = 0;
    int rc;

    rc = payment_find_repeats(batch, batch->commands, batch->n, repeats, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++) {
        struct create_payment *c = (void *)batch->commands[i];

        c->is_new = false;
        c->payment = repeats[i];
        account_ids[i] = c->account_id;
    }
    rc = payment_load_accounts(batch, batch->commands, account_ids, batch->n, accounts, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_payment, c, batch)
    {
        c->account = accounts[c_i];
        if (!payment_account_allows(c->account, c->amount, &c->command))
            continue;
        rows[n] = make_payment(c, batch->now_ms);
        c->payment = &rows[n++];
        c->is_new = true;
    }
    rc = failpoint_step("create_payment.decided", err);
    return rc == 0 ? payment_store_insert(batch->tx, rows, n, err) : rc;
}

struct batch_plan create_payment_plan = {
    .name = "payment.create",
    .home = MODULE_PAYMENT,
    .body = create_payment_body,
};

static void answer(struct call *call, const struct payment_row *payment, struct arena *arena)
{
    Bmt__Payment__V1__CreatePaymentResponse reply = BMT__PAYMENT__V1__CREATE_PAYMENT_RESPONSE__INIT;

    reply.payment = payment_message(payment, arena);
    call_reply(call, &reply.base);
}

/* Whatever the channel said, the payment tells it. */
static void answer_one(struct ask *ask, const struct complete_payment *done, struct lane *lane)
{
    struct call *call = ask->context;

    if (done->command.err.id != ERR_NONE)
        call_fail(call, &done->command.err);
    else
        answer(call, done->row, lane_arena(lane));
}

static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    for (size_t i = 0; i < n; i++)
        answer_one(asked[i].ask, asked[i].done, lane);
}

void create_payment_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct create_payment *commands = arena_array_of(arena, struct create_payment, n);
    struct payment_answer *answers = arena_array_of(arena, struct payment_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        const Bmt__Payment__V1__CreatePaymentRequest *request = call_request(calls[i]);

        call_command(calls[i], request->request_id, &commands[i].command);
        commands[i].user_id = request->user_id;
        commands[i].account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->channel_account_id);
        commands[i].amount = money_of(request->amount->amount_minor, request->amount->currency);
        commands[i].return_url = request->return_url;
        commands[i].expires_in_s = request->expires_in_s;
    }
    batch_run(lane_session(lane), &create_payment_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            call_fail(calls[i], &commands[i].command.err);
        else if (commands[i].is_new)
            ask_channel_for(calls[i], ASK_CREATE, commands[i].payment, commands[i].account, answer_asked);
        else
            answers[n_answers++] = (struct payment_answer){.call = calls[i], .payment = commands[i].payment};
    }
    n_answers = offer_payment_again(lane, answers, n_answers, answer_asked);
    for (size_t i = 0; i < n_answers; i++)
        answer(answers[i].call, answers[i].payment, arena);
}
