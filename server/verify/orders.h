/*
 * A range of orders with all that belongs to them, as orders_read.c and clearings_read.c fetch it, for orders.c and
 * clearings.c: one pass looks at both, since to read an order's rows costs more than to look at them.
 */
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

/* One order's part of a range. */
struct view {
    const struct order_seen *order;
    const struct line_seen *lines;
    size_t n_lines;
    const struct event_seen *events;
    size_t n_events;
    const struct payment_seen *payments;
    size_t n_payments;
    const struct refund_seen *refunds;
    size_t n_refunds;
    const struct hold_seen *holds;
    size_t n_holds;
    const struct lot_seen *lots;
    size_t n_lots;
};

/*
 * Moves the rows of order `o` from `range` to `v`, where they stand together; what comes before them belongs to no
 * order, and REST tells what comes after the last. In a function that has these names and `worker`.
 */
#define TAKE(rows, n, at, key, orphan)                                    \
    while (range->at < range->n && range->rows[range->at].key < o->id) {  \
        orphan(worker, &range->rows[range->at]);                          \
        range->at++;                                                      \
    }                                                                     \
    v.rows = &range->rows[range->at];                                     \
    while (range->at < range->n && range->rows[range->at].key == o->id) { \
        range->at++;                                                      \
        v.n++;                                                            \
    }
#define REST(rows, n, at, orphan)             \
    for (; range->at < range->n; range->at++) \
    orphan(worker, &range->rows[range->at])

/* Reads the rows of orders with ids in (after, upto]. 0 or -1. */
int orders_read(struct worker *worker, int64_t after, int64_t upto, struct range *ret_range) MUST_CHECK;

#endif
