/* How much a refund of an order may take. Pure. */
#ifndef BMT_ORDER_RULES_H
#define BMT_ORDER_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "base/money.h"

/* A line as the rule sees it. */
struct refundable_line {
    int32_t line_no;
    int64_t unit_minor;
    int64_t quantity_left;  /* not refunded yet */
    int64_t disputed_minor; /* taken back by payers' banks, and not to be paid back once more */
};

struct refund_want {
    int32_t line_no;
    int64_t quantity;
};

enum refund_fault {
    REFUND_FITS,
    REFUND_NO_SUCH_LINE,     /* `line_no` */
    REFUND_LINE_TOO_LARGE,   /* `line_no` has `left` units left */
    REFUND_AMOUNT_TOO_LARGE, /* at most `left` minor units */
};

struct refund_terms {
    enum refund_fault fault;
    int32_t line_no;
    int64_t left;
    int64_t amount_minor;
};

/*
 * The most that the units which these wants name can give back: of each line what they cost, as far as the units that
 * are left of it are not disputed. Lines that are not there give nothing.
 */
int64_t order_refund_max(const struct refundable_line *lines, size_t n_lines, const struct refund_want *wants,
                         size_t n_wants);

/*
 * What a refund of these wants pays back: the most that the units can give back, or `amount_minor` (0: not given) when
 * that is less. `left_minor` is what has not been paid back, and is not disputed. Wants name each line once.
 */
struct refund_terms order_refund_terms(const struct refundable_line *lines, size_t n_lines,
                                       const struct refund_want *wants, size_t n_wants, int64_t left_minor,
                                       int64_t amount_minor);

#endif
