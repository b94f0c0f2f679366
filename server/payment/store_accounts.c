/* Statements on channel accounts and notifications; see store.h. */
#include "payment/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct channel_account_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct channel_account_row, biz_id, SQL_I64),
    SQL_COLUMN(struct channel_account_row, code, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, channel, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, title, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, merchant, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, secret_name, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, base_url, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, notify_url, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, state, SQL_I32),
    SQL_COLUMN(struct channel_account_row, priority, SQL_I32),
    SQL_COLUMN(struct channel_account_row, version, SQL_I32),
    SQL_COLUMN(struct channel_account_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct channel_account_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct channel_account_row, currencies, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, amount_min, SQL_I64),
    SQL_COLUMN(struct channel_account_row, amount_max, SQL_I64),
    SQL_COLUMN(struct channel_account_row, platforms, SQL_I32),
    SQL_COLUMN(struct channel_account_row, agreement_version, SQL_I64), /* of another table */
};
#define OWN_COLUMNS                                 \
    {                                               \
        .list = columns, .n = COUNT_OF(columns) - 1 \
    }
#define COLUMNS                                                                                              \
    "channel_account_id, biz_id, code, channel, title, merchant, secret_name, base_url, notify_url, state, " \
    "priority, version, create_time_ms, update_time_ms, currencies, amount_min, amount_max, platforms"

static const struct sql_column update_columns[] = {
    SQL_COLUMN(struct channel_account_row, title, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, base_url, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, notify_url, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, state, SQL_I32),
    SQL_COLUMN(struct channel_account_row, priority, SQL_I32),
    SQL_COLUMN(struct channel_account_row, version, SQL_I32),
    SQL_COLUMN(struct channel_account_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct channel_account_row, currencies, SQL_TEXT),
    SQL_COLUMN(struct channel_account_row, amount_min, SQL_I64),
    SQL_COLUMN(struct channel_account_row, amount_max, SQL_I64),
    SQL_COLUMN(struct channel_account_row, platforms, SQL_I32),
    SQL_COLUMN(struct channel_account_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct channel_account_row, biz_id, SQL_I64),
    SQL_COLUMN(struct channel_account_row, version_read, SQL_I32),
};
/* A business's id alone. */
struct business_key {
    int64_t biz_id;
};
static const struct sql_column business_columns[] = {
    SQL_COLUMN(struct business_key, biz_id, SQL_I64),
};
static const struct sql_column code_columns[] = {
    SQL_COLUMN(struct account_code_key, biz_id, SQL_I64),
    SQL_COLUMN(struct account_code_key, code, SQL_TEXT),
};
static const struct sql_column notification_columns[] = {
    SQL_COLUMN(struct notification_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct notification_row, event_id, SQL_TEXT),
    SQL_COLUMN(struct notification_row, biz_id, SQL_I64),
    SQL_COLUMN(struct notification_row, payment_id, SQL_I64),
    SQL_COLUMN(struct notification_row, outcome, SQL_I32),
    SQL_COLUMN(struct notification_row, body, SQL_BYTES),
    SQL_COLUMN(struct notification_row, create_time_ms, SQL_I64),
};
static const struct sql_column notification_key_columns[] = {
    SQL_COLUMN(struct notification_key, channel_account_id, SQL_I64),
    SQL_COLUMN(struct notification_key, event_id, SQL_TEXT),
};

