/* Asking channels about refunds; see ask_refund.h. */
#include "flows/ask_refund.h"

#include "base/failpoint.h"
#include "rpc/call.h"
#include "rpc/lane.h"

enum { APPLY_BATCH_MAX = 128 }; /* as the batch_max of a method, which stands in its proto: no setting */

static _Atomic int64_t timeout_ms = 3000;

void ask_refund_set_timeout(int64_t with_timeout_ms)
{
    timeout_ms = with_timeout_ms;
}

/* Back in a lane: applies the words of all questions that came back, then answers each. */
static void apply(struct lane *lane, void **items, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct complete_refund *commands = arena_array_of(arena, struct complete_refund, n);
    struct asked *asked = arena_array_of(arena, struct asked, n);

    for (size_t i = 0; i < n; i++) {
        struct refund_ask *ask = items[i];

        asked[i] = (struct asked){.answer = ask->answer, .ask = ask, .done = &commands[i]};
        commands[i].command = (struct command){.biz_id = ask->biz_id, .actor = ask->actor};
        commands[i].refund_id = ask->refund_id;
        commands[i].verdict = channel_verdict_copy(&ask->verdict, arena);
        commands[i].is_ask = !ask->is_query;
        commands[i].turn = ask->turn;
    }
    for (size_t i = 0; i < n; i++)
        if (failpoint_step("ask_refund.back", &commands[i].command.err) != 0)
            commands[i].command.is_done = true;
    batch_run(lane_session(lane), &complete_refund_plan, arena, commands, n, sizeof *commands);
    (void)FAILPOINT("ask_refund.applied");
    answer_together(lane, asked, n);
}

static struct step apply_step = {
    .name = "ask_refund.apply", .priority = PRIORITY_RECOVERY, .batch_max = APPLY_BATCH_MAX, .run = apply};

/* On the HTTP thread: reads the answer, which is pure, and goes back. */
static void on_reply(void *context, const struct http_reply *reply)
{
    static const struct http_reply lost = {.outcome = HTTP_UNKNOWN, .body = "", .problem = "fail point"};
    struct refund_ask *ask = context;

    if (FAILPOINT("ask_refund.answered"))
        reply = &lost;
    ask->verdict = ask->account.channel->read_refund(&ask->account, reply, ask->arena);
    step_post(&apply_step, ask);
}

int ask_refund(struct refund_ask *ask, const struct channel_account_row *account, const struct refund_row *refund,
               struct err *err)
{
    struct http_request request = {0};
    int rc;

    PRE(ask->answer != NULL && ask->refund_id == refund->refund_id);
    ask->turn = refund_turn_of(refund);
    rc = channel_open(channel_account_copy(account, ask->arena), &ask->account, err);
    if (rc != 0)
        return rc;
    if (ask->is_query)
        ask->account.channel->build_query_refund(&ask->account, refund, ask->arena, &request);
    else
        ask->account.channel->build_refund(&ask->account, refund, ask->arena, &request);
    if (FAILPOINT("ask_refund.asking"))
        return err_fail(err, ERR_CHANNEL_UNAVAILABLE);
    request.timeout_ms = timeout_ms;
    request.is_once = !ask->is_query; /* a refusal must not be of the second of two requests */
    http_send(&request, ask->arena, on_reply, ask);
    return 0;
}

void ask_refund_for(struct call *call, const struct refund_row *refund, const struct channel_account_row *account,
                    asked_answer *answer)
{
    struct refund_ask *ask = arena_new_of(call_arena(call), struct refund_ask);
    struct command command = {0};
    struct err err = {0};

    call_command(call, NULL, &command);
    *ask = (struct refund_ask){
        .arena = call_arena(call),
        .biz_id = command.biz_id,
        .refund_id = refund->refund_id,
        .actor = command.actor,
        .context = call,
        .answer = answer,
    };
    if (ask_refund(ask, account, refund, &err) != 0)
        call_fail(call, &err);
}
