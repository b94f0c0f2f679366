/*
 * What happens to orders when their money has arrived: PENDING_PAYMENT -> PAID -> FULFILLING -> FULFILLED in the
 * transaction of the payment's own move, with stock sold and entitlements granted; from CLOSED where the business
 * re-opens orders (reopen_order.h). Called by the flow that proves a payment (complete_payment.c), never by itself.
 */
#ifndef BMT_FLOWS_ORDER_PAID_H
#define BMT_FLOWS_ORDER_PAID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/money.h"
#include "sql/batch.h"

struct paid_order {
    int64_t biz_id;
    int64_t order_id;
    int64_t payment_id;
    struct money amount;
    int64_t channel_account_id;
    int64_t fee_minor; /* of the amount: the channel's */
    const char *actor;
    bool is_look; /* nothing moves: only tell what would */

    /* The order could not take the money: it had closed, or another payment had paid it. The money is to be refunded.
     */
    bool is_late;
    bool is_changed; /* the order moved */
};

/*
 * Locks the orders (by id, in order), moves those that wait for this money, and says of the others that they are late.
 * Orders that this very payment has paid before are left as they are. 0 or an error of sql.h.
 */
int order_paid(struct batch *batch, struct paid_order *orders, size_t n, struct err *err) MUST_CHECK;

#endif
