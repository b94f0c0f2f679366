/*
 * Clearing: how the money of an order's lines is divided, from sale to the partners' entries; for flows and the job.
 *
 *   clearing_open    the order was paid: each line waits, the rule that divides it is frozen
 *   clearing_end     the order has ended: its lines can be divided
 *   clear_order      divides what was paid, less the channel's fee and what went back
 *   clearing_refund  money went back: before that the line has less to divide, after it those who had it give it back
 *
 * Lines are locked by order and number, after their orders; the ledger is posted last, by the caller.
 */
#ifndef BMT_SETTLEMENT_OPS_CLEARING_H
#define BMT_SETTLEMENT_OPS_CLEARING_H

#include "settlement/ops_ledger.h"
#include "settlement/store_clearing.h"

/* A paid line. */
struct paid_line {
    int64_t spu_id;
    struct clearing_row row; /* up to fee_minor, without rule_id and state */
};

/* Records lines that wait. They are new rows: a repeat is a conflict. */
int clearing_open(struct batch *batch, struct paid_line *lines, size_t n, struct err *err) MUST_CHECK;

/* The orders have ended, whichever way: lines that wait for it are due. */
int clearing_end(struct batch *batch, const int64_t *order_ids, size_t n, struct err *err) MUST_CHECK;

/* Divides the lines of an order that are due; others are left alone. */
struct clear_order {
    struct command command;
    int64_t order_id;
};
extern struct batch_plan clear_order_plan;

/* New entries as they gather. */
struct new_entries {
    struct clearing_entry_row *list;
    size_t n;
};

/* How a line is divided. */
struct line_division {
    struct clearing_row *row;          /* locked, PENDING; changed in memory */
    const struct split_rule_row *rule; /* that it was sold under; NULL: none */
    const struct split_part_row *parts;
    size_t n_parts;
    const struct partner_row *partners; /* by id; those that rule and parts name are among them */
    size_t n_partners;
};
/*
 * Divides what is left of the line after the fee and what went back, and gathers at most n_parts + 1 entries. Where the
 * fee is more than what is left, there is nothing to divide and the platform bears the difference. Writes no rows.
 */
int line_clear(struct batch *batch, const struct line_division *division, struct transfers *transfers,
               struct new_entries *entries, struct err *err) MUST_CHECK;

/* A refund that has succeeded, and what it recalls: `weights` are what those units had cost. */
struct refunded_line {
    int32_t line_no;
    int64_t weight_minor;
};
struct order_refunded {
    int64_t refund_id;
    int64_t biz_id;
    int64_t order_id;
    int64_t channel_account_id;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    const struct refunded_line *lines;
    size_t n_lines;
};
/*
 * Takes refunds off their lines and gathers their transfers. Orders that were paid before there was a ledger are
 * passed by.
 */
int clearing_refund(struct batch *batch, const struct order_refunded *refunds, size_t n, struct transfers *transfers,
                    struct err *err) MUST_CHECK;
/* What refunds are taken off, and what that makes. */
struct refund_work {
    struct clearing_row *rows; /* locked, of all orders, by order and line; changed in memory */
    size_t n_rows;
    struct clearing_entry_row *entries; /* of those lines, by order and line */
    size_t n_entries;
    struct refund_bearer_row *bearers; /* of all refunds; what they bear is taken off, as it is borne */
    size_t n_bearers;
    struct new_entries made;
};
/* One of them, in memory. Gathers as line_reverse does, where its lines are cleared. Writes no rows. */
int clearing_take_off(struct batch *batch, const struct order_refunded *refund, struct refund_work *work,
                      struct transfers *transfers, struct err *err) MUST_CHECK;
/* Transfers that clearing_refund may gather. */
size_t clearing_refund_transfers_max(const struct order_refunded *refunds, size_t n);

/* What those who had a cleared line's money give back of it. */
struct line_reversal {
    struct clearing_row *row;                 /* locked, CLEARED; changed in memory */
    const struct clearing_entry_row *entries; /* of the line */
    size_t n_entries;
    int64_t amount_minor; /* at most what is left of the line */
    int64_t source_id;
    enum entry_kind entry_kind; /* of what partners give back: REVERSAL or DISPUTE */
    /* Who bears it, if that was said; the platform bears the rest. What they bear is taken off, for the next line. */
    struct refund_bearer_row *bearers;
    size_t n_bearers;
    struct transfer head; /* of the transfer */
    enum account from;    /* the account that it is taken off */
    int64_t from_subject_id;
};
/* Gathers the transfer, and an entry for each partner that gives something back. Writes no rows. */
int line_reverse(struct batch *batch, const struct line_reversal *reversal, struct transfers *transfers,
                 struct new_entries *entries, struct err *err) MUST_CHECK;

/* Links new entries that take something back with the payouts that had paid it. `sales` are the entries taken from. */
int clearing_link_claw_backs(struct batch *batch, const struct clearing_entry_row *sales, size_t n,
                             struct new_entries *entries, struct err *err) MUST_CHECK;

struct partner_statement_row;
/* Where the statements that have the sales are found: by id, NULL where there is none. 0, or an error of sql.h. */
struct statement_finder {
    int (*find)(void *context, int64_t statement_id, int64_t biz_id, const struct partner_statement_row **ret_row,
                struct err *err);
    void *context;
};
/* The same by any statements. Reads no rows by itself. */
int clearing_link_claw_backs_by(const struct statement_finder *by, const struct clearing_entry_row *sales, size_t n,
                                struct new_entries *entries, struct err *err) MUST_CHECK;

#endif
