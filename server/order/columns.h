/* Column tables of the order module's rows, shared by its store files. */
#ifndef BMT_ORDER_COLUMNS_H
#define BMT_ORDER_COLUMNS_H

#include "order/store.h"

#define ORDER_COLUMNS                                                                                              \
    "order_id, biz_id, user_id, request_id, fingerprint, state, close_reason, version, currency, amount_minor, "   \
    "line_count, quote_id, payment_id, due_time_ms, create_time_ms, update_time_ms, pay_time_ms, fulfil_time_ms, " \
    "complete_time_ms, created_by, labels, refund_id, refunded_minor"

static const struct sql_column order_columns[] = {
    SQL_COLUMN(struct order_row, order_id, SQL_I64),         SQL_COLUMN(struct order_row, biz_id, SQL_I64),
    SQL_COLUMN(struct order_row, user_id, SQL_TEXT),         SQL_COLUMN(struct order_row, request_id, SQL_BYTES),
    SQL_COLUMN(struct order_row, fingerprint, SQL_FIXED),    SQL_COLUMN(struct order_row, state, SQL_I32),
    SQL_COLUMN(struct order_row, close_reason, SQL_I32),     SQL_COLUMN(struct order_row, version, SQL_I32),
    SQL_COLUMN(struct order_row, currency, SQL_CHARS),       SQL_COLUMN(struct order_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct order_row, line_count, SQL_I32),       SQL_COLUMN(struct order_row, quote_id, SQL_I64),
    SQL_COLUMN(struct order_row, payment_id, SQL_I64),       SQL_COLUMN(struct order_row, due_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, create_time_ms, SQL_I64),   SQL_COLUMN(struct order_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, pay_time_ms, SQL_I64),      SQL_COLUMN(struct order_row, fulfil_time_ms, SQL_I64),
    SQL_COLUMN(struct order_row, complete_time_ms, SQL_I64), SQL_COLUMN(struct order_row, created_by, SQL_TEXT),
    SQL_COLUMN(struct order_row, labels, SQL_TEXT),          SQL_COLUMN(struct order_row, refund_id, SQL_I64),
    SQL_COLUMN(struct order_row, refunded_minor, SQL_I64),
};

#define ORDER_LINE_COLUMNS                                                                             \
    "order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, unit_minor, amount_minor, " \
    "refunded_quantity, disputed_minor"

__attribute__((unused)) static const struct sql_column order_line_columns[] = {
    SQL_COLUMN(struct order_line_row, order_id, SQL_I64),
    SQL_COLUMN(struct order_line_row, line_no, SQL_I32),
    SQL_COLUMN(struct order_line_row, biz_id, SQL_I64),
    SQL_COLUMN(struct order_line_row, sku_id, SQL_I64),
    SQL_COLUMN(struct order_line_row, spu_id, SQL_I64),
    SQL_COLUMN(struct order_line_row, price_id, SQL_I64),
    SQL_COLUMN(struct order_line_row, title, SQL_TEXT),
    SQL_COLUMN(struct order_line_row, quantity, SQL_I64),
    SQL_COLUMN(struct order_line_row, unit_minor, SQL_I64),
    SQL_COLUMN(struct order_line_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct order_line_row, refunded_quantity, SQL_I64),
    SQL_COLUMN(struct order_line_row, disputed_minor, SQL_I64),
};

#define ORDER_EVENT_COLUMNS \
    "order_id, version, biz_id, event, from_state, to_state, close_reason, payment_id, actor, detail, create_time_ms"

static const struct sql_column order_event_columns[] = {
    SQL_COLUMN(struct order_event_row, order_id, SQL_I64),
    SQL_COLUMN(struct order_event_row, version, SQL_I32),
    SQL_COLUMN(struct order_event_row, biz_id, SQL_I64),
    SQL_COLUMN(struct order_event_row, event, SQL_I32),
    SQL_COLUMN(struct order_event_row, from_state, SQL_I32),
    SQL_COLUMN(struct order_event_row, to_state, SQL_I32),
    SQL_COLUMN(struct order_event_row, close_reason, SQL_I32),
    SQL_COLUMN(struct order_event_row, payment_id, SQL_I64),
    SQL_COLUMN(struct order_event_row, actor, SQL_TEXT),
    SQL_COLUMN(struct order_event_row, detail, SQL_TEXT),
    SQL_COLUMN(struct order_event_row, create_time_ms, SQL_I64),
};

#endif
