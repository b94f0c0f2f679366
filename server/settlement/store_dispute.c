/* Statements on disputes; see store_dispute.h. */
#include "settlement/store_dispute.h"

#define COLUMNS                                                                                            \
    "dispute_id, biz_id, order_id, line_no, channel_account_id, state, version, currency, amount_minor,\n" \
    "    fee_minor, fee_returned_minor, channel_dispute, reason, create_time_ms, update_time_ms"
static const struct sql_column columns[] = {
    SQL_COLUMN(struct dispute_row, dispute_id, SQL_I64),
    SQL_COLUMN(struct dispute_row, biz_id, SQL_I64),
    SQL_COLUMN(struct dispute_row, order_id, SQL_I64),
    SQL_COLUMN(struct dispute_row, line_no, SQL_I32),
    SQL_COLUMN(struct dispute_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct dispute_row, state, SQL_I32),
    SQL_COLUMN(struct dispute_row, version, SQL_I32),
    SQL_COLUMN(struct dispute_row, currency, SQL_CHARS),
    SQL_COLUMN(struct dispute_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct dispute_row, fee_minor, SQL_I64),
    SQL_COLUMN(struct dispute_row, fee_returned_minor, SQL_I64),
    SQL_COLUMN(struct dispute_row, channel_dispute, SQL_TEXT),
    SQL_COLUMN(struct dispute_row, reason, SQL_TEXT),
    SQL_COLUMN(struct dispute_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct dispute_row, update_time_ms, SQL_I64),
};
static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct dispute_row, state, SQL_I32),
    SQL_COLUMN(struct dispute_row, version, SQL_I32),
    SQL_COLUMN(struct dispute_row, fee_returned_minor, SQL_I64),
    SQL_COLUMN(struct dispute_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct dispute_row, dispute_id, SQL_I64),
    SQL_COLUMN(struct dispute_row, biz_id, SQL_I64),
    SQL_COLUMN(struct dispute_row, state_read, SQL_I32),
    SQL_COLUMN(struct dispute_row, version_read, SQL_I32),
};
static const struct sql_column event_columns[] = {
    SQL_COLUMN(struct dispute_event_row, dispute_id, SQL_I64),
    SQL_COLUMN(struct dispute_event_row, version, SQL_I32),
    SQL_COLUMN(struct dispute_event_row, biz_id, SQL_I64),
    SQL_COLUMN(struct dispute_event_row, event, SQL_I32),
    SQL_COLUMN(struct dispute_event_row, from_state, SQL_I32),
    SQL_COLUMN(struct dispute_event_row, to_state, SQL_I32),
    SQL_COLUMN(struct dispute_event_row, actor, SQL_TEXT),
    SQL_COLUMN(struct dispute_event_row, detail, SQL_TEXT),
    SQL_COLUMN(struct dispute_event_row, create_time_ms, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct settlement_key, id, SQL_I64),
    SQL_COLUMN(struct settlement_key, biz_id, SQL_I64),
};
static const struct sql_column channel_columns[] = {
    SQL_COLUMN(struct dispute_channel_key, biz_id, SQL_I64),
    SQL_COLUMN(struct dispute_channel_key, channel_account_id, SQL_I64),
    SQL_COLUMN(struct dispute_channel_key, channel_dispute, SQL_TEXT),
    SQL_COLUMN(struct dispute_channel_key, order_id, SQL_I64),
    SQL_COLUMN(struct dispute_channel_key, line_no, SQL_I32),
};
struct list_params {
    int64_t biz_id;
    int64_t order_id;
    int64_t before_id;
    int32_t state;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_state_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, state, SQL_I32),
    SQL_COLUMN(struct list_params, before_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_order_columns[] = {
    SQL_COLUMN(struct list_params, order_id, SQL_I64),  SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, before_id, SQL_I64), SQL_COLUMN(struct list_params, state, SQL_I32),
    SQL_COLUMN(struct list_params, state, SQL_I32),     SQL_COLUMN(struct list_params, limit, SQL_I32),
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
    SQL_COLUMN(struct open_disputes, channel_account_id, SQL_I64),
    SQL_COLUMN(struct open_disputes, currency, SQL_CHARS),
    SQL_COLUMN(struct open_disputes, age, SQL_I32),
    SQL_COLUMN(struct open_disputes, amount_minor, SQL_I64),
    SQL_COLUMN(struct open_disputes, dispute_count, SQL_I64),
};

