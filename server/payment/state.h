/* The states and events of payments and refunds; state numbers are those of bmt.payment.v1 and bmt.order.v1. Pure. */
#ifndef BMT_PAYMENT_STATE_H
#define BMT_PAYMENT_STATE_H

#include "base/fsm.h"

enum payment_state {
    PAYMENT_NONE = 0, /* before the creation */
    PAYMENT_CREATED = 1,
    PAYMENT_PENDING = 2,
    PAYMENT_SUCCEEDED = 3,
    PAYMENT_FAILED = 4,
    PAYMENT_CLOSED = 5,
    PAYMENT_UNKNOWN = 6,
};

enum payment_event {
    PAYMENT_EVENT_CREATE = 1,
    PAYMENT_EVENT_WAIT = 2,    /* the channel waits for the payer */
    PAYMENT_EVENT_LOSE = 3,    /* the channel's answer was lost */
    PAYMENT_EVENT_SUCCEED = 4, /* the channel has the money */
    PAYMENT_EVENT_FAIL = 5,    /* the channel or the payer refused */
    PAYMENT_EVENT_CLOSE = 6,   /* closed before it was paid */
    PAYMENT_EVENT_OFFER = 7,   /* nobody asked the channel, or nobody heard: it is about to be asked again */
};

extern const struct fsm payment_fsm;

/* Whether money may still come by itself: the payment is open. */
bool payment_state_is_open(int state);

enum refund_state {
    REFUND_NONE = 0, /* before the creation */
    REFUND_CREATED = 1,
    REFUND_PENDING = 2,
    REFUND_SUCCEEDED = 3,
    REFUND_FAILED = 4,
    REFUND_UNKNOWN = 5,
};

enum refund_event {
    REFUND_EVENT_CREATE = 1,
    REFUND_EVENT_WAIT = 2,    /* the channel is at it */
    REFUND_EVENT_LOSE = 3,    /* the channel's answer was lost */
    REFUND_EVENT_SUCCEED = 4, /* the money went back */
    REFUND_EVENT_FAIL = 5,    /* the channel refused */
    REFUND_EVENT_PROVE = 6,   /* it had failed, and a statement proves that the money went back (a repair) */
};

extern const struct fsm refund_fsm;

/* Whether money may still go back by itself: the refund is open. */
bool refund_state_is_open(int state);

#endif
