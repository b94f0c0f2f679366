/* Disputes that tests begin with, over line 1 of orders in EUR; made through the same plans that calls use. */
#ifndef BMT_TESTS_LIB_DISPUTES_H
#define BMT_TESTS_LIB_DISPUTES_H

#include "flows/close_dispute.h"
#include "flows/open_dispute.h"
#include "lib/db.h"

/* A command to open a dispute under a number of its own. */
struct open_dispute dispute_of(struct test_db *test, int64_t order_id, int32_t line_no, int64_t amount_minor);

/* One that is open; the channel has charged a fee for it, or none. */
int64_t given_dispute(struct test_db *test, int64_t order_id, int64_t amount_minor, int64_t fee_minor);

/* Closes it; of its fee so much comes back. Returns the refusal's id, 0 when it succeeded. */
int close_dispute_as(struct test_db *test, int64_t dispute_id, enum dispute_event event, int64_t returned_minor);

#endif
