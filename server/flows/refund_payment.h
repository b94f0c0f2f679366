/*
 * RefundPayment: pays a charge of no order, or a part of it, back over the channel that took the money. The steps are
 * RefundOrder's (refund_order.h) without the order: recorded as CREATED under the request_id with its money claimed
 * from the payment, asked for at the channel, completed by complete_refund.h. Several may be under way at once; the
 * claims keep their sum at what was paid.
 */
#ifndef BMT_FLOWS_REFUND_PAYMENT_H
#define BMT_FLOWS_REFUND_PAYMENT_H

#include "payment/ops.h"
#include "payment/ops_refund.h"
#include "rpc/service.h"

struct refund_payment {
    struct command command;
    int64_t payment_id;
    struct money amount;
    const char *reason;

    int64_t refund_id;
    struct refund_row *refund; /* set where it is new */
    struct channel_account_row *account;
    bool is_new; /* the channel is to be asked; else the refund is an earlier one */
};

extern struct batch_plan refund_payment_plan;

void refund_payment_handle(struct lane *lane, struct call **calls, size_t n);

#endif
