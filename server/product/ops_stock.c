/* Holding, selling and releasing stock for flows; see ops.h. */
#include <stdlib.h>

#include "base/id.h"
#include "base/plant.h"
#include "product/ops.h"
#include "product/state.h"
#include "product/store.h"

static int compare_stocks(const void *left, const void *right)
{
    const struct stock_row *a = left;
    const struct stock_row *b = right;

    return (a->sku_id > b->sku_id) - (a->sku_id < b->sku_id);
}

static struct stock_row *find_stock(struct stock_row *stocks, size_t n, int64_t sku_id)
{
    const struct stock_row wanted = {.sku_id = sku_id};

    return n > 0 ? bsearch(&wanted, stocks, n, sizeof *stocks, compare_stocks) : NULL;
}

/* Gives back what the command's earlier wants had taken: it gets everything or nothing. */
static void give_back(const struct stock_want *wants, size_t upto, const struct command *command,
                      struct stock_row *stocks, size_t n_stocks)
{
    for (size_t i = 0; i < upto; i++) {
        struct stock_row *stock = wants[i].command == command ? find_stock(stocks, n_stocks, wants[i].sku_id) : NULL;

        if (stock != NULL)
            stock->available += wants[i].quantity;
    }
}

static size_t stock_keys(const struct stock_want *wants, size_t n, struct product_key *keys)
{
    size_t n_keys = 0;

    for (size_t i = 0; i < n; i++)
        if (!wants[i].command->is_done)
            keys[n_keys++] = (struct product_key){.id = wants[i].sku_id, .biz_id = wants[i].command->biz_id};
    return n_keys;
}

int product_check_stock(struct batch *batch, const struct stock_want *wants, size_t n, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n);
    struct stock_row *stocks = NULL;
    size_t n_stocks = 0;
    int rc;

    if (!batch->look_first || n == 0)
        return 0;
    rc = product_store_find_stocks(batch->tx, keys, stock_keys(wants, n, keys), batch->arena, &stocks, &n_stocks, err);
    if (rc != 0)
        return rc;
    if (n_stocks > 1)
        qsort(stocks, n_stocks, sizeof *stocks, compare_stocks);
    for (size_t i = 0; i < n; i++) {
        struct command *command = wants[i].command;
        struct stock_row *stock = find_stock(stocks, n_stocks, wants[i].sku_id);

        if (command->is_done || stock == NULL || !stock->is_counted)
            continue;
        if (stock->available < wants[i].quantity) {
            command_refuse(command, ERR_STOCK_INSUFFICIENT, id_show(ID_SKU, wants[i].sku_id),
                           err_i64(stock->available));
            give_back(wants, i, command, stocks, n_stocks);
        } else {
            stock->available -= wants[i].quantity;
        }
    }
    return 0;
}

static int compare_moves(const void *left, const void *right)
{
    const struct stock_move *a = left;
    const struct stock_move *b = right;

    return (a->sku_id > b->sku_id) - (a->sku_id < b->sku_id);
}

/* Sorts moves by SKU and adds up those of one SKU. */
static size_t merge_moves(struct stock_move *moves, size_t n)
{
    size_t n_merged = 0;

    if (n > 1)
        qsort(moves, n, sizeof *moves, compare_moves);
    for (size_t i = 0; i < n; i++)
        if (n_merged > 0 && moves[n_merged - 1].sku_id == moves[i].sku_id)
            moves[n_merged - 1].quantity += moves[i].quantity;
        else
            moves[n_merged++] = moves[i];
    return n_merged;
}

static int compare_holds(const void *left, const void *right)
{
    const struct hold_row *a = left;
    const struct hold_row *b = right;

    if (a->order_id != b->order_id)
        return a->order_id < b->order_id ? -1 : 1;
    return (a->sku_id > b->sku_id) - (a->sku_id < b->sku_id);
}

