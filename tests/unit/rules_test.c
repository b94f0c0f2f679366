/* Amounts of lines and spans of entitlements. */
#include "lib/suite.h"

#include "base/err.h"
#include "base/money.h"
#include "order/rules.h"
#include "payment/ops.h"
#include "payment/rules.h"
#include "product/rules.h"
#include "product/state.h"

static void lines_cost_quantity_times_price(void **state)
{
    static const struct {
        int64_t quantity;
        int64_t unit;
        int64_t amount; /* -1: overflow */
    } cases[] = {
        {1, 1250, 1250},           {3, 1250, 3750},    {1000000, 1000000000, MONEY_AMOUNT_MAX},
        {1000000, 1000000001, -1}, {INT64_MAX, 2, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t amount = 0;
        const int rc = product_line_amount(cases[i].quantity, cases[i].unit, &amount);

        assert_int_equal(rc, cases[i].amount < 0 ? ERR_AMOUNT_OVERFLOW : 0);
        if (rc == 0)
            assert_int_equal(amount, cases[i].amount);
    }
}

static void totals_stay_in_range(void **state)
{
    int64_t total = 0;

    (void)state;
    assert_int_equal(product_total((int64_t[]){1, 2, 3}, 3, &total), 0);
    assert_int_equal(total, 6);
    assert_int_equal(product_total((int64_t[]){MONEY_AMOUNT_MAX, 1}, 2, &total), ERR_AMOUNT_OVERFLOW);
}

static void durations_follow_each_other(void **state)
{
    const int64_t day_ms = 86400000;
    struct lot_terms terms = product_lot_terms(GRANT_DURATION, 86400, 2, 1000, 0);

    (void)state;
    assert_int_equal(terms.start_time_ms, 1000);
    assert_int_equal(terms.end_time_ms, 1000 + 2 * day_ms);
    terms = product_lot_terms(GRANT_DURATION, 86400, 1, 1000, 5000);
    assert_int_equal(terms.start_time_ms, 5000);
    terms = product_lot_terms(GRANT_DURATION, 86400, 1, 9000, 5000); /* an ended one is not followed */
    assert_int_equal(terms.start_time_ms, 9000);
    terms = product_lot_terms(GRANT_DURATION, INT64_MAX, 2, 0, 0);
    assert_true(terms.end_time_ms == INT64_C(253402300799000));
}

static void counts_and_permanent_grants_have_no_end(void **state)
{
    struct lot_terms terms = product_lot_terms(GRANT_COUNT, 5, 3, 1000, 0);

    (void)state;
    assert_int_equal(terms.granted, 15);
    assert_int_equal(terms.end_time_ms, 0);
    terms = product_lot_terms(GRANT_PERMANENT, 0, 3, 1000, 0);
    assert_int_equal(terms.granted, 0);
    assert_int_equal(terms.end_time_ms, 0);
    assert_true(product_lot_terms(GRANT_COUNT, INT64_MAX, 2, 0, 0).granted == INT64_MAX);
}

static void channels_are_asked_less_and_less_often(void **state)
{
    (void)state;
    assert_int_equal(payment_next_question_ms(0, 0), 10000);
    assert_int_equal(payment_next_question_ms(1, 0), 20000);
    assert_int_equal(payment_next_question_ms(3, 500), 80500);
    assert_int_equal(payment_next_question_ms(60, 0), 3600000);
}

static void channels_are_asked_when_it_is_set(void **state)
{
    static const struct conf rarely = {
        .payment_ask_pause_ms = 60000, .payment_ask_pause_max_ms = 100000, .payment_ask_before_expiry_ms = 20000};
    static const struct conf defaults = {
        .payment_ask_pause_ms = 10000, .payment_ask_pause_max_ms = 3600000, .payment_ask_before_expiry_ms = 5000};
    const struct payment_row row = {.expire_time_ms = 900000};

    (void)state;
    payment_use_questions(&rarely);
    assert_int_equal(payment_next_question_ms(0, 0), 60000);
    assert_int_equal(payment_next_question_ms(1, 0), 100000);
    assert_int_equal(payment_due_ms(&row, 860000), 880000);
    payment_use_questions(&defaults);
    assert_int_equal(payment_next_question_ms(0, 0), 10000);
}

/* An order of 15 minutes: without the deadline, the questions would come at 630 s and 1270 s. */
static void payments_are_asked_about_before_and_after_they_expire(void **state)
{
    static const struct {
        int32_t attempts;
        int64_t now_ms;
        int64_t due_ms;
    } cases[] = {
        {0, 0, 10000},       {5, 310000, 630000}, {6, 630000, 895000},
        {0, 884999, 894999}, {0, 885001, 895000}, {7, 895000, 900001},
        {0, 899000, 900001}, {9, 900000, 900001}, {8, 900001, 900001 + 2560000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(payment_due_ms(&(struct payment_row){.attempts = cases[i].attempts, .expire_time_ms = 900000},
                                        cases[i].now_ms),
                         cases[i].due_ms);
}

static void refunds_take_what_is_left_and_no_more(void **state)
{
    static const struct refundable_line lines[] = {{1, 500, 3, 0}, {2, 100, 1, 0}, {3, 700, 0, 0}};
    static const struct {
        struct refund_want wants[2];
        size_t n;
        int64_t left_minor;
        int64_t amount_minor;
        struct refund_terms expected;
    } cases[] = {
        {{{1, 3}, {2, 1}}, 2, 1600, 0, {REFUND_FITS, 0, 0, 1600}},
        {{{1, 2}}, 1, 1600, 0, {REFUND_FITS, 0, 0, 1000}},
        {{{1, 2}}, 1, 1600, 999, {REFUND_FITS, 0, 0, 999}},
        {{{1, 2}}, 1, 1600, 1001, {REFUND_AMOUNT_TOO_LARGE, 0, 1000, 0}},
        {{{1, 3}}, 1, 1200, 0, {REFUND_FITS, 0, 0, 1200}}, /* less is left than the units cost */
        {{{1, 4}}, 1, 1600, 0, {REFUND_LINE_TOO_LARGE, 1, 3, 0}},
        {{{3, 1}}, 1, 1600, 0, {REFUND_LINE_TOO_LARGE, 3, 0, 0}},
        {{{9, 1}}, 1, 1600, 0, {REFUND_NO_SUCH_LINE, 9, 0, 0}},
        {{{1, 1}}, 0, 1600, 0, {REFUND_AMOUNT_TOO_LARGE, 0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct refund_terms terms = order_refund_terms(lines, COUNT_OF(lines), cases[i].wants, cases[i].n,
                                                             cases[i].left_minor, cases[i].amount_minor);

        assert_memory_equal(&terms, &cases[i].expected, sizeof terms);
    }
}

/* Three units of 5.00 and one of 1.00, of whose lines 11.00 and 0.40 are disputed: 4.00 and 0.60 are left. */
static void refunds_do_not_take_what_is_disputed(void **state)
{
    static const struct refundable_line lines[] = {{1, 500, 3, 1100}, {2, 100, 1, 40}, {3, 700, 2, 2000}};
    static const struct {
        struct refund_want wants[2];
        size_t n;
        int64_t amount_minor;
        struct refund_terms expected;
    } cases[] = {
        {{{1, 3}, {2, 1}}, 2, 0, {REFUND_FITS, 0, 0, 460}},   {{{1, 1}}, 1, 0, {REFUND_FITS, 0, 0, 400}},
        {{{1, 1}}, 1, 400, {REFUND_FITS, 0, 0, 400}},         {{{1, 1}}, 1, 401, {REFUND_AMOUNT_TOO_LARGE, 0, 400, 0}},
        {{{2, 1}}, 1, 60, {REFUND_FITS, 0, 0, 60}},           {{{2, 1}}, 1, 61, {REFUND_AMOUNT_TOO_LARGE, 0, 60, 0}},
        {{{3, 2}}, 1, 0, {REFUND_AMOUNT_TOO_LARGE, 0, 0, 0}}, /* more is disputed than its units cost */
        {{{3, 2}, {2, 1}}, 2, 0, {REFUND_FITS, 0, 0, 60}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct refund_terms terms =
            order_refund_terms(lines, COUNT_OF(lines), cases[i].wants, cases[i].n, 2000, cases[i].amount_minor);

        assert_memory_equal(&terms, &cases[i].expected, sizeof terms);
    }
}

static void recalls_keep_the_share_that_is_left(void **state)
{
    (void)state;
    assert_int_equal(product_recalled_end(GRANT_DURATION, 1000, 4000, 3, 2), 3000);
    assert_int_equal(product_recalled_end(GRANT_DURATION, 1000, 4000, 3, 0), 1000);
    assert_int_equal(product_recalled_end(GRANT_DURATION, 0, 100, 3, 1), 34); /* rounded up: never less than paid for */
    assert_true(product_recalled_end(GRANT_DURATION, 0, INT64_C(253402300799000), 1000000, 999999) > 0);
    assert_int_equal(product_recalled_end(GRANT_PERMANENT, 1000, 0, 3, 1), 0);
    assert_int_equal(product_recalled_pieces(30, 3, 1, 30), 20);
    assert_int_equal(product_recalled_pieces(30, 3, 2, 15), 0); /* what was consumed is gone */
}

static void accounts_take_their_currencies_and_amounts(void **state)
{
    static const struct {
        struct payment_limits limits;
        int64_t amount_minor;
        const char *currency;
        bool is_taken;
    } cases[] = {
        {{"", 0, 0}, 1, "EUR", true},       {{"EUR", 0, 0}, 1, "EUR", true},      {{"EUR", 0, 0}, 1, "USD", false},
        {{"USDEUR", 0, 0}, 1, "EUR", true}, {{"DEURUS", 0, 0}, 1, "EUR", false},  {{"", 100, 0}, 99, "EUR", false},
        {{"", 100, 0}, 100, "EUR", true},   {{"", 0, 100}, 100, "EUR", true},     {{"", 0, 100}, 101, "EUR", false},
        {{"", 100, 100}, 100, "EUR", true}, {{"JPY", 1, 100}, 100, "EUR", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(payment_limits_allow(&cases[i].limits, money_of(cases[i].amount_minor, cases[i].currency)),
                         cases[i].is_taken);
}

static void languages_are_found_by_their_subtags(void **state)
{
    static const char *const locales[] = {"en", "zh-Hant", "zh-Hant-HK", "pt-BR", "de-AT", "de"};
    static const struct {
        const char *wanted;
        size_t found;
    } cases[] = {
        {"", 0},           {"en", 0},         {"EN", 0},    {"en-GB", 0},        {"zh-Hant-HK", 2},
        {"zh-hant-tw", 1}, {"zh-Hans-CN", 1}, {"zh", 1},    {"zh-Hant-HK-x", 2}, {"pt", 3},
        {"pt-PT", 3},      {"de", 5},         {"de-CH", 5}, {"de-AT", 4},        {"d", 0},
        {"fr", 0},         {"e", 0},          {"zhx", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (payment_choose_locale(locales, 6, cases[i].wanted) != cases[i].found)
            fail_msg("%s is shown %s", cases[i].wanted, locales[payment_choose_locale(locales, 6, cases[i].wanted)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_cost_quantity_times_price),
        cmocka_unit_test(totals_stay_in_range),
        cmocka_unit_test(durations_follow_each_other),
        cmocka_unit_test(counts_and_permanent_grants_have_no_end),
        cmocka_unit_test(channels_are_asked_less_and_less_often),
        cmocka_unit_test(channels_are_asked_when_it_is_set),
        cmocka_unit_test(payments_are_asked_about_before_and_after_they_expire),
        cmocka_unit_test(refunds_take_what_is_left_and_no_more),
        cmocka_unit_test(refunds_do_not_take_what_is_disputed),
        cmocka_unit_test(recalls_keep_the_share_that_is_left),
        cmocka_unit_test(accounts_take_their_currencies_and_amounts),
        cmocka_unit_test(languages_are_found_by_their_subtags),
    };

    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
