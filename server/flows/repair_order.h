/*
 * Repairs of what verify finds at an order: its goods are made to follow its state. Each repair does only what is
 * missing, under the locks that the flows take, so that repeating it does nothing.
 */
#ifndef BMT_FLOWS_REPAIR_ORDER_H
#define BMT_FLOWS_REPAIR_ORDER_H

#include "order/ops.h"

enum order_repair {
    ORDER_REPAIR_FULFIL = 1,      /* PAID goes on to FULFILLED; with it the two below */
    ORDER_REPAIR_SETTLE_HOLD = 2, /* HELD stock is sold to an order that is paid, released from one that is not to be */
    ORDER_REPAIR_GRANT = 4,       /* lines of a fulfilled order without a lot get theirs */
    ORDER_REPAIR_RECALL = 8,      /* lots that no fulfilled line has bought are recalled */
};

struct repair_order {
    struct command command; /* biz_id, actor */
    int64_t order_id;       /* may be of no order */
    unsigned repairs;       /* of order_repair */
    const char *reason;     /* for the history */
    bool is_look;           /* nothing is changed: only tell what would be */

    const char *done; /* what was done, or would be; NULL: there is nothing to do */
};

extern struct batch_plan repair_order_plan;

#endif
