/* Statements on partners' statements; see store_statement.h. */
#include "settlement/store_statement.h"

#include <string.h>

static const struct sql_column columns[] = {
    SQL_COLUMN(struct partner_statement_row, statement_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, biz_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, partner_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, currency, SQL_CHARS),
    SQL_COLUMN(struct partner_statement_row, seq, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, from_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, to_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, state, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, version, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, entry_count, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, entries_minor, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, last_entry_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, carried_minor, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, total_minor, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, carried_from_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, carried_to_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, root, SQL_BYTES),
    SQL_COLUMN(struct partner_statement_row, approvals_needed, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, payout_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, close_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, update_time_ms, SQL_I64),
};
#define COLUMNS                                                                                           \
    "statement_id, biz_id, partner_id, currency, seq, from_time_ms, to_time_ms, state, version,\n"        \
    "    entry_count, entries_minor, last_entry_id, carried_minor, total_minor, carried_from_id,\n"       \
    "    carried_to_id, root, approvals_needed, payout_id, due_time_ms, create_time_ms, close_time_ms,\n" \
    "    update_time_ms"

static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct partner_statement_row, state, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, version, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, entry_count, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, entries_minor, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, last_entry_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, carried_minor, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, total_minor, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, carried_from_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, carried_to_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, root, SQL_BYTES),
    SQL_COLUMN(struct partner_statement_row, approvals_needed, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, payout_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, close_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, statement_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, biz_id, SQL_I64),
    SQL_COLUMN(struct partner_statement_row, state_read, SQL_I32),
    SQL_COLUMN(struct partner_statement_row, version_read, SQL_I32),
};
static const struct sql_column event_columns[] = {
    SQL_COLUMN(struct statement_event_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_event_row, version, SQL_I32),
    SQL_COLUMN(struct statement_event_row, biz_id, SQL_I64),
    SQL_COLUMN(struct statement_event_row, event, SQL_I32),
    SQL_COLUMN(struct statement_event_row, from_state, SQL_I32),
    SQL_COLUMN(struct statement_event_row, to_state, SQL_I32),
    SQL_COLUMN(struct statement_event_row, actor, SQL_TEXT),
    SQL_COLUMN(struct statement_event_row, detail, SQL_TEXT),
    SQL_COLUMN(struct statement_event_row, create_time_ms, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct settlement_key, id, SQL_I64),
    SQL_COLUMN(struct settlement_key, biz_id, SQL_I64),
};
static const struct sql_column id_columns[] = {
    {.name = "id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
static const struct sql_column series_columns[] = {
    SQL_COLUMN(struct statement_series, partner_id, SQL_I64),
    SQL_COLUMN(struct statement_series, currency, SQL_CHARS),
    SQL_COLUMN(struct statement_series, seq_max, SQL_I32),
    SQL_COLUMN(struct statement_series, limit, SQL_I32),
};
struct list_params {
    int64_t biz_id;
    int64_t partner_id;
    int64_t before_id;
    int64_t time_ms;
    int32_t shards, shard;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_of_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, partner_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column due_columns[] = {
    SQL_COLUMN(struct list_params, time_ms, SQL_I64),
    SQL_COLUMN(struct list_params, shards, SQL_I32),
    SQL_COLUMN(struct list_params, shard, SQL_I32),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column chunk_columns[] = {
    SQL_COLUMN(struct statement_chunk_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_chunk_row, chunk_no, SQL_I32),
    SQL_COLUMN(struct statement_chunk_row, biz_id, SQL_I64),
    SQL_COLUMN(struct statement_chunk_row, first_entry_id, SQL_I64),
    SQL_COLUMN(struct statement_chunk_row, last_entry_id, SQL_I64),
    SQL_COLUMN(struct statement_chunk_row, entry_count, SQL_I32),
    SQL_COLUMN(struct statement_chunk_row, hash, SQL_FIXED),
};
static const struct sql_column approval_columns[] = {
    SQL_COLUMN(struct statement_approval_row, statement_id, SQL_I64),
    SQL_COLUMN(struct statement_approval_row, actor, SQL_TEXT),
    SQL_COLUMN(struct statement_approval_row, biz_id, SQL_I64),
    SQL_COLUMN(struct statement_approval_row, reason, SQL_TEXT),
    SQL_COLUMN(struct statement_approval_row, create_time_ms, SQL_I64),
};
static const struct sql_column settle_columns[] = {
    SQL_COLUMN(struct entries_settle, statement_id, SQL_I64),
    SQL_COLUMN(struct entries_settle, partner_id, SQL_I64),
    SQL_COLUMN(struct entries_settle, currency, SQL_CHARS),
    SQL_COLUMN(struct entries_settle, after_id, SQL_I64),
    SQL_COLUMN(struct entries_settle, last_id, SQL_I64),
    SQL_COLUMN(struct entries_settle, payable_before_ms, SQL_I64),
};
static const struct sql_column sum_params_columns[] = {
    SQL_COLUMN(struct entries_settle, partner_id, SQL_I64),
    SQL_COLUMN(struct entries_settle, currency, SQL_CHARS),
    SQL_COLUMN(struct entries_settle, payable_before_ms, SQL_I64),
};
static const struct sql_column sum_columns[] = {
    SQL_COLUMN(struct payable_sum, entry_count, SQL_I64),
    SQL_COLUMN(struct payable_sum, amount_minor, SQL_I64),
};

static const struct sql_stmt STATEMENT_INSERT = {
    .name = "partner_statement_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.partner_statements (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt STATEMENT_EVENT_INSERT = {
    .name = "partner_statement_event_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.partner_statement_events\n"
            "    (statement_id, version, biz_id, event, from_state, to_state, actor, detail, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(event_columns),
};
static const struct sql_stmt STATEMENT_MOVE = {
    .name = "partner_statement_move",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.partner_statements\n"
            "SET state = ?, version = ?, entry_count = ?, entries_minor = ?, last_entry_id = ?, carried_minor = ?,\n"
            "    total_minor = ?, carried_from_id = ?, carried_to_id = ?, root = ?, approvals_needed = ?,\n"
            "    payout_id = ?, due_time_ms = ?, close_time_ms = ?, update_time_ms = ?\n"
            "WHERE statement_id = ? AND biz_id = ? AND state = ? AND version = ?",
    .params = SQL_COLUMNS(move_columns),
};
static const struct sql_stmt STATEMENT_LOCK = {
    .name = "partner_statement_lock",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.partner_statements FORCE INDEX (PRIMARY)\n"
            "WHERE (statement_id, biz_id) IN ({keys})\n"
            "ORDER BY statement_id\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct partner_statement_row),
};
static const struct sql_stmt STATEMENT_FIND = {
    .name = "partner_statement_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.partner_statements FORCE INDEX (PRIMARY)\n"
            "WHERE (statement_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct partner_statement_row),
};
static const struct sql_stmt STATEMENT_SERIES = {
    .name = "partner_statement_series",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.partner_statements FORCE INDEX (uq_partner_statements_seq)\n"
            "WHERE partner_id = ? AND currency = ? AND seq <= ?\n"
            "ORDER BY seq DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(series_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct partner_statement_row),
};
static const struct sql_stmt STATEMENT_LIST = {
    .name = "partner_statement_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.partner_statements FORCE INDEX (ix_partner_statements_business)\n"
            "WHERE biz_id = ? AND statement_id < ?\n"
            "ORDER BY statement_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct partner_statement_row),
};
static const struct sql_stmt STATEMENT_LIST_OF = {
    .name = "partner_statement_list_of",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.partner_statements FORCE INDEX (ix_partner_statements_partner)\n"
            "WHERE biz_id = ? AND partner_id = ? AND statement_id < ?\n"
            "ORDER BY statement_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct partner_statement_row),
};
static const struct sql_stmt STATEMENT_FIND_DUE = {
    .name = "partner_statement_find_due",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT statement_id, biz_id\n"
            "FROM bmt_settlement.partner_statements FORCE INDEX (ix_partner_statements_due)\n"
            "WHERE due_time_ms > 0 AND due_time_ms <= ? AND (partner_id DIV 64) MOD ? = ?\n"
            "ORDER BY due_time_ms, statement_id\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(key_columns),
    .result_size = sizeof(struct settlement_key),
};
static const struct sql_stmt CHUNK_INSERT = {
    .name = "statement_chunk_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.partner_statement_chunks\n"
            "    (statement_id, chunk_no, biz_id, first_entry_id, last_entry_id, entry_count, hash)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(chunk_columns),
};
static const struct sql_stmt CHUNK_LIST = {
    .name = "statement_chunk_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT statement_id, chunk_no, biz_id, first_entry_id, last_entry_id, entry_count, hash\n"
            "FROM bmt_settlement.partner_statement_chunks\n"
            "WHERE statement_id IN ({keys})\n"
            "ORDER BY statement_id, chunk_no", /* the primary key */
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(chunk_columns),
    .result_size = sizeof(struct statement_chunk_row),
};
static const struct sql_stmt APPROVAL_INSERT = {
    .name = "statement_approval_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.statement_approvals (statement_id, actor, biz_id, reason, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(approval_columns),
};
static const struct sql_stmt APPROVAL_FIND = {
    .name = "statement_approval_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT statement_id, actor, biz_id, reason, create_time_ms\n"
            "FROM bmt_settlement.statement_approvals\n"
            "WHERE statement_id IN ({keys})\n"
            "ORDER BY statement_id, create_time_ms, actor", /* of the primary key; a few rows each */
    .keys = SQL_COLUMNS(id_columns),
    .results = SQL_COLUMNS(approval_columns),
    .result_size = sizeof(struct statement_approval_row),
};
static const struct sql_stmt PAYABLE_SUM = {
    .name = "entry_sum_payable",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT COUNT(*), CAST(COALESCE(SUM(amount_minor), 0) AS SIGNED)\n"
            "FROM bmt_settlement.clearing_entries FORCE INDEX (ix_clearing_entries_statement)\n"
            "WHERE partner_id = ? AND currency = ? AND statement_id = 0 AND payable_time_ms < ?",
    .params = SQL_COLUMNS(sum_params_columns),
    .results = SQL_COLUMNS(sum_columns),
    .result_size = sizeof(struct payable_sum),
};
static const struct sql_stmt ENTRIES_SETTLE = {
    .name = "entries_settle",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.clearing_entries FORCE INDEX (ix_clearing_entries_statement)\n"
            "SET state = 3, statement_id = ?\n" /* SETTLED */
            "WHERE partner_id = ? AND currency = ? AND statement_id = 0 AND entry_id > ? AND entry_id <= ?\n"
            "    AND payable_time_ms < ? AND state = 2",
    .params = SQL_COLUMNS(settle_columns),
};

int statement_store_insert(struct tx *tx, const struct partner_statement_row *rows,
                           const struct statement_event_row *events, size_t n, struct err *err)
{
    const int rc = sql_write(tx, &STATEMENT_INSERT, rows, n, sizeof *rows, NULL, err);

    return rc != 0 ? rc : sql_write(tx, &STATEMENT_EVENT_INSERT, events, n, sizeof *events, NULL, err);
}

int statement_store_move(struct tx *tx, const struct partner_statement_row *rows, size_t n,
                         const struct statement_event_row *events, size_t n_events, struct err *err)
{
    const int rc = sql_write_each(tx, &STATEMENT_MOVE, rows, n, sizeof *rows, err);

    return rc != 0 ? rc : sql_write(tx, &STATEMENT_EVENT_INSERT, events, n_events, sizeof *events, NULL, err);
}

static int noted(int rc, struct partner_statement_row *const *rows, const size_t *n)
{
    for (size_t i = 0; rc == 0 && i < *n; i++) {
        (*rows)[i].state_read = (*rows)[i].state;
        (*rows)[i].version_read = (*rows)[i].version;
    }
    return rc;
}

int statement_store_lock(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                         struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err)
{
    return noted(sql_select_in(tx, &STATEMENT_LOCK, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err), ret_rows,
                 ret_n);
}

int statement_store_find(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                         struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err)
{
    return noted(sql_select_in(tx, &STATEMENT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err), ret_rows,
                 ret_n);
}

int statement_store_list_series(struct tx *tx, const struct statement_series *series, struct arena *arena,
                                struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err)
{
    return noted(sql_select(tx, &STATEMENT_SERIES, series, arena, ret_rows, ret_n, err), ret_rows, ret_n);
}

int statement_store_list(struct tx *tx, int64_t biz_id, int64_t partner_id, const struct page *page,
                         struct arena *arena, struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.biz_id = biz_id,
                                       .partner_id = partner_id,
                                       .before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
                                       .limit = page->size + 1};

    return sql_select(tx, partner_id != 0 ? &STATEMENT_LIST_OF : &STATEMENT_LIST, &params, arena, ret_rows, ret_n, err);
}

int statement_store_find_due(struct tx *tx, int64_t now_ms, size_t shard, size_t shards, size_t limit,
                             struct arena *arena, struct settlement_key **ret_keys, size_t *ret_n, struct err *err)
{
    const struct list_params params = {
        .time_ms = now_ms, .shard = (int32_t)shard, .shards = (int32_t)shards, .limit = (int32_t)limit};

    return sql_select(tx, &STATEMENT_FIND_DUE, &params, arena, ret_keys, ret_n, err);
}

int statement_store_insert_chunk(struct tx *tx, const struct statement_chunk_row *row, struct err *err)
{
    return sql_write(tx, &CHUNK_INSERT, row, 1, sizeof *row, NULL, err);
}

int statement_store_list_chunks(struct tx *tx, int64_t statement_id, struct arena *arena,
                                struct statement_chunk_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &CHUNK_LIST, NULL, &statement_id, 1, sizeof statement_id, arena, ret_rows, ret_n, err);
}

int statement_store_insert_approvals(struct tx *tx, const struct statement_approval_row *rows, size_t n,
                                     struct err *err)
{
    return sql_write(tx, &APPROVAL_INSERT, rows, n, sizeof *rows, NULL, err);
}

int statement_store_find_approvals(struct tx *tx, const int64_t *statement_ids, size_t n, struct arena *arena,
                                   struct statement_approval_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &APPROVAL_FIND, NULL, statement_ids, n, sizeof *statement_ids, arena, ret_rows, ret_n,
                         err);
}

int statement_store_sum_payable(struct tx *tx, int64_t partner_id, const char *currency, int64_t before_ms,
                                struct arena *arena, struct payable_sum *ret, struct err *err)
{
    struct entries_settle params = {.partner_id = partner_id, .payable_before_ms = before_ms};
    struct payable_sum *rows = NULL;
    size_t n = 0;
    int rc;

    memcpy(params.currency, currency, CURRENCY_SIZE);
    rc = sql_select(tx, &PAYABLE_SUM, &params, arena, &rows, &n, err);
    if (rc == 0)
        *ret = rows[0];
    return rc;
}

int statement_store_settle(struct tx *tx, const struct entries_settle *range, uint64_t *ret_n, struct err *err)
{
    return sql_write(tx, &ENTRIES_SETTLE, range, 1, sizeof *range, ret_n, err);
}
