/*
 * A payment is recorded before the channel hears of it, so that nothing the channel does can be unknown to us.
 *
 *   (none) --> CREATED --> PENDING --> SUCCEEDED | FAILED | CLOSED
 *                  \          ^
 *                   +--> UNKNOWN     left only by the channel's own word
 *
 * What stays CREATED was perhaps never asked for, and is offered to the channel again (flows/offer_payment.h). A
 * channel may say SUCCEEDED after it was closed or had failed here: the money is real, so the word counts. What the
 * order then does with it is the order's affair (flows/order_paid.h). Nothing leads out of SUCCEEDED.
 */
#include "payment/state.h"

static const char *const states[] = {"UNSPECIFIED", "CREATED", "PENDING", "SUCCEEDED", "FAILED", "CLOSED", "UNKNOWN"};
static const char *const events[] = {"UNSPECIFIED", "CREATE", "WAIT", "LOSE", "SUCCEED", "FAIL", "CLOSE", "OFFER"};

/* clang-format off */
static const struct fsm_row rows[] = {
    /* from          event                  to               */
    {PAYMENT_NONE,    PAYMENT_EVENT_CREATE,  PAYMENT_CREATED  },
    {PAYMENT_CREATED, PAYMENT_EVENT_OFFER,   PAYMENT_CREATED  },
    {PAYMENT_CREATED, PAYMENT_EVENT_WAIT,    PAYMENT_PENDING  },
    {PAYMENT_CREATED, PAYMENT_EVENT_LOSE,    PAYMENT_UNKNOWN  },
    {PAYMENT_CREATED, PAYMENT_EVENT_SUCCEED, PAYMENT_SUCCEEDED},
    {PAYMENT_CREATED, PAYMENT_EVENT_FAIL,    PAYMENT_FAILED   },
    {PAYMENT_CREATED, PAYMENT_EVENT_CLOSE,   PAYMENT_CLOSED   },
    {PAYMENT_UNKNOWN, PAYMENT_EVENT_WAIT,    PAYMENT_PENDING  },
    {PAYMENT_UNKNOWN, PAYMENT_EVENT_SUCCEED, PAYMENT_SUCCEEDED},
    {PAYMENT_UNKNOWN, PAYMENT_EVENT_FAIL,    PAYMENT_FAILED   },
    {PAYMENT_UNKNOWN, PAYMENT_EVENT_CLOSE,   PAYMENT_CLOSED   },
    {PAYMENT_PENDING, PAYMENT_EVENT_SUCCEED, PAYMENT_SUCCEEDED},
    {PAYMENT_PENDING, PAYMENT_EVENT_FAIL,    PAYMENT_FAILED   },
    {PAYMENT_PENDING, PAYMENT_EVENT_CLOSE,   PAYMENT_CLOSED   },
    {PAYMENT_FAILED,  PAYMENT_EVENT_SUCCEED, PAYMENT_SUCCEEDED},
    {PAYMENT_CLOSED,  PAYMENT_EVENT_SUCCEED, PAYMENT_SUCCEEDED},
};
/* clang-format on */

const struct fsm payment_fsm = {
    .name = "payment",
    .states = states,
    .n_states = COUNT_OF(states),
    .events = events,
    .n_events = COUNT_OF(events),
    .rows = rows,
    .n_rows = COUNT_OF(rows),
};

bool payment_state_is_open(int state)
{
    return state == PAYMENT_CREATED || state == PAYMENT_PENDING || state == PAYMENT_UNKNOWN;
}

/*
 * A refund is recorded before the channel hears of it; it is never given up because nobody answers.
 *
 *   (none) --> CREATED --> PENDING --> SUCCEEDED | FAILED
 *                  \          ^
 *                   +--> UNKNOWN     left only by the channel's own word
 *
 * Words of the channel lead nowhere from FAILED, since the order has gone on. Only a repair does, by a statement that
 * proves the refund, if what it gives back is still there (flows/prove_refund.h).
 */
static const char *const refund_states[] = {"UNSPECIFIED", "CREATED", "PENDING", "SUCCEEDED", "FAILED", "UNKNOWN"};
static const char *const refund_events[] = {"UNSPECIFIED", "CREATE", "WAIT", "LOSE", "SUCCEED", "FAIL", "PROVE"};

/* clang-format off */
static const struct fsm_row refund_rows[] = {
    /* from         event                 to              */
    {REFUND_NONE,    REFUND_EVENT_CREATE,  REFUND_CREATED  },
    {REFUND_CREATED, REFUND_EVENT_WAIT,    REFUND_PENDING  },
    {REFUND_CREATED, REFUND_EVENT_LOSE,    REFUND_UNKNOWN  },
    {REFUND_CREATED, REFUND_EVENT_SUCCEED, REFUND_SUCCEEDED},
    {REFUND_CREATED, REFUND_EVENT_FAIL,    REFUND_FAILED   },
    {REFUND_UNKNOWN, REFUND_EVENT_WAIT,    REFUND_PENDING  },
    {REFUND_UNKNOWN, REFUND_EVENT_SUCCEED, REFUND_SUCCEEDED},
    {REFUND_UNKNOWN, REFUND_EVENT_FAIL,    REFUND_FAILED   },
    {REFUND_PENDING, REFUND_EVENT_SUCCEED, REFUND_SUCCEEDED},
    {REFUND_PENDING, REFUND_EVENT_FAIL,    REFUND_FAILED   },
    {REFUND_FAILED,  REFUND_EVENT_PROVE,   REFUND_SUCCEEDED},
};
/* clang-format on */

const struct fsm refund_fsm = {
    .name = "refund",
    .states = refund_states,
    .n_states = COUNT_OF(refund_states),
    .events = refund_events,
    .n_events = COUNT_OF(refund_events),
    .rows = refund_rows,
    .n_rows = COUNT_OF(refund_rows),
};

bool refund_state_is_open(int state)
{
    return state == REFUND_CREATED || state == REFUND_PENDING || state == REFUND_UNKNOWN;
}
