/* What a cashier offers: which channel accounts in which order, which agreements in which language. */
#include "lib/db_suite.h"

#include "base/clock.h"
#include "flows/create_agreement.h"
#include "flows/list_cashier_channels.h"
#include "flows/pay_order.h"
#include "lib/agreements.h"

static struct sale gold;

static int clear(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    given_channel(db, 5);
    return 0;
}

static struct list_cashier_channels cashier(int64_t order_id)
{
    return (struct list_cashier_channels){.order_id = order_id, .locale = "", .list.page.size = 50};
}

/* What is offered for the order: the ids of accounts as one number, such as 65 for 6 and then 5. */
static int64_t offered(int64_t order_id, int32_t platform)
{
    struct list_cashier_channels c = cashier(order_id);
    int64_t ids = 0;

    c.platform = platform;
    assert_int_equal(act(db, &list_cashier_channels_plan, &c, sizeof c, NULL), 0);
    for (size_t i = 0; i < c.n_channels; i++)
        ids = ids * 10 + c.channels[i].channel_account_id;
    return ids;
}

/* An order of 12.50 EUR is offered account 5, or not. */
static void accounts_that_take_the_order_are_offered(void **state)
{
    static const struct {
        const char *change;
        int32_t platform;
        bool is_offered;
    } cases[] = {
        {"state = 1", 0, true},
        {"state = 2", 0, false},
        {"biz_id = 2002", 0, false},
        {"secret_name = 'none'", 0, false},
        {"channel = 'unheard-of'", 0, false},
        {"currencies = 'EUR'", 0, true},
        {"currencies = 'USDEUR'", 0, true},
        {"currencies = 'USDJPY'", 0, false},
        {"amount_min = 1250", 0, true},
        {"amount_min = 1251", 0, false},
        {"amount_max = 1250", 0, true},
        {"amount_max = 1249", 0, false},
        {"platforms = 2", 1, true},
        {"platforms = 2", 2, false},
        {"platforms = 6", 2, true},
        {"platforms = 4", 0, true},
        {"platforms = 0", 3, true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        clear(state);
        const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);

        test_db_run(db, arena_printf(db->arena, "UPDATE bmt_payment.channel_accounts SET %s", cases[i].change));
        if ((offered(order_id, cases[i].platform) == 5) != cases[i].is_offered)
            fail_msg("offered, or not, with %s", cases[i].change);
    }
}

/* The smaller priority first, then the older one; the one that the user has paid over last before all. */
static void the_best_comes_first(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);
    const int64_t of_other = given_pending_order(db, "u2", gold.sku_id, 1);
    int64_t paid;

    (void)state;
    given_channel(db, 6);
    given_channel(db, 7);
    assert_int_equal(offered(order_id, 0), 567);
    test_db_run(db, "UPDATE bmt_payment.channel_accounts SET priority = 0 WHERE channel_account_id = 7");
    assert_int_equal(offered(order_id, 0), 756);

    paid = given_pending_order(db, "u1", gold.sku_id, 1);
    given_money(db, 90, paid, 1250);
    test_db_run(db, "UPDATE bmt_payment.payments SET channel_account_id = 6");
    assert_int_equal(offered(order_id, 0), 675);
    assert_int_equal(offered(of_other, 0), 756);
    test_db_run(db, "UPDATE bmt_payment.channel_accounts SET state = 2 WHERE channel_account_id = 6");
    assert_int_equal(offered(order_id, 0), 75);
}

static void only_what_can_be_paid_is_offered_anything(void **state)
{
    const int64_t closed = given_pending_order(db, "u1", gold.sku_id, 1);
    const int64_t late = given_pending_order(db, "u1", gold.sku_id, 1);
    const int64_t paid = given_fulfilled_order(db, "u1", gold.sku_id, 1);
    const int64_t orders[] = {closed, late, paid};

    (void)state;
    (void)given_agreement(db, "terms", AGREEMENT_REQUIRED, NULL);
    assert_int_equal(close_with(db, closed, NULL), 0);
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_order.orders SET due_time_ms = 1 WHERE order_id = %lld",
                                 (long long)late));
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct list_cashier_channels c = cashier(orders[i]);

        assert_int_equal(act(db, &list_cashier_channels_plan, &c, sizeof c, NULL), 0);
        assert_int_equal(c.n_channels, 0);
        assert_int_equal(c.n_agreements, 0);
    }
}

static void orders_of_others_are_not_found(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);
    struct list_cashier_channels cases[] = {cashier(64), cashier(order_id), cashier(order_id), cashier(order_id)};

    (void)state;
    cases[1].command.biz_id = OTHER_BIZ;
    cases[2].command.user_id = "u2";
    cases[3].command.user_id = "u1";
    act_together(db, &list_cashier_channels_plan, cases, 4, sizeof *cases);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cases[i].command.err.id, ERR_ORDER_NOT_FOUND);
    assert_int_equal(cases[3].command.err.id, 0);
    assert_int_equal(cases[3].n_channels, 1);
}

