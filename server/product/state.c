/*
 * A product is prepared, goes on sale, may be taken off, and may come back.
 *
 *   DRAFT --> PUBLISHED <--> UNPUBLISHED
 */
#include "product/state.h"

static const char *const states[] = {"UNSPECIFIED", "DRAFT", "PUBLISHED", "UNPUBLISHED"};
static const char *const events[] = {"UNSPECIFIED", "PUBLISH", "UNPUBLISH"};

/* clang-format off */
static const struct fsm_row rows[] = {
    /* from           event                 to               */
    {SALE_DRAFT,       SALE_EVENT_PUBLISH,   SALE_PUBLISHED},
    {SALE_UNPUBLISHED, SALE_EVENT_PUBLISH,   SALE_PUBLISHED},
    {SALE_PUBLISHED,   SALE_EVENT_UNPUBLISH, SALE_UNPUBLISHED},
};
/* clang-format on */

const struct fsm product_sale_fsm = {
    .name = "sale",
    .states = states,
    .n_states = COUNT_OF(states),
    .events = events,
    .n_events = COUNT_OF(events),
    .rows = rows,
    .n_rows = COUNT_OF(rows),
};
