/* Asking channels; see ask_channel.h. */
#include "flows/ask_channel.h"

#include "base/failpoint.h"
#include "rpc/call.h"
#include "rpc/lane.h"

enum { APPLY_BATCH_MAX = 128 }; /* as the batch_max of a method, which stands in its proto: no setting */

static _Atomic int64_t timeout_ms = 3000;

void ask_channel_set_timeout(int64_t with_timeout_ms)
{
    timeout_ms = with_timeout_ms;
}

int64_t ask_channel_timeout_ms(void)
{
    return timeout_ms;
}

/* Back in a lane: applies the words of all questions that came back, then answers each. */
static void apply(struct lane *lane, void **items, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct complete_payment *commands = arena_array_of(arena, struct complete_payment, n);
    struct asked *asked = arena_array_of(arena, struct asked, n);

    for (size_t i = 0; i < n; i++) {
        struct ask *ask = items[i];

        asked[i] = (struct asked){.answer = ask->answer, .ask = ask, .done = &commands[i]};
        commands[i].command = (struct command){.biz_id = ask->biz_id, .actor = ask->actor};
        commands[i].payment_id = ask->payment_id;
        commands[i].verdict = channel_verdict_copy(&ask->verdict, arena);
        commands[i].is_create = ask->question == ASK_CREATE;
        commands[i].version_asked = ask->version;
        commands[i].notification = ask->notification;
    }
    for (size_t i = 0; i < n; i++)
        if (failpoint_step("ask_channel.back", &commands[i].command.err) != 0)
            commands[i].command.is_done = true;
    batch_run(lane_session(lane), &complete_payment_plan, arena, commands, n, sizeof *commands);
    (void)FAILPOINT("ask_channel.applied");
    answer_together(lane, asked, n);
}

static struct step apply_step = {
    .name = "ask_channel.apply", .priority = PRIORITY_RECOVERY, .batch_max = APPLY_BATCH_MAX, .run = apply};

/* On the HTTP thread: reads the answer, which is pure, and goes back. */
static void on_reply(void *context, const struct http_reply *reply)
{
    static const struct http_reply lost = {.outcome = HTTP_UNKNOWN, .body = "", .problem = "fail point"};
    struct ask *ask = context;

    if (FAILPOINT("ask_channel.answered"))
        reply = &lost;
    ask->verdict = ask->account.channel->read_reply(&ask->account, reply, ask->arena);
    step_post(&apply_step, ask);
}

int ask_channel(struct ask *ask, const struct channel_account_row *account, const struct payment_row *payment,
                struct err *err)
{
    struct http_request request = {0};
    int rc;

    PRE(ask->answer != NULL && ask->payment_id == payment->payment_id);
    rc = channel_open(channel_account_copy(account, ask->arena), &ask->account, err);
    if (rc != 0)
        return rc;
    switch (ask->question) {
    case ASK_CREATE:
    case ASK_CREATE_AGAIN: ask->account.channel->build_create(&ask->account, payment, ask->arena, &request); break;
    case ASK_QUERY: ask->account.channel->build_query(&ask->account, payment, ask->arena, &request); break;
    case ASK_CLOSE: ask->account.channel->build_close(&ask->account, payment, ask->arena, &request); break;
    }
    ask->version = payment->version;
    if (FAILPOINT("ask_channel.asking"))
        return err_fail(err, ERR_CHANNEL_UNAVAILABLE);
    request.timeout_ms = timeout_ms;
    http_send(&request, ask->arena, on_reply, ask);
    return 0;
}

void ask_channel_for(struct call *call, enum channel_question question, const struct payment_row *payment,
                     const struct channel_account_row *account, asked_answer *answer)
{
    struct ask *ask = arena_new_of(call_arena(call), struct ask);
    struct command command = {0};
    struct err err = {0};

    call_command(call, NULL, &command);
    *ask = (struct ask){
        .arena = call_arena(call),
        .question = question,
        .biz_id = command.biz_id,
        .payment_id = payment->payment_id,
        .actor = command.actor,
        .context = call,
        .answer = answer,
    };
    if (ask_channel(ask, account, payment, &err) != 0)
        call_fail(call, &err);
}
