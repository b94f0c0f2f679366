/*
 * Orders that had closed when their money came, and take it all the same, where their business wants it so
 * (LATE_MONEY_REOPEN). Only what time or a failed payment has closed is re-opened: who cancels an order, or refuses
 * it, means it. What was released must still be there; else the money goes back like any that came too late.
 */
#ifndef BMT_FLOWS_REOPEN_ORDER_H
#define BMT_FLOWS_REOPEN_ORDER_H

#include "order/ops.h"

struct reopen_order {
    struct order_row *row; /* locked, CLOSED; each at most once a call */
    bool is_look;          /* of all or of none: nothing is changed */

    bool is_reopened; /* its stock is held again; the caller moves the order on */
};

/* 0, or an error of sql.h that rolls the whole batch back. */
int reopen_orders(struct batch *batch, struct reopen_order *items, size_t n, struct err *err) MUST_CHECK;

#endif
