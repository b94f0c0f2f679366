/* QueryPayout: asks the channel what became of a payout; also of one that has succeeded, as money may come back. */
#ifndef BMT_FLOWS_QUERY_PAYOUT_H
#define BMT_FLOWS_QUERY_PAYOUT_H

#include "rpc/service.h"

void query_payout_handle(struct lane *lane, struct call **calls, size_t n);

#endif
