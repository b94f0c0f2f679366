/*
 * Money between people and messages: `12.50 EUR` is 1250 minor units of EUR. Every currency's decimals stand in
 * protos/currencies.def; those of any other are never guessed, for a wrong guess is a wrong power of ten.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { CODE_SIZE = 3, DIGITS_MAX = 18 }; /* 18 digits fit an int64; the server's limit is lower */

static const char *const currencies[] = {
#define CURRENCIES(decimals, codes) [decimals] = (codes),
#include "currencies.def"
#undef CURRENCIES
};

/* -1 when the currency is not known. */
static int decimals_of(const char *currency)
{
    if (strlen(currency) != CODE_SIZE || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != CODE_SIZE)
        return -1;
    for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++)
        if (strstr(currencies[i], currency) != NULL)
            return (int)i;
    return -1;
}

bool cli_is_money(const json_t *value)
{
    return json_is_object(value) && json_object_get(value, "amount_minor") != NULL &&
           json_object_get(value, "currency") != NULL;
}

json_t *cli_money_object(const char *text)
{
    const size_t whole = strspn(text, "0123456789");
    const char *fraction = text[whole] == '.' ? text + whole + 1 : text + whole;
    const size_t given = text[whole] == '.' ? strspn(fraction, "0123456789") : 0;
    const char *space = fraction + given;
    const int decimals = *space == ' ' ? decimals_of(space + 1) : -1;
    char digits[DIGITS_MAX + 1];

    if (decimals < 0 || whole == 0 || (text[whole] == '.' && given == 0) || given > (size_t)decimals ||
        whole + (size_t)decimals > DIGITS_MAX)
        return NULL;
    snprintf(digits, sizeof digits, "%.*s%.*s%.*s", (int)whole, text, (int)given, fraction, decimals - (int)given,
             "0000");
    return json_pack("{s:s, s:s}", "amount_minor", digits, "currency", space + 1);
}

char *cli_money_text(const json_t *money)
{
    const char *currency = json_string_value(json_object_get(money, "currency"));
    const int64_t minor = strtoll(json_string_value(json_object_get(money, "amount_minor")), NULL, 10);
    const uint64_t size = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    const char *sign = minor < 0 ? "-" : "";
    const int decimals = decimals_of(currency);
    uint64_t unit = 1;
    char *text = NULL;
    int rc;

    for (int i = 0; i < decimals; i++)
        unit *= 10;
    if (decimals < 0)
        rc = asprintf(&text, "%s%" PRIu64 " minor units of %s", sign, size, currency);
    else if (decimals == 0)
        rc = asprintf(&text, "%s%" PRIu64 " %s", sign, size, currency);
    else
        rc = asprintf(&text, "%s%" PRIu64 ".%0*" PRIu64 " %s", sign, size / unit, decimals, size % unit, currency);
    if (rc < 0)
        abort();
    return text;
}
