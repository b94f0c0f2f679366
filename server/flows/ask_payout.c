/* Asking channels about payouts; see ask_payout.h. */
#include "flows/ask_payout.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "rpc/lane.h"

enum { APPLY_BATCH_MAX = 128, ASK_ARENA_BYTES_MAX = 4 << 20 }; /* two replies */

static int64_t timeout_ms = 3000;

void ask_payout_set_timeout(int64_t with_timeout_ms)
{
    timeout_ms = with_timeout_ms;
}

/* Back in a lane: applies the words of all questions that came back, then answers each. */
static void apply(struct lane *lane, void **items, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct complete_payout *commands = arena_array_of(arena, struct complete_payout, n);
    struct asked *asked = arena_array_of(arena, struct asked, n);

    for (size_t i = 0; i < n; i++) {
        struct payout_ask *ask = items[i];

        asked[i] = (struct asked){.answer = ask->answer, .ask = ask, .done = &commands[i]};
        commands[i].command = (struct command){.biz_id = ask->biz_id, .actor = ask->actor};
        commands[i].payout_id = ask->payout_id;
        commands[i].verdict = channel_verdict_copy(&ask->verdict, arena);
        commands[i].is_ask = !ask->is_query;
        commands[i].turn = ask->turn;
    }
    for (size_t i = 0; i < n; i++)
        if (failpoint_step("ask_payout.back", &commands[i].command.err) != 0)
            commands[i].command.is_done = true;
    batch_run(lane_session(lane), &complete_payout_plan, arena, commands, n, sizeof *commands);
    (void)FAILPOINT("ask_payout.applied");
    answer_together(lane, asked, n);
}

static struct step apply_step = {
    .name = "ask_payout.apply", .priority = PRIORITY_RECOVERY, .batch_max = APPLY_BATCH_MAX, .run = apply};

/* On the HTTP thread: reads the answer, which is pure, and goes back. */
static void on_reply(void *context, const struct http_reply *reply)
{
    static const struct http_reply lost = {.outcome = HTTP_UNKNOWN, .body = "", .problem = "fail point"};
    struct payout_ask *ask = context;

    if (FAILPOINT("ask_payout.answered"))
        reply = &lost;
    ask->verdict = ask->account.channel->read_payout(&ask->account, reply, ask->arena);
    step_post(&apply_step, ask);
}

int ask_payout(struct payout_ask *ask, const struct channel_account_row *account, const struct payout_row *payout,
               struct err *err)
{
    struct channel_payout asked = {
        .payout_id = payout->payout_id, .biz_id = payout->biz_id, .amount_minor = payout->amount_minor};
    struct http_request request = {0};
    int rc;

    PRE(ask->answer != NULL && ask->payout_id == payout->payout_id);
    memcpy(asked.currency, payout->currency, CURRENCY_SIZE);
    ask->turn = payout_turn_of(payout);
    rc = channel_open(channel_account_copy(account, ask->arena), &ask->account, err);
    if (rc == 0 && !ask->is_query)
        rc = channel_payout_account(payout->payout_account, ask->arena, &asked.account, err);
    if (rc != 0)
        return rc;
    if (ask->is_query)
        ask->account.channel->build_query_payout(&ask->account, &asked, ask->arena, &request);
    else
        ask->account.channel->build_payout(&ask->account, &asked, ask->arena, &request);
    if (FAILPOINT("ask_payout.asking"))
        return err_fail(err, ERR_CHANNEL_UNAVAILABLE);
    request.timeout_ms = timeout_ms;
    request.is_once = !ask->is_query; /* a refusal must not be of the second of two requests */
    http_send(&request, ask->arena, on_reply, ask);
    return 0;
}

/* The question and all that belongs to it end with its answer, or here if it cannot be sent. */
static void send_question(struct payout_ask *ask, const struct channel_account_row *account,
                          const struct payout_row *payout)
{
    struct err err = {0};

    if (ask_payout(ask, account, payout, &err) == 0)
        return;
    log_error("channel cannot be asked", log_i64("payout", payout->payout_id),
              log_text("reason", err_info(err.id)->reason));
    arena_free(ask->arena);
}

static void take_word(struct payout_ask *ask, const struct complete_payout *done)
{
    if (done->command.err.id == ERR_NONE && done->is_to_ask) {
        ask->is_query = false;
        send_question(ask, ask->account.row, done->row);
        return;
    }
    if (done->command.err.id != ERR_NONE)
        log_warn("channel's word could not be applied, asking again", log_i64("payout", ask->payout_id),
                 log_text("reason", err_info(done->command.err.id)->reason));
    arena_free(ask->arena);
}

static void answered(struct lane *lane, const struct asked *asked, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++)
        take_word(asked[i].ask, asked[i].done);
}

static void ask_about(const struct payout_row *payout, const struct channel_account_row *account, const char *actor)
{
    struct arena *arena = arena_new(ASK_ARENA_BYTES_MAX);
    struct payout_ask *ask = arena_new_of(arena, struct payout_ask);

    *ask = (struct payout_ask){
        .arena = arena,
        .is_query = true,
        .biz_id = payout->biz_id,
        .payout_id = payout->payout_id,
        .actor = actor,
        .answer = answered,
    };
    send_question(ask, account, payout);
}

/* Who has noted the next time has the turn; if we die after that, it comes again then. */
static int take_turns(struct job_run *run, struct payout_row *rows, size_t n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    for (size_t i = 0; i < n; i++) {
        rows[i].attempts++;
        rows[i].due_time_ms = payout_next_question_ms(&rows[i], run->now_ms);
    }
    rc = tx_begin(run->session, MODULE_SETTLEMENT, &tx, err);
    if (rc == 0)
        rc = payout_store_take_turn(tx, rows, n, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    return rc;
}

static int load_due(struct job_run *run, struct payout_row **ret_rows, size_t *ret_n,
                    struct channel_account_row **ret_accounts, size_t *ret_n_accounts, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int64_t *ids;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = payout_store_find_due(tx, run->now_ms, run->limit, run->arena, ret_rows, ret_n, err);
    if (rc != 0)
        return rc;
    ids = arena_array_of(run->arena, int64_t, *ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        ids[i] = (*ret_rows)[i].channel_account_id;
    return payment_store_find_accounts_by_id(tx, ids, *ret_n, run->arena, ret_accounts, ret_n_accounts, err);
}

int ask_due_payouts(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct payout_row *rows = NULL;
    struct channel_account_row *accounts = NULL;
    size_t n = 0;
    size_t n_accounts = 0;
    int rc;

    rc = load_due(run, &rows, &n, &accounts, &n_accounts, err);
    if (rc == 0 && n > 0)
        rc = take_turns(run, rows, n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("ask_payout.turn_taken", err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_accounts; j++)
            if (accounts[j].channel_account_id == rows[i].channel_account_id)
                ask_about(&rows[i], &accounts[j], run->actor);
    *ret_done = n;
    return 0;
}
