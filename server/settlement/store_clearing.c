/* Statements on clearing; see store_clearing.h. */
#include "settlement/store_clearing.h"

#include <string.h>

static const struct sql_column clearing_columns[] = {
    SQL_COLUMN(struct clearing_row, order_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, line_no, SQL_I32),
    SQL_COLUMN(struct clearing_row, biz_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, payment_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, sku_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, rule_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, quantity, SQL_I64),
    SQL_COLUMN(struct clearing_row, state, SQL_I32),
    SQL_COLUMN(struct clearing_row, currency, SQL_CHARS),
    SQL_COLUMN(struct clearing_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, fee_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, refunded_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, platform_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, fee_left_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct clearing_row, sale_time_ms, SQL_I64),
    SQL_COLUMN(struct clearing_row, clear_time_ms, SQL_I64),
    SQL_COLUMN(struct clearing_row, disputed_minor, SQL_I64),
};
#define CLEARING_COLUMNS                                                                                        \
    "order_id, line_no, biz_id, payment_id, channel_account_id, sku_id, rule_id, quantity, state, currency,\n"  \
    "    amount_minor, fee_minor, refunded_minor, platform_minor, fee_left_minor, due_time_ms, sale_time_ms,\n" \
    "    clear_time_ms, disputed_minor"

