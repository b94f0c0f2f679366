/*
 * Statements on stock and holds; see store.h. The three moves are conditional updates, each of one SKU's row: what
 * does not fit matches no row, the count is then short, and the batch conflicts.
 */
#include "product/store.h"

static const struct sql_column stock_columns[] = {
    SQL_COLUMN(struct stock_row, sku_id, SQL_I64),      SQL_COLUMN(struct stock_row, biz_id, SQL_I64),
    SQL_COLUMN(struct stock_row, total, SQL_I64),       SQL_COLUMN(struct stock_row, available, SQL_I64),
    SQL_COLUMN(struct stock_row, held, SQL_I64),        SQL_COLUMN(struct stock_row, sold, SQL_I64),
    SQL_COLUMN(struct stock_row, version, SQL_I32),     SQL_COLUMN(struct stock_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct stock_row, is_counted, SQL_BOOL),
};
#define STOCK_COLUMNS "sku_id, biz_id, total, available, held, sold, version, update_time_ms, is_counted"

static const struct sql_column stock_update_columns[] = {
    SQL_COLUMN(struct stock_row, total, SQL_I64),          SQL_COLUMN(struct stock_row, available, SQL_I64),
    SQL_COLUMN(struct stock_row, is_counted, SQL_BOOL),    SQL_COLUMN(struct stock_row, version, SQL_I32),
    SQL_COLUMN(struct stock_row, update_time_ms, SQL_I64), SQL_COLUMN(struct stock_row, sku_id, SQL_I64),
    SQL_COLUMN(struct stock_row, biz_id, SQL_I64),         SQL_COLUMN(struct stock_row, version_read, SQL_I32),
};

static const struct sql_column key_columns[] = {
    SQL_COLUMN(struct product_key, id, SQL_I64),
    SQL_COLUMN(struct product_key, biz_id, SQL_I64),
};
static const struct sql_column order_id_columns[] = {
    {.name = "order_id", .type = SQL_I64, .offset = 0, .size = sizeof(int64_t)},
};

static const struct sql_column hold_columns[] = {
    SQL_COLUMN(struct hold_row, order_id, SQL_I64),       SQL_COLUMN(struct hold_row, sku_id, SQL_I64),
    SQL_COLUMN(struct hold_row, biz_id, SQL_I64),         SQL_COLUMN(struct hold_row, quantity, SQL_I64),
    SQL_COLUMN(struct hold_row, state, SQL_I32),          SQL_COLUMN(struct hold_row, create_time_ms, SQL_I64),
    SQL_COLUMN(struct hold_row, update_time_ms, SQL_I64),
};
static const struct sql_column hold_move_columns[] = {
    SQL_COLUMN(struct hold_row, state, SQL_I32),    SQL_COLUMN(struct hold_row, update_time_ms, SQL_I64),
    SQL_COLUMN(struct hold_row, order_id, SQL_I64), SQL_COLUMN(struct hold_row, sku_id, SQL_I64),
    SQL_COLUMN(struct hold_row, biz_id, SQL_I64),   SQL_COLUMN(struct hold_row, state_read, SQL_I32),
};

static const struct sql_column hold_return_columns[] = {
    SQL_COLUMN(struct hold_return, quantity, SQL_I64), SQL_COLUMN(struct hold_return, now_ms, SQL_I64),
    SQL_COLUMN(struct hold_return, order_id, SQL_I64), SQL_COLUMN(struct hold_return, sku_id, SQL_I64),
    SQL_COLUMN(struct hold_return, biz_id, SQL_I64),   SQL_COLUMN(struct hold_return, quantity, SQL_I64),
};

/* A move as its statement binds it: the quantity three times. */
struct move_row {
    int64_t quantity;
    int64_t now_ms;
    int64_t sku_id;
    int64_t biz_id;
};
static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct move_row, quantity, SQL_I64), SQL_COLUMN(struct move_row, quantity, SQL_I64),
    SQL_COLUMN(struct move_row, now_ms, SQL_I64),   SQL_COLUMN(struct move_row, sku_id, SQL_I64),
    SQL_COLUMN(struct move_row, biz_id, SQL_I64),   SQL_COLUMN(struct move_row, quantity, SQL_I64),
};

