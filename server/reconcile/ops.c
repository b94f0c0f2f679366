/* Commands on runs and breaks; see ops.h. */
#include "reconcile/ops.h"

#include "base/id.h"

struct run_row run_make(const char *requested_by, int64_t from_time_ms, int64_t now_ms)
{
    return (struct run_row){
        .run_id = id_new(0),
        .state = RUN_WAITING,
        .requested_by = requested_by,
        .from_time_ms = from_time_ms,
        .pass = "",
        .detail = "",
        .create_time_ms = now_ms,
    };
}

struct break_row break_ended(const struct break_row *row, enum break_state state, const char *by, const char *reason,
                             const char *done, int64_t now_ms)
{
    struct break_row ended = *row;

    ended.state = (int32_t)state;
    ended.ended_id = row->break_id;
    ended.ended_by = by;
    ended.reason = reason;
    ended.done = done;
    ended.update_time_ms = now_ms;
    ended.end_time_ms = now_ms;
    return ended;
}

static int start_run_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct start_run, c, batch)
    {
        c->row = run_make(c->command.actor, c->from_time_ms, batch->now_ms);
        rc = reconcile_store_insert_run(batch->tx, &c->row, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int get_run_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct get_run, c, batch)
    {
        size_t n = 0;

        rc = reconcile_store_find_run(batch->tx, c->run_id, batch->arena, &c->row, &n, err);
        if (rc != 0)
            return rc;
        if (n == 0)
            command_refuse(&c->command, ERR_RUN_NOT_FOUND, id_show(ID_RUN, c->run_id));
    }
    return rc;
}

static int list_runs_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_runs, c, batch)
    {
        rc = reconcile_store_list_runs(batch->tx, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int get_break_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct get_break, c, batch)
    {
        size_t n = 0;

        rc = reconcile_store_find_break(batch->tx, c->break_id, batch->arena, &c->row, &n, err);
        if (rc != 0)
            return rc;
        if (n == 0)
            command_refuse(&c->command, ERR_BREAK_NOT_FOUND, id_show(ID_BREAK, c->break_id));
    }
    return rc;
}

static int list_breaks_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_breaks, c, batch)
    {
        rc = reconcile_store_list_breaks(batch->tx, &c->filter, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

/* What has ended stays as it is: the mover of breaks ends only those that are open. */
static int close_one(struct batch *batch, struct close_break *c, struct err *err)
{
    struct break_row *rows = NULL;
    struct break_row closed;
    uint64_t n_closed = 0;
    size_t n = 0;
    int rc;

    rc = reconcile_store_find_break(batch->tx, c->break_id, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    if (n == 0) {
        command_refuse(&c->command, ERR_BREAK_NOT_FOUND, id_show(ID_BREAK, c->break_id));
        return 0;
    }
    c->row = rows[0];
    if (c->row.state != BREAK_OPEN)
        return 0;
    closed = break_ended(&c->row, BREAK_CLOSED, c->command.actor, c->reason, "", batch->now_ms);
    rc = reconcile_store_end_breaks(batch->tx, &closed, 1, &n_closed, err);
    if (rc != 0)
        return rc;
    if (n_closed != 1) /* ended by another one since it was read: look again */
        return err_fail(err, ERR_BATCH_CONFLICT);
    c->row = closed;
    return 0;
}

static int close_break_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct close_break, c, batch)
    {
        rc = close_one(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan start_run_plan = {
    .name = "reconcile.start_run", .home = MODULE_PLATFORM, .keeps_replies = true, .body = start_run_body};
struct batch_plan get_run_plan = {
    .name = "reconcile.get_run", .home = MODULE_PLATFORM, .is_read = true, .body = get_run_body};
struct batch_plan list_runs_plan = {
    .name = "reconcile.list_runs", .home = MODULE_PLATFORM, .is_read = true, .body = list_runs_body};
struct batch_plan get_break_plan = {
    .name = "reconcile.get_break", .home = MODULE_PLATFORM, .is_read = true, .body = get_break_body};
struct batch_plan list_breaks_plan = {
    .name = "reconcile.list_breaks", .home = MODULE_PLATFORM, .is_read = true, .body = list_breaks_body};
struct batch_plan close_break_plan = {
    .name = "reconcile.close_break", .home = MODULE_PLATFORM, .body = close_break_body};
