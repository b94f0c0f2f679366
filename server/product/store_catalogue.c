/* Statements on SPUs, SKUs and prices; see store.h. */
#include "product/store.h"

static const struct sql_column spu_columns[] = {
    SQL_COLUMN(struct spu_row, spu_id, SQL_I64),         SQL_COLUMN(struct spu_row, biz_id, SQL_I64),
    SQL_COLUMN(struct spu_row, code, SQL_TEXT),          SQL_COLUMN(struct spu_row, title, SQL_TEXT),
    SQL_COLUMN(struct spu_row, description, SQL_TEXT),   SQL_COLUMN(struct spu_row, state, SQL_I32),
    SQL_COLUMN(struct spu_row, version, SQL_I32),        SQL_COLUMN(struct spu_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct spu_row, update_time_ms, SQL_I64),
};
#define SPU_COLUMNS "spu_id, biz_id, code, title, description, state, version, create_time_ms, update_time_ms"

static const struct sql_column spu_update_columns[] = {
    SQL_COLUMN(struct spu_row, title, SQL_TEXT),         SQL_COLUMN(struct spu_row, description, SQL_TEXT),
    SQL_COLUMN(struct spu_row, state, SQL_I32),          SQL_COLUMN(struct spu_row, version, SQL_I32),
    SQL_COLUMN(struct spu_row, update_time_ms, SQL_I64), SQL_COLUMN(struct spu_row, spu_id, SQL_I64),
    SQL_COLUMN(struct spu_row, biz_id, SQL_I64),         SQL_COLUMN(struct spu_row, version_read, SQL_I32),
};

static const struct sql_column sku_columns[] = {
    SQL_COLUMN(struct sku_row, sku_id, SQL_I64),         SQL_COLUMN(struct sku_row, biz_id, SQL_I64),
    SQL_COLUMN(struct sku_row, spu_id, SQL_I64),         SQL_COLUMN(struct sku_row, code, SQL_TEXT),
    SQL_COLUMN(struct sku_row, title, SQL_TEXT),         SQL_COLUMN(struct sku_row, state, SQL_I32),
    SQL_COLUMN(struct sku_row, grant_kind, SQL_I32),     SQL_COLUMN(struct sku_row, grant_amount, SQL_I64),
    SQL_COLUMN(struct sku_row, version, SQL_I32),        SQL_COLUMN(struct sku_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct sku_row, update_time_ms, SQL_I64),
};
#define SKU_COLUMNS \
    "sku_id, biz_id, spu_id, code, title, state, grant_kind, grant_amount, version, create_time_ms, update_time_ms"

static const struct sql_column sku_update_columns[] = {
    SQL_COLUMN(struct sku_row, title, SQL_TEXT),       SQL_COLUMN(struct sku_row, state, SQL_I32),
    SQL_COLUMN(struct sku_row, version, SQL_I32),      SQL_COLUMN(struct sku_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct sku_row, sku_id, SQL_I64),       SQL_COLUMN(struct sku_row, biz_id, SQL_I64),
    SQL_COLUMN(struct sku_row, version_read, SQL_I32),
};

static const struct sql_column price_columns[] = {
    SQL_COLUMN(struct price_row, sku_id, SQL_I64),
    SQL_COLUMN(struct price_row, currency, SQL_CHARS),
    SQL_COLUMN(struct price_row, effective_time_ms, SQL_I64),
    SQL_COLUMN(struct price_row, price_id, SQL_I64),
    SQL_COLUMN(struct price_row, biz_id, SQL_I64),
    SQL_COLUMN(struct price_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct price_row, create_time_ms, SQL_I64),
};
#define PRICE_COLUMNS "sku_id, currency, effective_time_ms, price_id, biz_id, amount_minor, create_time_ms"

static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct product_key, id, SQL_I64),
    SQL_COLUMN(struct product_key, biz_id, SQL_I64),
};
static const struct sql_column code_columns[] = {
    SQL_COLUMN(struct code_key, biz_id, SQL_I64),
    SQL_COLUMN(struct code_key, code, SQL_TEXT),
};

