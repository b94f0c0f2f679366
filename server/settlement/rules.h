/*
 * How much, and until when: dividing lines among partners, taking shares back, ends of periods, conversions. Pure.
 *
 * Whatever is divided, no unit is lost: parts are whole units by largest remainder, and what rules do not name goes to
 * the rule's remainder party. Party 0 is the platform.
 */
#ifndef BMT_SETTLEMENT_RULES_H
#define BMT_SETTLEMENT_RULES_H

#include "base/check.h"
#include "settlement/store_partner.h"

enum { SHARES_MAX = SPLIT_PARTS_MAX + 2, REVERSAL_PARTS_MAX = SPLIT_PARTS_MAX + 3 };

/* What is wrong with the parts of a rule, to follow "the parts of level 2 are ...". */
struct split_problem {
    int32_t level;
    const char *text;
};

/*
 * Whether a rule may have these parts: levels (1 to SPLIT_LEVEL_MAX) ascend, each names a party once, its basis points
 * add up to at most BASIS_POINTS_WHOLE; a fixed part needs a currency. 0, or -1 with the first problem.
 */
int split_check(const struct split_rule_row *rule, const struct split_part_row *parts, size_t n,
                struct split_problem *ret) MUST_CHECK;

/* What a party gets. */
struct share {
    int64_t partner_id; /* 0: the platform */
    int64_t amount_minor;
};

/*
 * Divides the cleared amount (0 or more) of a line by its rule; NULL: none, all of it is the platform's. Level by
 * level:
 *   1. fixed parts in their order, value x quantity each, as far as the level's money reaches; nothing where the line
 *      has another currency than the rule;
 *   2. basis points of what is left of it then; what they do not cover goes on to the next level.
 * What the last level leaves is the remainder party's.
 *
 * Writes at most SHARES_MAX shares that add up to the amount: the platform's first, even if it is 0, then one for each
 * partner that gets something, in the order in which they get it. 0, ERR_AMOUNT_OVERFLOW, or ERR_SPLIT_RATIO when the
 * rule is none that split_check lets pass (its rows were changed).
 */
int split_line(const struct split_rule_row *rule, const struct split_part_row *parts, size_t n_parts,
               int64_t amount_minor, int64_t quantity, const char *currency, struct share *ret_shares,
               size_t *ret_n) MUST_CHECK;

/*
 * Divides a refund among what 1 to REVERSAL_PARTS_MAX parties have left of a line (each 0 or more), in proportion to
 * it: nobody gives more than he has left, and who gives it all back in any steps ends at 0. 0, or ERR_AMOUNT_OVERFLOW
 * when they do not have as much.
 */
int share_reverse(int64_t amount_minor, const int64_t *left, size_t n, int64_t *ret_parts) MUST_CHECK;

/*
 * How much of a refund falls on each line: in proportion to what the recalled units had cost (`weights`) or, where that
 * is less, to what is `left` of the line; no line more than is left of it. A refund that fits the units of its lines so
 * takes of none more than they had cost. 0, or ERR_AMOUNT_OVERFLOW when the amount is more than what is left. 1 to
 * REVERSAL_PARTS_MAX.
 */
int refund_lines(int64_t amount_minor, const int64_t *weights, const int64_t *left, size_t n,
                 int64_t *ret_parts) MUST_CHECK;

/*
 * The end of the partner's period that is under way at after_ms: strictly after it. THRESHOLD is looked at daily. -1
 * when the time zone is not known (any more).
 */
int64_t period_end_after(const struct partner_row *partner, int64_t after_ms);

enum { CONVERSION_RATE_MALFORMED = -1, CONVERSION_DOES_NOT_FIT = -2 };

/*
 * Whether `to_minor` is `from_minor` at the rate: how much of the second currency for one of the first, a positive
 * decimal of at most 10 digits on either side of the point, `1.0834`. It fits when it is less than one minor unit of
 * the second currency off. Both amounts positive, both currencies known and not the same. 0, CONVERSION_RATE_MALFORMED
 * or CONVERSION_DOES_NOT_FIT.
 */
int conversion_check(int64_t from_minor, const char *from, int64_t to_minor, const char *to,
                     const char *rate) MUST_CHECK;

#endif