/* By code, those that the user has not accepted; what must be accepted and what is shown. */
static void agreements_are_those_still_to_be_accepted(void **state)
{
    struct agreement_subject_row of_other = {.kind = AGREEMENT_OF_SPU,
                                             .subject_id = given_sale(db, TEST_BIZ, "silver", 990, -1).spu_id};
    struct agreement_subject_row of_gold = {.kind = AGREEMENT_OF_SKU, .subject_id = gold.sku_id};
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);
    struct list_cashier_channels c = cashier(order_id);
    struct list_cashier_channels after = cashier(order_id);
    struct list_cashier_channels second_page = cashier(order_id);

    (void)state;
    (void)given_agreement(db, "terms", AGREEMENT_SHOWN, NULL);
    const struct agreement_view terms = given_agreement(db, "terms", AGREEMENT_REQUIRED, &of_gold);

    (void)given_agreement(db, "of-silver", AGREEMENT_REQUIRED, &of_other);
    (void)given_agreement(db, "gone", AGREEMENT_WITHDRAWN, NULL);
    (void)given_agreement(db, "about", AGREEMENT_SHOWN, NULL);
    assert_int_equal(act(db, &list_cashier_channels_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(c.n_agreements, 2);
    assert_string_equal(c.agreements[0].row.code, "about");
    assert_int_equal(c.agreements[0].row.demand, AGREEMENT_SHOWN);
    assert_string_equal(c.agreements[1].row.code, "terms");
    assert_int_equal(c.agreements[1].row.version, 2);
    assert_int_equal(c.agreements[1].n_subjects, 1);
    assert_int_equal(c.agreements[1].subjects[0].subject_id, gold.sku_id);
    assert_string_equal(c.agreements[1].text.text, "What you agree to.");
    given_acceptance(db, &terms, "u1");
    assert_int_equal(act(db, &list_cashier_channels_plan, &after, sizeof after, NULL), 0);
    assert_int_equal(after.n_agreements, 1);
    second_page.list.page.after_id = 1;
    assert_int_equal(act(db, &list_cashier_channels_plan, &second_page, sizeof second_page, NULL), 0);
    assert_int_equal(second_page.n_channels, 0);
    assert_int_equal(second_page.n_agreements, 0);
}

/* Calls of one batch that want different languages each get theirs. */
static void agreements_come_in_the_language_of_the_page(void **state)
{
    static const struct {
        const char *wanted;
        const char *shown;
    } cases[] = {{"", "en"}, {"zh-CN", "zh-CN"}, {"ZH-cn", "zh-CN"}, {"zh", "zh-CN"}, {"fr", "en"}};
    struct agreement_text_row texts[] = {{.locale = "en", .title = "T", .text = "en"},
                                         {.locale = "zh-CN", .title = "T", .text = "zh-CN"}};
    struct create_agreement terms = agreement_named("terms", AGREEMENT_REQUIRED);
    struct list_cashier_channels together[COUNT_OF(cases)];

    (void)state;
    terms.texts = texts;
    terms.n_texts = 2;
    assert_int_equal(act(db, &create_agreement_plan, &terms, sizeof terms, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        together[i] = cashier(given_pending_order(db, "u1", gold.sku_id, 1));
        together[i].locale = cases[i].wanted;
    }
    act_together(db, &list_cashier_channels_plan, together, COUNT_OF(cases), sizeof *together);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(together[i].n_agreements, 1);
        assert_string_equal(together[i].agreements[0].text.locale, cases[i].shown);
        assert_string_equal(together[i].agreements[0].text.text, cases[i].shown);
        assert_int_equal(together[i].agreements[0].n_locales, 2);
    }
}

/* Whoever names an account that the cashier would not offer is refused, and nothing is begun. */
static void what_an_account_does_not_take_is_not_begun(void **state)
{
    static const char *const changes[] = {"currencies = 'USD'", "amount_min = 1251", "amount_max = 1249"};

    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        clear(state);
        struct begin_payment c = {
            .order_id = given_pending_order(db, "u1", gold.sku_id, 1), .account_id = 5, .return_url = ""};

        test_db_run(db, arena_printf(db->arena, "UPDATE bmt_payment.channel_accounts SET %s", changes[i]));
        const long long before = test_db_checksum(db);

        assert_int_equal(act(db, &begin_payment_plan, &c, sizeof c, NULL), ERR_CHANNEL_UNSUITABLE);
        assert_string_equal(err_value(&c.command.err, 1), "1250");
        assert_string_equal(err_value(&c.command.err, 2), "EUR");
        assert_int_equal(test_db_checksum(db), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts_that_take_the_order_are_offered),
        cmocka_unit_test_setup(the_best_comes_first, clear),
        cmocka_unit_test_setup(only_what_can_be_paid_is_offered_anything, clear),
        cmocka_unit_test_setup(orders_of_others_are_not_found, clear),
        cmocka_unit_test_setup(agreements_are_those_still_to_be_accepted, clear),
        cmocka_unit_test_setup(agreements_come_in_the_language_of_the_page, clear),
        cmocka_unit_test(what_an_account_does_not_take_is_not_begun),
    };

    return cmocka_run_group_tests_name("cashier", tests, db_suite_begin, db_suite_end);
}
