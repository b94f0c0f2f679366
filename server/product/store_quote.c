/* Statements on quotes; see store.h. */
#include "product/store.h"

static const struct sql_column quote_columns[] = {
    SQL_COLUMN(struct quote_row, quote_id, SQL_I64),       SQL_COLUMN(struct quote_row, biz_id, SQL_I64),
    SQL_COLUMN(struct quote_row, user_id, SQL_TEXT),       SQL_COLUMN(struct quote_row, currency, SQL_CHARS),
    SQL_COLUMN(struct quote_row, amount_minor, SQL_I64),   SQL_COLUMN(struct quote_row, order_id, SQL_I64),
    SQL_COLUMN(struct quote_row, expire_time_ms, SQL_I64), SQL_COLUMN(struct quote_row, create_time_ms, SQL_I64),
};
#define QUOTE_COLUMNS "quote_id, biz_id, user_id, currency, amount_minor, order_id, expire_time_ms, create_time_ms"

static const struct sql_column line_columns[] = {
    SQL_COLUMN(struct quote_line_row, quote_id, SQL_I64),   SQL_COLUMN(struct quote_line_row, line_no, SQL_I32),
    SQL_COLUMN(struct quote_line_row, biz_id, SQL_I64),     SQL_COLUMN(struct quote_line_row, sku_id, SQL_I64),
    SQL_COLUMN(struct quote_line_row, spu_id, SQL_I64),     SQL_COLUMN(struct quote_line_row, price_id, SQL_I64),
    SQL_COLUMN(struct quote_line_row, title, SQL_TEXT),     SQL_COLUMN(struct quote_line_row, quantity, SQL_I64),
    SQL_COLUMN(struct quote_line_row, unit_minor, SQL_I64), SQL_COLUMN(struct quote_line_row, amount_minor, SQL_I64),
};
#define LINE_COLUMNS "quote_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, unit_minor, amount_minor"

static const struct sql_column mark_columns[] = {
    SQL_COLUMN(struct quote_row, order_id, SQL_I64),
    SQL_COLUMN(struct quote_row, quote_id, SQL_I64),
    SQL_COLUMN(struct quote_row, biz_id, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct product_key, id, SQL_I64),
    SQL_COLUMN(struct product_key, biz_id, SQL_I64),
};
static const struct sql_column quote_id_columns[] = {
    {.name = "quote_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

static const struct sql_stmt QUOTE_INSERT = {
    .name = "quote_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.quotes (" QUOTE_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(quote_columns),
};
static const struct sql_stmt QUOTE_LINE_INSERT = {
    .name = "quote_line_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.quote_lines (" LINE_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(line_columns),
};
static const struct sql_stmt QUOTE_FIND = {
    .name = "quote_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " QUOTE_COLUMNS "\n"
            "FROM bmt_product.quotes\n"
            "WHERE (quote_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(quote_columns),
    .result_size = sizeof(struct quote_row),
};
static const struct sql_stmt QUOTE_LINE_FIND = {
    .name = "quote_line_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " LINE_COLUMNS "\n"
            "FROM bmt_product.quote_lines\n"
            "WHERE quote_id IN ({keys})\n"
            "ORDER BY quote_id, line_no",
    .keys = SQL_COLUMNS(quote_id_columns),
    .results = SQL_COLUMNS(line_columns),
    .result_size = sizeof(struct quote_line_row),
};
static const struct sql_stmt QUOTE_MARK = {
    .name = "quote_mark",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.quotes\n"
            "SET order_id = ?\n"
            "WHERE quote_id = ? AND biz_id = ? AND order_id = 0",
    .params = SQL_COLUMNS(mark_columns),
};

int product_store_insert_quotes(struct tx *tx, const struct quote_row *quotes, size_t n_quotes,
                                const struct quote_line_row *lines, size_t n_lines, struct err *err)
{
    int rc;

    rc = sql_write(tx, &QUOTE_INSERT, quotes, n_quotes, sizeof *quotes, NULL, err);
    if (rc == 0)
        rc = sql_write(tx, &QUOTE_LINE_INSERT, lines, n_lines, sizeof *lines, NULL, err);
    return rc;
}

int product_store_find_quotes(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                              struct quote_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &QUOTE_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_find_quote_lines(struct tx *tx, const int64_t *quote_ids, size_t n, struct arena *arena,
                                   struct quote_line_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &QUOTE_LINE_FIND, NULL, quote_ids, n, sizeof *quote_ids, arena, ret_rows, ret_n, err);
}

int product_store_mark_quotes(struct tx *tx, const struct quote_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &QUOTE_MARK, rows, n, sizeof *rows, err);
}
