/*
 * Ends orders that wait for money: cancelled by someone, or expired. The order closes and its held stock is free again,
 * in one transaction. Money that still arrives is matched as late by complete_payment.c.
 */
#ifndef BMT_FLOWS_CLOSE_ORDER_H
#define BMT_FLOWS_CLOSE_ORDER_H

#include "order/ops.h"

struct close_order {
    struct command command;
    int64_t order_id;
    enum order_event event; /* CANCEL, EXPIRE, DENY; FAIL_PAYMENT is fail_order.h's */
    enum close_reason reason;
    const char *detail;

    struct order_row *row;
    struct order_lines lines;
};

/* By people, under a request_id. */
extern struct batch_plan cancel_order_plan;

/* By timers: orders that are not due any more are left alone (their command is done, without a row). */
extern struct batch_plan expire_order_plan;

#endif
