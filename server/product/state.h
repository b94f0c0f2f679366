/* The states of SPUs and SKUs; numbers are those of bmt.product.v1. Pure. */
#ifndef BMT_PRODUCT_STATE_H
#define BMT_PRODUCT_STATE_H

#include "base/fsm.h"

/* SPU and SKU share their states. */
enum sale_state { SALE_DRAFT = 1, SALE_PUBLISHED = 2, SALE_UNPUBLISHED = 3 };

enum sale_event { SALE_EVENT_PUBLISH = 1, SALE_EVENT_UNPUBLISH = 2 };

extern const struct fsm product_sale_fsm;

enum grant_kind { GRANT_DURATION = 1, GRANT_COUNT = 2, GRANT_PERMANENT = 3 };
enum hold_state { HOLD_HELD = 1, HOLD_SOLD = 2, HOLD_RELEASED = 3 };
enum lot_state { LOT_ACTIVE = 1, LOT_RECALLED = 2 };

#endif
