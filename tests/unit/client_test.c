/* What bmtctl and the client library do without a server; the rest is tests/e2e/cli.test.js. */
#include "lib/suite.h"

#include <stdlib.h>

#include "base/money.h"
#include "cli.h"

static void amounts_are_shown_with_the_decimals_of_their_currency(void **state)
{
    static const struct {
        const char *minor;
        const char *currency;
        const char *text;
    } cases[] = {
        {"1250", "EUR", "12.50 EUR"},
        {"5000", "UGX", "5000 UGX"},
        {"7", "TND", "0.007 TND"},
        {"12345", "CLF", "1.2345 CLF"},
        {"-5", "EUR", "-0.05 EUR"},
        {"-5", "JPY", "-5 JPY"},
        {"-9223372036854775808", "EUR", "-92233720368547758.08 EUR"},
        {"1250", "ZZZ", "1250 minor units of ZZZ"}, /* never guessed */
        {"1250", "", "1250 minor units of "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *money = json_pack("{s:s, s:s}", "amount_minor", cases[i].minor, "currency", cases[i].currency);
        char *text = cli_money_text(money);

        assert_string_equal(text, cases[i].text);
        free(text);
        json_decref(money);
    }
}

/* What bmtctl writes for an amount, the server reads as the same amount: for every triple of letters. */
static void client_and_server_agree_on_every_currency(void **state)
{
    int known = 0;

    (void)state;
    for (int i = 0; i < 26 * 26 * 26; i++) {
        const char currency[] = {(char)('A' + i / 676), (char)('A' + i / 26 % 26), (char)('A' + i % 26), '\0'};
        json_t *minor = json_pack("{s:s, s:s}", "amount_minor", "1234567", "currency", currency);
        char *text = cli_money_text(minor);
        json_t *again = cli_money_object(text);
        struct money money;

        assert_int_equal(again != NULL, currency_known(currency));
        if (again != NULL) {
            assert_int_equal(money_parse(text, &money), 0);
            assert_int_equal(money.amount_minor, 1234567);
            assert_true(json_equal(again, minor));
            known++;
        }
        free(text);
        json_decref(again);
        json_decref(minor);
    }
    assert_true(known > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_shown_with_the_decimals_of_their_currency),
        cmocka_unit_test(client_and_server_agree_on_every_currency),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
