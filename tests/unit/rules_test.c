/* Amounts of lines and spans of entitlements. */
#include "lib/suite.h"

#include "base/err.h"
#include "base/money.h"
#include "payment/ops.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_cost_quantity_times_price),
        cmocka_unit_test(totals_stay_in_range),
        cmocka_unit_test(durations_follow_each_other),
        cmocka_unit_test(counts_and_permanent_grants_have_no_end),
        cmocka_unit_test(channels_are_asked_less_and_less_often),
    };

    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
