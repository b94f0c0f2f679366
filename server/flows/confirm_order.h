/* Completes fulfilled orders: confirmed by the buyer, or by time. */
#ifndef BMT_FLOWS_CONFIRM_ORDER_H
#define BMT_FLOWS_CONFIRM_ORDER_H

#include "order/ops.h"

struct confirm_order {
    struct command command;
    int64_t order_id;
    bool by_timer; /* only if it is due; else the command is done without a row */

    struct order_row *row;
    struct order_lines lines;
};

extern struct batch_plan confirm_order_plan;     /* by people, under a request_id */
extern struct batch_plan confirm_due_order_plan; /* by timers */

#endif
