/*
 * Applies a channel's word to a refund, and when the refund has ended, to the order: entitlements recalled and stock
 * returned, or nothing, in one transaction. The same word twice changes nothing, and nothing undoes SUCCEEDED.
 *
 * Lock order: refunds, then payments, then orders, then the product module's rows.
 */
#ifndef BMT_FLOWS_COMPLETE_REFUND_H
#define BMT_FLOWS_COMPLETE_REFUND_H

#include "payment/channel.h"
#include "payment/ops_refund.h"

struct complete_refund {
    struct command command; /* biz_id, actor */
    int64_t refund_id;
    struct channel_verdict verdict;
    bool is_ask; /* the word answers our request to refund */

    struct refund_row *row;
    int64_t changed_order_id; /* 0: no order changed */
};

extern struct batch_plan complete_refund_plan;

#endif