struct list_params {
    int64_t biz_id;
    int64_t after_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, after_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt ACCOUNT_INSERT = {
    .name = "channel_account_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.channel_accounts (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = OWN_COLUMNS,
};
static const struct sql_stmt ACCOUNT_UPDATE = {
    .name = "channel_account_update",
    .module = MODULE_PAYMENT,
    .text = "UPDATE bmt_payment.channel_accounts\n"
            "SET title = ?, base_url = ?, notify_url = ?, state = ?, priority = ?, version = ?, update_time_ms = ?,\n"
            "    currencies = ?, amount_min = ?, amount_max = ?, platforms = ?\n"
            "WHERE channel_account_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(update_columns),
};
static const struct sql_stmt ACCOUNT_FIND = {
    .name = "channel_account_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS ",\n"
            "    (SELECT v.version FROM bmt_payment.agreement_versions AS v WHERE v.biz_id = a.biz_id)\n"
            "FROM bmt_payment.channel_accounts AS a FORCE INDEX (PRIMARY)\n"
            "WHERE (channel_account_id, biz_id) IN ({keys})",
    .keys = {.list = columns, .n = 2},
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct channel_account_row),
};
static const struct sql_stmt ACCOUNT_FIND_BY_ID = {
    .name = "channel_account_find_by_id",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.channel_accounts\n"
            "WHERE channel_account_id IN ({keys})",
    .keys = {.list = columns, .n = 1},
    .results = OWN_COLUMNS,
    .result_size = sizeof(struct channel_account_row),
};
static const struct sql_stmt ACCOUNT_FIND_ENABLED = {
    .name = "channel_account_find_enabled",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.channel_accounts FORCE INDEX (uq_channel_accounts_code)\n"
            "WHERE state = 1 AND biz_id IN ({keys})", /* ENABLED */
    .keys = SQL_COLUMNS(business_columns),
    .results = OWN_COLUMNS,
    .result_size = sizeof(struct channel_account_row),
};
static const struct sql_stmt ACCOUNT_FIND_CODES = {
    .name = "channel_account_find_codes",
    .module = MODULE_PAYMENT,
    .text = "SELECT biz_id, code\n"
            "FROM bmt_payment.channel_accounts\n"
            "WHERE (biz_id, code) IN ({keys})",
    .keys = SQL_COLUMNS(code_columns),
    .results = SQL_COLUMNS(code_columns),
    .result_size = sizeof(struct account_code_key),
};
static const struct sql_stmt ACCOUNT_LIST = {
    .name = "channel_account_list",
    .module = MODULE_PAYMENT,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_payment.channel_accounts\n"
            "WHERE biz_id = ? AND channel_account_id > ?\n"
            "ORDER BY channel_account_id\n" /* a business has few */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = OWN_COLUMNS,
    .result_size = sizeof(struct channel_account_row),
};
static const struct sql_stmt NOTIFICATION_FIND = {
    .name = "notification_find",
    .module = MODULE_PAYMENT,
    .text = "SELECT channel_account_id, event_id\n"
            "FROM bmt_payment.notifications\n"
            "WHERE (channel_account_id, event_id) IN ({keys})",
    .keys = SQL_COLUMNS(notification_key_columns),
    .results = SQL_COLUMNS(notification_key_columns),
    .result_size = sizeof(struct notification_key),
};
static const struct sql_stmt NOTIFICATION_INSERT = {
    .name = "notification_insert",
    .module = MODULE_PAYMENT,
    .text = "INSERT INTO bmt_payment.notifications\n"
            "    (channel_account_id, event_id, biz_id, payment_id, outcome, body, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?)\n"
            "ON DUPLICATE KEY UPDATE event_id = event_id",
    .params = SQL_COLUMNS(notification_columns),
};

int payment_store_insert_accounts(struct tx *tx, const struct channel_account_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &ACCOUNT_INSERT, rows, n, sizeof *rows, NULL, err);
}

int payment_store_update_accounts(struct tx *tx, const struct channel_account_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &ACCOUNT_UPDATE, rows, n, sizeof *rows, err);
}

int payment_store_find_accounts(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                                struct channel_account_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ACCOUNT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_find_accounts_by_id(struct tx *tx, const int64_t *ids, size_t n, struct arena *arena,
                                      struct channel_account_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ACCOUNT_FIND_BY_ID, NULL, ids, n, sizeof *ids, arena, ret_rows, ret_n, err);
}

int payment_store_find_enabled_accounts(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                        struct channel_account_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ACCOUNT_FIND_ENABLED, NULL, biz_ids, n, sizeof *biz_ids, arena, ret_rows, ret_n, err);
}

int payment_store_find_account_codes(struct tx *tx, const struct account_code_key *keys, size_t n, struct arena *arena,
                                     struct account_code_key **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &ACCOUNT_FIND_CODES, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_list_accounts(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                                struct channel_account_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.biz_id = biz_id, .after_id = page->after_id, .limit = page->size + 1};

    return sql_select(tx, &ACCOUNT_LIST, &params, arena, ret_rows, ret_n, err);
}

int payment_store_find_notifications(struct tx *tx, const struct notification_key *keys, size_t n, struct arena *arena,
                                     struct notification_key **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &NOTIFICATION_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int payment_store_insert_notifications(struct tx *tx, const struct notification_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &NOTIFICATION_INSERT, rows, n, sizeof *rows, NULL, err);
}