/* A page of a list, and what it is a list of. */
struct list_params {
    int64_t biz_id;
    int64_t of_id;
    int64_t after_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, after_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_column list_of_columns[] = {
    SQL_COLUMN(struct list_params, biz_id, SQL_I64),
    SQL_COLUMN(struct list_params, of_id, SQL_I64),
    SQL_COLUMN(struct list_params, after_id, SQL_I64),
    SQL_COLUMN(struct list_params, limit, SQL_I32),
};
static const struct sql_stmt SPU_INSERT = {
    .name = "spu_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.spus (" SPU_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(spu_columns),
};
static const struct sql_stmt SPU_UPDATE = {
    .name = "spu_update",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.spus\n"
            "SET title = ?, description = ?, state = ?, version = ?, update_time_ms = ?\n"
            "WHERE spu_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(spu_update_columns),
};
static const struct sql_stmt SPU_FIND = {
    .name = "spu_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " SPU_COLUMNS "\n"
            "FROM bmt_product.spus FORCE INDEX (PRIMARY)\n"
            "WHERE (spu_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(spu_columns),
    .result_size = sizeof(struct spu_row),
};
static const struct sql_stmt SPU_LIST = {
    .name = "spu_list",
    .module = MODULE_PRODUCT,
    .text = "SELECT " SPU_COLUMNS "\n"
            "FROM bmt_product.spus\n"
            "WHERE biz_id = ? AND spu_id > ?\n"
            "ORDER BY spu_id\n" /* ix_spus_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(spu_columns),
    .result_size = sizeof(struct spu_row),
};
static const struct sql_stmt SPU_FIND_CODES = {
    .name = "spu_find_codes",
    .module = MODULE_PRODUCT,
    .text = "SELECT biz_id, code\n"
            "FROM bmt_product.spus\n"
            "WHERE (biz_id, code) IN ({keys})",
    .keys = SQL_COLUMNS(code_columns),
    .results = SQL_COLUMNS(code_columns),
    .result_size = sizeof(struct code_key),
};

static const struct sql_stmt SKU_INSERT = {
    .name = "sku_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.skus (" SKU_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(sku_columns),
};
static const struct sql_stmt SKU_UPDATE = {
    .name = "sku_update",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.skus\n"
            "SET title = ?, state = ?, version = ?, update_time_ms = ?\n"
            "WHERE sku_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(sku_update_columns),
};
static const struct sql_stmt SKU_FIND = {
    .name = "sku_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " SKU_COLUMNS "\n"
            "FROM bmt_product.skus FORCE INDEX (PRIMARY)\n"
            "WHERE (sku_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(sku_columns),
    .result_size = sizeof(struct sku_row),
};
static const struct sql_stmt SKU_LIST = {
    .name = "sku_list",
    .module = MODULE_PRODUCT,
    .text = "SELECT " SKU_COLUMNS "\n"
            "FROM bmt_product.skus\n"
            "WHERE biz_id = ? AND sku_id > ?\n"
            "ORDER BY sku_id\n" /* ix_skus_business */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(sku_columns),
    .result_size = sizeof(struct sku_row),
};
static const struct sql_stmt SKU_LIST_OF_SPU = {
    .name = "sku_list_of_spu",
    .module = MODULE_PRODUCT,
    .text = "SELECT " SKU_COLUMNS "\n"
            "FROM bmt_product.skus\n"
            "WHERE biz_id = ? AND spu_id = ? AND sku_id > ?\n"
            "ORDER BY sku_id\n" /* ix_skus_spu */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_columns),
    .results = SQL_COLUMNS(sku_columns),
    .result_size = sizeof(struct sku_row),
};
static const struct sql_stmt SKU_FIND_CODES = {
    .name = "sku_find_codes",
    .module = MODULE_PRODUCT,
    .text = "SELECT biz_id, code\n"
            "FROM bmt_product.skus\n"
            "WHERE (biz_id, code) IN ({keys})",
    .keys = SQL_COLUMNS(code_columns),
    .results = SQL_COLUMNS(code_columns),
    .result_size = sizeof(struct code_key),
};

