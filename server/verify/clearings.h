/* What settlement has of a range of orders, as clearings_read.c fetches it for clearings.c. */
#ifndef BMT_VERIFY_CLEARINGS_H
#define BMT_VERIFY_CLEARINGS_H

#include "verify/moved.h"
#include "verify/orders.h"

struct clearing_seen {
    int64_t order_id, line_no, biz_id, payment_id, account_id, sku_id, rule_id, quantity, state, amount, fee, refunded,
        platform, fee_left, due_ms, sale_ms, clear_ms, disputed, is_rule_there;
    char currency[CURRENCY_SIZE];
};
struct entry_seen {
    int64_t order_id, line_no, id, biz_id, partner_id, kind, state, amount, source_id, reverses_id, claw_back_id,
        statement_id, payable_ms, create_ms, is_in_statement;
    char currency[CURRENCY_SIZE];
};
extern const struct seen_columns entry_columns;
/* Of an entry e and its statement s: whether that is its own, with the period that it belongs to, or it is in none. */
#define ENTRY_IN_STATEMENT                                                                    \
    "e.statement_id = 0 OR COALESCE(s.biz_id = e.biz_id AND s.partner_id = e.partner_id AND " \
    "s.currency = e.currency AND e.payable_time_ms < s.to_time_ms, 0)"
struct disputing_seen {
    int64_t order_id, line_no, id, biz_id, state, amount;
};

struct clearing_range {
    struct clearing_seen *clearings;
    size_t n_clearings, at_clearing;
    struct entry_seen *entries;
    size_t n_entries, at_entry;
    struct moved_list cleared; /* by order */
    struct moved_list borne;   /* refunds and reversals, by refund */
    struct disputing_seen *disputes;
    size_t n_disputes, at_dispute;
    struct moved_list lost; /* by dispute */
};

/* Reads what belongs to the orders of `range`, whose ids are in (after, upto]. 0 or -1. */
int clearings_read(struct worker *worker, int64_t after, int64_t upto, const struct range *range,
                   struct clearing_range *ret_range) MUST_CHECK;

/* Looks at the next order; they come as they are sorted. */
void clearings_check(struct worker *worker, struct clearing_range *range, const struct view *of);

/* Tells what belongs to no order, once all were looked at. */
void clearings_rest(struct worker *worker, struct clearing_range *range, const struct range *orders);

#endif
