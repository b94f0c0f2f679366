/* Amounts of lines and spans of entitlements. Pure. */
#ifndef BMT_PRODUCT_RULES_H
#define BMT_PRODUCT_RULES_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/* quantity x unit price. 0 or ERR_AMOUNT_OVERFLOW (over MONEY_AMOUNT_MAX). */
int product_line_amount(int64_t quantity, int64_t unit_minor, int64_t *ret_minor) MUST_CHECK;

/* Sum of amounts. 0 or ERR_AMOUNT_OVERFLOW. */
int product_total(const int64_t *amounts_minor, size_t n, int64_t *ret_minor) MUST_CHECK;

/* What a line grants. */
struct lot_terms {
    int64_t start_time_ms;
    int64_t end_time_ms; /* 0: no end */
    int64_t granted;     /* pieces; 0 when they are not counted */
};

/*
 * A DURATION begins when the user's present time of the SPU ends (`held_until_ms`, 0: none), or now, and adds up by
 * units; a COUNT begins now and has no end; PERMANENT has neither. `kind` is enum grant_kind. The end never passes the
 * year 9999: longer spans are cut there.
 */
struct lot_terms product_lot_terms(int kind, int64_t grant_amount, int64_t quantity, int64_t now_ms,
                                   int64_t held_until_ms);

/*
 * When a lot ends after a recall that leaves `left` of its `units`: a DURATION keeps the share of its time from its
 * start on, rounded up to milliseconds; the others keep their end.
 */
int64_t product_recalled_end(int kind, int64_t start_time_ms, int64_t end_time_ms, int64_t units, int64_t left);

/* Pieces left of a COUNT lot of `granted` pieces for `quantity` units when `recalled` units go. */
int64_t product_recalled_pieces(int64_t granted, int64_t quantity, int64_t recalled, int64_t remaining);

#endif
