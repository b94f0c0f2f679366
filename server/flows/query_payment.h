/* QueryPayment and ClosePayment: the channel is asked, its word applied, and the payment shown. */
#ifndef BMT_FLOWS_QUERY_PAYMENT_H
#define BMT_FLOWS_QUERY_PAYMENT_H

#include "rpc/service.h"

void query_payment_handle(struct lane *lane, struct call **calls, size_t n);
void close_payment_handle(struct lane *lane, struct call **calls, size_t n);

#endif
