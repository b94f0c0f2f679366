/* PayStatement's steps and its answer; see pay_statement.h. */
#include "flows/pay_statement.h"

#include "base/id.h"
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "flows/ask_payout.h"
#include "rpc/lane.h"
#include "rpc/proto.h"
#include "settlement/messages_statement.h"

/* A call whose payout is known: all that is left is to show it, with the statement as it is now. */
struct payout_answer {
    struct call *call;
    int64_t payout_id;
};

static void answer_one(struct call *call, const struct get_payout *payout, const struct get_statement *statement,
                       struct arena *arena)
{
    Bmt__Settlement__V1__PayStatementResponse reply = BMT__SETTLEMENT__V1__PAY_STATEMENT_RESPONSE__INIT;

    if (payout->command.err.id != ERR_NONE) {
        call_fail(call, &payout->command.err);
    } else if (statement->command.err.id != ERR_NONE) {
        call_fail(call, &statement->command.err);
    } else {
        reply.payout = payout_message(&payout->row, arena);
        reply.statement = statement_message(&statement->row, arena);
        call_reply(call, &reply.base);
    }
}

static void answer_all(struct lane *lane, const struct payout_answer *answers, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct get_payout *payouts = arena_array_of(arena, struct get_payout, n);
    struct get_statement *statements = arena_array_of(arena, struct get_statement, n);

    for (size_t i = 0; i < n; i++) {
        call_command(answers[i].call, NULL, &payouts[i].command);
        payouts[i].payout_id = answers[i].payout_id;
    }
    batch_run(lane_session(lane), &get_payout_plan, arena, payouts, n, sizeof *payouts);
    for (size_t i = 0; i < n; i++) {
        call_command(answers[i].call, NULL, &statements[i].command);
        statements[i].statement_id = payouts[i].command.err.id == ERR_NONE ? payouts[i].row.statement_id : 0;
    }
    batch_run(lane_session(lane), &get_statement_plan, arena, statements, n, sizeof *statements);
    for (size_t i = 0; i < n; i++)
        answer_one(answers[i].call, &payouts[i], &statements[i], arena);
}

/* Step 3 has been done: whatever the channel said, the payout tells it. */
static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    struct payout_answer *answers = arena_array_of(lane_arena(lane), struct payout_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        const struct payout_ask *ask = asked[i].ask;
        const struct complete_payout *done = asked[i].done;
        struct call *call = ask->context;

        if (done->command.err.id != ERR_NONE)
            call_fail(call, &done->command.err);
        else
            answers[n_answers++] = (struct payout_answer){.call = call, .payout_id = ask->payout_id};
    }
    if (n_answers > 0)
        answer_all(lane, answers, n_answers);
}

/* Step 2. The question lives in the call's arena, as the call lives until it is answered. */
static void ask_channel_for(struct call *call, const struct begin_payout *c)
{
    struct payout_ask *ask = arena_new_of(call_arena(call), struct payout_ask);
    struct err err = {0};

    *ask = (struct payout_ask){
        .arena = call_arena(call),
        .biz_id = c->command.biz_id,
        .payout_id = c->payout_id,
        .actor = c->command.actor,
        .context = call,
        .answer = answer_asked,
    };
    if (ask_payout(ask, c->account, c->payout, &err) != 0)
        call_fail(call, &err); /* the payout stays CREATED; its timer asks again */
}

/* Step 1. */
void pay_statement_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct begin_payout *commands = arena_array_of(arena, struct begin_payout, n);
    struct payout_answer *answers = arena_array_of(arena, struct payout_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        const Bmt__Settlement__V1__PayStatementRequest *request = call_request(calls[i]);

        call_command(calls[i], request->request_id, &commands[i].command);
        commands[i].statement_id = proto_id_of(ID_PARTNER_STATEMENT, request->statement_id);
        commands[i].reason = request->reason;
    }
    batch_run(lane_session(lane), &begin_payout_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            call_fail(calls[i], &commands[i].command.err);
        else if (commands[i].is_new)
            ask_channel_for(calls[i], &commands[i]);
        else
            answers[n_answers++] = (struct payout_answer){.call = calls[i], .payout_id = commands[i].payout_id};
    }
    if (n_answers > 0)
        answer_all(lane, answers, n_answers);
}
