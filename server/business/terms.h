/* What a business has settled for its orders; a verb for flows. */
#ifndef BMT_BUSINESS_TERMS_H
#define BMT_BUSINESS_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "sql/batch.h"

/* Times of one business's orders, or the platform's where it has none of its own. */
struct order_terms {
    int64_t biz_id;
    int64_t expires_in_ms;    /* from creation to closing */
    int64_t confirm_after_ms; /* from fulfilment to completion */
    bool reopens;             /* an order that has closed takes its late money */
    bool closes_failed;       /* an order closes when the channel refuses its payment */
};

/* The platform's times; at any time. */
void business_set_order_terms(int64_t expires_in_ms, int64_t confirm_after_ms);

/* The terms of these businesses (given by biz_id, repeated ones are harmless), in the same order. */
int business_order_terms(struct batch *batch, struct order_terms *terms, size_t n, struct err *err) MUST_CHECK;

#endif
