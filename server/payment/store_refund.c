/* Statements on refunds; see store.h. */
#include "payment/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct refund_row, refund_id, SQL_I64),
    SQL_COLUMN(struct refund_row, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_row, payment_id, SQL_I64),
    SQL_COLUMN(struct refund_row, order_id, SQL_I64),
    SQL_COLUMN(struct refund_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct refund_row, purpose, SQL_I32),
    SQL_COLUMN(struct refund_row, state, SQL_I32),
    SQL_COLUMN(struct refund_row, version, SQL_I32),
    SQL_COLUMN(struct refund_row, currency, SQL_CHARS),
    SQL_COLUMN(struct refund_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct refund_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct refund_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct refund_row, failure, SQL_TEXT),
    SQL_COLUMN(struct refund_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, attempts, SQL_I32),
    SQL_COLUMN(struct refund_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, succeed_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, request_id, SQL_BYTES),
    SQL_COLUMN(struct refund_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct refund_row, reason, SQL_TEXT),
    SQL_COLUMN(struct refund_row, actor, SQL_TEXT),
};
#define COLUMNS                                                                                        \
    "refund_id, biz_id, payment_id, order_id, channel_account_id, purpose, state, version, currency, " \
    "amount_minor, channel_ref, channel_transaction, failure, due_time_ms, attempts, create_time_ms, " \
    "update_time_ms, succeed_time_ms, request_id, fingerprint, reason, actor"

static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct refund_row, state, SQL_I32),
    SQL_COLUMN(struct refund_row, version, SQL_I32),
    SQL_COLUMN(struct refund_row, channel_ref, SQL_TEXT),
    SQL_COLUMN(struct refund_row, channel_transaction, SQL_TEXT),
    SQL_COLUMN(struct refund_row, failure, SQL_TEXT),
    SQL_COLUMN(struct refund_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, attempts, SQL_I32),
    SQL_COLUMN(struct refund_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, succeed_time_ms, SQL_I64),
    SQL_COLUMN(struct refund_row, refund_id, SQL_I64),
    SQL_COLUMN(struct refund_row, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_row, state_read, SQL_I32),
    SQL_COLUMN(struct refund_row, version_read, SQL_I32),
};
static const struct sql_column turn_columns[] = {
    SQL_COLUMN(struct refund_row, due_time_ms, SQL_I64), SQL_COLUMN(struct refund_row, attempts, SQL_I32),
    SQL_COLUMN(struct refund_row, refund_id, SQL_I64),   SQL_COLUMN(struct refund_row, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_row, version, SQL_I32),
};
static const struct sql_column event_columns[] = {
    SQL_COLUMN(struct refund_event_row, refund_id, SQL_I64),
    SQL_COLUMN(struct refund_event_row, version, SQL_I32),
    SQL_COLUMN(struct refund_event_row, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_event_row, event, SQL_I32),
    SQL_COLUMN(struct refund_event_row, from_state, SQL_I32),
    SQL_COLUMN(struct refund_event_row, to_state, SQL_I32),
    SQL_COLUMN(struct refund_event_row, actor, SQL_TEXT),
    SQL_COLUMN(struct refund_event_row, detail, SQL_TEXT),
    SQL_COLUMN(struct refund_event_row, create_time_ms, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct payment_key, id, SQL_I64),
    SQL_COLUMN(struct payment_key, biz_id, SQL_I64),
};
static const struct sql_column request_columns[] = {
    SQL_COLUMN(struct refund_request_key, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_request_key, request_id, SQL_BYTES),
};
static const struct sql_column sum_columns[] = {
    SQL_COLUMN(struct refunded_sum, payment_id, SQL_I64),
    SQL_COLUMN(struct refunded_sum, amount_minor, SQL_I64),
};
static const struct sql_column claim_columns[] = {
    SQL_COLUMN(struct refund_claim, amount_minor, SQL_I64),
    SQL_COLUMN(struct refund_claim, payment_id, SQL_I64),
    SQL_COLUMN(struct refund_claim, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_claim, amount_minor, SQL_I64),
};

struct due_params {
    int64_t now_ms;
    int32_t limit;
};
static const struct sql_column due_columns[] = {
    SQL_COLUMN(struct due_params, now_ms, SQL_I64),
    SQL_COLUMN(struct due_params, limit, SQL_I32),
};

