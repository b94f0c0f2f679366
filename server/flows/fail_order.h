/*
 * Orders whose payment the channel has refused for good, where their business wants them closed then
 * (FAILED_PAYMENT_CLOSE_ORDER): the order closes with reason PAYMENT_FAILED and its held stock is free again. Elsewhere
 * the order waits on, and its buyer may try another channel. Only the payment that was begun last can end its order.
 */
#ifndef BMT_FLOWS_FAIL_ORDER_H
#define BMT_FLOWS_FAIL_ORDER_H

#include "order/ops.h"
#include "payment/store.h"

struct fail_order {
    const struct payment_row *payment; /* locked, of an order, FAILED in this transaction by the channel's own word */

    bool is_closed; /* the order has closed now */
};

/*
 * `all` are the payments of orders that this transaction moves: their orders are locked first, all in one order, since
 * others of them may pay theirs next. Returns 0, or an error of sql.h that rolls the whole batch back.
 */
int fail_orders(struct batch *batch, struct fail_order *items, size_t n, struct payment_row *const *all, size_t n_all,
                struct err *err) MUST_CHECK;

#endif
