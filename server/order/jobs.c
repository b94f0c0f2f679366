/* Timers of orders; see jobs.h. A job finds what is due and hands it to the same flow that people's calls use. */
#include "order/jobs.h"

#include "base/failpoint.h"
#include "flows/close_order.h"
#include "flows/confirm_order.h"

static int find_due(struct job_run *run, int state, struct order_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = order_store_find_due(tx, state, run->now_ms, run->limit, run->arena, ret_keys, ret_n, err);
    return rc;
}

/* A command that failed is seen by its order still being due: the job backs off and finds it again. */
static int first_failure(const struct command *command, struct err *err)
{
    if (command->err.id == ERR_NONE || err_info(command->err.id)->status == STATUS_FAILED_PRECONDITION)
        return 0;
    *err = command->err;
    return (int)err->id;
}

static int close_expired(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct order_key *keys = NULL;
    size_t n = 0;
    int rc;

    rc = find_due(run, ORDER_PENDING_PAYMENT, &keys, &n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("order_jobs.expired_found", err);
    if (rc != 0)
        return rc;
    struct close_order *commands = arena_array_of(run->arena, struct close_order, n);

    for (size_t i = 0; i < n; i++) {
        commands[i].command.biz_id = keys[i].biz_id;
        commands[i].command.actor = run->actor;
        commands[i].order_id = keys[i].order_id;
        commands[i].event = ORDER_EVENT_EXPIRE;
        commands[i].reason = CLOSE_TIMEOUT;
    }
    batch_run(run->session, &expire_order_plan, run->arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = first_failure(&commands[i].command, err);
    *ret_done = n;
    return rc;
}

static int confirm_due(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct order_key *keys = NULL;
    size_t n = 0;
    int rc;

    rc = find_due(run, ORDER_FULFILLED, &keys, &n, err);
    if (rc == 0 && n > 0)
        rc = failpoint_step("order_jobs.unconfirmed_found", err);
    if (rc != 0)
        return rc;
    struct confirm_order *commands = arena_array_of(run->arena, struct confirm_order, n);

    for (size_t i = 0; i < n; i++) {
        commands[i].command.biz_id = keys[i].biz_id;
        commands[i].command.actor = run->actor;
        commands[i].order_id = keys[i].order_id;
        commands[i].by_timer = true;
    }
    batch_run(run->session, &confirm_due_order_plan, run->arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = first_failure(&commands[i].command, err);
    *ret_done = n;
    return rc;
}

static int64_t confirm_every_ms(const struct conf *conf)
{
    return conf->order_confirm_every_ms;
}

const struct job order_close_expired_job = {.name = "order.close_expired", .every_ms = 0, .run = close_expired};
const struct job order_confirm_due_job = {
    .name = "order.confirm_due", .every_ms_of = confirm_every_ms, .run = confirm_due};