static const struct sql_stmt DISPUTE_INSERT = {
    .name = "dispute_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.disputes (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt DISPUTE_EVENT_INSERT = {
    .name = "dispute_event_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.dispute_events\n"
            "    (dispute_id, version, biz_id, event, from_state, to_state, actor, detail, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(event_columns),
};
static const struct sql_stmt DISPUTE_MOVE = {
    .name = "dispute_move",
    .module = MODULE_SETTLEMENT,
    .text = "UPDATE bmt_settlement.disputes\n"
            "SET state = ?, version = ?, fee_returned_minor = ?, update_time_ms = ?\n"
            "WHERE dispute_id = ? AND biz_id = ? AND state = ? AND version = ?",
    .params = SQL_COLUMNS(move_columns),
};
static const struct sql_stmt DISPUTE_LOCK = {
    .name = "dispute_lock",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.disputes FORCE INDEX (PRIMARY)\n"
            "WHERE (dispute_id, biz_id) IN ({keys})\n"
            "ORDER BY dispute_id\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct dispute_row),
};
static const struct sql_stmt DISPUTE_FIND = {
    .name = "dispute_find",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.disputes FORCE INDEX (PRIMARY)\n"
            "WHERE (dispute_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct dispute_row),
};
static const struct sql_stmt DISPUTE_FIND_OF_CHANNELS = {
    .name = "dispute_find_of_channels",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.disputes FORCE INDEX (uq_disputes_channel)\n"
            "WHERE (biz_id, channel_account_id, channel_dispute, order_id, line_no) IN ({keys})",
    .keys = SQL_COLUMNS(channel_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct dispute_row),
};
static const struct sql_stmt DISPUTE_LIST = {
    .name = "dispute_list",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.disputes FORCE INDEX (ix_disputes_business)\n"
            "WHERE biz_id = ? AND dispute_id < ?\n"
            "ORDER BY dispute_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct dispute_row),
};
static const struct sql_stmt DISPUTE_LIST_OF_STATE = {
    .name = "dispute_list_of_state",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.disputes FORCE INDEX (ix_disputes_state)\n"
            "WHERE biz_id = ? AND state = ? AND dispute_id < ?\n"
            "ORDER BY dispute_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_state_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct dispute_row),
};
static const struct sql_stmt DISPUTE_LIST_OF_ORDER = {
    .name = "dispute_list_of_order",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_settlement.disputes FORCE INDEX (ix_disputes_order)\n"
            "WHERE order_id = ? AND biz_id = ? AND dispute_id < ? AND (? = 0 OR state = ?)\n"
            "ORDER BY dispute_id DESC\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(list_order_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct dispute_row),
};
static const struct sql_stmt DISPUTE_SUM_OPEN = {
    .name = "dispute_sum_open",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT channel_account_id, currency,\n"
            "    CASE WHEN create_time_ms >= ? THEN 0 WHEN create_time_ms >= ? THEN 1 WHEN create_time_ms >= ? THEN 2\n"
            "        ELSE 3 END AS age,\n"
            "    SUM(amount_minor), COUNT(*)\n"
            "FROM bmt_settlement.disputes FORCE INDEX (ix_disputes_state)\n"
            "WHERE biz_id = ? AND state = 1\n" /* OPEN */
            "GROUP BY channel_account_id, currency, age\n"
            "ORDER BY channel_account_id, currency, age\n"
            "LIMIT 65536",
    .params = SQL_COLUMNS(open_params_columns),
    .results = SQL_COLUMNS(open_columns),
    .result_size = sizeof(struct open_disputes),
};

int dispute_store_insert(struct tx *tx, const struct dispute_row *rows, const struct dispute_event_row *events,
                         size_t n, struct err *err)
{
    const int rc = sql_write(tx, &DISPUTE_INSERT, rows, n, sizeof *rows, NULL, err);

    return rc != 0 ? rc : sql_write(tx, &DISPUTE_EVENT_INSERT, events, n, sizeof *events, NULL, err);
}

int dispute_store_move(struct tx *tx, const struct dispute_row *rows, const struct dispute_event_row *events, size_t n,
                       struct err *err)
{
    const int rc = sql_write_each(tx, &DISPUTE_MOVE, rows, n, sizeof *rows, err);

    return rc != 0 ? rc : sql_write(tx, &DISPUTE_EVENT_INSERT, events, n, sizeof *events, NULL, err);
}

int dispute_store_lock(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                       struct dispute_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &DISPUTE_LOCK, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int dispute_store_find(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                       struct dispute_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &DISPUTE_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int dispute_store_find_of_channels(struct tx *tx, const struct dispute_channel_key *keys, size_t n, struct arena *arena,
                                   struct dispute_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &DISPUTE_FIND_OF_CHANNELS, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int dispute_store_list(struct tx *tx, const struct dispute_filter *filter, const struct page *page, struct arena *arena,
                       struct dispute_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.biz_id = filter->biz_id,
                                       .order_id = filter->order_id,
                                       .before_id = page->after_id != 0 ? page->after_id : INT64_MAX,
                                       .state = filter->state,
                                       .limit = page->size + 1};
    const struct sql_stmt *stmt = &DISPUTE_LIST;

    if (filter->order_id != 0)
        stmt = &DISPUTE_LIST_OF_ORDER;
    else if (filter->state != 0)
        stmt = &DISPUTE_LIST_OF_STATE;
    return sql_select(tx, stmt, &params, arena, ret_rows, ret_n, err);
}

int dispute_store_sum_open(struct tx *tx, int64_t biz_id, int64_t now_ms, struct arena *arena,
                           struct open_disputes **ret_rows, size_t *ret_n, struct err *err)
{
    const int64_t day_ms = INT64_C(86400000);
    const struct open_params params = {
        .biz_id = biz_id, .day_ms = now_ms - day_ms, .week_ms = now_ms - 7 * day_ms, .month_ms = now_ms - 30 * day_ms};

    return sql_select(tx, &DISPUTE_SUM_OPEN, &params, arena, ret_rows, ret_n, err);
}
