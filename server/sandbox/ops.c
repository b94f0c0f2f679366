/* Moving the sandbox's clock; see ops.h. The row only grows, so replicas may apply it in any order. */
#include "sandbox/ops.h"

#include "base/clock.h"
#include "jobs/jobs.h"
#include "sql/sql.h"

struct clock_row {
    int64_t offset_ms;
    int64_t offset_read_ms;
};
static const struct sql_column offset_columns[] = {
    SQL_COLUMN(struct clock_row, offset_ms, SQL_I64),
};
static const struct sql_column update_columns[] = {
    SQL_COLUMN(struct clock_row, offset_ms, SQL_I64),
    SQL_COLUMN(struct clock_row, offset_read_ms, SQL_I64),
};

static const struct sql_stmt CLOCK_FIND = {
    .name = "clock_find",
    .module = MODULE_PLATFORM,
    .text = "SELECT offset_ms\n"
            "FROM bmt_platform.clock\n"
            "WHERE clock_id = 1",
    .results = SQL_COLUMNS(offset_columns),
    .result_size = sizeof(struct clock_row),
};
static const struct sql_stmt CLOCK_UPDATE = {
    .name = "clock_update",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.clock\n"
            "SET offset_ms = ?\n"
            "WHERE clock_id = 1 AND offset_ms = ?",
    .params = SQL_COLUMNS(update_columns),
};

int sandbox_store_read_offset(struct tx *tx, struct arena *arena, int64_t *ret_offset_ms, struct err *err)
{
    struct clock_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = sql_select(tx, &CLOCK_FIND, NULL, arena, &rows, &n, err);
    if (rc == 0)
        *ret_offset_ms = n > 0 ? rows[0].offset_ms : 0;
    return rc;
}

/* The offset that the command asks for: never a smaller one. */
static int64_t wanted_offset(struct move_clock *c, int64_t present_ms)
{
    int64_t offset_ms = c->is_absolute ? c->to_ms - clock_wall_ms() : present_ms + c->by_ms;

    if (offset_ms > SANDBOX_AHEAD_MS_MAX) {
        command_refuse(&c->command, ERR_FIELD_OUT_OF_RANGE, c->is_absolute ? "now" : "by", "the present time",
                       "ten years ahead");
        return present_ms;
    }
    return offset_ms > present_ms ? offset_ms : present_ms;
}

static int move_clock_body(struct batch *batch, struct err *err)
{
    struct clock_row row = {0};
    uint64_t affected = 0;
    int rc;

    rc = sandbox_store_read_offset(batch->tx, batch->arena, &row.offset_read_ms, err);
    if (rc != 0)
        return rc;
    row.offset_ms = row.offset_read_ms;
    for_each_command(struct move_clock, c, batch)
    {
        row.offset_ms = wanted_offset(c, row.offset_ms);
        c->now_ms = clock_wall_ms() + row.offset_ms;
    }
    rc = sql_write(batch->tx, &CLOCK_UPDATE, &row, 1, sizeof row, &affected, err);
    if (rc == 0 && affected != 1)
        rc = batch_conflict(err);
    return rc;
}

/* This process follows at once, the others at their next tick. */
static void follow(struct command **commands, size_t n)
{
    for (size_t i = 0; i < n; i++)
        clock_advance_to_offset(((const struct move_clock *)(void *)commands[i])->now_ms - clock_wall_ms());
    jobs_wake();
}

struct batch_plan move_clock_plan = {
    .name = "sandbox.move_clock",
    .home = MODULE_PLATFORM,
    .keeps_replies = true,
    .body = move_clock_body,
    .committed = follow,
};
