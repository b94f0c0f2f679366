/* The parts of the order service that stand in other files than service.c; for this room alone. */
#ifndef BMT_ORDER_SERVICE_H
#define BMT_ORDER_SERVICE_H

#include "bmt/order/v1/order.pb-c.h"
#include "flows/place_order.h"
#include "rpc/service.h"

/* Fills a command from one request: CreateOrder's, or an entry of BatchCreateOrders. */
void place_order_fill(const Bmt__Order__V1__CreateOrderRequest *request, struct arena *arena, struct place_order *c);

RPC_PARTS(get_orders);
RPC_PARTS(list_orders);
void batch_create_orders_handle(struct lane *lane, struct call **calls, size_t n);
void watch_order_handle(struct lane *lane, struct call **calls, size_t n);

#endif