static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct clearing_row, state, SQL_I32),          SQL_COLUMN(struct clearing_row, refunded_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, platform_minor, SQL_I64), SQL_COLUMN(struct clearing_row, fee_left_minor, SQL_I64),
    SQL_COLUMN(struct clearing_row, due_time_ms, SQL_I64),    SQL_COLUMN(struct clearing_row, clear_time_ms, SQL_I64),
    SQL_COLUMN(struct clearing_row, disputed_minor, SQL_I64), SQL_COLUMN(struct clearing_row, order_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, line_no, SQL_I32),        SQL_COLUMN(struct clearing_row, biz_id, SQL_I64),
    SQL_COLUMN(struct clearing_row, state_read, SQL_I32),
};
static const struct sql_column clearing_key_columns[] = {
    SQL_COLUMN(struct clearing_key, order_id, SQL_I64),
    SQL_COLUMN(struct clearing_key, line_no, SQL_I32),
};
static const struct sql_column id_columns[] = {
    {.name = "id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
struct due_params {
    int64_t now_ms;
    int64_t order_id;
    int32_t shards, shard;
    int32_t limit;
};
static const struct sql_column end_columns[] = {
    SQL_COLUMN(struct due_params, now_ms, SQL_I64),
    SQL_COLUMN(struct due_params, order_id, SQL_I64),
};
static const struct sql_column due_columns[] = {
    SQL_COLUMN(struct due_params, now_ms, SQL_I64),
    SQL_COLUMN(struct due_params, shards, SQL_I32),
    SQL_COLUMN(struct due_params, shard, SQL_I32),
    SQL_COLUMN(struct due_params, limit, SQL_I32),
};

static const struct sql_column entry_columns[] = {
    SQL_COLUMN(struct clearing_entry_row, entry_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, biz_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, partner_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, order_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, line_no, SQL_I32),
    SQL_COLUMN(struct clearing_entry_row, kind, SQL_I32),
    SQL_COLUMN(struct clearing_entry_row, state, SQL_I32),
    SQL_COLUMN(struct clearing_entry_row, currency, SQL_CHARS),
    SQL_COLUMN(struct clearing_entry_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, source_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, reverses_entry_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, claw_back_payout_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, statement_id, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, payable_time_ms, SQL_I64),
    SQL_COLUMN(struct clearing_entry_row, create_time_ms, SQL_I64),
};
#define ENTRY_COLUMNS                                                                                    \
    "entry_id, biz_id, partner_id, order_id, line_no, kind, state, currency, amount_minor, source_id,\n" \
    "    reverses_entry_id, claw_back_payout_id, statement_id, payable_time_ms, create_time_ms"

static const struct sql_column range_columns[] = {
    SQL_COLUMN(struct entry_range, partner_id, SQL_I64),
    SQL_COLUMN(struct entry_range, currency, SQL_CHARS),
    SQL_COLUMN(struct entry_range, statement_id, SQL_I64),
    SQL_COLUMN(struct entry_range, after_id, SQL_I64),
    SQL_COLUMN(struct entry_range, payable_before_ms, SQL_I64),
    SQL_COLUMN(struct entry_range, biz_id, SQL_I64),
    SQL_COLUMN(struct entry_range, biz_id, SQL_I64),
    SQL_COLUMN(struct entry_range, limit, SQL_I32),
};
struct open_params {
    int64_t biz_id;
    int64_t day_ms;
    int64_t week_ms;
    int64_t month_ms;
};
static const struct sql_column open_params_columns[] = {
    SQL_COLUMN(struct open_params, day_ms, SQL_I64),
    SQL_COLUMN(struct open_params, week_ms, SQL_I64),
    SQL_COLUMN(struct open_params, month_ms, SQL_I64),
    SQL_COLUMN(struct open_params, biz_id, SQL_I64),
};
static const struct sql_column open_columns[] = {
    SQL_COLUMN(struct open_lines, channel_account_id, SQL_I64),
    SQL_COLUMN(struct open_lines, currency, SQL_CHARS),
    SQL_COLUMN(struct open_lines, age, SQL_I32),
    SQL_COLUMN(struct open_lines, amount_minor, SQL_I64),
    SQL_COLUMN(struct open_lines, fee_minor, SQL_I64),
    SQL_COLUMN(struct open_lines, refunded_minor, SQL_I64),
    SQL_COLUMN(struct open_lines, line_count, SQL_I64),
    SQL_COLUMN(struct open_lines, fee_count, SQL_I64),
    SQL_COLUMN(struct open_lines, refund_count, SQL_I64),
};
static const struct sql_column bearer_columns[] = {
    SQL_COLUMN(struct refund_bearer_row, refund_id, SQL_I64),
    SQL_COLUMN(struct refund_bearer_row, partner_id, SQL_I64),
    SQL_COLUMN(struct refund_bearer_row, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_bearer_row, amount_minor, SQL_I64),
};

static const struct sql_stmt CLEARING_INSERT = {
    .name = "clearing_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.clearings (" CLEARING_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(clearing_columns),
};
static const struct sql_stmt CLEARING_LOCK = {
    .name = "clearing_lock",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " CLEARING_COLUMNS "\n"
            "FROM bmt_settlement.clearings FORCE INDEX (PRIMARY)\n"
            "WHERE order_id IN ({keys})\n"
            "ORDER BY order_id, line_no\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(clearing_columns),
    .result_size = sizeof(struct clearing_row),
};
static const struct sql_stmt CLEARING_FIND = {
    .name = "clearing_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " CLEARING_COLUMNS "\n"
            "FROM bmt_settlement.clearings FORCE INDEX (PRIMARY)\n"
            "WHERE order_id IN ({keys})\n"
            "ORDER BY order_id, line_no",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(clearing_columns),
    .result_size = sizeof(struct clearing_row),
};
static const struct sql_stmt CLEARING_END = {
    .name = "clearing_end",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.clearings\n"
            "SET due_time_ms = ?\n"
            "WHERE order_id = ? AND state = 1 AND due_time_ms = 0", /* PENDING */
    .params = SQL_COLUMNS(end_columns),
    .is_distinct = true,
};
static const struct sql_stmt CLEARING_MOVE = {
    .name = "clearing_move",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.clearings\n"
            "SET state = ?, refunded_minor = ?, platform_minor = ?, fee_left_minor = ?, due_time_ms = ?,\n"
            "    clear_time_ms = ?, disputed_minor = ?\n"
            "WHERE order_id = ? AND line_no = ? AND biz_id = ? AND state = ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt CLEARING_FIND_DUE = {
    .name = "clearing_find_due",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT order_id, line_no\n"
            "FROM bmt_settlement.clearings FORCE INDEX (ix_clearings_due)\n"
            "WHERE due_time_ms > 0 AND due_time_ms <= ?\n"
            "    AND (order_id DIV 64) MOD ? = ?\n" /* the index has both */
            "ORDER BY due_time_ms, order_id, line_no\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(clearing_key_columns),
    .result_size = sizeof(struct clearing_key),
};
static const struct sql_stmt ENTRY_INSERT = {
    .name = "entry_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.clearing_entries (" ENTRY_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(entry_columns),
};
static const struct sql_stmt ENTRY_FIND = {
    .name = "entry_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " ENTRY_COLUMNS "\n"
            "FROM bmt_settlement.clearing_entries FORCE INDEX (PRIMARY)\n"
            "WHERE order_id IN ({keys})\n"
            "ORDER BY order_id, line_no, entry_id",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(entry_columns),
    .result_size = sizeof(struct clearing_entry_row),
};
static const struct sql_stmt ENTRY_LIST = {
    .name = "entry_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " ENTRY_COLUMNS "\n"
            "FROM bmt_settlement.clearing_entries FORCE INDEX (ix_clearing_entries_statement)\n"
            "WHERE partner_id = ? AND currency = ? AND statement_id = ? AND entry_id > ? AND payable_time_ms < ?\n"
            "    AND (? = 0 OR biz_id = ?)\n"
            "ORDER BY entry_id\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(range_columns),
    .results = SQL_COLUMNS(entry_columns),
    .result_size = sizeof(struct clearing_entry_row),
};
static const struct sql_stmt CLEARING_SUM_OPEN = {
    .name = "clearing_sum_open",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT channel_account_id, currency,\n"
            "    CASE WHEN sale_time_ms >= ? THEN 0 WHEN sale_time_ms >= ? THEN 1 WHEN sale_time_ms >= ? THEN 2\n"
            "        ELSE 3 END AS age,\n"
            "    SUM(amount_minor), SUM(fee_minor), SUM(refunded_minor),\n"
            "    COUNT(*), COUNT(NULLIF(fee_minor, 0)), COUNT(NULLIF(refunded_minor, 0))\n"
            "FROM bmt_settlement.clearings FORCE INDEX (ix_clearings_open)\n"
            "WHERE biz_id = ? AND state = 1\n" /* PENDING */
            "GROUP BY channel_account_id, currency, age\n"
            "ORDER BY channel_account_id, currency, age\n"
            "LIMIT 65536",
    .params = SQL_COLUMNS(open_params_columns),
    .results = SQL_COLUMNS(open_columns),
    .result_size = sizeof(struct open_lines),
};
static const struct sql_stmt BEARER_INSERT = {
    .name = "bearer_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.refund_bearers (refund_id, partner_id, biz_id, amount_minor)\n"
            "VALUES (?, ?, ?, ?)",
    .params = SQL_COLUMNS(bearer_columns),
};
static const struct sql_stmt BEARER_FIND = {
    .name = "bearer_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT refund_id, partner_id, biz_id, amount_minor\n"
            "FROM bmt_settlement.refund_bearers\n"
            "WHERE refund_id IN ({keys})\n"
            "ORDER BY refund_id, partner_id",
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(bearer_columns),
    .result_size = sizeof(struct refund_bearer_row),
};

int clearing_store_insert(struct tx *tx, const struct clearing_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &CLEARING_INSERT, rows, n, sizeof *rows, NULL, err);
}

static int find(struct tx *tx, const struct sql_stmt *stmt, const int64_t *order_ids, size_t n, struct arena *arena,
                struct clearing_row **ret_rows, size_t *ret_n, struct err *err)
{
    const int rc = sql_select_in(tx, stmt, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n, err);

    for (size_t i = 0; rc == 0 && i < *ret_n; i++)
        (*ret_rows)[i].state_read = (*ret_rows)[i].state;
    return rc;
}

int clearing_store_lock_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                  struct clearing_row **ret_rows, size_t *ret_n, struct err *err)
{
    return find(tx, &CLEARING_LOCK, order_ids, n, arena, ret_rows, ret_n, err);
}

