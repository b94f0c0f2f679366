/* Money moved by hand, many at once: what is refused spoils no neighbour. */
#include "lib/db_suite.h"

#include <string.h>

#include "flows/create_adjustment.h"
#include "lib/partners.h"

static struct partner_row studio;

static int given_studio(void **state)
{
    (void)state;
    test_db_clear(db);
    given_channel(db, 5);
    studio = given_partner(db, TEST_BIZ, "studio", "EUR");
    return 0;
}

static struct create_adjustment adjustment(enum adjustment_kind kind, int64_t amount_minor)
{
    struct create_adjustment c = {
        .reason = "test", .row = {.kind = (int32_t)kind, .currency = "EUR", .amount_minor = amount_minor, .rate = ""}};

    if (kind == ADJUSTMENT_CHANNEL_PAID)
        c.row.channel_account_id = 5;
    else if (kind != ADJUSTMENT_CONVERSION)
        c.row.partner_id = studio.partner_id;
    return c;
}

static long long balance(enum account account)
{
    return test_db_number(db, arena_printf(db->arena,
                                           "SELECT COALESCE(SUM(debit_minor - credit_minor), 0) FROM "
                                           "bmt_settlement.account_days WHERE currency = 'EUR' AND account = %d",
                                           (int)account));
}

static void refused_ones_spoil_no_neighbour(void **state)
{
    struct create_adjustment together[] = {
        adjustment(ADJUSTMENT_PARTNER_CREDIT, 100), adjustment(ADJUSTMENT_PARTNER_CREDIT, 7),
        adjustment(ADJUSTMENT_CHANNEL_PAID, 30),    adjustment(ADJUSTMENT_CHANNEL_PAID, 9),
        adjustment(ADJUSTMENT_PARTNER_DEBIT, 40),
    };

    (void)state;
    together[1].row.partner_id = 77;
    together[3].row.channel_account_id = 64;
    act_together(db, &create_adjustment_plan, together, COUNT_OF(together), sizeof *together);
    assert_int_equal(together[1].command.err.id, ERR_PARTNER_NOT_FOUND);
    assert_int_equal(together[3].command.err.id, ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -60);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), 60);
    assert_int_equal(balance(ACCOUNT_CASH), 30);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), -30);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_settlement.adjustments"), 3);
    assert_int_equal(test_db_number(db, "SELECT SUM(amount_minor) FROM bmt_settlement.clearing_entries"), 60);
    for (size_t i = 0; i < COUNT_OF(together); i += 2) {
        assert_int_equal(together[i].transfer.source_id, together[i].row.adjustment_id);
        assert_int_equal(together[i].n_postings, 2);
        assert_int_equal(together[i].postings[0].amount_minor, together[i].row.amount_minor);
    }
}

static void conversion_balances_in_each_currency(void **state)
{
    struct create_adjustment c = adjustment(ADJUSTMENT_CONVERSION, 10000);

    (void)state;
    c.row.to_amount_minor = 10834;
    memcpy(c.row.to_currency, "USD", CURRENCY_SIZE);
    c.row.rate = "1.0834";
    assert_int_equal(act(db, &create_adjustment_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(c.n_postings, 4);
    assert_int_equal(balance(ACCOUNT_CASH), -10000);
    assert_int_equal(balance(ACCOUNT_CONVERSION), 10000);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM (SELECT currency FROM bmt_settlement.postings GROUP BY "
                                        "transfer_id, currency HAVING SUM(amount_minor) <> 0) AS t"),
                     0);
    c = adjustment(ADJUSTMENT_CONVERSION, 10000);
    c.row.to_amount_minor = 10836;
    memcpy(c.row.to_currency, "USD", CURRENCY_SIZE);
    c.row.rate = "1.0834";
    assert_int_equal(act(db, &create_adjustment_plan, &c, sizeof c, NULL), ERR_CONVERSION_RATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refused_ones_spoil_no_neighbour, given_studio),
        cmocka_unit_test_setup(conversion_balances_in_each_currency, given_studio),
    };

    return cmocka_run_group_tests_name("adjustment", tests, db_suite_begin, db_suite_end);
}
