/* Statements on entitlement lots; see store.h. */
#include "product/store.h"

static const struct sql_column lot_columns[] = {
    SQL_COLUMN(struct lot_row, lot_id, SQL_I64),
    SQL_COLUMN(struct lot_row, biz_id, SQL_I64),
    SQL_COLUMN(struct lot_row, user_id, SQL_TEXT),
    SQL_COLUMN(struct lot_row, spu_id, SQL_I64),
    SQL_COLUMN(struct lot_row, sku_id, SQL_I64),
    SQL_COLUMN(struct lot_row, order_id, SQL_I64),
    SQL_COLUMN(struct lot_row, line_no, SQL_I32),
    SQL_COLUMN(struct lot_row, grant_kind, SQL_I32),
    SQL_COLUMN(struct lot_row, quantity, SQL_I64),
    SQL_COLUMN(struct lot_row, granted, SQL_I64),
    SQL_COLUMN(struct lot_row, remaining, SQL_I64),
    SQL_COLUMN(struct lot_row, start_time_ms, SQL_I64),
    SQL_COLUMN(struct lot_row, end_time_ms, SQL_I64),
    SQL_COLUMN(struct lot_row, state, SQL_I32),
    SQL_COLUMN(struct lot_row, seq, SQL_I32),
    SQL_COLUMN(struct lot_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct lot_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct lot_row, recalled, SQL_I64),
};
#define LOT_COLUMNS                                                                                          \
    "lot_id, biz_id, user_id, spu_id, sku_id, order_id, line_no, grant_kind, quantity, granted, remaining, " \
    "start_time_ms, end_time_ms, state, seq, create_time_ms, update_time_ms, recalled"