static const struct sql_stmt REFUND_INSERT = {
    .name = "refund_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.refunds (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt REFUND_FIND = {
    .name = "refund_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.refunds FORCE INDEX (PRIMARY)\n"
            "WHERE (refund_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct refund_row),
};
static const struct sql_stmt REFUND_LOCK = {
    .name = "refund_lock",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.refunds FORCE INDEX (PRIMARY)\n"
            "WHERE (refund_id, biz_id) IN ({keys})\n"
            "ORDER BY refund_id\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct refund_row),
};
static const struct sql_stmt REFUND_FIND_REQUESTS = {
    .name = "refund_find_requests",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.refunds FORCE INDEX (uq_refunds_request)\n"
            "WHERE (biz_id, request_id) IN ({keys})",
    .keys = SQL_COLUMNS(request_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct refund_row),
};
static const struct sql_stmt REFUND_SUM = {
    .name = "refund_sum",
    .module = MODULE_PAYMENT,
    .text = "SELECT payment_id, SUM(amount_minor)\n"
            "FROM bmt_payment.refunds FORCE INDEX (ix_refunds_payment)\n"
            "WHERE (payment_id, biz_id) IN ({keys}) AND state = 3\n" /* SUCCEEDED */
            "GROUP BY payment_id",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(sum_columns),
    .result_size = sizeof(struct refunded_sum),
};
static const struct sql_stmt REFUND_MOVE = {
    .name = "refund_move",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.refunds\n"
            "SET state = ?, version = ?, channel_ref = ?, channel_transaction = ?, failure = ?, due_time_ms = ?,\n"
            "    attempts = ?, update_time_ms = ?, succeed_time_ms = ?\n"
            "WHERE refund_id = ? AND biz_id = ? AND state = ? AND version = ?",
    .params = SQL_COLUMNS(move_columns),
};
static const struct sql_stmt REFUND_EVENT_INSERT = {
    .name = "refund_event_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.refund_events\n"
            "    (refund_id, version, biz_id, event, from_state, to_state, actor, detail, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(event_columns),
};
static const struct sql_stmt REFUND_FIND_DUE = {
    .name = "refund_find_due",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.refunds\n"
            "WHERE due_time_ms > 0 AND due_time_ms <= ?\n"
            "ORDER BY due_time_ms\n" /* ix_refunds_due */
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct refund_row),
};
static const struct sql_stmt REFUND_TAKE_TURN = {
    .name = "refund_take_turn",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.refunds\n"
            "SET due_time_ms = ?, attempts = ?\n"
            "WHERE refund_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(turn_columns),
};
static const struct sql_stmt PAYMENT_CLAIM_REFUND = {
    .name = "payment_claim_refund",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.payments\n"
            "SET refund_minor = refund_minor + ?\n"
            "WHERE payment_id = ? AND biz_id = ? AND state = 3 AND refund_minor + ? <= amount_minor", /* SUCCEEDED */
    .params = SQL_COLUMNS(claim_columns),
};
static const struct sql_stmt PAYMENT_DROP_CLAIM = {
    .name = "payment_drop_claim",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.payments\n"
            "SET refund_minor = refund_minor - ?\n"
            "WHERE payment_id = ? AND biz_id = ? AND refund_minor >= ?",
    .params = SQL_COLUMNS(claim_columns),
};

int payment_store_insert_refunds(struct tx *tx, const struct refund_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &REFUND_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_find_refunds(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                               struct refund_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &REFUND_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_lock_refunds(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                               struct refund_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &REFUND_LOCK, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_find_refund_requests(struct tx *tx, const struct refund_request_key *keys, size_t n,
                                       struct arena *arena, struct refund_row **ret_rows, size_t *ret_n,
                                       struct err *err)
{
    return sql_select_in(tx, &REFUND_FIND_REQUESTS, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_sum_refunded(struct tx *tx, const struct payment_key *payments, size_t n, struct arena *arena,
                               struct refunded_sum **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &REFUND_SUM, NULL, payments, n, sizeof *payments, arena, ret_rows, ret_n, err);
}

int payment_store_move_refunds(struct tx *tx, const struct refund_row *rows, size_t n,
                               const struct refund_event_row *events, size_t n_events, struct err *err)
{
    int rc;

    rc = sql_write_each(tx, &REFUND_MOVE, rows, n, sizeof *rows, err);
    if (rc == 0)
        rc = sql_write(tx, &REFUND_EVENT_INSERT, events, n_events, sizeof *events, NULL, err);
    return rc;
}

int payment_store_find_due_refunds(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                                   struct refund_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct due_params params = {.now_ms = now_ms, .limit = (int32_t)limit};

    return sql_select(tx, &REFUND_FIND_DUE, &params, arena, ret_rows, ret_n, err);
}

int payment_store_take_refund_turn(struct tx *tx, const struct refund_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &REFUND_TAKE_TURN, rows, n, sizeof *rows, NULL, err);
}

int payment_store_claim_refunds(struct tx *tx, const struct refund_claim *claims, size_t n, struct err *err)
{
    return sql_write_each(tx, &PAYMENT_CLAIM_REFUND, claims, n, sizeof *claims, err);
}

int payment_store_drop_claims(struct tx *tx, const struct refund_claim *claims, size_t n, struct err *err)
{
    return sql_write_each(tx, &PAYMENT_DROP_CLAIM, claims, n, sizeof *claims, err);
}
