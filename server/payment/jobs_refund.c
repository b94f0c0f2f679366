/*
 * Timers of refunds; see jobs.h. Late money's refunds are asked for here first. Of all others, whose request may have
 * reached the channel or not, it is asked what became of them; a refund that the channel does not know is asked for
 * again in the same turn. Nobody gives up.
 *
 *   never asked for ----------------------> ask_refund --> done
 *   else --> query --> known: done               ^
 *                  \-> not known (is_to_ask) ----+
 */
#include "base/failpoint.h"
#include "base/log.h"
#include "flows/ask_refund.h"
#include "payment/jobs.h"
#include "payment/ops.h"

enum { ASK_ARENA_BYTES_MAX = 4 << 20 }; /* two replies */

/* The question and all that belongs to it end with its answer, or here if it cannot be sent. */
static void send_question(struct refund_ask *ask, const struct channel_account_row *account,
                          const struct refund_row *refund)
{
    struct err err = {0};

    if (ask_refund(ask, account, refund, &err) == 0)
        return;
    log_error("channel cannot be asked", log_i64("refund", refund->refund_id),
              log_text("reason", err_info(err.id)->reason));
    arena_free(ask->arena);
}

static void take_word(struct refund_ask *ask, const struct complete_refund *done)
{
    if (done->command.err.id == ERR_NONE && done->is_to_ask) {
        ask->is_query = false;
        send_question(ask, ask->account.row, done->row);
        return;
    }
    if (done->command.err.id != ERR_NONE)
        log_warn("channel's word could not be applied, asking again", log_i64("refund", ask->refund_id),
                 log_text("reason", err_info(done->command.err.id)->reason));
    arena_free(ask->arena);
}

static void answered(struct lane *lane, const struct asked *asked, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++)
        take_word(asked[i].ask, asked[i].done);
}

static void ask_about(const struct refund_row *refund, const struct channel_account_row *account, const char *actor)
{
    struct arena *arena = arena_new(ASK_ARENA_BYTES_MAX);
    struct refund_ask *ask = arena_new_of(arena, struct refund_ask);

    *ask = (struct refund_ask){
        .arena = arena,
        .is_query = !refund_is_unasked(refund),
        .biz_id = refund->biz_id,
        .refund_id = refund->refund_id,
        .actor = actor,
        .answer = answered,
    };
    send_question(ask, account, refund);
}

/* Who has noted the next time has the turn; if we die after that, it comes again then. */
static int take_turns(struct job_run *run, struct refund_row *rows, size_t n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    for (size_t i = 0; i < n; i++) {
        rows[i].attempts++;
        rows[i].due_time_ms = payment_next_question_ms(rows[i].attempts, run->now_ms);
    }
    rc = tx_begin(run->session, MODULE_PAYMENT, &tx, err);
    if (rc == 0)
        rc = payment_store_take_refund_turn(tx, rows, n, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    return rc;
}

static int load_due(struct job_run *run, struct refund_row **ret_rows, size_t *ret_n,
                    struct channel_account_row **ret_accounts, size_t *ret_n_accounts, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int64_t *ids;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = payment_store_find_due_refunds(tx, run->now_ms, run->limit, run->arena, ret_rows, ret_n, err);
    if (rc != 0)
        return rc;
    ids = arena_array_of(run->arena, int64_t, *ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        ids[i] = (*ret_rows)[i].channel_account_id;
    return payment_store_find_accounts_by_id(tx, ids, *ret_n, run->arena, ret_accounts, ret_n_accounts, err);
}

static int ask_refunds(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct refund_row *rows = NULL;
    struct channel_account_row *accounts = NULL;
    size_t n = 0;
    size_t n_accounts = 0;
    int rc;

    rc = load_due(run, &rows, &n, &accounts, &n_accounts, err);
    if (rc == 0 && n > 0)
        rc = take_turns(run, rows, n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("payment_jobs_refund.turn_taken", err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n_accounts; j++)
            if (accounts[j].channel_account_id == rows[i].channel_account_id)
                ask_about(&rows[i], &accounts[j], run->actor);
    *ret_done = n;
    return 0;
}

static int64_t ask_every_ms(const struct conf *conf)
{
    return conf->payment_ask_every_ms;
}

const struct job payment_ask_refund_job = {
    .name = "payment.ask_refund", .every_ms_of = ask_every_ms, .run = ask_refunds};
