/* The ledger and clearing: money is booked as it moves, lines are divided by the rule that was frozen at sale. */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <stdlib.h>

#include "base/clock.h"
#include "flows/complete_payment.h"
#include "flows/complete_refund.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "lib/partners.h"
#include "settlement/ops_clearing.h"

static struct sale gold;
static struct partner_row artist;
static int64_t next_payment = 900;

/* Gold costs 12.50 EUR; the artist gets 30 % of it. */
static int given_split(void **state)
{
    struct create_rule rule;

    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    given_channel(db, 5);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    return 0;
}

static int64_t given_paid(int64_t quantity)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, quantity);

    given_money(db, ++next_payment, order_id, 1250 * quantity);
    return order_id;
}

static void confirm(int64_t order_id)
{
    struct confirm_order c = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &c, sizeof c, NULL), 0);
}

static void clear(int64_t order_id)
{
    struct clear_order c = {.order_id = order_id};

    assert_int_equal(act(db, &clear_order_plan, &c, sizeof c, NULL), 0);
}

static void refund(int64_t order_id, int64_t quantity)
{
    struct refund_want want = {.line_no = 1, .quantity = quantity};
    struct begin_refund begin = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund end_it = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &begin_refund_plan, &begin, sizeof begin, NULL), 0);
    end_it.refund_id = begin.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL), 0);
}

static long long number(const char *query)
{
    return test_db_number(db, query);
}

/* Debits less credits of all accounts of the kind. */
static long long balance(enum account account)
{
    return number(arena_printf(db->arena,
                               "SELECT COALESCE(SUM(debit_minor - credit_minor), 0) FROM bmt_settlement.account_days "
                               "WHERE account = %d",
                               (int)account));
}

/* Every transfer adds up to nothing, days are the sums of postings, and chains have no gap. */
static void expect_ledger_balances(void)
{
    assert_int_equal(number("SELECT COUNT(*) FROM (SELECT transfer_id FROM bmt_settlement.postings GROUP BY "
                            "transfer_id, currency HAVING SUM(amount_minor) <> 0) AS t"),
                     0);
    assert_int_equal(number("SELECT COALESCE(SUM(debit_minor), 0) FROM bmt_settlement.account_days"),
                     number("SELECT COALESCE(SUM(amount_minor), 0) FROM bmt_settlement.postings WHERE amount_minor > "
                            "0"));
    assert_int_equal(number("SELECT COALESCE(SUM(posting_count), 0) FROM bmt_settlement.account_days"),
                     number("SELECT COUNT(*) FROM bmt_settlement.postings"));
    assert_int_equal(number("SELECT COALESCE(SUM(seq), 0) FROM bmt_settlement.chains"),
                     number("SELECT COUNT(*) FROM bmt_settlement.transfers"));
    expect_books_agree(db);
}

static void money_is_owed_to_the_customer_until_the_order_has_ended(void **state)
{
    const int64_t order_id = given_paid(2);

    (void)state;
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), -2500);
    clear(order_id); /* it has not ended: nothing is divided */
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearings WHERE state = 1 AND due_time_ms = 0"), 1);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), 0);
    expect_ledger_balances();
}

static void ended_line_is_divided_once(void **state)
{
    const int64_t order_id = given_paid(3);

    (void)state;
    confirm(order_id);
    clear(order_id);
    clear(order_id);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -1125);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -2625);
    assert_int_equal(number("SELECT SUM(amount_minor) FROM bmt_settlement.clearing_entries WHERE kind = 1"), 1125);
    assert_int_equal(number("SELECT platform_minor FROM bmt_settlement.clearings WHERE state = 2"), 2625);
    expect_ledger_balances();
}

static void refund_before_clearing_leaves_less_to_divide(void **state)
{
    const int64_t order_id = given_paid(3);

    (void)state;
    refund(order_id, 1);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 1250);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500);
    confirm(order_id);
    clear(order_id);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 0);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1750);
    expect_ledger_balances();
}

