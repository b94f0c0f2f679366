/*
 * Statements on refunds of orders: what is recalled and why; see store.h. Where they stand is the payment module's. And
 * what disputes take of lines, which refunds must not pay back once more.
 */
#include "order/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct order_refund_row, refund_id, SQL_I64),
    SQL_COLUMN(struct order_refund_row, biz_id, SQL_I64),
    SQL_COLUMN(struct order_refund_row, order_id, SQL_I64),
    SQL_COLUMN(struct order_refund_row, payment_id, SQL_I64),
    SQL_COLUMN(struct order_refund_row, request_id, SQL_BYTES),
    SQL_COLUMN(struct order_refund_row, fingerprint, SQL_FIXED),
    SQL_COLUMN(struct order_refund_row, currency, SQL_CHARS),
    SQL_COLUMN(struct order_refund_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct order_refund_row, reason, SQL_TEXT),
    SQL_COLUMN(struct order_refund_row, actor, SQL_TEXT),
    SQL_COLUMN(struct order_refund_row, create_time_ms, SQL_I64),
};
#define COLUMNS                                                                                          \
    "refund_id, biz_id, order_id, payment_id, request_id, fingerprint, currency, amount_minor, reason, " \
    "actor, create_time_ms"

static const struct sql_column line_columns[] = {
    SQL_COLUMN(struct refund_line_row, refund_id, SQL_I64),
    SQL_COLUMN(struct refund_line_row, line_no, SQL_I32),
    SQL_COLUMN(struct refund_line_row, biz_id, SQL_I64),
    SQL_COLUMN(struct refund_line_row, quantity, SQL_I64),
};
static const struct sql_column request_columns[] = {
    SQL_COLUMN(struct order_request_key, biz_id, SQL_I64),
    SQL_COLUMN(struct order_request_key, request_id, SQL_BYTES),
};
static const struct sql_column refund_id_columns[] = {
    {.name = "refund_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
static const struct sql_column recall_columns[] = {
    SQL_COLUMN(struct order_line_recall, quantity, SQL_I64), SQL_COLUMN(struct order_line_recall, order_id, SQL_I64),
    SQL_COLUMN(struct order_line_recall, line_no, SQL_I32),  SQL_COLUMN(struct order_line_recall, biz_id, SQL_I64),
    SQL_COLUMN(struct order_line_recall, quantity, SQL_I64),
};
static const struct sql_column dispute_columns[] = {
    SQL_COLUMN(struct order_line_dispute, amount_minor, SQL_I64),
    SQL_COLUMN(struct order_line_dispute, order_id, SQL_I64),
    SQL_COLUMN(struct order_line_dispute, line_no, SQL_I32),
    SQL_COLUMN(struct order_line_dispute, biz_id, SQL_I64),
    SQL_COLUMN(struct order_line_dispute, amount_minor, SQL_I64),
    SQL_COLUMN(struct order_line_dispute, amount_minor, SQL_I64),
};

static const struct sql_stmt REFUND_INSERT = {
    .name = "order_refund_insert",
    .module = MODULE_ORDER,
    .text = "INSERT INTO bmt_order.refunds (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt REFUND_LINE_INSERT = {
    .name = "order_refund_line_insert",
    .module = MODULE_ORDER,
    .text = "INSERT INTO bmt_order.refund_lines (refund_id, line_no, biz_id, quantity)\n"
            "VALUES (?, ?, ?, ?)",
    .params = SQL_COLUMNS(line_columns),
};
static const struct sql_stmt REFUND_FIND = {
    .name = "order_refund_find",
    .module = MODULE_ORDER,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_order.refunds FORCE INDEX (PRIMARY)\n"
            "WHERE refund_id IN ({keys})",
    .keys = SQL_COLUMNS(refund_id_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct order_refund_row),
};
static const struct sql_stmt REFUND_FIND_REQUESTS = {
    .name = "order_refund_find_requests",
    .module = MODULE_ORDER,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_order.refunds FORCE INDEX (uq_refunds_request)\n"
            "WHERE (biz_id, request_id) IN ({keys})",
    .keys = SQL_COLUMNS(request_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct order_refund_row),
};
static const struct sql_stmt REFUND_LINE_FIND = {
    .name = "order_refund_line_find",
    .module = MODULE_ORDER,
    .text = "SELECT refund_id, line_no, biz_id, quantity\n"
            "FROM bmt_order.refund_lines\n"
            "WHERE refund_id IN ({keys})\n"
            "ORDER BY refund_id, line_no",
    .keys = SQL_COLUMNS(refund_id_columns),
    .results = SQL_COLUMNS(line_columns),
    .result_size = sizeof(struct refund_line_row),
};
static const struct sql_stmt ORDER_LINE_RECALL = {
    .name = "order_line_recall",
    .module = MODULE_ORDER,
    .text = "UPDATE bmt_order.order_lines\n"
            "SET refunded_quantity = refunded_quantity + ?\n"
            "WHERE order_id = ? AND line_no = ? AND biz_id = ? AND refunded_quantity + ? <= quantity",
    .params = SQL_COLUMNS(recall_columns),
};
static const struct sql_stmt ORDER_LINE_DISPUTE = {
    .name = "order_line_dispute",
    .module = MODULE_ORDER,
    .text = "UPDATE bmt_order.order_lines\n"
            "SET disputed_minor = disputed_minor + ?\n"
            "WHERE order_id = ? AND line_no = ? AND biz_id = ? AND disputed_minor + ? <= amount_minor\n"
            "    AND disputed_minor + ? >= 0",
    .params = SQL_COLUMNS(dispute_columns),
};

int order_store_insert_refunds(struct tx *tx, const struct order_refund_row *rows, size_t n,
                               const struct refund_line_row *lines, size_t n_lines, struct err *err)
{
    int rc;

    rc = sql_write(tx, &REFUND_INSERT, rows, n, sizeof *rows, NULL, err);
    if (rc == 0)
        rc = sql_write(tx, &REFUND_LINE_INSERT, lines, n_lines, sizeof *lines, NULL, err);
    return rc;
}

int order_store_find_refunds(struct tx *tx, const int64_t *refund_ids, size_t n, struct arena *arena,
                             struct order_refund_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &REFUND_FIND, NULL, refund_ids, n, sizeof *refund_ids, arena, ret_rows, ret_n, err);
}

int order_store_find_refund_requests(struct tx *tx, const struct order_request_key *keys, size_t n, struct arena *arena,
                                     struct order_refund_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &REFUND_FIND_REQUESTS, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int order_store_find_refund_lines(struct tx *tx, const int64_t *refund_ids, size_t n, struct arena *arena,
                                  struct refund_line_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &REFUND_LINE_FIND, NULL, refund_ids, n, sizeof *refund_ids, arena, ret_rows, ret_n, err);
}

int order_store_recall_lines(struct tx *tx, const struct order_line_recall *recalls, size_t n, struct err *err)
{
    return sql_write_each(tx, &ORDER_LINE_RECALL, recalls, n, sizeof *recalls, err);
}

int order_store_dispute_lines(struct tx *tx, const struct order_line_dispute *disputes, size_t n, struct err *err)
{
    return sql_write_each(tx, &ORDER_LINE_DISPUTE, disputes, n, sizeof *disputes, err);
}
