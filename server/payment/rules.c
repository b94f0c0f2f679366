/* See rules.h. */
#include "payment/rules.h"

#include <string.h>
#include <strings.h>

enum { CODE_LENGTH = CURRENCY_SIZE - 1 };

static bool is_currency_listed(const char *currencies, const char *currency)
{
    for (const char *at = currencies; *at != '\0'; at += CODE_LENGTH)
        if (strncmp(at, currency, CODE_LENGTH) == 0)
            return true;
    return currencies[0] == '\0';
}

bool payment_limits_allow(const struct payment_limits *limits, struct money amount)
{
    return is_currency_listed(limits->currencies, amount.currency) && amount.amount_minor >= limits->amount_min &&
           (limits->amount_max == 0 || amount.amount_minor <= limits->amount_max);
}

bool payment_platforms_have(int32_t platforms, int32_t platform)
{
    return platforms == 0 || platform == 0 || (platforms >> platform & 1) != 0;
}

/* The first whose tag begins with these subtags; `is_whole`: and has no more. n: there is none. */
static size_t find_locale(const char *const *locales, size_t n, const char *wanted, size_t length, bool is_whole)
{
    for (size_t i = 0; i < n; i++) {
        const char *end = locales[i] + length;

        if (strncasecmp(locales[i], wanted, length) == 0 && (*end == '\0' || (!is_whole && *end == '-')))
            return i;
    }
    return n;
}

size_t payment_choose_locale(const char *const *locales, size_t n, const char *wanted)
{
    size_t length = strlen(wanted);
    size_t found = n;

    if (length == 0)
        return 0;
    while (found == n && length > 0) {
        found = find_locale(locales, n, wanted, length, true);
        while (length > 0 && wanted[--length] != '-') /* to the end of the subtag before */
            ;
    }
    if (found == n)
        found = find_locale(locales, n, wanted, strcspn(wanted, "-"), false);
    return found < n ? found : 0;
}
