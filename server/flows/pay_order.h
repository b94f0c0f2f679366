#ifndef BMT_FLOWS_PAY_ORDER_H
#define BMT_FLOWS_PAY_ORDER_H
#include "rpc/service.h"
void pay_order_handle(struct lane *lane, struct call **calls, size_t n);
#endif
