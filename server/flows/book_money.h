/*
 * Books what payments and refunds move, in the transaction of the movement itself: the ledger's transfers, and for
 * orders the lines that wait to be divided. Called by the flows that prove payments and refunds, as their last writes.
 */
#ifndef BMT_FLOWS_BOOK_MONEY_H
#define BMT_FLOWS_BOOK_MONEY_H

#include "order/ops.h"
#include "payment/store.h"
#include "settlement/ops_clearing.h"
#include "sql/batch.h"

/* A payment that has just succeeded: the channel owes us the money, and we owe it to the customer. Writes no rows. */
void book_payment(struct transfers *transfers, const struct payment_row *row, struct arena *arena);
int book_payments(struct batch *batch, struct payment_row *const *rows, size_t n, struct err *err) MUST_CHECK;

/* The fee of a payment falls on the lines in proportion to what they cost; fee_minor is set. 1 to REVERSAL_PARTS_MAX.
 */
int book_fee(struct paid_line *lines, size_t n, int64_t fee_minor, struct err *err) MUST_CHECK;

/* Orders that have just been paid: how their lines are divided is frozen now. */
struct booked_sale {
    const struct order_row *order;
    const struct order_lines *lines;
    int64_t channel_account_id;
    int64_t fee_minor; /* of what was paid */
};
int book_sales(struct batch *batch, const struct booked_sale *sales, size_t n, struct err *err) MUST_CHECK;

/* Refunds that have just succeeded, and are moved already; of late money and charges they are of no order's line. */
struct booked_refund {
    const struct refund_row *row;
    const struct order_lines *lines; /* of the order; NULL: money that no order has */
    const struct refund_line_row *recalls;
    size_t n_recalls;
    bool has_ended; /* nothing of the order is left */
};
int book_refunds(struct batch *batch, const struct booked_refund *refunds, size_t n, struct err *err) MUST_CHECK;

#endif
