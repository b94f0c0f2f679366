/* Payments that were recorded, and whose channel perhaps never heard of them: when they are offered to it again, and
 * what its words are then worth. */
#include "lib/db_suite.h"

#include "base/clock.h"
#include "flows/offer_payment.h"
#include "flows/pay_order.h"
#include "lib/given.h"

static struct sale gold;

static int clear(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 100);
    given_channel(db, 5);
    return 0;
}

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

/* A payment of a new order, recorded so long ago. */
static int64_t given_recorded(int64_t age_ms)
{
    struct begin_payment c = {
        .order_id = given_pending_order(db, "u1", gold.sku_id, 1), .account_id = 5, .return_url = ""};

    assert_int_equal(act(db, &begin_payment_plan, &c, sizeof c, NULL), 0);
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_payment.payments SET update_time_ms = %lld",
                                 (long long)(clock_now_ms() - age_ms)));
    return c.payment->payment_id;
}

static struct offer_payment offer(int64_t payment_id)
{
    struct offer_payment c = {.payment_id = payment_id};

    assert_int_equal(act(db, &offer_payment_plan, &c, sizeof c, NULL), 0);
    return c;
}

enum { TIMEOUT_MS = 1000, LONG_AGO_MS = 2 * TIMEOUT_MS };

static void only_what_is_abandoned_and_can_be_paid_is_offered(void **state)
{
    static const struct {
        const char *change; /* what is different */
        int64_t age_ms;
        bool is_offered;
    } cases[] = {
        {"SELECT 1 /* bmt_payment: nothing */", LONG_AGO_MS, true},
        {"SELECT 1 /* bmt_payment: too young */", LONG_AGO_MS - 500, false},
        {"UPDATE bmt_payment.payments SET state = 2", LONG_AGO_MS, false},
        {"UPDATE bmt_payment.payments SET state = 4", LONG_AGO_MS, false},
        {"UPDATE bmt_payment.payments SET state = 6", LONG_AGO_MS, false},
        {"UPDATE bmt_payment.payments SET expire_time_ms = 1", LONG_AGO_MS, false},
        {"UPDATE bmt_payment.payments SET order_id = 0", LONG_AGO_MS, true}, /* of its own */
        {"UPDATE bmt_payment.channel_accounts SET state = 2", LONG_AGO_MS, false},
        {"UPDATE bmt_payment.channel_accounts SET secret_name = 'none'", LONG_AGO_MS, false},
        {"DELETE FROM bmt_payment.channel_accounts", LONG_AGO_MS, false},
        {"UPDATE bmt_order.orders SET state = 6", LONG_AGO_MS, false},
        {"UPDATE bmt_order.orders SET state = 4", LONG_AGO_MS, false},
        {"UPDATE bmt_order.orders SET due_time_ms = 1", LONG_AGO_MS, false},
        {"UPDATE bmt_order.orders SET payment_id = 64", LONG_AGO_MS, false}, /* it waits for another one */
        {"DELETE FROM bmt_order.orders", LONG_AGO_MS, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        clear(state);
        const int64_t payment = given_recorded(cases[i].age_ms);

        test_db_run(db, cases[i].change);
        const long long before = test_db_checksum(db);
        if (offer(payment).is_offered != cases[i].is_offered)
            fail_msg("offered, or not, after %s", cases[i].change);
        assert_int_equal(test_db_checksum(db) != before, cases[i].is_offered);
        assert_int_equal(number("COUNT(*) FROM bmt_payment.payment_events WHERE event = 7 AND version = 2"),
                         cases[i].is_offered);
    }
}

/* Whoever comes first offers it: equal ones of a batch, and those that come until the channel may have answered. */
static void payment_is_offered_once_at_a_time(void **state)
{
    const int64_t payment = given_recorded(LONG_AGO_MS);
    struct offer_payment both[2] = {{.payment_id = payment}, {.payment_id = payment}};

    (void)state;
    act_together(db, &offer_payment_plan, both, 2, sizeof both[0]);
    assert_int_equal(both[0].is_offered + both[1].is_offered, 1);
    assert_false(offer(payment).is_offered);
    test_db_run(db, "UPDATE bmt_payment.payments SET update_time_ms = 1");
    assert_true(offer(payment).is_offered);
    assert_int_equal(number("version FROM bmt_payment.payments"), 3);
    assert_int_equal(number("due_time_ms > 0 AND attempts = 0 FROM bmt_payment.payments"), 1);
}

static void payments_of_others_are_not_offered(void **state)
{
    struct offer_payment c = {.command.biz_id = OTHER_BIZ, .payment_id = given_recorded(LONG_AGO_MS)};

    (void)state;
    assert_int_equal(act(db, &offer_payment_plan, &c, sizeof c, NULL), ERR_PAYMENT_NOT_FOUND);
}

/* Who hears what: the first asker, before and after another one has offered the payment again; and that other one. */
static void only_the_first_asker_alone_may_hear_a_refusal(void **state)
{
    enum hearer { ALONE, LATE, AGAIN };
    static const struct {
        enum hearer hearer;
        enum channel_word word;
        int to;
    } cases[] = {
        {ALONE, CHANNEL_REFUSED, PAYMENT_FAILED},     {LATE, CHANNEL_REFUSED, PAYMENT_CREATED},
        {AGAIN, CHANNEL_REFUSED, PAYMENT_CREATED},    {ALONE, CHANNEL_NOT_ASKED, PAYMENT_FAILED},
        {LATE, CHANNEL_NOT_ASKED, PAYMENT_CREATED},   {AGAIN, CHANNEL_NOT_ASKED, PAYMENT_CREATED},
        {ALONE, CHANNEL_UNCLEAR, PAYMENT_UNKNOWN},    {LATE, CHANNEL_UNCLEAR, PAYMENT_UNKNOWN},
        {AGAIN, CHANNEL_UNCLEAR, PAYMENT_CREATED},    {ALONE, CHANNEL_WAITS, PAYMENT_PENDING},
        {LATE, CHANNEL_WAITS, PAYMENT_PENDING},       {AGAIN, CHANNEL_WAITS, PAYMENT_PENDING},
        {LATE, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED}, {AGAIN, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
        {LATE, CHANNEL_FAILED, PAYMENT_FAILED},       {AGAIN, CHANNEL_FAILED, PAYMENT_FAILED},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        clear(state);
        struct complete_payment c = {.payment_id = given_recorded(LONG_AGO_MS),
                                     .verdict = {.word = cases[i].word, .action_url = "", .failure = ""},
                                     .is_create = cases[i].hearer != AGAIN,
                                     .version_asked = cases[i].hearer == AGAIN ? 2 : 1};

        if (cases[i].hearer != ALONE)
            assert_true(offer(c.payment_id).is_offered);
        assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
        if (number("state FROM bmt_payment.payments") != cases[i].to)
            fail_msg("row %zu leads to %lld", i, number("state FROM bmt_payment.payments"));
    }
}

/* The repeat has made the channel wait for the payer; the word to the first asker is not about that. */
static void a_late_refusal_does_not_end_what_the_repeat_began(void **state)
{
    struct complete_payment waits = {.payment_id = given_recorded(LONG_AGO_MS),
                                     .verdict = {.word = CHANNEL_WAITS, .action_url = "http://pay", .failure = ""},
                                     .version_asked = 2};
    struct complete_payment refused = {.payment_id = waits.payment_id,
                                       .verdict = {.word = CHANNEL_REFUSED, .action_url = "", .failure = "no"},
                                       .is_create = true,
                                       .version_asked = 1};

    (void)state;
    assert_true(offer(waits.payment_id).is_offered);
    assert_int_equal(act(db, &complete_payment_plan, &waits, sizeof waits, NULL), 0);
    assert_int_equal(act(db, &complete_payment_plan, &refused, sizeof refused, NULL), 0);
    assert_int_equal(number("state FROM bmt_payment.payments"), PAYMENT_PENDING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_abandoned_and_can_be_paid_is_offered),
        cmocka_unit_test_setup(payment_is_offered_once_at_a_time, clear),
        cmocka_unit_test_setup(payments_of_others_are_not_offered, clear),
        cmocka_unit_test(only_the_first_asker_alone_may_hear_a_refusal),
        cmocka_unit_test_setup(a_late_refusal_does_not_end_what_the_repeat_began, clear),
    };

    ask_channel_set_timeout(TIMEOUT_MS);
    return cmocka_run_group_tests_name("pay_repeat", tests, db_suite_begin, db_suite_end);
}
