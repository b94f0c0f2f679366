/* Statements on payments; see store.h. */
#include "payment/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct payment_row, payment_id, SQL_I64),
    SQL_COLUMN(struct payment_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payment_row, order_id, SQL_I64),
    SQL_COLUMN(struct payment_row, user_id, SQL_TEXT),
    SQL_COLUMN(struct payment_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct payment_row, request_id, SQL_BYTES),
    SQL_COLUMN(struct payment_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct payment_row, state, SQL_I32),
    SQL_COLUMN(struct payment_row, version, SQL_I32),
    SQL_COLUMN(struct payment_row, currency, SQL_CHARS),
    SQL_COLUMN(struct payment_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct payment_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct payment_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct payment_row, action_url, SQL_TEXT),
    SQL_COLUMN(struct payment_row, return_url, SQL_TEXT),
    SQL_COLUMN(struct payment_row, failure, SQL_TEXT),
    SQL_COLUMN(struct payment_row, is_late, SQL_BOOL),
    SQL_COLUMN(struct payment_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, attempts, SQL_I32),
    SQL_COLUMN(struct payment_row, expire_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, succeed_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, refund_minor, SQL_I64),
    SQL_COLUMN(struct payment_row, fee_minor, SQL_I64),
};
#define COLUMNS                                                                                            \
    "payment_id, biz_id, order_id, user_id, channel_account_id, request_id, fingerprint, state, version, " \
    "currency, amount_minor, channel_ref, channel_transaction, action_url, return_url, failure, is_late, " \
    "due_time_ms, attempts, expire_time_ms, create_time_ms, update_time_ms, succeed_time_ms, refund_minor, fee_minor"

