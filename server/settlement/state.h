/* The states and events of partners' statements, payouts and disputes; state numbers are those of bmt.settlement.v1.
 * Pure. */
#ifndef BMT_SETTLEMENT_STATE_H
#define BMT_SETTLEMENT_STATE_H

#include "base/fsm.h"

enum statement_state {
    STATEMENT_NONE = 0, /* before it is opened */
    STATEMENT_OPEN = 1,
    STATEMENT_CLOSED = 2,
    STATEMENT_PAYING = 3,
    STATEMENT_PAID = 4,
    STATEMENT_FAILED = 5,
};

enum statement_event {
    STATEMENT_EVENT_OPEN = 1,
    STATEMENT_EVENT_CLOSE = 2,       /* all entries of the period are in it */
    STATEMENT_EVENT_PAY = 3,         /* a payout was begun */
    STATEMENT_EVENT_PAY_SUCCEED = 4, /* the payout succeeded */
    STATEMENT_EVENT_PAY_FAIL = 5,    /* the payout failed */
    STATEMENT_EVENT_PAY_RETURN = 6,  /* the payout came back */
};

extern const struct fsm statement_fsm;

enum payout_state {
    PAYOUT_NONE = 0, /* before the creation */
    PAYOUT_CREATED = 1,
    PAYOUT_PENDING = 2,
    PAYOUT_SUCCEEDED = 3,
    PAYOUT_FAILED = 4,
    PAYOUT_UNKNOWN = 5,
    PAYOUT_RETURNED = 6,
};

enum payout_event {
    PAYOUT_EVENT_CREATE = 1,
    PAYOUT_EVENT_WAIT = 2,    /* the channel is at it */
    PAYOUT_EVENT_LOSE = 3,    /* the channel's answer was lost */
    PAYOUT_EVENT_SUCCEED = 4, /* the money went to the partner's bank */
    PAYOUT_EVENT_FAIL = 5,    /* the channel refused */
    PAYOUT_EVENT_RETURN = 6,  /* the money came back */
};

extern const struct fsm payout_fsm;

enum dispute_state {
    DISPUTE_NONE = 0, /* before it is opened */
    DISPUTE_OPEN = 1,
    DISPUTE_WON = 2,
    DISPUTE_LOST = 3,
};

enum dispute_event {
    DISPUTE_EVENT_OPEN = 1,
    DISPUTE_EVENT_WIN = 2,  /* the money came back */
    DISPUTE_EVENT_LOSE = 3, /* the money is gone */
};

extern const struct fsm dispute_fsm;

/* Whether money may still go by itself: the payout is open. */
bool payout_state_is_open(int state);

#endif
