/*
 * Applies a channel's word to a refund, and when the refund has ended, to the order: entitlements recalled and stock
 * returned, or nothing, in one transaction. The same word twice changes nothing, and nothing undoes SUCCEEDED.
 *
 * A refusal ends a refund only if nothing else was asked for it: the channel says no more than that this request paid
 * nothing. So the first request for a refund is made once; whether it was heard or not, the next thing is a question,
 * and only a channel that does not know the refund is asked for it again (payment/jobs_refund.c).
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
    bool is_ask; /* the word answers our request to refund, else a question, a notification or a statement */
    struct refund_turn turn; /* when the channel was asked */
    bool is_proof;           /* a repair: the word stands in a statement, and counts of a refund that has failed, too */
    bool is_look;            /* nothing is changed: only tell whether it would be */

    struct refund_row *row;
    int64_t changed_order_id; /* 0: no order changed */
    bool is_moved;            /* the word moved the refund, or would */
    bool is_to_ask;           /* the channel does not know the refund: it must be asked for, and nobody else does */
};

extern struct batch_plan complete_refund_plan;

#endif
