/*
 * An order waits for money, is fulfilled once it has it, and is completed by the buyer or by time.
 *
 *   (none) --> PENDING_PAYMENT --> PAID --> FULFILLING --> FULFILLED --> COMPLETED
 *                     |                                         |             |
 *                     v                                         +-------------+--> REFUNDING --> REFUNDED
 *                  CLOSED - - (late money, where the business re-opens) - -> PAID
 *
 * A refund of a part, and one that failed, ends where it began. PAID and FULFILLING are passed inside one transaction
 * as long as the platform grants by itself, so nobody can ask for a refund there.
 */
#include "order/state.h"

static const char *const states[] = {
    "UNSPECIFIED", "PENDING_PAYMENT", "PAID", "FULFILLING", "FULFILLED", "COMPLETED", "CLOSED", "REFUNDING", "REFUNDED",
};

static const char *const events[] = {
    "UNSPECIFIED",  "CREATE", "PAY",        "START_FULFILMENT",     "FULFIL",
    "CONFIRM",      "CANCEL", "EXPIRE",     "FAIL_PAYMENT",         "DENY",
    "START_REFUND", "REFUND", "END_REFUND", "END_REFUND_COMPLETED", "REOPEN",
};

/* clang-format off */
static const struct fsm_row rows[] = {
    /* from                 event                         to                   */
    {ORDER_NONE,            ORDER_EVENT_CREATE,           ORDER_PENDING_PAYMENT},
    {ORDER_PENDING_PAYMENT, ORDER_EVENT_PAY,              ORDER_PAID           },
    {ORDER_PENDING_PAYMENT, ORDER_EVENT_CANCEL,           ORDER_CLOSED         },
    {ORDER_PENDING_PAYMENT, ORDER_EVENT_EXPIRE,           ORDER_CLOSED         },
    {ORDER_PENDING_PAYMENT, ORDER_EVENT_FAIL_PAYMENT,     ORDER_CLOSED         },
    {ORDER_PENDING_PAYMENT, ORDER_EVENT_DENY,             ORDER_CLOSED         },
    {ORDER_CLOSED,          ORDER_EVENT_REOPEN,           ORDER_PAID           },
    {ORDER_PAID,            ORDER_EVENT_START_FULFILMENT, ORDER_FULFILLING     },
    {ORDER_FULFILLING,      ORDER_EVENT_FULFIL,           ORDER_FULFILLED      },
    {ORDER_FULFILLED,       ORDER_EVENT_CONFIRM,          ORDER_COMPLETED      },
    {ORDER_FULFILLED,       ORDER_EVENT_START_REFUND,     ORDER_REFUNDING      },
    {ORDER_COMPLETED,       ORDER_EVENT_START_REFUND,     ORDER_REFUNDING      },
    {ORDER_REFUNDING,       ORDER_EVENT_REFUND,           ORDER_REFUNDED       },
    {ORDER_REFUNDING,       ORDER_EVENT_END_REFUND,       ORDER_FULFILLED      },
    {ORDER_REFUNDING,       ORDER_EVENT_END_REFUND_COMPLETED, ORDER_COMPLETED  },
};
/* clang-format on */

const struct fsm order_fsm = {
    .name = "order",
    .states = states,
    .n_states = COUNT_OF(states),
    .events = events,
    .n_events = COUNT_OF(events),
    .rows = rows,
    .n_rows = COUNT_OF(rows),
};

bool order_state_is_settled(int state)
{
    return state == ORDER_COMPLETED || state == ORDER_CLOSED || state == ORDER_REFUNDED;
}