static const struct sql_stmt STOCK_FIND = {
    .name = "stock_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT " STOCK_COLUMNS "\n"
            "FROM bmt_product.stocks\n"
            "WHERE (sku_id, biz_id) IN ({keys})",
    .keys = SQL_COLUMNS(key_columns),
    .results = SQL_COLUMNS(stock_columns),
    .result_size = sizeof(struct stock_row),
};
static const struct sql_stmt STOCK_INSERT = {
    .name = "stock_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.stocks (" STOCK_COLUMNS ")\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(stock_columns),
};
static const struct sql_stmt STOCK_UPDATE = {
    .name = "stock_update",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stocks\n"
            "SET total = ?, available = ?, is_counted = ?, version = ?, update_time_ms = ?\n"
            "WHERE sku_id = ? AND biz_id = ? AND version = ?",
    .params = SQL_COLUMNS(stock_update_columns),
};
static const struct sql_stmt STOCK_HOLD = {
    .name = "stock_hold",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stocks\n"
            "SET available = available - ?, held = held + ?, version = version + 1, update_time_ms = ?\n"
            "WHERE sku_id = ? AND biz_id = ? AND available >= ? AND is_counted = 1",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt STOCK_SELL = {
    .name = "stock_sell",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stocks\n"
            "SET held = held - ?, sold = sold + ?, version = version + 1, update_time_ms = ?\n"
            "WHERE sku_id = ? AND biz_id = ? AND held >= ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt STOCK_RELEASE = {
    .name = "stock_release",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stocks\n"
            "SET held = held - ?, available = available + ?, version = version + 1, update_time_ms = ?\n"
            "WHERE sku_id = ? AND biz_id = ? AND held >= ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt STOCK_RETURN = {
    .name = "stock_return",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stocks\n"
            "SET sold = sold - ?, available = available + ?, version = version + 1, update_time_ms = ?\n"
            "WHERE sku_id = ? AND biz_id = ? AND sold >= ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};
static const struct sql_stmt HOLD_INSERT = {
    .name = "hold_insert",
    .module = MODULE_PRODUCT,
    .text = "INSERT INTO bmt_product.stock_holds\n"
            "    (order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(hold_columns),
};
static const struct sql_stmt HOLD_FIND = {
    .name = "hold_find",
    .module = MODULE_PRODUCT,
    .text = "SELECT order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms\n"
            "FROM bmt_product.stock_holds\n"
            "WHERE order_id IN ({keys})",
    .keys = SQL_COLUMNS(order_id_columns),
    .results = SQL_COLUMNS(hold_columns),
    .result_size = sizeof(struct hold_row),
};
static const struct sql_stmt HOLD_LOCK = {
    .name = "hold_lock",
    .module = MODULE_PRODUCT,
    .text = "SELECT order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms\n"
            "FROM bmt_product.stock_holds\n"
            "WHERE order_id IN ({keys})\n"
            "ORDER BY order_id, sku_id\n"
            "FOR UPDATE",
    .keys = SQL_COLUMNS(order_id_columns),
    .results = SQL_COLUMNS(hold_columns),
    .result_size = sizeof(struct hold_row),
};
static const struct sql_stmt HOLD_MOVE = {
    .name = "hold_move",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stock_holds\n"
            "SET state = ?, update_time_ms = ?\n"
            "WHERE order_id = ? AND sku_id = ? AND biz_id = ? AND state = ?",
    .params = SQL_COLUMNS(hold_move_columns),
    .is_distinct = true,
};

static const struct sql_stmt HOLD_RETURN = {
    .name = "hold_return",
    .module = MODULE_PRODUCT,
    .text = "UPDATE bmt_product.stock_holds\n"
            "SET returned = returned + ?, update_time_ms = ?\n"
            "WHERE order_id = ? AND sku_id = ? AND biz_id = ? AND state = 2 AND returned + ? <= quantity", /* SOLD */
    .params = SQL_COLUMNS(hold_return_columns),
};

static int move(struct tx *tx, const struct sql_stmt *stmt, const struct stock_move *moves, size_t n, int64_t now_ms,
                struct arena *arena, struct err *err)
{
    struct move_row *rows = arena_array_of(arena, struct move_row, n);

    for (size_t i = 0; i < n; i++) {
        PRE(i == 0 || moves[i].sku_id > moves[i - 1].sku_id);
        rows[i] = (struct move_row){
            .quantity = moves[i].quantity, .now_ms = now_ms, .sku_id = moves[i].sku_id, .biz_id = moves[i].biz_id};
    }
    return sql_write_each(tx, stmt, rows, n, sizeof *rows, err);
}

int product_store_find_stocks(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                              struct stock_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &STOCK_FIND, NULL, keys, n, sizeof *keys, arena, ret_rows, ret_n, err);
}

int product_store_insert_stocks(struct tx *tx, const struct stock_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &STOCK_INSERT, rows, n, sizeof *rows, NULL, err);
}

int product_store_update_stocks(struct tx *tx, const struct stock_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &STOCK_UPDATE, rows, n, sizeof *rows, err);
}

int product_store_hold(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                       struct err *err)
{
    return move(tx, &STOCK_HOLD, moves, n, now_ms, arena, err);
}

int product_store_sell(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                       struct err *err)
{
    return move(tx, &STOCK_SELL, moves, n, now_ms, arena, err);
}

int product_store_release(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                          struct err *err)
{
    return move(tx, &STOCK_RELEASE, moves, n, now_ms, arena, err);
}

int product_store_return(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                         struct err *err)
{
    return move(tx, &STOCK_RETURN, moves, n, now_ms, arena, err);
}

int product_store_return_holds(struct tx *tx, const struct hold_return *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &HOLD_RETURN, rows, n, sizeof *rows, err);
}

int product_store_insert_holds(struct tx *tx, const struct hold_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &HOLD_INSERT, rows, n, sizeof *rows, NULL, err);
}

int product_store_lock_holds(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                             struct hold_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &HOLD_LOCK, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n, err);
}

int product_store_find_holds(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                             struct hold_row **ret_rows, size_t *ret_n, struct err *err)
{
    return sql_select_in(tx, &HOLD_FIND, NULL, order_ids, n, sizeof *order_ids, arena, ret_rows, ret_n, err);
}

int product_store_move_holds(struct tx *tx, const struct hold_row *rows, size_t n, struct err *err)
{
    return sql_write_each(tx, &HOLD_MOVE, rows, n, sizeof *rows, err);
}
