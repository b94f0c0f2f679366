/*
 * A statement gathers the entries of a period, then waits for approval and payout. Nothing in it changes once it is
 * CLOSED.
 *
 *   (none) --> OPEN --> CLOSED --> PAYING --> PAID
 *                                  ^    \      |
 *                                  +-- FAILED <+   the payout failed or came back: it is paid again
 */
#include "settlement/state.h"

static const char *const states[] = {"UNSPECIFIED", "OPEN", "CLOSED", "PAYING", "PAID", "FAILED"};
static const char *const events[] = {"UNSPECIFIED", "OPEN", "CLOSE", "PAY", "PAY_SUCCEED", "PAY_FAIL", "PAY_RETURN"};

/* clang-format off */
static const struct fsm_row rows[] = {
    /* from            event                        to              */
    {STATEMENT_NONE,   STATEMENT_EVENT_OPEN,        STATEMENT_OPEN  },
    {STATEMENT_OPEN,   STATEMENT_EVENT_CLOSE,       STATEMENT_CLOSED},
    {STATEMENT_CLOSED, STATEMENT_EVENT_PAY,         STATEMENT_PAYING},
    {STATEMENT_FAILED, STATEMENT_EVENT_PAY,         STATEMENT_PAYING},
    {STATEMENT_PAYING, STATEMENT_EVENT_PAY_SUCCEED, STATEMENT_PAID  },
    {STATEMENT_PAYING, STATEMENT_EVENT_PAY_FAIL,    STATEMENT_FAILED},
    {STATEMENT_PAID,   STATEMENT_EVENT_PAY_RETURN,  STATEMENT_FAILED},
};
/* clang-format on */

const struct fsm statement_fsm = {
    .name = "statement",
    .states = states,
    .n_states = COUNT_OF(states),
    .events = events,
    .n_events = COUNT_OF(events),
    .rows = rows,
    .n_rows = COUNT_OF(rows),
};

/*
 * A payout is recorded before the channel hears of it; it is never given up because nobody answers.
 *
 *   (none) --> CREATED --> PENDING --> SUCCEEDED --> RETURNED
 *                  \          ^   \--> FAILED
 *                   +--> UNKNOWN       left only by the channel's own word
 */
static const char *const payout_states[] = {"UNSPECIFIED", "CREATED", "PENDING", "SUCCEEDED",
                                            "FAILED",      "UNKNOWN", "RETURNED"};
static const char *const payout_events[] = {"UNSPECIFIED", "CREATE", "WAIT", "LOSE", "SUCCEED", "FAIL", "RETURN"};

/* clang-format off */
static const struct fsm_row payout_rows[] = {
    /* from           event                 to              */
    {PAYOUT_NONE,      PAYOUT_EVENT_CREATE,  PAYOUT_CREATED  },
    {PAYOUT_CREATED,   PAYOUT_EVENT_WAIT,    PAYOUT_PENDING  },
    {PAYOUT_CREATED,   PAYOUT_EVENT_LOSE,    PAYOUT_UNKNOWN  },
    {PAYOUT_CREATED,   PAYOUT_EVENT_SUCCEED, PAYOUT_SUCCEEDED},
    {PAYOUT_CREATED,   PAYOUT_EVENT_FAIL,    PAYOUT_FAILED   },
    {PAYOUT_UNKNOWN,   PAYOUT_EVENT_WAIT,    PAYOUT_PENDING  },
    {PAYOUT_UNKNOWN,   PAYOUT_EVENT_SUCCEED, PAYOUT_SUCCEEDED},
    {PAYOUT_UNKNOWN,   PAYOUT_EVENT_FAIL,    PAYOUT_FAILED   },
    {PAYOUT_PENDING,   PAYOUT_EVENT_SUCCEED, PAYOUT_SUCCEEDED},
    {PAYOUT_PENDING,   PAYOUT_EVENT_FAIL,    PAYOUT_FAILED   },
    {PAYOUT_SUCCEEDED, PAYOUT_EVENT_RETURN,  PAYOUT_RETURNED },
};
/* clang-format on */

const struct fsm payout_fsm = {
    .name = "payout",
    .states = payout_states,
    .n_states = COUNT_OF(payout_states),
    .events = payout_events,
    .n_events = COUNT_OF(payout_events),
    .rows = payout_rows,
    .n_rows = COUNT_OF(payout_rows),
};

bool payout_state_is_open(int state)
{
    return state == PAYOUT_CREATED || state == PAYOUT_PENDING || state == PAYOUT_UNKNOWN;
}

/*
 * A dispute holds a line's money until it ends, once.
 *
 *   (none) --> OPEN --> WON
 *                  \--> LOST
 */
static const char *const dispute_states[] = {"UNSPECIFIED", "OPEN", "WON", "LOST"};
static const char *const dispute_events[] = {"UNSPECIFIED", "OPEN", "WIN", "LOSE"};

/* clang-format off */
static const struct fsm_row dispute_rows[] = {
    /* from        event               to          */
    {DISPUTE_NONE, DISPUTE_EVENT_OPEN, DISPUTE_OPEN},
    {DISPUTE_OPEN, DISPUTE_EVENT_WIN,  DISPUTE_WON },
    {DISPUTE_OPEN, DISPUTE_EVENT_LOSE, DISPUTE_LOST},
};
/* clang-format on */

const struct fsm dispute_fsm = {
    .name = "dispute",
    .states = dispute_states,
    .n_states = COUNT_OF(dispute_states),
    .events = dispute_events,
    .n_events = COUNT_OF(dispute_events),
    .rows = dispute_rows,
    .n_rows = COUNT_OF(dispute_rows),
};
