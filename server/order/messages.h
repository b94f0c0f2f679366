/* Messages of orders, made from rows; for service.c, service_stream.c and flows that answer PayOrder. */
#ifndef BMT_ORDER_MESSAGES_H
#define BMT_ORDER_MESSAGES_H

#include "bmt/order/v1/order.pb-c.h"
#include "order/ops.h"

/* All memory is the arena's; texts of rows are not copied. */
Bmt__Order__V1__Order *order_message(const struct order_row *row, const struct order_lines *lines, struct arena *arena);
Bmt__Order__V1__OrderEvent *order_event_message(const struct order_event_row *row, struct arena *arena);

/* What happens next by itself; NULL when nothing. */
Bmt__Order__V1__NextStep *order_next_step_message(const struct order_row *row, struct arena *arena);

/* `key=value` lines, as the row keeps them. */
const char *order_labels_text(Bmt__Common__V1__Label *const *labels, size_t n, struct arena *arena);

#endif
