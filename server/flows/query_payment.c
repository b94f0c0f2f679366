/* Asking about payments on behalf of callers; see query_payment.h. */
#include "flows/query_payment.h"

#include "base/id.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "flows/ask_channel.h"
#include "payment/messages.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

/* A payment with its account, as a question needs it. */
struct find_payment {
    struct command command;
    int64_t payment_id;
    struct payment_row *row;
    struct channel_account_row *account;
};

static int find_payment_body(struct batch *batch, struct err *err)
{
    struct payment_ref *refs = arena_array_of(batch->arena, struct payment_ref, batch->n);
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payment_ref){.command = batch->commands[i],
                                       .payment_id = ((struct find_payment *)(void *)batch->commands[i])->payment_id};
    rc = payment_load(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++)
        account_ids[i] = refs[i].row != NULL ? refs[i].row->channel_account_id : 0;
    rc = payment_load_accounts(batch, batch->commands, account_ids, batch->n, accounts, err);
    for (size_t i = 0; i < batch->n; i++) {
        ((struct find_payment *)(void *)batch->commands[i])->row = refs[i].row;
        ((struct find_payment *)(void *)batch->commands[i])->account = accounts[i];
    }
    return rc;
}

static struct batch_plan find_payment_plan = {
    .name = "payment.find", .home = MODULE_PAYMENT, .is_read = true, .body = find_payment_body};

static void reply_with(struct call *call, enum channel_question question, const struct payment_row *row,
                       struct arena *arena)
{
    Bmt__Payment__V1__QueryPaymentResponse queried = BMT__PAYMENT__V1__QUERY_PAYMENT_RESPONSE__INIT;
    Bmt__Payment__V1__ClosePaymentResponse closed = BMT__PAYMENT__V1__CLOSE_PAYMENT_RESPONSE__INIT;

    queried.payment = closed.payment = payment_message(row, arena);
    call_reply(call, question == ASK_CLOSE ? &closed.base : &queried.base);
}

static void refuse_wrong_state(struct call *call, const struct payment_row *row)
{
    struct err err = {0};

    (void)err_fail(&err, ERR_PAYMENT_WRONG_STATE, id_show(ID_PAYMENT, row->payment_id),
                   fsm_state_name(&payment_fsm, row->state), "CREATED, PENDING, UNKNOWN");
    call_fail(call, &err);
}

/* The channel's silence is an answer only to us: the caller must ask again. */
static bool is_silent(const struct ask *ask)
{
    return ask->verdict.word == CHANNEL_UNCLEAR || ask->verdict.word == CHANNEL_NOT_ASKED;
}

static void answer_one(struct ask *ask, const struct complete_payment *done, struct lane *lane)
{
    struct call *call = ask->context;
    struct err err = {0};

    if (done->command.err.id != ERR_NONE) {
        call_fail(call, &done->command.err);
    } else if (is_silent(ask) && payment_state_is_open(done->row->state)) {
        (void)err_fail(&err, ERR_CHANNEL_UNAVAILABLE);
        call_fail(call, &err);
    } else if (ask->question == ASK_CLOSE && done->row->state != PAYMENT_CLOSED) {
        refuse_wrong_state(call, done->row);
    } else {
        reply_with(call, ask->question, done->row, lane_arena(lane));
    }
}

static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    for (size_t i = 0; i < n; i++)
        answer_one(asked[i].ask, asked[i].done, lane);
}

/* Final payments need no question: a closed one is closed, one that was paid cannot be. */
static void go_on(struct lane *lane, struct call *call, enum channel_question question, const struct find_payment *c)
{
    if (c->command.err.id != ERR_NONE)
        call_fail(call, &c->command.err);
    else if (payment_state_is_open(c->row->state))
        ask_channel_for(call, question, c->row, c->account, answer_asked);
    else if (question == ASK_CLOSE && c->row->state != PAYMENT_CLOSED)
        refuse_wrong_state(call, c->row);
    else
        reply_with(call, question, c->row, lane_arena(lane));
}

static void handle(struct lane *lane, struct call **calls, size_t n, enum channel_question question,
                   const char *(*payment_id_of)(const void *request))
{
    struct arena *arena = lane_arena(lane);
    struct find_payment *commands = arena_array_of(arena, struct find_payment, n);

    for (size_t i = 0; i < n; i++) {
        call_command(calls[i], NULL, &commands[i].command);
        commands[i].payment_id = proto_id_of(ID_PAYMENT, payment_id_of(call_request(calls[i])));
    }
    batch_run(lane_session(lane), &find_payment_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++)
        go_on(lane, calls[i], question, &commands[i]);
}

static const char *query_id(const void *request)
{
    return ((const Bmt__Payment__V1__QueryPaymentRequest *)request)->payment_id;
}

static const char *close_id(const void *request)
{
    return ((const Bmt__Payment__V1__ClosePaymentRequest *)request)->payment_id;
}

void query_payment_handle(struct lane *lane, struct call **calls, size_t n)
{
    handle(lane, calls, n, ASK_QUERY, query_id);
}

void close_payment_handle(struct lane *lane, struct call **calls, size_t n)
{
    handle(lane, calls, n, ASK_CLOSE, close_id);
}
