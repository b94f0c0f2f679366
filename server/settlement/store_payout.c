/* Statements on payouts; see store_payout.h. */
#include "settlement/store_payout.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct payout_row, payout_id, SQL_I64),
    SQL_COLUMN(struct payout_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payout_row, partner_id, SQL_I64),
    SQL_COLUMN(struct payout_row, statement_id, SQL_I64),
    SQL_COLUMN(struct payout_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct payout_row, payout_account, SQL_TEXT),
    SQL_COLUMN(struct payout_row, state, SQL_I32),
    SQL_COLUMN(struct payout_row, version, SQL_I32),
    SQL_COLUMN(struct payout_row, currency, SQL_CHARS),
    SQL_COLUMN(struct payout_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct payout_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct payout_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct payout_row, failure, SQL_TEXT),
    SQL_COLUMN(struct payout_row, request_id, SQL_BYTES),
    SQL_COLUMN(struct payout_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct payout_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct payout_row, attempts, SQL_I32),
    SQL_COLUMN(struct payout_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct payout_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct payout_row, succeed_time_ms, SQL_I64),
};
#define COLUMNS                                                                                          \
    "payout_id, biz_id, partner_id, statement_id, channel_account_id, payout_account, state, version,\n" \
    "    currency, amount_minor, channel_ref, channel_transaction, failure, request_id, fingerprint,\n"  \
    "    due_time_ms, attempts, create_time_ms, update_time_ms, succeed_time_ms"

