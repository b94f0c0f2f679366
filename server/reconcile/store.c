/* Statements on runs; see store.h. Breaks: store_break.c. */
#include "reconcile/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct run_row, run_id, SQL_I64),         SQL_COLUMN(struct run_row, state, SQL_I32),
    SQL_COLUMN(struct run_row, requested_by, SQL_TEXT),  SQL_COLUMN(struct run_row, from_time_ms, SQL_I64),
    SQL_COLUMN(struct run_row, pass, SQL_TEXT),          SQL_COLUMN(struct run_row, share_percent, SQL_I32),
    SQL_COLUMN(struct run_row, row_count, SQL_I64),      SQL_COLUMN(struct run_row, order_count, SQL_I64),
    SQL_COLUMN(struct run_row, payment_count, SQL_I64),  SQL_COLUMN(struct run_row, refund_count, SQL_I64),
    SQL_COLUMN(struct run_row, break_count, SQL_I64),    SQL_COLUMN(struct run_row, new_count, SQL_I64),
    SQL_COLUMN(struct run_row, gone_count, SQL_I64),     SQL_COLUMN(struct run_row, detail, SQL_TEXT),
    SQL_COLUMN(struct run_row, create_time_ms, SQL_I64), SQL_COLUMN(struct run_row, start_time_ms, SQL_I64),
    SQL_COLUMN(struct run_row, end_time_ms, SQL_I64),
};
#define COLUMNS                                                                                                \
    "run_id, state, requested_by, from_time_ms, pass, share_percent, row_count, order_count, "                 \
    "payment_count, refund_count, break_count, new_count, gone_count, detail, create_time_ms, start_time_ms, " \
    "end_time_ms"

static const struct sql_column update_columns[] = {
    SQL_COLUMN(struct run_row, state, SQL_I32),         SQL_COLUMN(struct run_row, pass, SQL_TEXT),
    SQL_COLUMN(struct run_row, share_percent, SQL_I32), SQL_COLUMN(struct run_row, row_count, SQL_I64),
    SQL_COLUMN(struct run_row, order_count, SQL_I64),   SQL_COLUMN(struct run_row, payment_count, SQL_I64),
    SQL_COLUMN(struct run_row, refund_count, SQL_I64),  SQL_COLUMN(struct run_row, break_count, SQL_I64),
    SQL_COLUMN(struct run_row, new_count, SQL_I64),     SQL_COLUMN(struct run_row, gone_count, SQL_I64),
    SQL_COLUMN(struct run_row, detail, SQL_TEXT),       SQL_COLUMN(struct run_row, start_time_ms, SQL_I64),
    SQL_COLUMN(struct run_row, end_time_ms, SQL_I64),   SQL_COLUMN(struct run_row, run_id, SQL_I64),
    SQL_COLUMN(struct run_row, state_read, SQL_I32),
};
static const struct sql_column id_columns[] = {
    {.name = "run_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
struct list_params {
    int64_t before_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt RUN_INSERT = {
    .name = "run_insert",
    .module = MODULE_PLATFORM,
    .text = "INSERT INTO bmt_platform.reconcile_runs (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt RUN_UPDATE = {
    .name = "run_update",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.reconcile_runs\n"
            "SET state = ?, pass = ?, share_percent = ?, row_count = ?, order_count = ?, payment_count = ?,\n"
            "    refund_count = ?, break_count = ?, new_count = ?, gone_count = ?, detail = ?, start_time_ms = ?,\n"
            "    end_time_ms = ?\n"
            "WHERE run_id = ? AND state = ?",
    .params = SQL_COLUMNS(update_columns),
};

#define SELECT_RUNS(stmt_name, rest, parameters)                                         \
    {                                                                                    \
        .name = stmt_name, .module = MODULE_PLATFORM,                                    \
        .text = "SELECT " COLUMNS "\nFROM bmt_platform.reconcile_runs\n" rest,           \
        parameters.results = SQL_COLUMNS(columns), .result_size = sizeof(struct run_row) \
    }
#define BY(list) .params = SQL_COLUMNS(list),
#define BY_NOTHING

static const struct sql_stmt RUN_FIND = SELECT_RUNS("run_find", "WHERE run_id = ?", BY(id_columns));
static const struct sql_stmt RUN_NEXT = SELECT_RUNS("run_next", "WHERE state IN (1, 2)\nORDER BY run_id\nLIMIT 1",
                                                    BY_NOTHING); /* WAITING, RUNNING; ix_..._state */
static const struct sql_stmt RUN_LAST = SELECT_RUNS("run_last", "ORDER BY run_id DESC\nLIMIT 1", BY_NOTHING);
static const struct sql_stmt RUN_LIST =
    SELECT_RUNS("run_list", "WHERE run_id < ?\nORDER BY run_id DESC\nLIMIT ?", BY(list_columns));

int reconcile_store_insert_run(struct tx *tx, const struct run_row *row, struct err *err)
{
    return sql_write(tx, &RUN_INSERT, row, 1, sizeof *row, NULL, err);
}

int reconcile_store_find_run(struct tx *tx, int64_t run_id, struct arena *arena, struct run_row **ret_rows,
                             size_t *ret_n, struct err *err)
{
    return sql_select(tx, &RUN_FIND, &run_id, arena, ret_rows, ret_n, err);
}

int reconcile_store_next_run(struct tx *tx, struct arena *arena, struct run_row **ret_rows, size_t *ret_n,
                             struct err *err)
{
    return sql_select(tx, &RUN_NEXT, NULL, arena, ret_rows, ret_n, err);
}

int reconcile_store_last_run(struct tx *tx, struct arena *arena, struct run_row **ret_rows, size_t *ret_n,
                             struct err *err)
{
    return sql_select(tx, &RUN_LAST, NULL, arena, ret_rows, ret_n, err);
}

int reconcile_store_update_run(struct tx *tx, const struct run_row *row, struct err *err)
{
    return sql_write_each(tx, &RUN_UPDATE, row, 1, sizeof *row, err);
}

int reconcile_store_list_runs(struct tx *tx, const struct page *page, struct arena *arena, struct run_row **ret_rows,
                              size_t *ret_n, struct err *err)
{
    const struct list_params params = {.before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
                                       .limit = page->size + 1};

    return sql_select(tx, &RUN_LIST, &params, arena, ret_rows, ret_n, err);
}
