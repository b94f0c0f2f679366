/* Timers of settlement; see jobs.h. */
#include "settlement/jobs.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "flows/ask_payout.h"
#include "settlement/ops_clearing.h"
#include "settlement/ops_statement.h"

static int find_due(struct job_run *run, struct clearing_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = clearing_store_find_due(tx, run->now_ms, run->shard, run->shards, run->limit, run->arena, ret_keys, ret_n,
                                     err);
    return rc;
}

/* Lines come due with their order, and stand in its order: one command an order. */
static int clear_due(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct clearing_key *keys = NULL;
    struct clear_order *commands;
    size_t n_keys = 0;
    size_t n = 0;
    int rc;

    rc = find_due(run, &keys, &n_keys, err);
    if (rc == 0 && n_keys > 0)
        rc = failpoint_step("settlement_jobs.found", err);
    if (rc != 0)
        return rc;
    commands = arena_array_of(run->arena, struct clear_order, n_keys);
    for (size_t i = 0; i < n_keys; i++)
        if (n == 0 || commands[n - 1].order_id != keys[i].order_id) {
            commands[n].command.actor = run->actor;
            commands[n++].order_id = keys[i].order_id;
        }
    batch_run(run->session, &clear_order_plan, run->arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (commands[i].command.err.id != ERR_NONE) {
            *err = commands[i].command.err;
            rc = (int)err->id;
        }
    *ret_done = n_keys;
    return rc;
}

static int64_t clear_every_ms(const struct conf *conf)
{
    return conf->settlement_clear_every_ms;
}

enum { CLEAR_SHARDS = 4 };

const struct job settlement_clear_job = {
    .name = "settlement.clear", .every_ms_of = clear_every_ms, .shards = CLEAR_SHARDS, .run = clear_due};

static int find_due_partners(struct job_run *run, struct partner_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = settlement_store_find_due_partners(tx, run->now_ms, run->limit, run->arena, ret_rows, ret_n, err);
    return rc;
}

enum { PERIODS_MAX = 400 }; /* of a partner in one run: a year of days after a long stop */

/* Each period has a transaction of its own: a sum over many entries takes its time. */
static int open_periods(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct partner_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = find_due_partners(run, &rows, &n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("settlement_jobs.periods_found", err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct open_period c = {.goes_on = true};

        for (int periods = 0; periods < PERIODS_MAX && rc == 0 && c.goes_on; periods++) {
            c = (struct open_period){.command = {.biz_id = rows[i].biz_id, .actor = run->actor},
                                     .partner_id = rows[i].partner_id};
            batch_run(run->session, &open_period_plan, run->arena, &c, 1, sizeof c);
            if (c.is_zone_unknown)
                log_error("time zone is not known any more, period ends in a day", log_i64("partner", c.partner_id));
            *err = c.command.err;
            rc = (int)err->id;
        }
    }
    *ret_done = n;
    return rc;
}

static int find_open(struct job_run *run, struct settlement_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = statement_store_find_due(tx, run->now_ms, run->shard, run->shards, run->limit, run->arena, ret_keys, ret_n,
                                      err);
    return rc;
}

enum { GATHER_SHARDS = 4 }; /* by partner: his statements follow one another */
enum { CHUNKS_MAX = 16 };   /* of a run: the lease is renewed between runs */

/* Whoever dies between two chunks is gone on from where he was: the statement's row says how far it is. */
static int gather(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct settlement_key *keys = NULL;
    size_t n = 0;
    size_t n_chunks = 0;
    int rc;

    rc = find_open(run, &keys, &n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("settlement_jobs.statements_found", err);
    for (size_t i = 0; i < n && rc == 0 && n_chunks < CHUNKS_MAX; n_chunks++) {
        struct gather_statement c = {.command = {.biz_id = keys[i].biz_id, .actor = run->actor},
                                     .statement_id = keys[i].id};

        batch_run(run->session, &gather_statement_plan, run->arena, &c, 1, sizeof c);
        *err = c.command.err;
        rc = (int)err->id;
        i += c.goes_on ? 0 : 1;
    }
    *ret_done = n_chunks == CHUNKS_MAX ? run->limit : n;
    return rc;
}

const struct job settlement_open_periods_job = {
    .name = "settlement.open_periods", .every_ms = 500, .run = open_periods};
const struct job settlement_gather_job = {
    .name = "settlement.gather", .every_ms = 200, .shards = GATHER_SHARDS, .run = gather};
const struct job settlement_ask_payout_job = {.name = "settlement.ask_payout", .every_ms = 200, .run = ask_due_payouts};
