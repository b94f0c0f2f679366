/*
 * A refund that has failed here, and that a channel's statement proves to have been paid: its claim on the payment was
 * given back and its order has gone on, so both are taken up again before complete_refund.c ends the refund for good.
 */
#ifndef BMT_FLOWS_PROVE_REFUND_H
#define BMT_FLOWS_PROVE_REFUND_H

#include "flows/complete_refund.h"

/*
 * With the refund of `c` locked: claims its money again and makes its order REFUNDING by it. `ret_can` is false, and
 * nothing is written, where the payment has not so much left, the order stands elsewhere, or another refund has taken
 * the units back: then people must look at it. With c->is_look nothing is written either way.
 */
int prove_refund(struct batch *batch, const struct complete_refund *c, bool *ret_can, struct err *err) MUST_CHECK;

#endif
