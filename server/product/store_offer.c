/* What a sale asks of SKUs, read at once, and the version that proves a copy of it fresh; see store.h and offers.h. */
#include "product/store.h"

static const struct sql_column offer_columns[] = {
    SQL_COLUMN(struct offer_row, sku_id, SQL_I64),
    SQL_COLUMN(struct offer_row, biz_id, SQL_I64),
    SQL_COLUMN(struct offer_row, spu_id, SQL_I64),
    SQL_COLUMN(struct offer_row, title, SQL_TEXT),
    SQL_COLUMN(struct offer_row, sku_state, SQL_I32),
    SQL_COLUMN(struct offer_row, spu_state, SQL_I32),
    SQL_COLUMN(struct offer_row, is_counted, SQL_BOOL),
    SQL_COLUMN(struct offer_row, currency, SQL_CHARS),
    SQL_COLUMN(struct offer_row, price_id, SQL_I64),
    SQL_COLUMN(struct offer_row, unit_minor, SQL_I64),
    SQL_COLUMN(struct offer_row, effective_time_ms, SQL_I64),
};
static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct product_key, id, SQL_I64),
    SQL_COLUMN(struct product_key, biz_id, SQL_I64),
};
static const struct sql_column now_columns[] = {
    {.name = "now_ms", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
static const struct sql_column biz_columns[] = {
    {.name = "biz_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
static const struct sql_column version_columns[] = {
    SQL_COLUMN(struct catalogue_version, biz_id, SQL_I64),
    SQL_COLUMN(struct catalogue_version, version, SQL_I64),
};

/* In one statement; the subquery reads one entry of the primary key for each price. */
static const struct sql_stmt OFFER_FIND = {
    .name = "offer_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT k.sku_id, k.biz_id, k.spu_id, k.title, k.state, u.state, COALESCE(s.is_counted, 0),\n"
            "       p.currency, p.price_id, p.amount_minor, p.effective_time_ms\n"
            "FROM bmt_product.skus k FORCE INDEX (PRIMARY)\n"
            "JOIN bmt_product.spus u ON u.spu_id = k.spu_id AND u.biz_id = k.biz_id\n"
            "LEFT JOIN bmt_product.stocks s ON s.sku_id = k.sku_id AND s.biz_id = k.biz_id\n"
            "LEFT JOIN bmt_product.price_versions p ON p.sku_id = k.sku_id AND p.biz_id = k.biz_id\n"
            "    AND p.effective_time_ms >= COALESCE((SELECT MAX(q.effective_time_ms)\n"
            "                                         FROM bmt_product.price_versions q\n"
            "                                         WHERE q.sku_id = p.sku_id AND q.currency = p.currency\n"
            "                                           AND q.effective_time_ms <= ?), 0)\n"
            "WHERE (k.sku_id, k.biz_id) IN ({keys})",
    .params = SQL_COLUMNS(now_columns),
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(offer_columns),
    .result_size = sizeof(struct offer_row),
};
static const struct sql_stmt VERSION_FIND = {
    .name = "catalogue_version_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT biz_id, version\n"
            "FROM bmt_product.catalogue_versions\n"
            "WHERE biz_id IN ({keys})",
    .keys = SQL_COLUMNS(biz_columns),
    .results = SQL_COLUMNS(version_columns),
    .result_size = sizeof(struct catalogue_version),
};
static const struct sql_stmt VERSION_COUNT = {
    .name = "catalogue_version_count",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.catalogue_versions (biz_id, version)\n"
            "VALUES (?, 1)\n"
            "ON DUPLICATE KEY UPDATE version = version + 1",
    .params = SQL_COLUMNS(biz_columns),
};

int product_store_find_offers(struct tx *tx, const struct product_key *keys, size_t n, int64_t now_ms,
                              struct arena *arena, struct offer_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &OFFER_FIND, &now_ms, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_find_versions(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                struct catalogue_version **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &VERSION_FIND, NULL, biz_ids, n, sizeof *biz_ids, arena, ret_rows, ret_n, err);
}

int product_store_count_changes(struct tx *tx, const int64_t *biz_ids, size_t n, struct err *err)
{
    return sql_write(tx, &VERSION_COUNT, biz_ids, n, sizeof *biz_ids, NULL, err);
}
