/* What a failed payment does to its order: nothing, or its end, as the business wants it. */
#include "lib/db_suite.h"

#include "base/clock.h"
#include "flows/complete_payment.h"
#include "lib/given.h"

enum { FIRST = 641, SECOND = 642 };

static struct sale gold;

static void business_wants(int failed_payment, int late_money)
{
    test_db_run(db, "DELETE FROM bmt_business.businesses");
    test_db_run(
        db, arena_printf(db->arena,
                         "INSERT INTO bmt_business.businesses (biz_id, code, name, state, currency, contact_email,"
                         " order_expires_in_s, order_confirm_after_s, version, create_time_ms, update_time_ms,"
                         " late_money, failed_payment) VALUES (1001, 'a', 'A', 1, 'EUR', '', 0, 0, 1, 1, 1, %d, %d)",
                         late_money, failed_payment));
}

static int clear(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    business_wants(2, 1);
    return 0;
}

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

/* An open payment of the order, the last one begun for it. */
static void given_payment(int64_t payment_id, int64_t order_id)
{
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.payments SELECT %lld, 1001, %lld, 'u1', 5, 'r%lld', "
                                 "REPEAT(CHAR(0), 16), 2, 1, 'EUR',"
                                 " 1250, NULL, NULL, '', '', '', 0, 1, 0, %lld, 1, 1, 0, 0, 0",
                                 (long long)payment_id, (long long)order_id, (long long)payment_id,
                                 (long long)clock_now_ms() + 60000));
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_order.orders SET payment_id = %lld WHERE order_id = %lld",
                                 (long long)payment_id, (long long)order_id));
}

static struct complete_payment hear(int64_t payment_id, enum channel_word word)
{
    return (struct complete_payment){
        .command = {.biz_id = TEST_BIZ, .actor = "test"},
        .payment_id = payment_id,
        .verdict = {.word = word, .payment_id = payment_id, .amount = money_of(1250, "EUR"), .failure = "NO_FUNDS"}};
}

static void say(int64_t payment_id, enum channel_word word)
{
    struct complete_payment c = hear(payment_id, word);

    assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
}

static void expect_order(int state, int close_reason, int available, int held)
{
    assert_int_equal(number("state FROM bmt_order.orders"), state);
    assert_int_equal(number("close_reason FROM bmt_order.orders"), close_reason);
    assert_int_equal(number("available FROM bmt_product.stocks"), available);
    assert_int_equal(number("held FROM bmt_product.stocks"), held);
}

static void refused_payment_closes_its_order(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);

    (void)state;
    given_payment(FIRST, order);
    say(FIRST, CHANNEL_FAILED);
    expect_order(ORDER_CLOSED, CLOSE_PAYMENT_FAILED, 10, 0);
    assert_int_equal(number("COUNT(*) FROM bmt_order.order_events WHERE event = 8 AND detail = 'NO_FUNDS'"), 1);
    assert_int_equal(number("state FROM bmt_payment.payments"), PAYMENT_FAILED);
    say(FIRST, CHANNEL_FAILED); /* the same word twice */
    assert_int_equal(number("COUNT(*) FROM bmt_order.order_events WHERE event = 8"), 1);
}

/* Channels and platform may want it otherwise, or have nothing to say that is final. */
static void order_waits_on_in_all_other_cases(void **state)
{
    static const struct {
        int failed_payment;
        enum channel_word word;
        bool is_create;
    } cases[] = {
        {1, CHANNEL_FAILED, false},  {1, CHANNEL_REFUSED, true}, {2, CHANNEL_NOT_ASKED, true},
        {2, CHANNEL_UNCLEAR, true},  {2, CHANNEL_CLOSED, false}, {2, CHANNEL_REFUSED, false},
        {2, CHANNEL_MISSING, false}, {2, CHANNEL_WAITS, false},
    };
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct complete_payment c = hear(FIRST, cases[i].word);

        test_db_run(db, "DELETE FROM bmt_payment.payments");
        test_db_run(db, "DELETE FROM bmt_payment.payment_events");
        given_payment(FIRST, order);
        if (cases[i].is_create)
            test_db_run(db, "UPDATE bmt_payment.payments SET state = 1");
        business_wants(cases[i].failed_payment, 1);
        c.is_create = cases[i].is_create;
        assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
        expect_order(ORDER_PENDING_PAYMENT, 0, 9, 1);
    }
}

static void only_the_last_payment_ends_its_order(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);

    (void)state;
    given_payment(FIRST, order);
    given_payment(SECOND, order);
    say(FIRST, CHANNEL_FAILED);
    expect_order(ORDER_PENDING_PAYMENT, 0, 9, 1);
    say(SECOND, CHANNEL_HAS_MONEY);
    expect_order(ORDER_FULFILLED, 0, 9, 0);
}

/* One order is paid and another fails in one batch: their orders are locked together, each ends as it must. */
static void one_batch_pays_and_closes(void **state)
{
    struct complete_payment both[2];
    const int64_t orders[] = {given_pending_order(db, "u1", gold.sku_id, 1),
                              given_pending_order(db, "u1", gold.sku_id, 1)};

    (void)state;
    given_payment(FIRST, orders[0]);
    given_payment(SECOND, orders[1]);
    both[0] = hear(SECOND, CHANNEL_FAILED);
    both[1] = hear(FIRST, CHANNEL_HAS_MONEY);
    act_together(db, &complete_payment_plan, both, 2, sizeof both[0]);
    assert_int_equal(both[0].command.err.id, 0);
    assert_int_equal(both[1].command.err.id, 0);
    assert_true(both[0].changed_order_id == orders[1] && both[1].changed_order_id == orders[0]);
    assert_int_equal(number("COUNT(*) FROM bmt_order.orders WHERE state = 6 AND close_reason = 1"), 1);
    assert_int_equal(number("COUNT(*) FROM bmt_order.orders WHERE state = 4"), 1);
    assert_int_equal(number("available FROM bmt_product.stocks"), 9);
}

/* The channel took it back: the money is late, or pays after all. */
static void money_after_a_refusal_is_late_money(void **state)
{
    int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);

    (void)state;
    given_payment(FIRST, order);
    say(FIRST, CHANNEL_FAILED);
    say(FIRST, CHANNEL_HAS_MONEY);
    expect_order(ORDER_CLOSED, CLOSE_PAYMENT_FAILED, 10, 0);
    assert_int_equal(number("is_late FROM bmt_payment.payments"), 1);

    clear(state);
    business_wants(2, 2);
    order = given_pending_order(db, "u1", gold.sku_id, 1);
    given_payment(FIRST, order);
    say(FIRST, CHANNEL_FAILED);
    say(FIRST, CHANNEL_HAS_MONEY);
    expect_order(ORDER_FULFILLED, 0, 9, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refused_payment_closes_its_order, clear),
        cmocka_unit_test_setup(order_waits_on_in_all_other_cases, clear),
        cmocka_unit_test_setup(only_the_last_payment_ends_its_order, clear),
        cmocka_unit_test_setup(one_batch_pays_and_closes, clear),
        cmocka_unit_test_setup(money_after_a_refusal_is_late_money, clear),
    };

    return cmocka_run_group_tests_name("failed_payment", tests, db_suite_begin, db_suite_end);
}