static const struct sql_stmt PRICE_INSERT = {
    .name = "price_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.price_versions (" PRICE_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(price_columns),
};
static const struct sql_stmt PRICE_FIND = {
    .name = "price_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " PRICE_COLUMNS "\n"
            "FROM bmt_product.price_versions\n"
            "WHERE (sku_id, currency, effective_time_ms) IN ({keys})",
    .keys = {.list = price_columns, .n = 3},
    .results = SQL_COLUMNS(price_columns),
    .result_size = sizeof(struct price_row),
};
static const struct sql_stmt PRICE_LIST = {
    .name = "price_list",
    .module = MODULE_PRODUCT,
    .text = "SELECT " PRICE_COLUMNS "\n"
            "FROM bmt_product.price_versions\n"
            "WHERE biz_id = ? AND sku_id = ? AND price_id < ?\n"
            "ORDER BY price_id DESC\n" /* the primary key finds the SKU's prices, which are few */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_of_columns),
    .results = SQL_COLUMNS(price_columns),
    .result_size = sizeof(struct price_row),
};

int product_store_insert_spus(struct tx *tx, const struct spu_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &SPU_INSERT, rows, n, sizeof *rows, NULL, err);
}

int product_store_update_spus(struct tx *tx, const struct spu_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &SPU_UPDATE, rows, n, sizeof *rows, err);
}

int product_store_find_spus(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                            struct spu_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &SPU_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_list_spus(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                            struct spu_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.biz_id = biz_id, .after_id = page->after_id, .limit = page->size + 1};

    return sql_select(tx, &SPU_LIST, &params, arena, ret_rows, ret_n, err);
}

int product_store_find_spu_codes(struct tx *tx, const struct code_key *keys, size_t n, struct arena *arena,
                                 struct code_key **ret_taken, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &SPU_FIND_CODES, NULL, keys, n, sizeof *keys, arena, ret_taken, ret_n, err);
}

int product_store_insert_skus(struct tx *tx, const struct sku_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &SKU_INSERT, rows, n, sizeof *rows, NULL, err);
}

int product_store_update_skus(struct tx *tx, const struct sku_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &SKU_UPDATE, rows, n, sizeof *rows, err);
}

int product_store_find_skus(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                            struct sku_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &SKU_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_list_skus(struct tx *tx, int64_t biz_id, int64_t spu_id, const struct page *page, struct arena *arena,
                            struct sku_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {
        .biz_id = biz_id, .of_id = spu_id, .after_id = page->after_id, .limit = page->size + 1};

    return sql_select(tx, spu_id != 0 ? &SKU_LIST_OF_SPU : &SKU_LIST, &params, arena, ret_rows, ret_n, err);
}

int product_store_find_sku_codes(struct tx *tx, const struct code_key *keys, size_t n, struct arena *arena,
                                 struct code_key **ret_taken, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &SKU_FIND_CODES, NULL, keys, n, sizeof *keys, arena, ret_taken, ret_n, err);
}

int product_store_insert_prices(struct tx *tx, const struct price_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &PRICE_INSERT, rows, n, sizeof *rows, NULL, err);
}

int product_store_find_prices(struct tx *tx, const struct price_row *keys, size_t n, struct arena *arena,
                              struct price_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &PRICE_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_list_prices(struct tx *tx, int64_t biz_id, int64_t sku_id, const struct page *page,
                              struct arena *arena, struct price_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {
        .biz_id = biz_id,
        .of_id = sku_id,
        .after_id = page->after_id != 0 ? page->after_id : INT64_MAX,
        .limit = page->size + 1,
    };

    return sql_select(tx, &PRICE_LIST, &params, arena, ret_rows, ret_n, err);
}
