/* What a month moved: its days alone, by currency; payouts are no less that a partner got. */
#include "lib/db_suite.h"

#include <string.h>

#include "flows/complete_refund.h"
#include "flows/refund_order.h"
#include "lib/disputes.h"
#include "lib/partners.h"
#include "settlement/ops_clearing.h"
#include "settlement/ops_report.h"

static struct partner_row studio;

static int given_studio(void **state)
{
    (void)state;
    test_db_clear(db);
    studio = given_partner(db, TEST_BIZ, "studio", "EUR");
    return 0;
}

/* July 2026 begins on day 20635. */
enum { JULY = 20635, AUGUST = 20666 };

static void given_day(int account, int64_t subject_id, const char *currency, int day, int64_t debit, int64_t credit)
{
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_settlement.account_days VALUES (%lld, %d, %lld, '%s', %d, %d, %lld, "
                                 "%lld, 1)",
                                 (long long)TEST_BIZ, account, (long long)subject_id, currency, day, account,
                                 (long long)debit, (long long)credit));
}

/* A transfer of the partner's account on that day, with its day. */
static void given_payout(int kind, int day, int64_t amount)
{
    static int transfer_id = 100;
    const int id = ++transfer_id;
    const long long time_ms = day * 86400000LL;

    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_settlement.transfers VALUES (%d, %lld, %d, %d, 0, 1, %d, "
                                 "REPEAT('x', 32), '', %lld)",
                                 id, (long long)TEST_BIZ, kind, id, id, time_ms));
    test_db_run(db,
                arena_printf(db->arena,
                             "INSERT INTO bmt_settlement.postings VALUES (%d, 1, %lld, 3, %lld, 'EUR', %lld, %lld), "
                             "(%d, 2, %lld, 10, 5, 'EUR', %lld, %lld)",
                             id, (long long)TEST_BIZ, (long long)studio.partner_id, (long long)amount, time_ms, id,
                             (long long)TEST_BIZ, (long long)-amount, time_ms));
}

static struct get_month_report report(const char *month)
{
    struct get_month_report c = {0};

    assert_true(month_days(month, &c.from_day, &c.to_day));
    assert_int_equal(act(db, &get_month_report_plan, &c, sizeof c, NULL), 0);
    return c;
}

static void months_have_their_days(void **state)
{
    static const struct {
        const char *text;
        int32_t from;
        int32_t to;
    } good[] = {
        {"2026-07", JULY, AUGUST},
        {"1970-01", 0, 31},
        {"2024-02", 19754, 19783}, /* a leap year */
        {"2026-12", 20788, 20819},
    };
    static const char *const bad[] = {"",        "2026",       "2026-7",  "2026-00", "2026-13",
                                      "1969-12", "2026-07-01", "2026/07", "abcd-ef"};
    char text[DATE_SIZE];
    int32_t from;
    int32_t to;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(month_days(good[i].text, &from, &to));
        assert_int_equal(from, good[i].from);
        assert_int_equal(to, good[i].to);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(month_days(bad[i], &from, &to));
    assert_string_equal(day_text(JULY, text), "2026-07-01");
    assert_string_equal(day_text(AUGUST - 1, text), "2026-07-31");
}

static void days_of_the_month_alone_are_told(void **state)
{
    struct get_month_report c;

    (void)state;
    given_day(ACCOUNT_CUSTOMER_LIABILITY, 0, "EUR", JULY - 1, 0, 1);
    given_day(ACCOUNT_CUSTOMER_LIABILITY, 0, "EUR", AUGUST, 0, 1);
    given_day(ACCOUNT_CUSTOMER_LIABILITY, 0, "EUR", JULY, 700, 2500);
    given_day(ACCOUNT_CHANNEL_FEES, 5, "EUR", JULY, 60, 10);
    given_day(ACCOUNT_CHANNEL_FEES, 6, "EUR", JULY, 40, 0);
    given_day(ACCOUNT_REFUNDS, 0, "EUR", JULY, 1250, 30);
    given_day(ACCOUNT_PLATFORM_REVENUE, 0, "EUR", JULY, 20, 500);
    given_day(ACCOUNT_CASH, 0, "EUR", JULY + 1, 5, 0);
    given_day(ACCOUNT_CUSTOMER_LIABILITY, 0, "EUR", AUGUST - 1, 0, 3);
    given_day(ACCOUNT_CUSTOMER_LIABILITY, 0, "USD", JULY, 0, 4);
    c = report("2026-07");
    assert_int_equal(c.n_days, 3);
    assert_int_equal(c.days[0].day, JULY);
    assert_int_equal(c.days[0].gross_minor, 2500);
    assert_int_equal(c.days[0].fee_minor, 100);
    assert_int_equal(c.days[0].refund_minor, 1250);
    assert_int_equal(c.days[0].platform_minor, 480);
    assert_int_equal(c.days[1].day, AUGUST - 1);
    assert_int_equal(c.days[1].gross_minor, 3);
    assert_string_equal(c.days[2].currency, "USD");
    assert_int_equal(report("2026-06").n_days, 1);
}

