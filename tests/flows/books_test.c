/* What open lines explain of the accounts that return to zero, by age; and what nothing explains. */
#include "lib/db_suite.h"

#include "base/clock.h"
#include "lib/partners.h"
#include "settlement/ops_books.h"

static struct sale gold;
static int64_t next_payment = 900;

static int given_shop(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    given_channel(db, 5);
    return 0;
}

/* Paid so many days ago. */
static int64_t given_paid(int days)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);

    given_money(db, ++next_payment, order_id, 1250);
    test_db_run(db, arena_printf(db->arena,
                                 "UPDATE bmt_settlement.clearings SET sale_time_ms = sale_time_ms - %lld WHERE "
                                 "order_id = %lld",
                                 days * 24LL * HOUR_MS, (long long)order_id));
    return order_id;
}

static struct get_trial_balance trial_balance(int64_t biz_id)
{
    struct get_trial_balance c = {.command.biz_id = biz_id};

    assert_int_equal(act(db, &get_trial_balance_plan, &c, sizeof c, NULL), 0);
    return c;
}

static const struct open_account *account_of(const struct get_trial_balance *c, enum account account)
{
    for (size_t i = 0; i < c->n_accounts; i++)
        if (c->accounts[i].sum.account == (int32_t)account)
            return &c->accounts[i];
    fail_msg("the account is not there");
    return NULL;
}

static void open_lines_explain_by_their_age(void **state)
{
    static const int days[] = {0, 2, 3, 8, 31, 400};
    static const int64_t items[AGE_COUNT] = {1, 2, 1, 2};
    struct get_trial_balance c;
    const struct open_account *owed;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(days); i++)
        given_paid(days[i]);
    c = trial_balance(TEST_BIZ);
    owed = account_of(&c, ACCOUNT_CUSTOMER_LIABILITY);
    for (int age = 0; age < AGE_COUNT; age++) {
        assert_int_equal(owed->ages[age].items, items[age]);
        assert_int_equal(owed->ages[age].amount_minor, -1250 * items[age]);
    }
    assert_int_equal(owed->explained_minor, -7500);
    assert_int_equal(c.n_currencies, 1);
    assert_int_equal(c.currencies[0].debit_minor, 7500);
    assert_int_equal(c.currencies[0].credit_minor, 7500);
    c = trial_balance(OTHER_BIZ);
    assert_int_equal(c.n_accounts + c.n_currencies, 0);
}

/* A line that is lost leaves money that nobody can explain. */
static void what_is_lost_is_not_explained(void **state)
{
    struct get_trial_balance c;

    (void)state;
    given_paid(0);
    test_db_run(db, arena_printf(db->arena, "DELETE FROM bmt_settlement.clearings WHERE order_id = %lld",
                                 (long long)given_paid(0)));
    c = trial_balance(TEST_BIZ);
    assert_int_equal(account_of(&c, ACCOUNT_CUSTOMER_LIABILITY)->sum.credit_minor, 2500);
    assert_int_equal(account_of(&c, ACCOUNT_CUSTOMER_LIABILITY)->explained_minor, -1250);
}

/* A posting that was changed behind our back shows in the sums. */
static void sums_that_differ_are_told(void **state)
{
    struct get_trial_balance c;

    (void)state;
    given_paid(0);
    test_db_run(db, "UPDATE bmt_settlement.account_days SET debit_minor = debit_minor + 1 WHERE account = 1");
    c = trial_balance(TEST_BIZ);
    assert_int_equal(c.currencies[0].debit_minor - c.currencies[0].credit_minor, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(open_lines_explain_by_their_age, given_shop),
        cmocka_unit_test_setup(what_is_lost_is_not_explained, given_shop),
        cmocka_unit_test_setup(sums_that_differ_are_told, given_shop),
    };

    return cmocka_run_group_tests_name("books", tests, db_suite_begin, db_suite_end);
}