static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct payment_row, state, SQL_I32),
    SQL_COLUMN(struct payment_row, version, SQL_I32),
    SQL_COLUMN(struct payment_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct payment_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct payment_row, action_url, SQL_TEXT),
    SQL_COLUMN(struct payment_row, failure, SQL_TEXT),
    SQL_COLUMN(struct payment_row, is_late, SQL_BOOL),
    SQL_COLUMN(struct payment_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, attempts, SQL_I32),
    SQL_COLUMN(struct payment_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, succeed_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, fee_minor, SQL_I64),
    SQL_COLUMN(struct payment_row, payment_id, SQL_I64),
    SQL_COLUMN(struct payment_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payment_row, state_read, SQL_I32),
    SQL_COLUMN(struct payment_row, version_read, SQL_I32),
};
static const struct sql_column turn_columns[] = {
    SQL_COLUMN(struct payment_row, due_time_ms, SQL_I64), SQL_COLUMN(struct payment_row, attempts, SQL_I32),
    SQL_COLUMN(struct payment_row, payment_id, SQL_I64),  SQL_COLUMN(struct payment_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payment_row, version, SQL_I32),
};
static const struct sql_column event_columns[] = {
    SQL_COLUMN(struct payment_event_row, payment_id, SQL_I64),
    SQL_COLUMN(struct payment_event_row, version, SQL_I32),
    SQL_COLUMN(struct payment_event_row, biz_id, SQL_I64),
    SQL_COLUMN(struct payment_event_row, event, SQL_I32),
    SQL_COLUMN(struct payment_event_row, from_state, SQL_I32),
    SQL_COLUMN(struct payment_event_row, to_state, SQL_I32),
    SQL_COLUMN(struct payment_event_row, actor, SQL_TEXT),
    SQL_COLUMN(struct payment_event_row, detail, SQL_TEXT),
    SQL_COLUMN(struct payment_event_row, create_time_ms, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct payment_key, id, SQL_I64),
    SQL_COLUMN(struct payment_key, biz_id, SQL_I64),
};
static const struct sql_column request_columns[] = {
    SQL_COLUMN(struct payment_request_key, biz_id, SQL_I64),
    SQL_COLUMN(struct payment_request_key, request_id, SQL_BYTES),
};
static const struct sql_column late_columns[] = {
    SQL_COLUMN(struct payment_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct payment_row, payment_id, SQL_I64),
    SQL_COLUMN(struct payment_row, biz_id, SQL_I64),
};
static const struct sql_column order_id_columns[] = {
    {.name = "order_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

struct list_params {
    int64_t biz_id;
    int64_t order_id;
    int64_t before_id;
    int64_t time_ms;
    int32_t limit;
};
static const struct sql_column due_columns[] = {
    SQL_COLUMN(struct list_params, time_ms, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),   SQL_COLUMN(struct list_params, order_id, SQL_I64),
    SQL_COLUMN(struct list_params, order_id, SQL_I64), SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

#define FIND(stmt_name, index, where, key_list)                                                                   \
    {                                                                                                             \
        .name = stmt_name, .module = MODULE_PAYMENT,                                                              \
        .text = "SELECT " COLUMNS "\nFROM bmt_payment.payments FORCE INDEX (" index ")\n" where,                  \
        .keys = SQL_COLUMNS(key_list), .results = SQL_COLUMNS(columns), .result_size = sizeof(struct payment_row) \
    }

static const struct sql_stmt PAYMENT_FIND =
    FIND("payment_find", "PRIMARY", "WHERE (payment_id, biz_id) IN ({keys})", key_columns);
static const struct sql_stmt PAYMENT_LOCK = FIND(
    "payment_lock", "PRIMARY", "WHERE (payment_id, biz_id) IN ({keys})\nORDER BY payment_id\nFOR UPDATE", key_columns);
static const struct sql_stmt PAYMENT_FIND_REQUESTS =
    FIND("payment_find_requests", "uq_payments_request", "WHERE (biz_id, request_id) IN ({keys})", request_columns);
static const struct sql_stmt PAYMENT_FIND_OF_ORDERS = FIND(
    "payment_find_of_orders", "ix_payments_order", "WHERE order_id IN ({keys})\nORDER BY payment_id", order_id_columns);

static const struct sql_stmt PAYMENT_INSERT = {
    .name = "payment_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.payments (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt PAYMENT_MOVE = {
    .name = "payment_move",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.payments\n"
            "SET state = ?, version = ?, channel_ref = ?, channel_transaction = ?, action_url = ?, failure = ?,\n"
            "    is_late = ?, due_time_ms = ?, attempts = ?, update_time_ms = ?, succeed_time_ms = ?,\n"
            "    fee_minor = ?\n"
            "WHERE payment_id = ? AND biz_id = ? AND state = ? AND version = ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt PAYMENT_EVENT_INSERT = {
    .name = "payment_event_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.payment_events\n"
            "    (payment_id, version, biz_id, event, from_state, to_state, actor, detail, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(event_columns),
};
static const struct sql_stmt PAYMENT_FIND_DUE = {
    .name = "payment_find_due",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.payments\n"
            "WHERE due_time_ms > 0 AND due_time_ms <= ?\n"
            "ORDER BY due_time_ms\n" /* ix_payments_due */
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payment_row),
};
static const struct sql_stmt PAYMENT_MARK_LATE = {
    .name = "payment_mark_late",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.payments\n"
            "SET is_late = 1, update_time_ms = ?\n"
            "WHERE payment_id = ? AND biz_id = ? AND state = 3 AND is_late = 0", /* SUCCEEDED */
    .params = SQL_COLUMNS(late_columns),
};
static const struct sql_stmt PAYMENT_TAKE_TURN = {
    .name = "payment_take_turn",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.payments\n"
            "SET due_time_ms = ?, attempts = ?\n"
            "WHERE payment_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(turn_columns),
};
static const struct sql_stmt PAYMENT_LIST = {
    .name = "payment_list",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.payments\n"
            "WHERE biz_id = ? AND (? = 0 OR order_id = ?) AND payment_id < ?\n"
            "ORDER BY payment_id DESC\n" /* ix_payments_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct payment_row),
};

int payment_store_insert(struct tx *tx, const struct payment_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &PAYMENT_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_find(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                       struct payment_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYMENT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_lock(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                       struct payment_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYMENT_LOCK, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_find_requests(struct tx *tx, const struct payment_request_key *keys, size_t n, struct arena *arena,
                                struct payment_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYMENT_FIND_REQUESTS, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_find_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                 struct payment_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PAYMENT_FIND_OF_ORDERS, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n,
                         err);
}

int payment_store_move(struct tx *tx, const struct payment_row *rows, size_t n, const struct payment_event_row *events,
                       size_t n_events, struct err *err)
{
    int rc;

    rc = sql_write_each(tx, &PAYMENT_MOVE, rows, n, sizeof *rows, err);
    if (rc == 0)
        rc = sql_write(tx, &PAYMENT_EVENT_INSERT, events, n_events, sizeof *events, NULL, err);
    return rc;
}

int payment_store_find_due(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                           struct payment_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.time_ms = now_ms, .limit = (int32_t)limit};

    return sql_select(tx, &PAYMENT_FIND_DUE, &params, arena, ret_rows, ret_n, err);
}

int payment_store_mark_late(struct tx *tx, const struct payment_row *row, struct err *err)
{
    return sql_write_each(tx, &PAYMENT_MARK_LATE, row, 1, sizeof *row, err);
}

int payment_store_take_turn(struct tx *tx, const struct payment_row *rows, size_t n, uint64_t *ret_affected,
                            struct err *err)
{
    return sql_write(tx, &PAYMENT_TAKE_TURN, rows, n, sizeof *rows, ret_affected, err);
}

int payment_store_list(struct tx *tx, int64_t biz_id, int64_t order_id, const struct page *page, struct arena *arena,
                       struct payment_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {
        .biz_id = biz_id,
        .order_id = order_id,
        .before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
        .limit = page->size + 1,
    };

    return sql_select(tx, &PAYMENT_LIST, &params, arena, ret_rows, ret_n, err);
}
