/*
 * CreatePayment: begins a payment that belongs to no order. The steps are PayOrder's (pay_order.h), without the order:
 * recorded as CREATED under the request_id, then asked for at the channel, then answered with what the channel said.
 */
#ifndef BMT_FLOWS_CREATE_PAYMENT_H
#define BMT_FLOWS_CREATE_PAYMENT_H

#include "payment/ops.h"
#include "rpc/service.h"

struct create_payment {
    struct command command;
    const char *user_id;
    int64_t account_id;
    struct money amount;
    const char *return_url;
    int64_t expires_in_s;

    struct payment_row *payment;
    struct channel_account_row *account;
    bool is_new; /* the channel is to be asked; else the payment is an earlier one */
};

extern struct batch_plan create_payment_plan;

void create_payment_handle(struct lane *lane, struct call **calls, size_t n);

#endif
