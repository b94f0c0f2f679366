/*
 * OpenDispute: a payer had money of a line taken back by his bank.
 *
 * Refunds and disputes take of the same money, and together never more than was paid. Both lock the order first, so
 * neither decides beside the other; refunds look at order_lines.disputed_minor, which stands with the order and changes
 * in its transaction, because what settlement has written may become visible a moment later (ARCHITECTURE.md).
 */
#ifndef BMT_FLOWS_OPEN_DISPUTE_H
#define BMT_FLOWS_OPEN_DISPUTE_H

#include "order/ops.h"
#include "settlement/ops_dispute.h"

extern struct batch_plan open_dispute_plan;

/* The orders of commands, locked; NULL where a business has none of that id (0: not asked for). */
int lock_disputed_orders(struct batch *batch, const int64_t *order_ids, struct order_row **ret_rows,
                         struct err *err) MUST_CHECK;

#endif