/* Sorts holds by order and SKU and adds up lines of one order with the same SKU. */
static size_t merge_holds(struct hold_row *holds, size_t n)
{
    size_t n_merged = 0;

    if (n > 1)
        qsort(holds, n, sizeof *holds, compare_holds);
    for (size_t i = 0; i < n; i++)
        if (n_merged > 0 && compare_holds(&holds[n_merged - 1], &holds[i]) == 0)
            holds[n_merged - 1].quantity += holds[i].quantity;
        else
            holds[n_merged++] = holds[i];
    return n_merged;
}

typedef int move_stock(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                       struct err *err);

/* Stocks are the hottest rows. */
struct units {
    move_stock *move;
    struct stock_move *moves;
    size_t n;
};

static int move_units(struct batch *batch, void *context, struct err *err)
{
    const struct units *units = context;

    return units->move(batch->tx, units->moves, units->n, batch->now_ms, batch->arena, err);
}

static void move_units_at_end(struct batch *batch, move_stock *move, struct stock_move *moves, size_t n)
{
    struct units *units = arena_new_of(batch->arena, struct units);

    *units = (struct units){.move = move, .moves = moves, .n = merge_moves(moves, n)};
    batch_at_end(batch, move_units, units);
}

int product_hold_stock(struct batch *batch, const struct stock_want *wants, size_t n, struct err *err)
{
    struct stock_move *moves = arena_array_of(batch->arena, struct stock_move, n);
    struct hold_row *holds = arena_array_of(batch->arena, struct hold_row, n);
    size_t n_open = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        if (wants[i].command->is_done)
            continue;
        const int64_t biz_id = wants[i].command->biz_id;

        moves[n_open] = (struct stock_move){.sku_id = wants[i].sku_id, .biz_id = biz_id, .quantity = wants[i].quantity};
        holds[n_open++] = (struct hold_row){
            .order_id = wants[i].order_id,
            .sku_id = wants[i].sku_id,
            .biz_id = biz_id,
            .quantity = wants[i].quantity,
            .state = HOLD_HELD,
            .create_time_ms = batch->now_ms,
            .update_time_ms = batch->now_ms,
        };
    }
    rc = product_store_insert_holds(batch->tx, holds, merge_holds(holds, n_open), err);
    if (rc != 0)
        return rc;
    if (!PLANTED("forgotten_hold"))
        move_units_at_end(batch, product_store_hold, moves, n_open);
    return 0;
}

/* The holds go from one state to another, and the units of each SKU with them. */
static int move_holds(struct batch *batch, struct hold_row *holds, size_t n, enum hold_state state, struct err *err)
{
    move_stock *const move = state == HOLD_HELD   ? product_store_hold
                             : state == HOLD_SOLD ? product_store_sell
                                                  : product_store_release;
    struct stock_move *moves = arena_array_of(batch->arena, struct stock_move, n);
    int rc;

    if (n == 0)
        return 0;
    qsort(holds, n, sizeof *holds, compare_holds);
    for (size_t i = 0; i < n; i++) {
        holds[i].state_read = state == HOLD_HELD ? HOLD_RELEASED : HOLD_HELD;
        holds[i].state = (int32_t)state;
        holds[i].update_time_ms = batch->now_ms;
        moves[i] =
            (struct stock_move){.sku_id = holds[i].sku_id, .biz_id = holds[i].biz_id, .quantity = holds[i].quantity};
    }
    rc = product_store_move_holds(batch->tx, holds, n, err);
    if (rc != 0)
        return rc;
    if (PLANTED("double_release") && state == HOLD_RELEASED)
        for (size_t i = 0; i < n; i++)
            moves[i].quantity *= 2;
    move_units_at_end(batch, move, moves, n);
    return 0;
}

