/* The states and events of orders; numbers are those of bmt.order.v1. Pure. */
#ifndef BMT_ORDER_STATE_H
#define BMT_ORDER_STATE_H

#include "base/fsm.h"

enum order_state {
    ORDER_NONE = 0, /* before the creation */
    ORDER_PENDING_PAYMENT = 1,
    ORDER_PAID = 2,
    ORDER_FULFILLING = 3,
    ORDER_FULFILLED = 4,
    ORDER_COMPLETED = 5,
    ORDER_CLOSED = 6,
    ORDER_REFUNDING = 7,
    ORDER_REFUNDED = 8,
};

enum order_event {
    ORDER_EVENT_CREATE = 1,
    ORDER_EVENT_PAY = 2,
    ORDER_EVENT_START_FULFILMENT = 3,
    ORDER_EVENT_FULFIL = 4,
    ORDER_EVENT_CONFIRM = 5,
    ORDER_EVENT_CANCEL = 6,
    ORDER_EVENT_EXPIRE = 7,
    ORDER_EVENT_FAIL_PAYMENT = 8,
    ORDER_EVENT_DENY = 9,
    ORDER_EVENT_START_REFUND = 10,
    ORDER_EVENT_REFUND = 11,
    ORDER_EVENT_END_REFUND = 12,
    ORDER_EVENT_END_REFUND_COMPLETED = 13,
    ORDER_EVENT_REOPEN = 14,
};

enum close_reason {
    CLOSE_PAYMENT_FAILED = 1,
    CLOSE_TIMEOUT = 2,
    CLOSE_USER_CANCELLED = 3,
    CLOSE_RISK_DENIED = 4,
    CLOSE_SUPPORT = 5,
};

extern const struct fsm order_fsm;

/* Whether nothing happens to the order any more unless someone asks for a refund. */
bool order_state_is_settled(int state);

#endif
