/* Which agreements the users of orders have yet to accept: payment knows the agreements, order what is bought. */
#ifndef BMT_FLOWS_OPEN_AGREEMENTS_H
#define BMT_FLOWS_OPEN_AGREEMENTS_H

#include "order/ops.h"
#include "payment/ops_agreement.h"

/*
 * `looks[i]` is about `orders[i]`; the user is set here, the rest by the caller. A business without agreements costs
 * nothing; one whose agreements go with all that it sells, one look at what was accepted.
 */
int open_agreements(struct batch *batch, struct agreement_look *looks, struct order_row *const *orders, size_t n,
                    struct err *err) MUST_CHECK;

#endif
