/* Statements on breaks; see store.h. */
#include "reconcile/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct break_row, break_id, SQL_I64),       SQL_COLUMN(struct break_row, biz_id, SQL_I64),
    SQL_COLUMN(struct break_row, kind, SQL_TEXT),          SQL_COLUMN(struct break_row, object, SQL_TEXT),
    SQL_COLUMN(struct break_row, object_id, SQL_I64),      SQL_COLUMN(struct break_row, pass, SQL_I32),
    SQL_COLUMN(struct break_row, pass_key, SQL_I64),       SQL_COLUMN(struct break_row, what, SQL_TEXT),
    SQL_COLUMN(struct break_row, state, SQL_I32),          SQL_COLUMN(struct break_row, ended_id, SQL_I64),
    SQL_COLUMN(struct break_row, first_run_id, SQL_I64),   SQL_COLUMN(struct break_row, last_run_id, SQL_I64),
    SQL_COLUMN(struct break_row, ended_by, SQL_TEXT),      SQL_COLUMN(struct break_row, reason, SQL_TEXT),
    SQL_COLUMN(struct break_row, done, SQL_TEXT),          SQL_COLUMN(struct break_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct break_row, update_time_ms, SQL_I64), SQL_COLUMN(struct break_row, end_time_ms, SQL_I64),
};
#define COLUMNS                                                                                                     \
    "break_id, biz_id, kind, object, object_id, pass, pass_key, what, state, ended_id, first_run_id, last_run_id, " \
    "ended_by, reason, done, create_time_ms, update_time_ms, end_time_ms"

static const struct sql_column id_columns[] = {
    {.name = "break_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct break_key, kind, SQL_TEXT),
    SQL_COLUMN(struct break_key, object, SQL_TEXT),
};
static const struct sql_column see_columns[] = {
    SQL_COLUMN(struct break_row, what, SQL_TEXT),       SQL_COLUMN(struct break_row, pass_key, SQL_I64),
    SQL_COLUMN(struct break_row, last_run_id, SQL_I64), SQL_COLUMN(struct break_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct break_row, break_id, SQL_I64),
};
static const struct sql_column end_columns[] = {
    SQL_COLUMN(struct break_row, state, SQL_I32),       SQL_COLUMN(struct break_row, ended_id, SQL_I64),
    SQL_COLUMN(struct break_row, ended_by, SQL_TEXT),   SQL_COLUMN(struct break_row, reason, SQL_TEXT),
    SQL_COLUMN(struct break_row, done, SQL_TEXT),       SQL_COLUMN(struct break_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct break_row, end_time_ms, SQL_I64), SQL_COLUMN(struct break_row, break_id, SQL_I64),
};
static const struct sql_column gone_columns[] = {
    SQL_COLUMN(struct gone_scope, run_id, SQL_I64),
    SQL_COLUMN(struct gone_scope, first_key, SQL_I64),
    SQL_COLUMN(struct gone_scope, is_part, SQL_BOOL),
    SQL_COLUMN(struct gone_scope, limit, SQL_I32),
};
struct list_params {
    int32_t state;
    const char *kind;
    int64_t before_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, state, SQL_I32), SQL_COLUMN(struct list_params, kind, SQL_TEXT),
    SQL_COLUMN(struct list_params, kind, SQL_TEXT), SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column count_columns[] = {
    SQL_COLUMN(struct break_count, kind, SQL_TEXT),
    SQL_COLUMN(struct break_count, n, SQL_I64),
};

static const struct sql_stmt BREAK_INSERT = {
    .name = "break_insert",
    .module = MODULE_PLATFORM,
    .text = "INSERT INTO bmt_platform.breaks (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt BREAK_FIND = {
    .name = "break_find",
    .module = MODULE_PLATFORM,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_platform.breaks\n"
            "WHERE break_id = ?",
    .params = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct break_row),
};
static const struct sql_stmt BREAK_FIND_OPEN = {
    .name = "break_find_open",
    .module = MODULE_PLATFORM,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_platform.breaks FORCE INDEX (uq_breaks_open)\n"
            "WHERE ended_id = 0 AND (kind, object) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct break_row),
};
static const struct sql_stmt BREAK_SEE = {
    .name = "break_see",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.breaks\n"
            "SET what = ?, pass_key = ?, last_run_id = ?, update_time_ms = ?\n"
            "WHERE break_id = ? AND state = 1", /* OPEN */
    .params = SQL_COLUMNS(see_columns),
};
static const struct sql_stmt BREAK_END = {
    .name = "break_end",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.breaks\n"
            "SET state = ?, ended_id = ?, ended_by = ?, reason = ?, done = ?, update_time_ms = ?, end_time_ms = ?\n"
            "WHERE break_id = ? AND state = 1", /* OPEN */
    .params = SQL_COLUMNS(end_columns),
};
static const struct sql_stmt BREAK_FIND_GONE = {
    .name = "break_find_gone",
    .module = MODULE_PLATFORM,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_platform.breaks FORCE INDEX (ix_breaks_state)\n"
            "WHERE state = 1 AND last_run_id <> ?\n"    /* OPEN */
            "  AND (pass IN (5, 6) OR pass_key >= ?)\n" /* enum verify_pass: those without keys are always whole */
            "  AND (? = 0 OR kind <> 'REPLY')\n"
            "ORDER BY break_id\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(gone_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct break_row),
};
static const struct sql_stmt BREAK_LIST = {
    .name = "break_list",
    .module = MODULE_PLATFORM,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_platform.breaks\n"
            "WHERE state = ? AND (? = '' OR kind = ?) AND break_id < ?\n" /* ix_breaks_state */
            "ORDER BY break_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct break_row),
};
static const struct sql_stmt BREAK_COUNT = {
    .name = "break_count",
    .module = MODULE_PLATFORM,
    .text = "SELECT kind, COUNT(*)\n"
            "FROM bmt_platform.breaks\n"
            "WHERE state = 1\n" /* OPEN; ix_breaks_state */
            "GROUP BY kind\n"
            "ORDER BY kind\n"
            "LIMIT 1000",
    .results = SQL_COLUMNS(count_columns),
    .result_size = sizeof(struct break_count),
};

