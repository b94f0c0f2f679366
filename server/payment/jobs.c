/*
 * Timers of payments; see jobs.h. A run notes the next time to ask for each due payment, sends the questions and ends;
 * the answers come back in lanes. What the channel does not know is offered to it again, if nobody else can be about to
 * (flows/offer_payment.h). Payments whose time to pay has passed are closed at the channel, so that they cannot succeed
 * any more.
 */
#include "payment/jobs.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "flows/offer_payment.h"
#include "rpc/lane.h"

enum { ASK_ARENA_BYTES_MAX = 4 << 20 }; /* two replies */

/* The question and all that belongs to it end with its answer, or here if it cannot be sent. */
static void send_question(struct ask *ask, const struct channel_account_row *account, const struct payment_row *payment)
{
    struct err err = {0};

    if (ask_channel(ask, account, payment, &err) == 0)
        return;
    log_error("channel cannot be asked", log_i64("payment", payment->payment_id),
              log_text("reason", err_info(err.id)->reason));
    arena_free(ask->arena);
}

static void log_unapplied(const struct ask *ask, const struct command *command)
{
    log_warn("channel's word could not be applied, asking again", log_i64("payment", ask->payment_id),
             log_text("reason", err_info(command->err.id)->reason));
}

static void take_word(struct ask *ask, const struct complete_payment *done, struct lane *lane)
{
    struct offer_payment offer = {.command = {.biz_id = ask->biz_id, .actor = ask->actor},
                                  .payment_id = ask->payment_id};
    const bool is_unheard = done->command.err.id == ERR_NONE && ask->verdict.word == CHANNEL_MISSING;

    if (is_unheard && done->row->state == PAYMENT_CREATED)
        batch_run(lane_session(lane), &offer_payment_plan, lane_arena(lane), &offer, 1, sizeof offer);
    if (offer.is_offered && offer.command.err.id == ERR_NONE) {
        ask->question = ASK_CREATE_AGAIN;
        send_question(ask, offer.account, offer.row);
        return;
    }
    if (done->command.err.id != ERR_NONE || offer.command.err.id != ERR_NONE)
        log_unapplied(ask, done->command.err.id != ERR_NONE ? &done->command : &offer.command);
    arena_free(ask->arena);
}

static void answered(struct lane *lane, const struct asked *asked, size_t n)
{
    for (size_t i = 0; i < n; i++)
        take_word(asked[i].ask, asked[i].done, lane);
}

static void ask_about(const struct payment_row *payment, const struct channel_account_row *account, const char *actor,
                      int64_t now_ms)
{
    struct arena *arena = arena_new(ASK_ARENA_BYTES_MAX);
    struct ask *ask = arena_new_of(arena, struct ask);

    *ask = (struct ask){
        .arena = arena,
        .question = now_ms > payment->expire_time_ms ? ASK_CLOSE : ASK_QUERY,
        .biz_id = payment->biz_id,
        .payment_id = payment->payment_id,
        .actor = actor,
        .answer = answered,
    };
    send_question(ask, account, payment);
}

/* Who has noted the next time has the turn; if we die after that, it comes again then. */
static int take_turns(struct job_run *run, struct payment_row *rows, size_t n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    for (size_t i = 0; i < n; i++) {
        rows[i].attempts++;
        rows[i].due_time_ms = payment_due_ms(&rows[i], run->now_ms);
    }
    rc = tx_begin(run->session, MODULE_PAYMENT, &tx, err);
    if (rc == 0)
        rc = payment_store_take_turn(tx, rows, n, NULL, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    return rc;
}

static int load_due(struct job_run *run, struct payment_row **ret_rows, size_t *ret_n,
                    struct channel_account_row **ret_accounts, size_t *ret_n_accounts, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int64_t *ids;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = payment_store_find_due(tx, run->now_ms, run->limit, run->arena, ret_rows, ret_n, err);
    if (rc != 0)
        return rc;
    ids = arena_array_of(run->arena, int64_t, *ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        ids[i] = (*ret_rows)[i].channel_account_id;
    return payment_store_find_accounts_by_id(tx, ids, *ret_n, run->arena, ret_accounts, ret_n_accounts, err);
}

static int ask_channels(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct payment_row *rows = NULL;
    struct channel_account_row *accounts = NULL;
    size_t n = 0;
    size_t n_accounts = 0;
    int rc;

    rc = load_due(run, &rows, &n, &accounts, &n_accounts, err);
    if (rc == 0 && n > 0)
        rc = take_turns(run, rows, n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("payment_jobs.turn_taken", err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_accounts; j++)
            if (accounts[j].channel_account_id == rows[i].channel_account_id)
                ask_about(&rows[i], &accounts[j], run->actor, run->now_ms);
    *ret_done = n;
    return 0;
}

static int64_t ask_every_ms(const struct conf *conf)
{
    return conf->payment_ask_every_ms;
}

const struct job payment_ask_channel_job = {
    .name = "payment.ask_channel", .every_ms_of = ask_every_ms, .run = ask_channels};
