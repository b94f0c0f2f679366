/* Money; see money.h. */
#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static const char *const currencies[] = {
#define CURRENCIES(decimals, codes) [decimals] = (codes),
#include "currencies.def"
#undef CURRENCIES
};

static bool is_code(const char *currency)
{
    for (int i = 0; i < 3; i++)
        if (currency[i] < 'A' || currency[i] > 'Z')
            return false;
    return currency[3] == '\0';
}

/* -1 when the platform does not know it. */
static int find_exponent(const char *currency)
{
    if (!is_code(currency))
        return -1;
    for (size_t i = 0; i < COUNT_OF(currencies); i++)
        if (strstr(currencies[i], currency) != NULL)
            return (int)i;
    return -1;
}

bool currency_known(const char *currency)
{
    return find_exponent(currency) >= 0;
}

int currency_exponent(const char *currency)
{
    const int exponent = find_exponent(currency);

    PRE(exponent >= 0);
    return exponent;
}

static int64_t power_of_ten(int exponent)
{
    int64_t power = 1;

    while (exponent-- > 0)
        power *= 10;
    return power;
}

int64_t currency_unit_minor(const char *currency)
{
    return power_of_ten(currency_exponent(currency));
}

struct money money_of(int64_t amount_minor, const char *currency)
{
    struct money money = {.amount_minor = amount_minor};

    PRE(strlen(currency) < CURRENCY_SIZE);
    memcpy(money.currency, currency, strlen(currency) + 1);
    return money;
}

bool money_same_currency(struct money a, struct money b)
{
    return memcmp(a.currency, b.currency, CURRENCY_SIZE) == 0;
}

static int in_range(int64_t minor, struct money like, struct money *ret)
{
    if (minor > MONEY_AMOUNT_MAX || minor < -MONEY_AMOUNT_MAX)
        return ERR_AMOUNT_OVERFLOW;
    like.amount_minor = minor;
    *ret = like;
    return 0;
}

int money_add(struct money a, struct money b, struct money *ret)
{
    int64_t sum;

    if (!money_same_currency(a, b))
        return ERR_CURRENCY_MISMATCH;
    if (__builtin_add_overflow(a.amount_minor, b.amount_minor, &sum))
        return ERR_AMOUNT_OVERFLOW;
    return in_range(sum, a, ret);
}

int money_subtract(struct money a, struct money b, struct money *ret)
{
    int64_t difference;

    if (!money_same_currency(a, b))
        return ERR_CURRENCY_MISMATCH;
    if (__builtin_sub_overflow(a.amount_minor, b.amount_minor, &difference))
        return ERR_AMOUNT_OVERFLOW;
    return in_range(difference, a, ret);
}

int money_multiply(struct money a, int64_t factor, struct money *ret)
{
    int64_t product;

    if (__builtin_mul_overflow(a.amount_minor, factor, &product))
        return ERR_AMOUNT_OVERFLOW;
    return in_range(product, a, ret);
}

/* Which part is still owed most: the largest remainder, the earlier one of equals; SIZE_MAX when none is left. */
static size_t most_owed(const __int128 *remainders, size_t n)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < n; i++)
        if (remainders[i] > 0 && (best == SIZE_MAX || remainders[i] > remainders[best]))
            best = i;
    return best;
}

int money_split(struct money total, const int64_t *weights, size_t n, struct money *ret_parts)
{
    const bool is_negative = total.amount_minor < 0;
    __int128 remainders[MONEY_PARTS_MAX];
    __int128 sum = 0;
    int64_t left;

    PRE(n > 0 && n <= MONEY_PARTS_MAX);
    if (total.amount_minor > MONEY_AMOUNT_MAX || total.amount_minor < -MONEY_AMOUNT_MAX)
        return ERR_AMOUNT_OVERFLOW;
    for (size_t i = 0; i < n; i++) {
        PRE(weights[i] >= 0);
        sum += weights[i];
    }
    PRE(sum > 0);

    left = is_negative ? -total.amount_minor : total.amount_minor;
    const __int128 whole = left;
    for (size_t i = 0; i < n; i++) {
        const __int128 share = whole * weights[i];

        ret_parts[i] = total;
        ret_parts[i].amount_minor = (int64_t)(share / sum);
        remainders[i] = share % sum;
        left -= ret_parts[i].amount_minor;
    }
    for (; left > 0; left--) {
        const size_t i = most_owed(remainders, n);

        INVARIANT(i != SIZE_MAX);
        ret_parts[i].amount_minor++;
        remainders[i] = 0;
    }
    for (size_t i = 0; i < n && is_negative; i++)
        ret_parts[i].amount_minor = -ret_parts[i].amount_minor;
    return 0;
}

const char *money_text(struct money money, char *text)
{
    const int exponent = currency_exponent(money.currency);
    const int64_t unit = currency_unit_minor(money.currency);
    const uint64_t minor = money.amount_minor < 0 ? 0 - (uint64_t)money.amount_minor : (uint64_t)money.amount_minor;
    const char *sign = money.amount_minor < 0 ? "-" : "";

    if (exponent == 0)
        snprintf(text, MONEY_TEXT_SIZE, "%s%" PRIu64 " %s", sign, minor, money.currency);
    else
        snprintf(text, MONEY_TEXT_SIZE, "%s%" PRIu64 ".%0*" PRIu64 " %s", sign, minor / (uint64_t)unit, exponent,
                 minor % (uint64_t)unit, money.currency);
    return text;
}

/* Digits from `at` on into `value`, which grows by each; NULL when it would leave the range of amounts. */
static const char *read_digits(const char *at, int digits_max, int64_t *value)
{
    for (int i = 0; *at >= '0' && *at <= '9'; at++, i++) {
        *value = *value * 10 + (*at - '0');
        if (i == digits_max || *value > MONEY_AMOUNT_MAX)
            return NULL;
    }
    return at;
}

int money_parse(const char *text, struct money *ret)
{
    const bool is_negative = *text == '-';
    const char *digits = is_negative ? text + 1 : text;
    const char *space = strchr(digits, ' ');
    int64_t minor = 0;
    int exponent;

    if (space == NULL || (exponent = find_exponent(space + 1)) < 0 || *digits < '0' || *digits > '9')
        return ERR_FIELD_MALFORMED;
    const char *at = read_digits(digits, 16, &minor);

    if (at != NULL && *at == '.' && exponent > 0) {
        const char *decimals = at + 1;

        at = read_digits(decimals, exponent, &minor);
        if (at == NULL || at == decimals)
            return ERR_FIELD_MALFORMED;
        exponent -= (int)(at - decimals);
    }
    if (at != space || __builtin_mul_overflow(minor, power_of_ten(exponent), &minor) || minor > MONEY_AMOUNT_MAX)
        return ERR_FIELD_MALFORMED;
    *ret = money_of(is_negative ? -minor : minor, space + 1);
    return 0;
}