static void what_was_paid_out_is_no_less_that_a_partner_got(void **state)
{
    struct get_month_report c;

    (void)state;
    given_day(ACCOUNT_PARTNER_PAYABLE, studio.partner_id, "EUR", JULY, 400 + 1000, 1000 + 150);
    given_payout(TRANSFER_PAYOUT, JULY, 1000);
    given_payout(TRANSFER_PAYOUT_FAILED, JULY, -150);
    given_payout(TRANSFER_PAYOUT, AUGUST, 77); /* another month's */
    c = report("2026-07");
    assert_int_equal(c.n_days, 1);
    assert_int_equal(c.days[0].partner_minor, 600);
    assert_int_equal(c.days[0].payout_minor, 850);
    assert_int_equal(c.n_shares, 1);
    assert_int_equal(c.shares[0].amount_minor, 600);
    assert_string_equal(c.shares[0].title, "A partner");
}

static int64_t given_sold(const struct sale *gold)
{
    static int64_t next_payment = 900;
    const int64_t order_id = given_pending_order(db, "u1", gold->sku_id, 2);

    given_money_of(db, ++next_payment, order_id, money_of(2500, "EUR"), 90);
    return order_id;
}

static void end_and_clear(int64_t order_id)
{
    struct confirm_order end = {.order_id = order_id};
    struct clear_order c = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &end, sizeof end, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &c, sizeof c, NULL), 0);
}

static void give_back_one(int64_t order_id)
{
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund begin = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund end = {.verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &begin_refund_plan, &begin, sizeof begin, NULL), 0);
    end.refund_id = begin.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end, sizeof end, NULL), 0);
}

/* Each has a fee of 15.00, of which 9.00 come back when it is won. */
static void dispute(int64_t order_id, int64_t amount_minor, enum dispute_event event)
{
    const int64_t dispute_id = given_dispute(db, order_id, amount_minor, 1500);

    assert_int_equal(close_dispute_as(db, dispute_id, event, event == DISPUTE_EVENT_WIN ? 900 : 0), 0);
}

/* Of all days that anything was posted on. */
static struct month_day total_of_all_days(void)
{
    struct month_day total = {0};
    struct get_month_report c = {
        .from_day = (int32_t)test_db_number(db, "SELECT MIN(day) FROM bmt_settlement.account_days"),
        .to_day = 1 + (int32_t)test_db_number(db, "SELECT MAX(day) FROM bmt_settlement.account_days")};

    assert_int_equal(act(db, &get_month_report_plan, &c, sizeof c, NULL), 0);
    for (size_t i = 0; i < c.n_days; i++) {
        total.gross_minor += c.days[i].gross_minor;
        total.fee_minor += c.days[i].fee_minor;
        total.refund_minor += c.days[i].refund_minor;
        total.dispute_minor += c.days[i].dispute_minor;
        total.dispute_fee_minor += c.days[i].dispute_fee_minor;
        total.partner_minor += c.days[i].partner_minor;
        total.platform_minor += c.days[i].platform_minor;
    }
    return total;
}

/* Lost before clearing and after, beside refunds before and after: what came is what went or what somebody has. */
static void what_was_lost_in_disputes_is_told_whenever_it_was_lost(void **state)
{
    const struct sale gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    struct create_rule rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    struct month_day total;
    int64_t first;
    int64_t second;

    (void)state;
    given_channel(db, 5);
    rule.parts = one_part(db, studio.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    first = given_sold(&gold);
    second = given_sold(&gold);
    dispute(first, 300, DISPUTE_EVENT_LOSE);
    give_back_one(second);
    end_and_clear(first);
    end_and_clear(second);
    dispute(first, 500, DISPUTE_EVENT_LOSE);
    dispute(first, 100, DISPUTE_EVENT_WIN);
    give_back_one(first);
    dispute(second, 700, DISPUTE_EVENT_LOSE);
    total = total_of_all_days();
    assert_int_equal(total.gross_minor, 2 * 2500);
    assert_int_equal(total.fee_minor, 2 * 90);
    assert_int_equal(total.refund_minor, test_db_number(db, "SELECT SUM(amount_minor) FROM bmt_payment.refunds"));
    assert_int_equal(total.dispute_minor, 300 + 500 + 700);
    assert_int_equal(total.dispute_minor,
                     test_db_number(db, "SELECT SUM(amount_minor) FROM bmt_settlement.disputes WHERE state = 3"));
    assert_int_equal(total.dispute_fee_minor, 4 * 1500 - 900);
    assert_int_equal(total.partner_minor, test_db_number(db, "SELECT SUM(credit_minor - debit_minor) FROM "
                                                             "bmt_settlement.account_days WHERE account = 3"));
    assert_int_equal(total.partner_minor + total.platform_minor, total.gross_minor - total.fee_minor -
                                                                     total.refund_minor - total.dispute_minor -
                                                                     total.dispute_fee_minor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(months_have_their_days, given_studio),
        cmocka_unit_test_setup(days_of_the_month_alone_are_told, given_studio),
        cmocka_unit_test_setup(what_was_lost_in_disputes_is_told_whenever_it_was_lost, given_studio),
        cmocka_unit_test_setup(what_was_paid_out_is_no_less_that_a_partner_got, given_studio),
    };

    return cmocka_run_group_tests_name("month_report", tests, db_suite_begin, db_suite_end);
}
