/* Statements on businesses; see store.h. Keys: store_keys.c. */
#include "business/store.h"

static const struct sql_column columns[] = {
    SQL_COLUMN(struct business_row, biz_id, SQL_I64),
    SQL_COLUMN(struct business_row, code, SQL_TEXT),
    SQL_COLUMN(struct business_row, name, SQL_TEXT),
    SQL_COLUMN(struct business_row, state, SQL_I32),
    SQL_COLUMN(struct business_row, currency, SQL_CHARS),
    SQL_COLUMN(struct business_row, contact_email, SQL_TEXT),
    SQL_COLUMN(struct business_row, order_expires_in_s, SQL_I32),
    SQL_COLUMN(struct business_row, order_confirm_after_s, SQL_I32),
    SQL_COLUMN(struct business_row, version, SQL_I32),
    SQL_COLUMN(struct business_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct business_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct business_row, late_money, SQL_I32),
    SQL_COLUMN(struct business_row, failed_payment, SQL_I32),
};
#define COLUMNS                                                                                                \
    "biz_id, code, name, state, currency, contact_email, order_expires_in_s, order_confirm_after_s, version, " \
    "create_time_ms, update_time_ms, late_money, failed_payment"

static const struct sql_column update_columns[] = {
    SQL_COLUMN(struct business_row, name, SQL_TEXT),
    SQL_COLUMN(struct business_row, state, SQL_I32),
    SQL_COLUMN(struct business_row, contact_email, SQL_TEXT),
    SQL_COLUMN(struct business_row, order_expires_in_s, SQL_I32),
    SQL_COLUMN(struct business_row, order_confirm_after_s, SQL_I32),
    SQL_COLUMN(struct business_row, late_money, SQL_I32),
    SQL_COLUMN(struct business_row, failed_payment, SQL_I32),
    SQL_COLUMN(struct business_row, version, SQL_I32),
    SQL_COLUMN(struct business_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct business_row, biz_id, SQL_I64),
    SQL_COLUMN(struct business_row, version_read, SQL_I32),
};
static const struct sql_column code_columns[] = {
    {.name = "code", .type = SQL_TEXT, .offset = 0, .size = sizeof(const char *)},
};

struct list_params {
    int64_t after_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, after_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt BUSINESS_INSERT = {
    .name = "business_insert",
    .module = MODULE_BUSINESS,
    .text = "INSERT INTO bmt_business.businesses (" COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt BUSINESS_UPDATE = {
    .name = "business_update",
    .module = MODULE_BUSINESS,
    .text = "UPDATE bmt_business.businesses\n"
            "SET name = ?, state = ?, contact_email = ?, order_expires_in_s = ?, order_confirm_after_s = ?,\n"
            "    late_money = ?, failed_payment = ?, version = ?, update_time_ms = ?\n"
            "WHERE biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(update_columns),
};
static const struct sql_stmt BUSINESS_FIND = {
    .name = "business_find",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.businesses\n"
            "WHERE biz_id IN ({keys})",
    .keys = {.list = columns, .n = 1},
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct business_row),
};
static const struct sql_stmt BUSINESS_FIND_CODES = {
    .name = "business_find_codes",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.businesses\n"
            "WHERE code IN ({keys})",
    .keys = SQL_COLUMNS(code_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct business_row),
};
static const struct sql_stmt BUSINESS_LIST = {
    .name = "business_list",
    .module = MODULE_BUSINESS,
    .text = "SELECT " COLUMNS "\n"
            "FROM bmt_business.businesses\n"
            "WHERE biz_id > ?\n"
            "ORDER BY biz_id\n" /* the primary key */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct business_row),
};

int business_store_insert(struct tx *tx, const struct business_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &BUSINESS_INSERT, rows, n, sizeof *rows, NULL, err);
}

int business_store_update(struct tx *tx, const struct business_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &BUSINESS_UPDATE, rows, n, sizeof *rows, err);
}

int business_store_find(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                        struct business_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &BUSINESS_FIND, NULL, biz_ids, n, sizeof *biz_ids, arena, ret_rows, ret_n, err);
}

int business_store_find_codes(struct tx *tx, const char *const *codes, size_t n, struct arena *arena,
                              struct business_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &BUSINESS_FIND_CODES, NULL, codes, n, sizeof *codes, arena, ret_rows, ret_n, err);
}

int business_store_list(struct tx *tx, const struct page *page, struct arena *arena, struct business_row **ret_rows,
                        size_t *ret_n, struct err *err)
{
    const struct list_params params = {.after_id = page->after_id, .limit = page->size + 1};

    return sql_select(tx, &BUSINESS_LIST, &params, arena, ret_rows, ret_n, err);
}
