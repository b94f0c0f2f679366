/*
 * Applies a channel's word to a payout and to the statement that it pays, and books it, in one transaction. The same
 * word twice changes nothing, and nothing but a return undoes SUCCEEDED.
 *
 *   succeeded   in transit  --> the channel's debt to us     statement PAID
 *   failed      in transit  --> what we owe the partner      statement FAILED, to be paid again
 *   returned    the channel's debt --> what we owe           statement FAILED, to be paid again
 *
 * As with refunds, a refusal ends a payout only if nothing else was asked for it: see complete_refund.h.
 *
 * Lock order: payouts, then statements, then the ledger.
 */
#ifndef BMT_FLOWS_COMPLETE_PAYOUT_H
#define BMT_FLOWS_COMPLETE_PAYOUT_H

#include "payment/channel.h"
#include "settlement/ops_payout.h"

struct complete_payout {
    struct command command; /* biz_id, actor */
    int64_t payout_id;
    struct channel_verdict verdict;
    bool is_ask;             /* the word answers our request to pay, else a question */
    struct payout_turn turn; /* when the channel was asked */

    struct payout_row *row;
    bool is_to_ask; /* the channel does not know the payout: it must be asked for, and nobody else does */
};

extern struct batch_plan complete_payout_plan;

#endif
