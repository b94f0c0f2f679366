/*
 * PayOrder: begins a payment of an order over a channel.
 *
 *   1. begin   in a lane, one transaction: the order can be paid, no other payment of it is open; a payment is recorded
 *              as CREATED under the request_id, before the channel hears of it.
 *   2. create  over HTTP: the channel is asked to take the payment (our payment_id is its idempotency key).
 *   3. apply   in a lane, one transaction: PENDING with the page to pay on, FAILED, or UNKNOWN when nobody knows.
 *
 * If we die after 1, the payment stays CREATED; a repeat, or payment.ask_channel when the channel does not know it,
 * offers it to the channel again (offer_payment.h).
 */
#ifndef BMT_FLOWS_PAY_ORDER_H
#define BMT_FLOWS_PAY_ORDER_H

#include "order/ops.h"
#include "payment/ops.h"
#include "rpc/service.h"

struct begin_payment {
    struct command command;
    int64_t order_id;
    int64_t account_id;
    const char *return_url;

    struct payment_row *payment;
    struct channel_account_row *account;
    bool is_new; /* the channel is to be asked; else the payment is an earlier one */
};

extern struct batch_plan begin_payment_plan;

void pay_order_handle(struct lane *lane, struct call **calls, size_t n);

#endif