int reconcile_store_insert_breaks(struct tx *tx, const struct break_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &BREAK_INSERT, rows, n, sizeof *rows, NULL, err);
}

int reconcile_store_find_break(struct tx *tx, int64_t break_id, struct arena *arena, struct break_row **ret_rows,
                               size_t *ret_n, struct err *err)
{
    return sql_select(tx, &BREAK_FIND, &break_id, arena, ret_rows, ret_n, err);
}

int reconcile_store_find_open(struct tx *tx, const struct break_key *keys, size_t n, struct arena *arena,
                              struct break_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &BREAK_FIND_OPEN, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int reconcile_store_see_breaks(struct tx *tx, const struct break_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &BREAK_SEE, rows, n, sizeof *rows, NULL, err);
}

int reconcile_store_end_breaks(struct tx *tx, const struct break_row *rows, size_t n, uint64_t *ret_n, struct err *err)
{
    return sql_write(tx, &BREAK_END, rows, n, sizeof *rows, ret_n, err);
}

int reconcile_store_find_gone(struct tx *tx, const struct gone_scope *scope, struct arena *arena,
                              struct break_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select(tx, &BREAK_FIND_GONE, scope, arena, ret_rows, ret_n, err);
}

int reconcile_store_list_breaks(struct tx *tx, const struct break_filter *filter, const struct page *page,
                                struct arena *arena, struct break_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.state = filter->state,
                                       .kind = filter->kind,
                                       .before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
                                       .limit = page->size + 1};

    return sql_select(tx, &BREAK_LIST, &params, arena, ret_rows, ret_n, err);
}

int reconcile_store_count_open(struct tx *tx, struct arena *arena, struct break_count **ret_rows, size_t *ret_n,
                               struct err *err)
{
    return sql_select(tx, &BREAK_COUNT, NULL, arena, ret_rows, ret_n, err);
}
