/*
 * RefundOrder: pays an order, or a part of it, back over the channel that took the money.
 *
 *   1. begin   in a lane, one transaction: the order can be refunded and has so much left; it becomes REFUNDING, the
 *              refund is recorded as CREATED under the request_id, its money is claimed from the payment.
 *   2. ask     over HTTP: the channel is asked to pay back (our refund_id is its idempotency key).
 *   3. apply   in a lane, one transaction (complete_refund.h): entitlements recalled, stock returned, the order
 *              REFUNDED or back where it was; or PENDING, FAILED, UNKNOWN.
 *
 * If we die after 1, payment.ask_refund asks the channel about it, and again for it if it does not know it.
 */
#ifndef BMT_FLOWS_REFUND_ORDER_H
#define BMT_FLOWS_REFUND_ORDER_H

#include "order/ops.h"
#include "order/rules.h"
#include "payment/ops.h"
#include "payment/ops_refund.h"
#include "rpc/service.h"

struct begin_refund {
    struct command command;
    int64_t order_id;
    bool wants_all; /* everything that is left; `wants` are then the flow's */
    struct refund_want *wants;
    size_t n_wants;
    struct money amount; /* currency empty: what the units cost */
    const char *reason;

    int64_t refund_id;
    struct refund_row *refund; /* set where it is new */
    struct channel_account_row *account;
    bool is_new; /* the channel is to be asked; else the refund is an earlier one */
};

extern struct batch_plan begin_refund_plan;

void refund_order_handle(struct lane *lane, struct call **calls, size_t n);

/* GetRefund: both sides of a refund. */
struct get_refund {
    struct command command;
    int64_t refund_id;

    struct refund_row *row;
    struct order_refund_row *of_order; /* NULL: of late money, or of a charge */
    const struct refund_line_row *lines;
    size_t n_lines;
};

extern struct batch_plan get_refund_plan;
RPC_PARTS(get_refund);

#endif
