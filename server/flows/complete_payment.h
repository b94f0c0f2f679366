/*
 * Applies a channel's word to a payment, and when it is money, to the order: payment, order, stock and entitlements in
 * one transaction. Whoever brought the word (the reply to our request, a notification, a question), it comes here;
 * the same word twice changes nothing, and nothing undoes SUCCEEDED.
 *
 * Lock order: payments, then orders, then the product module's rows.
 */
#ifndef BMT_FLOWS_COMPLETE_PAYMENT_H
#define BMT_FLOWS_COMPLETE_PAYMENT_H

#include "payment/ops.h"

struct complete_payment {
    struct command command; /* biz_id, actor */
    int64_t payment_id;
    struct channel_verdict verdict;
    bool is_create; /* the word answers our request to create: what the channel did not see, it will not charge */
    int32_t version_asked; /* the row's, when that was sent: has it moved on, another request may have been seen */
    struct notification_row notification; /* event_id NULL: the word did not come by a notification */

    struct payment_row *row;
    int64_t changed_order_id; /* 0: no order changed */
};

extern struct batch_plan complete_payment_plan;

#endif
