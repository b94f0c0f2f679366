/* Lists, timers and histories of orders; see store.h. */
#include "order/columns.h"

struct due_params {
    int32_t state;
    int64_t now_ms;
    int32_t limit;
};
static const struct sql_column due_columns[] = {
    SQL_COLUMN(struct due_params, state, SQL_I32),
    SQL_COLUMN(struct due_params, now_ms, SQL_I64),
    SQL_COLUMN(struct due_params, limit, SQL_I32),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct order_key, order_id, SQL_I64),
    SQL_COLUMN(struct order_key, biz_id, SQL_I64),
};

struct events_params {
    struct order_key of;
    int32_t after_version;
    int32_t limit;
};
static const struct sql_column events_columns[] = {
    SQL_COLUMN(struct events_params, of.order_id, SQL_I64),
    SQL_COLUMN(struct events_params, of.biz_id, SQL_I64),
    SQL_COLUMN(struct events_params, after_version, SQL_I32),
    SQL_COLUMN(struct events_params, limit, SQL_I32),
};

struct list_params {
    struct order_filter filter;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, filter.biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, filter.id_from, SQL_I64),
    SQL_COLUMN(struct list_params, filter.id_to, SQL_I64),
    SQL_COLUMN(struct list_params, filter.create_from_ms, SQL_I64),
    SQL_COLUMN(struct list_params, filter.create_to_ms, SQL_I64),
    SQL_COLUMN(struct list_params, filter.state, SQL_I32),
    SQL_COLUMN(struct list_params, filter.state, SQL_I32),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_of_user_columns[] = {
    SQL_COLUMN(struct list_params, filter.biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, filter.user_id, SQL_TEXT),
    SQL_COLUMN(struct list_params, filter.id_from, SQL_I64),
    SQL_COLUMN(struct list_params, filter.id_to, SQL_I64),
    SQL_COLUMN(struct list_params, filter.create_from_ms, SQL_I64),
    SQL_COLUMN(struct list_params, filter.create_to_ms, SQL_I64),
    SQL_COLUMN(struct list_params, filter.state, SQL_I32),
    SQL_COLUMN(struct list_params, filter.state, SQL_I32),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt ORDER_FIND_DUE = {
    .name = "order_find_due",
    .module = MODULE_ORDER,
    .text = "SELECT order_id, biz_id\n"
            "FROM bmt_order.orders\n"
            "WHERE state = ? AND due_time_ms > 0 AND due_time_ms <= ?\n"
            "ORDER BY due_time_ms\n" /* ix_orders_due */
            "LIMIT ?",
    .params = SQL_COLUMNS(due_columns),
    .results = SQL_COLUMNS(key_columns),
    .result_size = sizeof(struct order_key),
};
static const struct sql_stmt ORDER_EVENT_LIST = {
    .name = "order_event_list",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_EVENT_COLUMNS "\n"
            "FROM bmt_order.order_events\n"
            "WHERE order_id = ? AND biz_id = ? AND version > ?\n"
            "ORDER BY version\n" /* the primary key */
            "LIMIT ?",
    .params = SQL_COLUMNS(events_columns),
    .results = SQL_COLUMNS(order_event_columns),
    .result_size = sizeof(struct order_event_row),
};
static const struct sql_stmt ORDER_EVENT_FIND = {
    .name = "order_event_find",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_EVENT_COLUMNS "\n"
            "FROM bmt_order.order_events\n"
            "WHERE (order_id, biz_id) IN ({keys})\n"
            "ORDER BY order_id, version",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(order_event_columns),
    .result_size = sizeof(struct order_event_row),
};
static const struct sql_stmt ORDER_LIST = {
    .name = "order_list",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_COLUMNS "\n"
            "FROM bmt_order.orders\n"
            "WHERE biz_id = ? AND order_id >= ? AND order_id < ?\n"
            "  AND create_time_ms >= ? AND create_time_ms < ? AND (? = 0 OR state = ?)\n"
            "ORDER BY order_id DESC\n" /* ix_orders_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(order_columns),
    .result_size = sizeof(struct order_row),
};
static const struct sql_stmt ORDER_LIST_OF_USER = {
    .name = "order_list_of_user",
    .module = MODULE_ORDER,
    .text = "SELECT " ORDER_COLUMNS "\n"
            "FROM bmt_order.orders\n"
            "WHERE biz_id = ? AND user_id = ? AND order_id >= ? AND order_id < ?\n"
            "  AND create_time_ms >= ? AND create_time_ms < ? AND (? = 0 OR state = ?)\n"
            "ORDER BY order_id DESC\n" /* ix_orders_user */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_user_columns),
    .results = SQL_COLUMNS(order_columns),
    .result_size = sizeof(struct order_row),
};

int order_store_find_due(struct tx *tx, int state, int64_t now_ms, size_t limit, struct arena *arena,
                         struct order_key **ret_keys, size_t *ret_n, struct err *err)
{
    const struct due_params params = {.state = state, .now_ms = now_ms, .limit = (int32_t)limit};

    return sql_select(tx, &ORDER_FIND_DUE, &params, arena, ret_keys, ret_n, err);
}

int order_store_list_events(struct tx *tx, const struct order_key *key, int32_t after_version, int32_t limit,
                            struct arena *arena, struct order_event_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct events_params params = {.of = *key, .after_version = after_version, .limit = limit};

    return sql_select(tx, &ORDER_EVENT_LIST, &params, arena, ret_rows, ret_n, err);
}

int order_store_find_events(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                            struct order_event_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ORDER_EVENT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int order_store_list(struct tx *tx, const struct order_filter *filter, const struct page *page, struct arena *arena,
                     struct order_row **ret_rows, size_t *ret_n, struct err *err)
{
    struct list_params params = {.filter = *filter, .limit = page->size + 1};

    if (page->after_id != 0 && page->after_id < filter->id_to)
        params.filter.id_to = page->after_id;
    return sql_select(tx, filter->user_id[0] != '\0' ? &ORDER_LIST_OF_USER : &ORDER_LIST, &params, arena, ret_rows,
                      ret_n, err);
}
