/* Statements on orders, lines and events; see store.h. Lists and timers: store_find.c. */
#include "order/store.h"

#include "order/columns.h"

static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct order_row, state, SQL_I32),
    SQL_COLUMN(struct order_row, close_reason, SQL_I32),
    SQL_COLUMN(struct order_row, version, SQL_I32),
    SQL_COLUMN(struct order_row, payment_id, SQL_I64),
    SQL_COLUMN(struct order_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, pay_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, fulfil_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, complete_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, refund_id, SQL_I64),
    SQL_COLUMN(struct order_row, refunded_minor, SQL_I64),
    SQL_COLUMN(struct order_row, order_id, SQL_I64),
    SQL_COLUMN(struct order_row, biz_id, SQL_I64),
    SQL_COLUMN(struct order_row, state_read, SQL_I32),
    SQL_COLUMN(struct order_row, version_read, SQL_I32),
};
static const struct sql_column payment_columns[] = {
    SQL_COLUMN(struct order_row, payment_id, SQL_I64), SQL_COLUMN(struct order_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, order_id, SQL_I64),   SQL_COLUMN(struct order_row, biz_id, SQL_I64),
    SQL_COLUMN(struct order_row, state, SQL_I32),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct order_key, order_id, SQL_I64),
    SQL_COLUMN(struct order_key, biz_id, SQL_I64),
};
static const struct sql_column request_columns[] = {
    SQL_COLUMN(struct order_request_key, biz_id, SQL_I64),
    SQL_COLUMN(struct order_request_key, request_id, SQL_BYTES),
};
static const struct sql_column order_id_columns[] = {
    {.name = "order_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

static const struct sql_stmt ORDER_INSERT = {
    .name = "order_insert",
    .module = MODULE_ORDER,
    .text = "INSERT INTO bmt_order.orders (" ORDER_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(order_columns),
};
static const struct sql_stmt ORDER_LINE_INSERT = {
    .name = "order_line_insert",
    .module = MODULE_ORDER,
    .text = "INSERT INTO bmt_order.order_lines (" ORDER_LINE_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(order_line_columns),
};
static const struct sql_stmt ORDER_EVENT_INSERT = {
    .name = "order_event_insert",
    .module = MODULE_ORDER,
    .text = "INSERT INTO bmt_order.order_events (" ORDER_EVENT_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(order_event_columns),
};
static const struct sql_stmt ORDER_FIND = {
    .name = "order_find",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_COLUMNS "\n"
            "FROM bmt_order.orders FORCE INDEX (PRIMARY)\n"
            "WHERE (order_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(order_columns),
    .result_size = sizeof(struct order_row),
};
static const struct sql_stmt ORDER_LOCK = {
    .name = "order_lock",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_COLUMNS "\n"
            "FROM bmt_order.orders FORCE INDEX (PRIMARY)\n"
            "WHERE (order_id, biz_id) IN ({keys})\n"
            "ORDER BY order_id\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(order_columns),
    .result_size = sizeof(struct order_row),
};
static const struct sql_stmt ORDER_FIND_REQUESTS = {
    .name = "order_find_requests",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_COLUMNS "\n"
            "FROM bmt_order.orders FORCE INDEX (uq_orders_request)\n"
            "WHERE (biz_id, request_id) IN ({keys})",
    .keys = SQL_COLUMNS(request_columns),
    .results = SQL_COLUMNS(order_columns),
    .result_size = sizeof(struct order_row),
};
static const struct sql_stmt ORDER_LINE_FIND = {
    .name = "order_line_find",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_LINE_COLUMNS "\n"
            "FROM bmt_order.order_lines\n"
            "WHERE order_id IN ({keys})\n"
            "ORDER BY order_id, line_no",
    .keys = SQL_COLUMNS(order_id_columns),
    .results = SQL_COLUMNS(order_line_columns),
    .result_size = sizeof(struct order_line_row),
};
static const struct sql_stmt ORDER_MOVE = {
    .name = "order_move",
    .module = MODULE_ORDER,
    .text = "UPDATE bmt_order.orders\n"
            "SET state = ?, close_reason = ?, version = ?, payment_id = ?, due_time_ms = ?, update_time_ms = ?,\n"
            "    pay_time_ms = ?, fulfil_time_ms = ?, complete_time_ms = ?, refund_id = ?, refunded_minor = ?\n"
            "WHERE order_id = ? AND biz_id = ? AND state = ? AND version = ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt ORDER_SET_PAYMENT = {
    .name = "order_set_payment",
    .module = MODULE_ORDER,
    .text = "UPDATE bmt_order.orders\n"
            "SET payment_id = ?, update_time_ms = ?\n"
            "WHERE order_id = ? AND biz_id = ? AND state = ?",
    .params = SQL_COLUMNS(payment_columns),
    .is_distinct = true,
};

int order_store_insert(struct tx *tx, const struct order_row *orders, size_t n, const struct order_line_row *lines,
                       size_t n_lines, struct err *err)
{
    int rc;

    rc = sql_write(tx, &ORDER_INSERT, orders, n, sizeof *orders, NULL, err);
    if (rc == 0)
        rc = sql_write(tx, &ORDER_LINE_INSERT, lines, n_lines, sizeof *lines, NULL, err);
    return rc;
}

int order_store_find(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                     struct order_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ORDER_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int order_store_lock(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                     struct order_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ORDER_LOCK, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int order_store_find_requests(struct tx *tx, const struct order_request_key *keys, size_t n, struct arena *arena,
                              struct order_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ORDER_FIND_REQUESTS, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int order_store_find_lines(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                           struct order_line_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ORDER_LINE_FIND, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n, err);
}

int order_store_move(struct tx *tx, const struct order_row *orders, size_t n, const struct order_event_row *events,
                     size_t n_events, struct err *err)
{
    int rc;

    rc = sql_write_each(tx, &ORDER_MOVE, orders, n, sizeof *orders, err);
    if (rc == 0)
        rc = sql_write(tx, &ORDER_EVENT_INSERT, events, n_events, sizeof *events, NULL, err);
    return rc;
}

int order_store_set_payment(struct tx *tx, const struct order_row *orders, size_t n, struct err *err)
{
    return sql_write_each(tx, &ORDER_SET_PAYMENT, orders, n, sizeof *orders, err);
}
