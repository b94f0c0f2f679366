/*
 * Orders whose money has arrived; see order_paid.h. The three moves stand in one transaction with the grant: an order
 * is never seen paid without what was bought.
 */
#include "flows/order_paid.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/plant.h"
#include "flows/book_money.h"
#include "flows/fulfil_order.h"
#include "flows/reopen_order.h"
#include "order/ops.h"
#include "product/ops.h"

static bool is_its_money(const struct order_row *row, const struct paid_order *paid)
{
    return row->amount_minor == paid->amount.amount_minor && strcmp(row->currency, paid->amount.currency) == 0;
}

/* Another payment's order, or one that has closed, cannot take the money. */
static bool takes_money(const struct order_row *row, const struct paid_order *paid)
{
    return row->state == ORDER_PENDING_PAYMENT && (is_its_money(row, paid) || PLANTED("any_amount_pays"));
}

static bool was_paid_by(const struct order_row *row, const struct paid_order *paid)
{
    return row->pay_time_ms != 0 && row->payment_id == paid->payment_id;
}

static void move_to_fulfilled(struct order_moves *moves, struct order_row *row, const struct paid_order *paid,
                              int64_t now_ms)
{
    const enum order_event steps[] = {row->state == ORDER_CLOSED ? ORDER_EVENT_REOPEN : ORDER_EVENT_PAY,
                                      ORDER_EVENT_START_FULFILMENT, ORDER_EVENT_FULFIL};

    row->payment_id = paid->payment_id;
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        order_move_add(
            moves,
            &(struct order_move){
                .row = row, .event = steps[i], .payment_id = paid->payment_id, .actor = paid->actor, .detail = ""},
            now_ms);
}

/* The money that paid the order. */
static const struct paid_order *money_of_order(const struct order_row *row, const struct paid_order *orders, size_t n)
{
    size_t at = 0;

    while (at < n && orders[at].payment_id != row->payment_id)
        at++;
    PRE(at < n);
    return &orders[at];
}

static int grant_and_book(struct batch *batch, const struct order_moves *moves, const struct paid_order *orders,
                          size_t n, struct err *err)
{
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, moves->n_rows);
    struct booked_sale *sales = arena_array_of(batch->arena, struct booked_sale, moves->n_rows);
    int rc;

    rc = order_load_lines(batch, moves->rows, moves->n_rows, lines, err);
    if (rc == 0)
        rc = fulfil_grant(batch, moves->rows, lines, moves->n_rows, err);
    if (rc == 0)
        rc = failpoint_step("order_paid.granted", err);
    for (size_t i = 0; i < moves->n_rows && rc == 0; i++) {
        const struct paid_order *paid = money_of_order(moves->rows[i], orders, n);

        sales[i] = (struct booked_sale){.order = moves->rows[i],
                                        .lines = &lines[i],
                                        .channel_account_id = paid->channel_account_id,
                                        .fee_minor = paid->fee_minor};
    }
    return rc == 0 ? book_sales(batch, sales, moves->n_rows, err) : rc;
}

static int settle(struct batch *batch, struct order_moves *moves, const struct paid_order *orders, size_t n,
                  struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, moves->n_rows);
    int rc;

    for (size_t i = 0; i < moves->n_rows; i++)
        ids[i] = moves->rows[i]->order_id;
    rc = fulfil_set_times(batch, moves, err);
    if (rc == 0)
        rc = order_moves_write(batch, moves, err);
    if (rc == 0)
        rc = failpoint_step("order_paid.moved", err);
    if (rc == 0 && !PLANTED("unsold_hold"))
        rc = product_sell_holds(batch, ids, moves->n_rows, err);
    if (rc == 0)
        rc = failpoint_step("order_paid.sold", err);
    if (rc == 0)
        rc = grant_and_book(batch, moves, orders, n, err);
    return rc;
}

/* Whether the order could take the money if it were re-opened. */
static bool would_take_money(const struct order_row *row, const struct paid_order *paid)
{
    return row != NULL && row->state == ORDER_CLOSED && is_its_money(row, paid);
}

/* Orders that had closed, and are to take their money all the same: `ret_reopened[i]`. Their stock is held again. */
static int reopen(struct batch *batch, const struct order_ref *refs, const struct paid_order *orders, size_t n,
                  bool **ret_reopened, struct err *err)
{
    struct reopen_order *items = arena_array_of(batch->arena, struct reopen_order, n);
    size_t *places = arena_array_of(batch->arena, size_t, n);
    size_t n_items = 0;
    int rc;

    *ret_reopened = arena_array_of(batch->arena, bool, n);
    for (size_t i = 0; i < n; i++) {
        bool is_known = !would_take_money(refs[i].row, &orders[i]);

        for (size_t j = 0; j < n_items && !is_known; j++) /* the first payment of two has it */
            is_known = items[j].row == refs[i].row;
        if (is_known)
            continue;
        places[n_items] = i;
        items[n_items++] = (struct reopen_order){.row = refs[i].row, .is_look = orders[i].is_look};
    }
    rc = reopen_orders(batch, items, n_items, err);
    for (size_t i = 0; i < n_items && rc == 0; i++)
        (*ret_reopened)[places[i]] = items[i].is_reopened;
    return rc;
}

int order_paid(struct batch *batch, struct paid_order *orders, size_t n, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, n);
    struct command *commands = arena_array_of(batch->arena, struct command, n);
    struct order_moves moves = order_moves_begin(n * 3, batch->arena);
    bool *is_reopened = NULL;
    int rc;

    for (size_t i = 0; i < n; i++) {
        commands[i].biz_id = orders[i].biz_id;
        refs[i] = (struct order_ref){.command = &commands[i], .order_id = orders[i].order_id};
    }
    rc = order_lock(batch, refs, n, err);
    if (rc == 0)
        rc = reopen(batch, refs, orders, n, &is_reopened, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        orders[i].is_changed = orders[i].is_late = false;
        if (refs[i].row == NULL) {
            orders[i].is_late = true; /* no such order: the money must go back */
        } else if (is_reopened[i] || takes_money(refs[i].row, &orders[i])) {
            if (!orders[i].is_look)
                move_to_fulfilled(&moves, refs[i].row, &orders[i], batch->now_ms);
            orders[i].is_changed = true;
        } else {
            orders[i].is_late = !was_paid_by(refs[i].row, &orders[i]);
        }
    }
    return moves.n_rows == 0 ? 0 : settle(batch, &moves, orders, n, err);
}