static int end_holds(struct batch *batch, const int64_t *order_ids, size_t n, enum hold_state state, struct err *err)
{
    struct hold_row *holds = NULL;
    size_t n_holds = 0;
    int rc;

    if (PLANTED("unlocked_read"))
        rc = product_store_find_holds(batch->tx, order_ids, n, batch->arena, &holds, &n_holds, err);
    else
        rc = product_store_lock_holds(batch->tx, order_ids, n, batch->arena, &holds, &n_holds, err);
    return rc == 0 ? move_holds(batch, holds, n_holds, state, err) : rc;
}

int product_sell_holds(struct batch *batch, const int64_t *order_ids, size_t n, struct err *err)
{
    return end_holds(batch, order_ids, n, HOLD_SOLD, err);
}

int product_release_holds(struct batch *batch, const int64_t *order_ids, size_t n, struct err *err)
{
    return end_holds(batch, order_ids, n, HOLD_RELEASED, err);
}

int product_settle_holds(struct batch *batch, int64_t order_id, bool is_sold, bool is_look, size_t *ret_n,
                         struct err *err)
{
    struct hold_row *holds = NULL;
    size_t n_holds = 0;
    size_t n = 0;
    int rc;

    rc = (is_look ? product_store_find_holds : product_store_lock_holds)(batch->tx, &order_id, 1, batch->arena, &holds,
                                                                         &n_holds, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n_holds; i++)
        if (holds[i].state == HOLD_HELD)
            holds[n++] = holds[i];
    *ret_n = n;
    return is_look ? 0 : move_holds(batch, holds, n, is_sold ? HOLD_SOLD : HOLD_RELEASED, err);
}

static bool fits_again(const struct hold_row *hold, struct stock_row *stocks, size_t n_stocks)
{
    const struct stock_row *stock = find_stock(stocks, n_stocks, hold->sku_id);

    return hold->state == HOLD_RELEASED && stock != NULL && stock->is_counted && stock->available >= hold->quantity;
}

/* Whether the order's units are all there again; takes them from the stocks in memory. */
static bool take_again(const struct hold_row *holds, size_t n_holds, int64_t order_id, struct stock_row *stocks,
                       size_t n_stocks)
{
    for (size_t i = 0; i < n_holds; i++)
        if (holds[i].order_id == order_id && !fits_again(&holds[i], stocks, n_stocks))
            return false;
    for (size_t i = 0; i < n_holds; i++)
        if (holds[i].order_id == order_id)
            find_stock(stocks, n_stocks, holds[i].sku_id)->available -= holds[i].quantity;
    return true;
}

int product_rehold(struct batch *batch, struct stock_rehold *orders, size_t n, bool is_look, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    struct hold_row *holds = NULL;
    struct stock_row *stocks = NULL;
    size_t n_holds = 0;
    size_t n_stocks = 0;
    size_t n_moved = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        ids[i] = orders[i].order_id;
    rc = (is_look ? product_store_find_holds : product_store_lock_holds)(batch->tx, ids, n, batch->arena, &holds,
                                                                         &n_holds, err);
    if (rc != 0)
        return rc;
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n_holds);

    for (size_t i = 0; i < n_holds; i++)
        keys[i] = (struct product_key){.id = holds[i].sku_id, .biz_id = holds[i].biz_id};
    rc = product_store_find_stocks(batch->tx, keys, n_holds, batch->arena, &stocks, &n_stocks, err);
    if (rc != 0)
        return rc;
    if (n_stocks > 1)
        qsort(stocks, n_stocks, sizeof *stocks, compare_stocks);
    for (size_t i = 0; i < n; i++) {
        orders[i].is_held = take_again(holds, n_holds, orders[i].order_id, stocks, n_stocks);
        for (size_t j = 0; j < n_holds && orders[i].is_held; j++)
            if (holds[j].order_id == orders[i].order_id) { /* those to be moved come first */
                const struct hold_row moved = holds[j];

                holds[j] = holds[n_moved];
                holds[n_moved++] = moved;
            }
    }
    return is_look ? 0 : move_holds(batch, holds, n_moved, HOLD_HELD, err);
}
