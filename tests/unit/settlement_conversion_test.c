/* Which conversions fit their rate: exactly, in currencies of any number of decimals. */
#include "lib/suite.h"

#include "base/money.h"
#include "settlement/rules.h"

static void conversions_fit_to_less_than_a_unit(void **state)
{
    static const struct {
        int64_t from_minor;
        const char *from;
        const char *to;
        const char *rate;
        int64_t least_minor; /* the amounts that fit, and none beside them */
        int64_t most_minor;
    } cases[] = {
        {10000, "EUR", "USD", "1.0834", 10834, 10834},
        {1, "EUR", "USD", "1.5", 1, 2},
        {1, "EUR", "USD", "1.9999999999", 1, 2},
        {1, "EUR", "USD", "2.0000000000", 2, 2},
        {333, "EUR", "USD", "0.3333333333", 110, 111},
        {3, "EUR", "USD", "0000000001", 3, 3},
        {10000, "EUR", "JPY", "160.25", 16025, 16025},
        {10001, "EUR", "JPY", "160.25", 16026, 16027},
        {10000, "JPY", "EUR", "0.00624", 6240, 6240},
        {1234, "KWD", "JPY", "480", 592, 593},
        {1000, "JPY", "KWD", "0.0021", 2100, 2100},
        {1000, "KWD", "CNY", "23.4567891234", 2345, 2346},
        {1, "JPY", "CLF", "9999999999.9999999999", 99999999999999, 100000000000000},
        {MONEY_AMOUNT_MAX, "CLF", "JPY", "0.0000000001", 10, 10},
        {MONEY_AMOUNT_MAX, "JPY", "KRW", "0.9999999999", 999999999900000, 999999999900000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int64_t to = cases[i].least_minor - 3; to <= cases[i].most_minor + 3; to++) {
            const bool fits = to >= cases[i].least_minor && to <= cases[i].most_minor;
            const int rc = conversion_check(cases[i].from_minor, cases[i].from, to, cases[i].to, cases[i].rate);

            if (rc != (fits ? 0 : CONVERSION_DOES_NOT_FIT))
                fail_msg("case %zu: %d for %lld", i, rc, (long long)to);
        }
    }
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    static const struct {
        int64_t from_minor;
        const char *from;
        int64_t to_minor;
        const char *to;
        const char *rate;
        int expected;
    } cases[] = {
        {MONEY_AMOUNT_MAX, "JPY", MONEY_AMOUNT_MAX, "KRW", "1", 0},
        {MONEY_AMOUNT_MAX, "JPY", MONEY_AMOUNT_MAX, "CLF", "9999999999.9999999999", CONVERSION_DOES_NOT_FIT},
        {MONEY_AMOUNT_MAX, "JPY", 662539256, "CLF", "3402823669.2093846347",
         CONVERSION_DOES_NOT_FIT}, /* modulo 2^128 */
        {MONEY_AMOUNT_MAX, "CLF", MONEY_AMOUNT_MAX, "UYW", "9999999999.9999999999", CONVERSION_DOES_NOT_FIT},
        {MONEY_AMOUNT_MAX, "CLF", MONEY_AMOUNT_MAX, "UYW", "1", 0},
        {MONEY_AMOUNT_MAX, "CLF", MONEY_AMOUNT_MAX, "JPY", "10000", 0},
        {100000, "JPY", MONEY_AMOUNT_MAX, "KRW", "9999999999.9999999999", 0},
        {100000, "JPY", MONEY_AMOUNT_MAX - 1, "KRW", "9999999999.9999999999", 0},
        {100000, "JPY", MONEY_AMOUNT_MAX - 2, "KRW", "9999999999.9999999999", CONVERSION_DOES_NOT_FIT},
        {MONEY_AMOUNT_MAX + 1, "JPY", MONEY_AMOUNT_MAX, "KRW", "1", CONVERSION_DOES_NOT_FIT},
        {MONEY_AMOUNT_MAX, "JPY", MONEY_AMOUNT_MAX + 1, "KRW", "1.0000000001", CONVERSION_DOES_NOT_FIT},
        {MONEY_AMOUNT_MAX, "JPY", MONEY_AMOUNT_MAX + 100000, "KRW", "1.0000000001", CONVERSION_DOES_NOT_FIT},
        {INT64_MAX, "JPY", INT64_MAX, "KRW", "1", CONVERSION_DOES_NOT_FIT},
        {0, "EUR", 0, "USD", "1", CONVERSION_DOES_NOT_FIT},
        {1, "EUR", 0, "USD", "0.1", CONVERSION_DOES_NOT_FIT},
        {0, "EUR", 1, "USD", "0.1", CONVERSION_DOES_NOT_FIT},
        {-100, "EUR", -100, "USD", "1", CONVERSION_DOES_NOT_FIT},
        {INT64_MIN, "EUR", INT64_MIN, "USD", "1", CONVERSION_DOES_NOT_FIT},
        {100, "EUR", 100, "EUR", "1", CONVERSION_DOES_NOT_FIT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const int rc =
            conversion_check(cases[i].from_minor, cases[i].from, cases[i].to_minor, cases[i].to, cases[i].rate);

        if (rc != cases[i].expected)
            fail_msg("case %zu: %d", i, rc);
    }
}

static void rates_are_positive_decimals(void **state)
{
    static const char *const malformed[] = {
        "",
        ".",
        "1.",
        ".5",
        "0",
        "0.0",
        "0.0000000000",
        "00000000001",
        "12345678901",
        "1.12345678901",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1x",
        "1.x",
        "1.5x",
        "1.2.3",
        "1..2",
        "1e3",
        "1,5",
        "0x1",
        "inf",
        "-0.5",
        "1.-5",
        "1.5\n",
        "1/1",
        "\xd9\xa1.\xd9\xa5",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        if (conversion_check(1, "EUR", 1, "USD", malformed[i]) != CONVERSION_RATE_MALFORMED)
            fail_msg("'%s' is not refused", malformed[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversions_fit_to_less_than_a_unit),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
        cmocka_unit_test(rates_are_positive_decimals),
    };

    return cmocka_run_group_tests_name("settlement conversion", tests, NULL, NULL);
}
