/* Timers of settlement; see jobs.h. */
#include "settlement/jobs.h"

#include "base/failpoint.h"
#include "settlement/ops_clearing.h"

static int find_due(struct job_run *run, struct clearing_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = clearing_store_find_due(tx, run->now_ms, run->limit, run->arena, ret_keys, ret_n, err);
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

const struct job settlement_clear_job = {.name = "settlement.clear", .every_ms_of = clear_every_ms, .run = clear_due};
