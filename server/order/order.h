/* The order module: what was bought, from creation to completion. Flows use its verbs (order/ops.h). */
#ifndef BMT_ORDER_ORDER_H
#define BMT_ORDER_ORDER_H

#include "rpc/service.h"

extern const struct rpc_service order_service;

#endif
