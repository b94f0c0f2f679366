/*
 * Amounts of money: whole minor units of a currency of ISO 4217, never fractions.
 *
 * All arithmetic is checked; nothing wraps and nothing is rounded in silence. The list of currencies and their
 * exponents (JPY 0, EUR 2, KWD 3) is protos/currencies.def: ISO 4217's list one of active codes, without metals and
 * funds' codes that nobody pays with.
 */
#ifndef BMT_BASE_MONEY_H
#define BMT_BASE_MONEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

enum { CURRENCY_SIZE = 4, MONEY_TEXT_SIZE = 32, MONEY_PARTS_MAX = 64 };

/* The largest amount that a single order, payment or balance may reach: 10^15 minor units. */
#define MONEY_AMOUNT_MAX INT64_C(1000000000000000)

struct money {
    int64_t amount_minor;
    char currency[CURRENCY_SIZE];
};

/* Whether the platform knows the currency, and its number of decimals (0 to 4). */
bool currency_known(const char *currency);
int currency_exponent(const char *currency);

/* How many minor units are one of the currency: 10 to the power of its decimals. */
int64_t currency_unit_minor(const char *currency);

struct money money_of(int64_t amount_minor, const char *currency);
bool money_same_currency(struct money a, struct money b);

/*
 * Checked arithmetic. 0, or ERR_CURRENCY_MISMATCH, or ERR_AMOUNT_OVERFLOW when the result leaves
 * +-MONEY_AMOUNT_MAX; the caller describes the refusal. `ret` is set on success only.
 */
int money_add(struct money a, struct money b, struct money *ret) MUST_CHECK;
int money_subtract(struct money a, struct money b, struct money *ret) MUST_CHECK;
int money_multiply(struct money a, int64_t factor, struct money *ret) MUST_CHECK;

/*
 * Divides `total` in proportion to `weights` (each 0 or more, not all 0) by the method of the largest remainder:
 * the parts always add up to the total; of equal remainders the earlier part gets the unit. Negative totals are
 * the mirror image of positive ones. 1 to MONEY_PARTS_MAX parts. 0 or ERR_AMOUNT_OVERFLOW.
 */
int money_split(struct money total, const int64_t *weights, size_t n, struct money *ret_parts) MUST_CHECK;

/* `12.50 EUR`; text must hold MONEY_TEXT_SIZE bytes. Returns text. */
const char *money_text(struct money money, char *text);

/* Reads `12.50 EUR`: exactly the decimals of the currency or fewer. 0 or ERR_FIELD_MALFORMED. */
int money_parse(const char *text, struct money *ret) MUST_CHECK;

#endif
