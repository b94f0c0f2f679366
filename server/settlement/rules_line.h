/*
 * What is left of a line, who has it, and what disputes and refunds do to it. Pure; rows are changed in memory.
 *
 * Of what was paid for a line a part went back (refunds, lost disputes), a part is disputed (open disputes), and the
 * rest is left: refunds and disputes take of that alone, so that together they never take more than was paid.
 */
#ifndef BMT_SETTLEMENT_RULES_LINE_H
#define BMT_SETTLEMENT_RULES_LINE_H

#include "settlement/rules.h"
#include "settlement/store_clearing.h"

int64_t line_left(const struct clearing_row *row);

/*
 * How much of line `at` of an order can be disputed: what is left of it, less what a refund under way needs of it.
 * `left` are what is left of the order's lines, `costs` what the units that the refund recalls of each had cost (0:
 * none); the refund takes of a line at most the lesser of the two. refund_minor 0: no refund is under way.
 */
int64_t line_disputable(const int64_t *left, const int64_t *costs, size_t n, size_t at, int64_t refund_minor);

/* A dispute over an amount is opened (PRE: it is left), won, or lost (PRE: it is disputed). */
void line_dispute(struct clearing_row *row, int64_t amount_minor);
void line_win(struct clearing_row *row, int64_t amount_minor);
void line_lose(struct clearing_row *row, int64_t amount_minor);

/* What somebody has left of a cleared line: the channel's fee first, then the platform, then each partner. */
struct line_holder {
    int64_t partner_id; /* 0: the platform */
    int64_t left_minor;
    const struct clearing_entry_row *sale; /* the entry that gave it; NULL: the platform's */
};
enum { HOLDER_FEE, HOLDER_PLATFORM, HOLDERS_BEFORE_PARTNERS };

/* `entries` are the line's; writes at most REVERSAL_PARTS_MAX holders and returns how many. */
size_t line_holders(const struct clearing_row *row, const struct clearing_entry_row *entries, size_t n_entries,
                    struct line_holder *ret_holders);

/*
 * Who gives how much of an amount back: in proportion to what they have left, or as `bearers` say and the rest the
 * platform. What was said is of a whole refund, so what this line bears is taken off it: lines bear it in the refund's
 * order, each as much as it can. What fee and platform give is taken off the row; who bore more than he had has nothing
 * left to give. 0, or ERR_AMOUNT_OVERFLOW when they do not have as much.
 */
int line_bear(struct clearing_row *row, const struct line_holder *holders, size_t n, int64_t amount_minor,
              struct refund_bearer_row *bearers, size_t n_bearers, int64_t *ret_parts) MUST_CHECK;

#endif