int clearing_store_find_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                  struct clearing_row **ret_rows, size_t *ret_n, struct err *err)
{
    return find(tx, &CLEARING_FIND, order_ids, n, arena, ret_rows, ret_n, err);
}

int clearing_store_end_orders(struct tx *tx, const int64_t *order_ids, size_t n, int64_t now_ms, struct arena *arena,
                              struct err *err)
{
    struct due_params *rows = arena_array_of(arena, struct due_params, n);

    for (size_t i = 0; i < n; i++)
        rows[i] = (struct due_params){.now_ms = now_ms, .order_id = order_ids[i]};
    return sql_write(tx, &CLEARING_END, rows, n, sizeof *rows, NULL, err);
}

int clearing_store_move(struct tx *tx, const struct clearing_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &CLEARING_MOVE, rows, n, sizeof *rows, err);
}

int clearing_store_find_due(struct tx *tx, int64_t now_ms, size_t shard, size_t shards, size_t limit,
                            struct arena *arena, struct clearing_key **ret_rows, size_t *ret_n, struct err *err)
{
    const struct due_params params = {
        .now_ms = now_ms, .shard = (int32_t)shard, .shards = (int32_t)shards, .limit = (int32_t)limit};

    return sql_select(tx, &CLEARING_FIND_DUE, &params, arena, ret_rows, ret_n, err);
}

int clearing_store_insert_entries(struct tx *tx, const struct clearing_entry_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &ENTRY_INSERT, rows, n, sizeof *rows, NULL, err);
}

int clearing_store_find_entries(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                struct clearing_entry_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ENTRY_FIND, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n, err);
}

int clearing_store_list_entries(struct tx *tx, const struct entry_range *range, struct arena *arena,
                                struct clearing_entry_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select(tx, &ENTRY_LIST, range, arena, ret_rows, ret_n, err);
}

int clearing_store_sum_open(struct tx *tx, int64_t biz_id, int64_t now_ms, struct arena *arena,
                            struct open_lines **ret_rows, size_t *ret_n, struct err *err)
{
    const int64_t day_ms = INT64_C(86400000);
    const struct open_params params = {
        .biz_id = biz_id, .day_ms = now_ms - day_ms, .week_ms = now_ms - 7 * day_ms, .month_ms = now_ms - 30 * day_ms};

    return sql_select(tx, &CLEARING_SUM_OPEN, &params, arena, ret_rows, ret_n, err);
}

int clearing_store_insert_bearers(struct tx *tx, const struct refund_bearer_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &BEARER_INSERT, rows, n, sizeof *rows, NULL, err);
}

int clearing_store_find_bearers(struct tx *tx, const int64_t *refund_ids, size_t n, struct arena *arena,
                                struct refund_bearer_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &BEARER_FIND, NULL, refund_ids, n, sizeof *refund_ids, arena, ret_rows, ret_n, err);
}