static void refund_after_clearing_is_given_back_by_who_had_it(void **state)
{
    const int64_t order_id = given_paid(3);

    (void)state;
    confirm(order_id);
    clear(order_id);
    refund(order_id, 1);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1750);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries AS r JOIN "
                            "bmt_settlement.clearing_entries AS s ON s.entry_id = r.reverses_entry_id WHERE r.kind = 2 "
                            "AND s.kind = 1 AND r.amount_minor = -375"),
                     1);
    refund(order_id, 2);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), 0);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), 0);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 0);
    assert_int_equal(number("SELECT SUM(amount_minor) FROM bmt_settlement.clearing_entries"), 0);
    expect_ledger_balances();
}

/* An order that went back whole never completes: its line is cleared all the same, with nothing to divide. */
static void line_that_went_back_whole_is_cleared_with_nothing(void **state)
{
    const int64_t order_id = given_paid(2);

    (void)state;
    refund(order_id, 2);
    clear(order_id);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearings WHERE state = 2"), 1);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries"), 0);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), 0);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 0);
    expect_ledger_balances();
}

static void late_money_is_booked_in_and_out(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 1);
    struct complete_refund end_it = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    (void)state;
    assert_int_equal(close_with(db, order_id, NULL), 0);
    given_money(db, ++next_payment, order_id, 1250);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), -1250);
    end_it.refund_id = number("SELECT refund_id FROM bmt_payment.refunds");
    assert_int_equal(act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL), 0);
    for (int account = 1; account < ACCOUNT_KIND_COUNT; account++)
        assert_int_equal(balance((enum account)account), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearings"), 0);
    expect_ledger_balances();
}

/* The rule that held at sale divides, whatever was changed since. */
static void split_is_frozen_at_sale(void **state)
{
    const int64_t order_id = given_paid(1);
    struct end_rule stop = {.rule_id = number("SELECT rule_id FROM bmt_settlement.split_rules")};

    (void)state;
    assert_int_equal(act(db, &end_rule_plan, &stop, sizeof stop, NULL), 0);
    confirm(order_id);
    clear(order_id);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -375);
    expect_ledger_balances();
}

static void explicit_bearer_gives_back_what_was_said(void **state)
{
    const int64_t order_id = given_paid(2);
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund begin = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund end_it = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    (void)state;
    confirm(order_id);
    clear(order_id);
    assert_int_equal(act(db, &begin_refund_plan, &begin, sizeof begin, NULL), 0);
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_settlement.refund_bearers VALUES (%lld, %lld, 1001, 700)",
                                 (long long)begin.refund_id, (long long)artist.partner_id));
    end_it.refund_id = begin.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750 + 700);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1750 + 550);
    expect_ledger_balances();
}

/* What was said is of the whole refund: the first line bears what it can of it, the next one the rest. */
static void explicit_bearer_of_two_lines_gives_back_what_was_said_once(void **state)
{
    const struct sale silver = given_sale(db, TEST_BIZ, "silver", 1250, 1000);
    struct create_rule rule = rule_of(db, SCOPE_SKU, silver.sku_id, 0, 0);
    struct sale_line lines[2] = {{.sku_id = gold.sku_id, .quantity = 1, .currency = "EUR"},
                                 {.sku_id = silver.sku_id, .quantity = 1, .currency = "EUR"}};
    struct place_order order = {.user_id = "u1", .lines = lines, .n_lines = 2, .labels = ""};
    struct begin_refund begin = {.wants_all = true, .reason = "test"};
    struct complete_refund end_it = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    (void)state;
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), 0);
    begin.order_id = order.row->order_id;
    given_money(db, ++next_payment, begin.order_id, 2500);
    confirm(begin.order_id);
    clear(begin.order_id);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    assert_int_equal(act(db, &begin_refund_plan, &begin, sizeof begin, NULL), 0);
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_settlement.refund_bearers VALUES (%lld, %lld, 1001, 1300)",
                                 (long long)begin.refund_id, (long long)artist.partner_id));
    end_it.refund_id = begin.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750 + 1300);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1750 + 1200);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE kind = 2 AND "
                            "(line_no, amount_minor) IN ((1, -1250), (2, -50))"),
                     2);
    expect_ledger_balances();
}

