/* Taking back what a refund pays back; see ops.h: entitlement lots shrink or end, counted stock returns. */
#include <stdlib.h>

#include "base/log.h"
#include "base/plant.h"
#include "product/ops.h"
#include "product/rules.h"
#include "product/state.h"
#include "product/store.h"

static struct lot_row *find_lot(struct lot_row *lots, size_t n, const struct line_recall *recall)
{
    for (size_t i = 0; i < n; i++)
        if (lots[i].order_id == recall->order_id && lots[i].line_no == recall->line_no)
            return &lots[i];
    return NULL;
}

/* The lot without the recalled units. */
static void shrink(struct lot_row *lot, int64_t quantity, int64_t now_ms)
{
    const int64_t left = lot->quantity - lot->recalled - quantity;

    lot->end_time_ms = product_recalled_end(lot->grant_kind, lot->start_time_ms, lot->end_time_ms,
                                            lot->quantity - lot->recalled, left);
    lot->remaining = product_recalled_pieces(lot->granted, lot->quantity, quantity, lot->remaining);
    lot->recalled += quantity;
    lot->state = left == 0 ? LOT_RECALLED : LOT_ACTIVE;
    lot->update_time_ms = now_ms;
}

int product_recall_lots(struct batch *batch, const struct line_recall *recalls, size_t n, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, n);
    struct lot_row *changed = arena_array_of(batch->arena, struct lot_row, n);
    struct lot_row *lots = NULL;
    size_t n_lots = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        order_ids[i] = recalls[i].order_id;
    rc = product_store_lock_lots_of_orders(batch->tx, order_ids, n, batch->arena, &lots, &n_lots, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        struct lot_row *lot = find_lot(lots, n_lots, &recalls[i]);

        if (lot == NULL || lot->recalled + recalls[i].quantity > lot->quantity) {
            /* The order was fulfilled and its lines say that so many are left: verify tells who broke the rows. */
            log_error("entitlement lot does not match its order", log_i64("order", recalls[i].order_id),
                      log_i64("line", recalls[i].line_no));
            return err_fail(err, ERR_INTERNAL_ERROR);
        }
        lot->recalled_read = lot->recalled;
        shrink(lot, recalls[i].quantity, batch->now_ms);
        changed[i] = *lot;
    }
    return product_store_recall_lots(batch->tx, changed, n, err);
}

static int compare_moves(const void *left, const void *right)
{
    const struct stock_move *a = left;
    const struct stock_move *b = right;

    return (a->sku_id > b->sku_id) - (a->sku_id < b->sku_id);
}

static const struct hold_row *find_hold(const struct hold_row *holds, size_t n, const struct line_recall *recall)
{
    for (size_t i = 0; i < n; i++)
        if (holds[i].order_id == recall->order_id && holds[i].sku_id == recall->sku_id)
            return &holds[i];
    return NULL;
}

/* Units that were sold from counted stock are available again. */
static int return_stock(struct batch *batch, const struct line_recall *recalls, size_t n, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, n);
    struct hold_return *returns = arena_array_of(batch->arena, struct hold_return, n);
    struct stock_move *moves = arena_array_of(batch->arena, struct stock_move, n);
    struct hold_row *holds = NULL;
    size_t n_holds = 0;
    size_t n_moves = 0;
    size_t n_merged = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        order_ids[i] = recalls[i].order_id;
    rc = product_store_lock_holds(batch->tx, order_ids, n, batch->arena, &holds, &n_holds, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        if (find_hold(holds, n_holds, &recalls[i]) == NULL)
            continue; /* it was not counted when it was sold */
        returns[n_moves] = (struct hold_return){.order_id = recalls[i].order_id,
                                                .sku_id = recalls[i].sku_id,
                                                .biz_id = recalls[i].biz_id,
                                                .quantity = recalls[i].quantity,
                                                .now_ms = batch->now_ms};
        moves[n_moves++] = (struct stock_move){
            .sku_id = recalls[i].sku_id, .biz_id = recalls[i].biz_id, .quantity = recalls[i].quantity};
    }
    if (n_moves > 1)
        qsort(moves, n_moves, sizeof *moves, compare_moves);
    for (size_t i = 0; i < n_moves; i++)
        if (n_merged > 0 && moves[n_merged - 1].sku_id == moves[i].sku_id)
            moves[n_merged - 1].quantity += moves[i].quantity;
        else
            moves[n_merged++] = moves[i];
    rc = product_store_return_holds(batch->tx, returns, n_moves, err);
    if (rc == 0)
        rc = product_store_return(batch->tx, moves, n_merged, batch->now_ms, batch->arena, err);
    return rc;
}

int product_recall(struct batch *batch, const struct line_recall *recalls, size_t n, struct err *err)
{
    int rc;

    if (n == 0)
        return 0;
    rc = product_recall_lots(batch, recalls, n, err);
    if (rc == 0 && !PLANTED("stock_not_returned"))
        rc = return_stock(batch, recalls, n, err);
    return rc;
}