static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct product_key, id, SQL_I64),
    SQL_COLUMN(struct product_key, biz_id, SQL_I64),
};
static const struct sql_column user_columns[] = {
    SQL_COLUMN(struct lot_user_key, biz_id, SQL_I64),
    SQL_COLUMN(struct lot_user_key, user_id, SQL_TEXT),
    SQL_COLUMN(struct lot_user_key, spu_id, SQL_I64),
};
static const struct sql_column tail_columns[] = {
    SQL_COLUMN(struct lot_tail_row, of.biz_id, SQL_I64),   SQL_COLUMN(struct lot_tail_row, of.user_id, SQL_TEXT),
    SQL_COLUMN(struct lot_tail_row, of.spu_id, SQL_I64),   SQL_COLUMN(struct lot_tail_row, last_seq, SQL_I32),
    SQL_COLUMN(struct lot_tail_row, end_time_ms, SQL_I64),
};
static const struct sql_column order_id_columns[] = {
    {.name = "order_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};
static const struct sql_column recall_columns[] = {
    SQL_COLUMN(struct lot_row, recalled, SQL_I64),       SQL_COLUMN(struct lot_row, remaining, SQL_I64),
    SQL_COLUMN(struct lot_row, end_time_ms, SQL_I64),    SQL_COLUMN(struct lot_row, state, SQL_I32),
    SQL_COLUMN(struct lot_row, update_time_ms, SQL_I64), SQL_COLUMN(struct lot_row, lot_id, SQL_I64),
    SQL_COLUMN(struct lot_row, biz_id, SQL_I64),         SQL_COLUMN(struct lot_row, recalled_read, SQL_I64),
};
static const struct sql_column now_columns[] = {
    {.name = "now_ms", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

struct list_params {
    struct lot_user_key of;
    int64_t after_id;
    int32_t limit;
};
static const struct sql_column list_columns[] = {
    SQL_COLUMN(struct list_params, of.biz_id, SQL_I64), SQL_COLUMN(struct list_params, of.user_id, SQL_TEXT),
    SQL_COLUMN(struct list_params, of.spu_id, SQL_I64), SQL_COLUMN(struct list_params, of.spu_id, SQL_I64),
    SQL_COLUMN(struct list_params, after_id, SQL_I64),  SQL_COLUMN(struct list_params, limit, SQL_I32),
};

static const struct sql_stmt LOT_INSERT = {
    .name = "lot_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.entitlement_lots (" LOT_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(lot_columns),
};
static const struct sql_stmt LOT_FIND = {
    .name = "lot_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " LOT_COLUMNS "\n"
            "FROM bmt_product.entitlement_lots FORCE INDEX (PRIMARY)\n"
            "WHERE (lot_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(lot_columns),
    .result_size = sizeof(struct lot_row),
};
static const struct sql_stmt LOT_FIND_LIVE = {
    .name = "lot_find_live",
    .module = MODULE_PRODUCT,
    .text = "SELECT " LOT_COLUMNS "\n"
            "FROM bmt_product.entitlement_lots\n"
            "WHERE state = 1 AND (end_time_ms = 0 OR end_time_ms > ?)\n" /* ACTIVE */
            "  AND (biz_id, user_id, spu_id) IN ({keys})\n"              /* uq_entitlement_lots_user */
            "ORDER BY lot_id\n"
            "LIMIT 10000",
    .params = SQL_COLUMNS(now_columns),
    .keys = SQL_COLUMNS(user_columns),
    .results = SQL_COLUMNS(lot_columns),
    .result_size = sizeof(struct lot_row),
};
static const struct sql_stmt LOT_TAIL = {
    .name = "lot_tail",
    .module = MODULE_PRODUCT,
    .text = "SELECT biz_id, user_id, spu_id, MAX(seq), MAX(IF(state = 1 AND grant_kind = 1, end_time_ms, 0))\n"
            "FROM bmt_product.entitlement_lots\n" /* ACTIVE, DURATION */
            "WHERE (biz_id, user_id, spu_id) IN ({keys})\n"
            "GROUP BY biz_id, user_id, spu_id",
    .keys = SQL_COLUMNS(user_columns),
    .results = SQL_COLUMNS(tail_columns),
    .result_size = sizeof(struct lot_tail_row),
};
static const struct sql_stmt LOT_LIST = {
    .name = "lot_list",
    .module = MODULE_PRODUCT,
    .text = "SELECT " LOT_COLUMNS "\n"
            "FROM bmt_product.entitlement_lots\n"
            "WHERE biz_id = ? AND user_id = ? AND (? = 0 OR spu_id = ?) AND lot_id > ?\n"
            "ORDER BY lot_id\n" /* a user's lots are few */
            "LIMIT ?",
    .params = SQL_COLUMNS(list_columns),
    .results = SQL_COLUMNS(lot_columns),
    .result_size = sizeof(struct lot_row),
};

static const struct sql_stmt LOT_LOCK_OF_ORDERS = {
    .name = "lot_lock_of_orders",
    .module = MODULE_PRODUCT,
    .text = "SELECT " LOT_COLUMNS "\n"
            "FROM bmt_product.entitlement_lots FORCE INDEX (uq_entitlement_lots_line)\n"
            "WHERE order_id IN ({keys})\n"
            "ORDER BY order_id, line_no\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(order_id_columns),
    .results = SQL_COLUMNS(lot_columns),
    .result_size = sizeof(struct lot_row),
};
static const struct sql_stmt LOT_RECALL = {
    .name = "lot_recall",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.entitlement_lots\n"
            "SET recalled = ?, remaining = ?, end_time_ms = ?, state = ?, update_time_ms = ?\n"
            "WHERE lot_id = ? AND biz_id = ? AND recalled = ?",
    .params = SQL_COLUMNS(recall_columns),
};

int product_store_find_lot_tails(struct tx *tx, const struct lot_user_key *keys, size_t n, struct arena *arena,
                                 struct lot_tail_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &LOT_TAIL, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_insert_lots(struct tx *tx, const struct lot_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &LOT_INSERT, rows, n, sizeof *rows, NULL, err);
}

int product_store_find_lots(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                            struct lot_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &LOT_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_find_live_lots(struct tx *tx, const struct lot_user_key *keys, size_t n, int64_t now_ms,
                                 struct arena *arena, struct lot_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &LOT_FIND_LIVE, &now_ms, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_lock_lots_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                      struct lot_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &LOT_LOCK_OF_ORDERS, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n, err);
}

int product_store_recall_lots(struct tx *tx, const struct lot_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &LOT_RECALL, rows, n, sizeof *rows, err);
}

int product_store_list_lots(struct tx *tx, const struct lot_user_key *of, const struct page *page, struct arena *arena,
                            struct lot_row **ret_rows, size_t *ret_n, struct err *err)
{
    const struct list_params params = {.of = *of, .after_id = page->after_id, .limit = page->size + 1};

    return sql_select(tx, &LOT_LIST, &params, arena, ret_rows, ret_n, err);
}