/* The fee is borne by all who share, and of what goes back later by the platform. */
static void fee_is_taken_before_the_split(void **state)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 2);
    struct complete_payment c = {.verdict = {.word = CHANNEL_HAS_MONEY,
                                             .amount = money_of(2500, "EUR"),
                                             .fee_minor = 100,
                                             .action_url = "",
                                             .failure = ""}};
    struct begin_payment pay_it = {.order_id = order_id, .account_id = 5, .return_url = ""};

    (void)state;
    assert_int_equal(act(db, &begin_payment_plan, &pay_it, sizeof pay_it, NULL), 0);
    c.payment_id = pay_it.payment->payment_id;
    assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2400);
    assert_int_equal(balance(ACCOUNT_CHANNEL_FEES), 100);
    confirm(order_id);
    clear(order_id);
    assert_int_equal(balance(ACCOUNT_CHANNEL_FEES), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -720);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1680);
    refund(order_id, 2);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), 0);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), 100);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), -100);
    expect_ledger_balances();
}

/* Lines of several rules, each with several parts and one with none, in one batch: each is divided by its own. */
static void each_line_is_divided_by_its_own_rule(void **state)
{
    enum { SALES = 4 };
    struct clear_order together[SALES];

    (void)state;
    for (int i = 0; i < SALES; i++) {
        const struct sale sale = given_sale(db, TEST_BIZ, arena_printf(db->arena, "sku%d", i), 1000, 10);
        struct create_rule rule = rule_of(db, SCOPE_SKU, sale.sku_id, 0, 0);
        struct split_part_row parts[2] = {one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 100 + i).list[0],
                                          one_part(db, 0, SPLIT_BASIS_POINTS, 1000).list[0]};

        rule.parts = (struct split_parts){.list = parts, .n = 2};
        if (i != 1)
            assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
        together[i] = (struct clear_order){.order_id = given_pending_order(db, "u1", sale.sku_id, 10)};
        given_money(db, ++next_payment, together[i].order_id, 10000);
        confirm(together[i].order_id);
    }
    act_together(db, &clear_order_plan, together, SALES, sizeof *together);
    for (int i = 0; i < SALES; i++)
        assert_int_equal(number(arena_printf(db->arena,
                                             "SELECT COALESCE(SUM(amount_minor), 0) FROM "
                                             "bmt_settlement.clearing_entries WHERE order_id = %lld",
                                             (long long)together[i].order_id)),
                         i == 1 ? 0 : 100 + i);
    expect_ledger_balances();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(money_is_owed_to_the_customer_until_the_order_has_ended, given_split),
        cmocka_unit_test_setup(ended_line_is_divided_once, given_split),
        cmocka_unit_test_setup(refund_before_clearing_leaves_less_to_divide, given_split),
        cmocka_unit_test_setup(refund_after_clearing_is_given_back_by_who_had_it, given_split),
        cmocka_unit_test_setup(line_that_went_back_whole_is_cleared_with_nothing, given_split),
        cmocka_unit_test_setup(late_money_is_booked_in_and_out, given_split),
        cmocka_unit_test_setup(split_is_frozen_at_sale, given_split),
        cmocka_unit_test_setup(fee_is_taken_before_the_split, given_split),
        cmocka_unit_test_setup(each_line_is_divided_by_its_own_rule, given_split),
        cmocka_unit_test_setup(explicit_bearer_gives_back_what_was_said, given_split),
        cmocka_unit_test_setup(explicit_bearer_of_two_lines_gives_back_what_was_said_once, given_split),
    };

    return cmocka_run_group_tests_name("clearing", tests, db_suite_begin, db_suite_end);
}
