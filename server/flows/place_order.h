/*
 * Creates orders: prices their lines (or takes a quote), holds their stock, and keeps the request_id on the order row
 * itself. One transaction for the batch; nothing of a refused order stays.
 *
 * Without look_first it hopes: no key and no stock is read before it is written; a repeated request_id or a SKU that
 * is sold out shows as a conflict, and the batch runs again, looking first.
 */
#ifndef BMT_FLOWS_PLACE_ORDER_H
#define BMT_FLOWS_PLACE_ORDER_H

#include "order/ops.h"
#include "product/ops.h"

struct place_order {
    struct command command;
    const char *user_id;
    int64_t quote_id;        /* 0: lines are given */
    struct sale_line *lines; /* SKU, quantity, currency given; with a quote, the flow takes them from it */
    size_t n_lines;
    int64_t expires_in_ms; /* 0: as the business has settled */
    const char *labels;    /* `key=value` lines */

    /* The order: as it was made now, or as it is since an earlier call with the same request_id made it. */
    struct order_row *row;
    struct order_lines order_lines;
};

extern struct batch_plan place_order_plan;

#endif
