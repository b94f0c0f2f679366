/* A range of orders with what settlement has of them, as clearings_read.c fetches it for clearings.c. */
#ifndef BMT_VERIFY_CLEARINGS_H
#define BMT_VERIFY_CLEARINGS_H

#include "verify/moved.h"

struct sold_seen {
    int64_t id, biz_id, state, payment_id, pay_ms;
    char currency[CURRENCY_SIZE];
};
struct sold_line_seen {
    int64_t order_id, line_no, sku_id, quantity, amount, disputed;
};
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
struct paying_seen {
    int64_t order_id, id, account_id, fee;
};
struct refunding_seen {
    int64_t order_id, id;
};
struct disputing_seen {
    int64_t order_id, line_no, id, biz_id, state, amount;
};

struct clearing_range {
    struct sold_seen *orders;
    size_t n_orders;
    struct sold_line_seen *lines;
    size_t n_lines, at_line;
    struct clearing_seen *clearings;
    size_t n_clearings, at_clearing;
    struct entry_seen *entries;
    size_t n_entries, at_entry;
    struct paying_seen *payments;
    size_t n_payments, at_payment;
    struct refunding_seen *refunds; /* of orders, not of late money */
    size_t n_refunds, at_refund;
    struct moved_list cleared; /* by order */
    size_t at_cleared;
    struct moved_list borne; /* refunds and reversals, by refund */
    struct disputing_seen *disputes;
    size_t n_disputes, at_dispute;
    struct moved_list lost; /* by dispute */
};

/* Reads the rows of orders with ids in (after, upto]. 0 or -1. */
int clearings_read(struct worker *worker, int64_t after, int64_t upto, struct clearing_range *ret_range) MUST_CHECK;

#endif
