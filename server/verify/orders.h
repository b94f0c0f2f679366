/* A range of orders with all that belongs to them, as orders_read.c fetches it for orders.c. */
#ifndef BMT_VERIFY_ORDERS_H
#define BMT_VERIFY_ORDERS_H

#include "verify/pass.h"

/* All rows of a range, and where each order's begin. */
struct range {
    struct order_seen *orders;
    size_t n_orders;
    struct line_seen *lines;
    size_t n_lines, at_line;
    struct event_seen *events;
    size_t n_events, at_event;
    struct payment_seen *payments;
    size_t n_payments, at_payment;
    struct refund_seen *refunds;
    size_t n_refunds, at_refund;
    struct refund_line_seen *refund_lines;
    size_t n_refund_lines;
    struct hold_seen *holds;
    size_t n_holds, at_hold;
    struct lot_seen *lots;
    size_t n_lots, at_lot;
    struct quote_seen *quotes;
    size_t n_quotes;
};

/* Reads the rows of orders with ids in (after, upto]. 0 or -1. */
int orders_read(struct worker *worker, int64_t after, int64_t upto, struct range *ret_range) MUST_CHECK;

#endif
