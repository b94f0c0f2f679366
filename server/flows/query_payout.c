/* Asking about payouts on behalf of callers; see query_payout.h. */
#include "flows/query_payout.h"

#include "base/id.h"
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "flows/ask_payout.h"
#include "payment/ops.h"
#include "rpc/lane.h"
#include "rpc/proto.h"
#include "settlement/messages_statement.h"

/* A payout with its account, as a question needs it. */
struct find_payout {
    struct command command;
    int64_t payout_id;
    struct payout_row *row;
    struct channel_account_row *account;
};

static int find_payout_body(struct batch *batch, struct err *err)
{
    struct payout_ref *refs = arena_array_of(batch->arena, struct payout_ref, batch->n);
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payout_ref){.command = batch->commands[i],
                                      .payout_id = ((struct find_payout *)(void *)batch->commands[i])->payout_id};
    rc = payout_load(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++)
        account_ids[i] = refs[i].row != NULL ? refs[i].row->channel_account_id : 0;
    rc = payment_load_accounts(batch, batch->commands, account_ids, batch->n, accounts, err);
    for (size_t i = 0; i < batch->n; i++) {
        ((struct find_payout *)(void *)batch->commands[i])->row = refs[i].row;
        ((struct find_payout *)(void *)batch->commands[i])->account = accounts[i];
    }
    return rc;
}

static struct batch_plan find_payout_plan = {
    .name = "settlement.find_payout", .home = MODULE_SETTLEMENT, .is_read = true, .body = find_payout_body};

static void reply_with(struct call *call, const struct payout_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__QueryPayoutResponse reply = BMT__SETTLEMENT__V1__QUERY_PAYOUT_RESPONSE__INIT;

    reply.payout = payout_message(row, arena);
    call_reply(call, &reply.base);
}

/* The channel's silence is an answer only to us: the caller must ask again. */
static void answer_one(struct payout_ask *ask, const struct complete_payout *done, struct lane *lane)
{
    const bool is_silent = ask->verdict.word == CHANNEL_UNCLEAR || ask->verdict.word == CHANNEL_NOT_ASKED;
    struct call *call = ask->context;
    struct err err = {0};

    if (done->command.err.id != ERR_NONE) {
        call_fail(call, &done->command.err);
    } else if (is_silent) {
        (void)err_fail(&err, ERR_CHANNEL_UNAVAILABLE);
        call_fail(call, &err);
    } else {
        reply_with(call, done->row, lane_arena(lane));
    }
}

static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    for (size_t i = 0; i < n; i++)
        answer_one(asked[i].ask, asked[i].done, lane);
}

static void ask(struct call *call, const struct find_payout *c)
{
    struct payout_ask *question = arena_new_of(call_arena(call), struct payout_ask);
    struct err err = {0};

    *question = (struct payout_ask){
        .arena = call_arena(call),
        .is_query = true,
        .biz_id = c->command.biz_id,
        .payout_id = c->payout_id,
        .actor = c->command.actor,
        .context = call,
        .answer = answer_asked,
    };
    if (ask_payout(question, c->account, c->row, &err) != 0)
        call_fail(call, &err);
}

void query_payout_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct find_payout *commands = arena_array_of(arena, struct find_payout, n);

    for (size_t i = 0; i < n; i++) {
        const Bmt__Settlement__V1__QueryPayoutRequest *request = call_request(calls[i]);

        call_command(calls[i], NULL, &commands[i].command);
        commands[i].payout_id = proto_id_of(ID_PAYOUT, request->payout_id);
    }
    batch_run(lane_session(lane), &find_payout_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        const struct find_payout *c = &commands[i];

        if (c->command.err.id != ERR_NONE)
            call_fail(calls[i], &c->command.err);
        else if (c->row->state == PAYOUT_FAILED || c->row->state == PAYOUT_RETURNED)
            reply_with(calls[i], c->row, arena); /* final: there is nothing to ask */
        else
            ask(calls[i], c);
    }
}
