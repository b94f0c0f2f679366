/*
 * What fulfilment gives: the entitlements of paid lines, and the time by which the order confirms itself. Used where
 * orders are paid (order_paid.c) and where a break is repaired (repair_order.c).
 */
#ifndef BMT_FLOWS_FULFIL_ORDER_H
#define BMT_FLOWS_FULFIL_ORDER_H

#include "order/ops.h"

/* Sets the timer of FULFILLED, which is the confirmation, on the rows of the moves; before they are written. */
int fulfil_set_times(struct batch *batch, struct order_moves *moves, struct err *err) MUST_CHECK;

/* Grants the lines of the i-th order. A line that was granted before is a conflict. */
int fulfil_grant(struct batch *batch, struct order_row *const *rows, const struct order_lines *lines, size_t n,
                 struct err *err) MUST_CHECK;

#endif