static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct payout_row, state, SQL_I32),
    SQL_COLUMN(struct payout_row, version, SQL_I32),
    SQL_COLUMN(struct payout_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct payout_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct payout_row, failure, SQL_TEXT),
    SQL_COLUMN(struct payout_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct payout_row, attempts, SQL_I32),
    SQL_COLUMN(struct payout_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct payout_row, succeed_time_ms, SQL_I64),
    SQL_COLUMN(struct payout_row, payout_id, SQL_I64),
    SQL_COLUMN(struct payout_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payout_row, state_read, SQL_I32),
    SQL_COLUMN(struct payout_row, version_read, SQL_I32),
};
static const struct sql_column turn_columns[] = {
    SQL_COLUMN(struct payout_row, due_time_ms, SQL_I64), SQL_COLUMN(struct payout_row, attempts, SQL_I32),
    SQL_COLUMN(struct payout_row, payout_id, SQL_I64),   SQL_COLUMN(struct payout_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payout_row, version, SQL_I32),
};
static const struct sql_column event_columns[] = {
    SQL_COLUMN(struct payout_event_row, payout_id, SQL_I64),
    SQL_COLUMN(struct payout_event_row, version, SQL_I32),
    SQL_COLUMN(struct payout_event_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payout_event_row, event, SQL_I32),
    SQL_COLUMN(struct payout_event_row, from_state, SQL_I32),
    SQL_COLUMN(struct payout_event_row, to_state, SQL_I32),
    SQL_COLUMN(struct payout_event_row, actor, SQL_TEXT),
    SQL_COLUMN(struct payout_event_row, detail, SQL_TEXT),
    SQL_COLUMN(struct payout_event_row, create_time_ms, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct settlement_key, id, SQL_I64),
    SQL_COLUMN(struct settlement_key, biz_id, SQL_I64),
};
static const struct sql_column request_columns[] = {
    SQL_COLUMN(struct payout_request_key, biz_id, SQL_I64),
    SQL_COLUMN(struct payout_request_key, request_id, SQL_BYTES),
};
struct list_params {
    int64_t biz_id;
    int64_t partner_id;
    int64_t before_id;
    int64_t now_ms;
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
    SQL_COLUMN(struct list_params, now_ms, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt PAYOUT_INSERT = {
    .name = "payout_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.payouts (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt PAYOUT_EVENT_INSERT = {
    .name = "payout_event_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.payout_events\n"
            "    (payout_id, version, biz_id, event, from_state, to_state, actor, detail, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(event_columns),
};
static const struct sql_stmt PAYOUT_MOVE = {
    .name = "payout_move",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.payouts\n"
            "SET state = ?, version = ?, channel_ref = ?, channel_transaction = ?, failure = ?, due_time_ms = ?,\n"
            "    attempts = ?, update_time_ms = ?, succeed_time_ms = ?\n"
            "WHERE payout_id = ? AND biz_id = ? AND state = ? AND version = ?",
    .params = SQL_COLUMNS(move_columns),
};
static const struct sql_stmt PAYOUT_LOCK = {
    .name = "payout_lock",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.payouts FORCE INDEX (PRIMARY)\n"
            "WHERE (payout_id, biz_id) IN ({keys})\n"
            "ORDER BY payout_id\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payout_row),
};
static const struct sql_stmt PAYOUT_FIND = {
    .name = "payout_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.payouts FORCE INDEX (PRIMARY)\n"
            "WHERE (payout_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payout_row),
};
static const struct sql_stmt PAYOUT_FIND_REQUESTS = {
    .name = "payout_find_requests",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.payouts FORCE INDEX (uq_payouts_request)\n"
            "WHERE (biz_id, request_id) IN ({keys})",
    .keys = SQL_COLUMNS(request_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payout_row),
};
static const struct sql_stmt PAYOUT_LIST = {
    .name = "payout_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.payouts FORCE INDEX (ix_payouts_business)\n"
            "WHERE biz_id = ? AND payout_id < ?\n"
            "ORDER BY payout_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payout_row),
};
static const struct sql_stmt PAYOUT_LIST_OF = {
    .name = "payout_list_of",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.payouts FORCE INDEX (ix_payouts_partner)\n"
            "WHERE biz_id = ? AND partner_id = ? AND payout_id < ?\n"
            "ORDER BY payout_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payout_row),
};
static const struct sql_stmt PAYOUT_FIND_DUE = {
    .name = "payout_find_due",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.payouts FORCE INDEX (ix_payouts_due)\n"
            "WHERE due_time_ms > 0 AND due_time_ms <= ?\n"
            "ORDER BY due_time_ms\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payout_row),
};
static const struct sql_stmt PAYOUT_TAKE_TURN = {
    .name = "payout_take_turn",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.payouts\n"
            "SET due_time_ms = ?, attempts = ?\n"
            "WHERE payout_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(turn_columns),
};

int payout_store_insert(struct tx *tx, const struct payout_row *rows, const struct payout_event_row *events, size_t n,
                        struct err *err)
{
    const int rc = sql_write(tx, &PAYOUT_INSERT, rows, n, sizeof *rows, NULL, err);

    return rc != 0 ? rc : sql_write(tx, &PAYOUT_EVENT_INSERT, events, n, sizeof *events, NULL, err);
}

int payout_store_move(struct tx *tx, const struct payout_row *rows, size_t n, const struct payout_event_row *events,
                      size_t n_events, struct err *err)
{
    const int rc = sql_write_each(tx, &PAYOUT_MOVE, rows, n, sizeof *rows, err);

    return rc != 0 ? rc : sql_write(tx, &PAYOUT_EVENT_INSERT, events, n_events, sizeof *events, NULL, err);
}

int payout_store_lock(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                      struct payout_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYOUT_LOCK, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payout_store_find(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                      struct payout_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYOUT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payout_store_find_requests(struct tx *tx, const struct payout_request_key *keys, size_t n, struct arena *arena,
                               struct payout_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYOUT_FIND_REQUESTS, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payout_store_list(struct tx *tx, int64_t biz_id, int64_t partner_id, const struct page *page, struct arena *arena,
                      struct payout_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.biz_id = biz_id,
                                       .partner_id = partner_id,
                                       .before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
                                       .limit = page->size + 1};

    return sql_select(tx, partner_id != 0 ? &PAYOUT_LIST_OF : &PAYOUT_LIST, &params, arena, ret_rows, ret_n, err);
}

int payout_store_find_due(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                          struct payout_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.now_ms = now_ms, .limit = (int32_t)limit};

    return sql_select(tx, &PAYOUT_FIND_DUE, &params, arena, ret_rows, ret_n, err);
}

int payout_store_take_turn(struct tx *tx, const struct payout_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &PAYOUT_TAKE_TURN, rows, n, sizeof *rows, NULL, err);
}
