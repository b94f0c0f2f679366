/*
 * Timers of payments; see jobs.h. A run notes the next time to ask for each due payment, sends the questions and ends;
 * the answers come back in lanes. Payments whose time to pay has passed are closed at the channel, so that they cannot
 * succeed any more.
 */
#include "payment/jobs.h"

#include "base/log.h"
#include "flows/ask_channel.h"

enum { ASK_ARENA_BYTES_MAX = 1 << 20 };

static void answered(struct ask *ask, const struct complete_payment *done, struct lane *lane)
{
    (void)lane;
    if (done->command.err.id != ERR_NONE)
        log_warn("channel's word could not be applied, asking again", log_i64("payment", ask->payment_id),
                 log_text("reason", err_info(done->command.err.id)->reason));
    arena_free(ask->arena);
}

static void ask_about(const struct payment_row *payment, const struct channel_account_row *account, const char *actor,
                      int64_t now_ms)
{
    struct arena *arena = arena_new(ASK_ARENA_BYTES_MAX);
    struct ask *ask = arena_new_of(arena, struct ask);
    struct err err = {0};

    *ask = (struct ask){
        .arena = arena,
        .question = now_ms > payment->expire_time_ms ? ASK_CLOSE : ASK_QUERY,
        .biz_id = payment->biz_id,
        .payment_id = payment->payment_id,
        .actor = actor,
        .answer = answered,
    };
    if (ask_channel(ask, account, payment, &err) != 0) {
        log_error("channel cannot be asked", log_i64("payment", payment->payment_id),
                  log_text("reason", err_info(err.id)->reason));
        arena_free(arena);
    }
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
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_accounts; j++)
            if (accounts[j].channel_account_id == rows[i].channel_account_id)
                ask_about(&rows[i], &accounts[j], run->actor, run->now_ms);
    *ret_done = n;
    return 0;
}

const struct job payment_ask_channel_job = {.name = "payment.ask_channel", .every_ms = 200, .run = ask_channels};
