/* What a month moved: its days alone, by currency; payouts are no less that a partner got. */
#include "lib/db_suite.h"

#include <string.h>

#include "lib/partners.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(months_have_their_days, given_studio),
        cmocka_unit_test_setup(days_of_the_month_alone_are_told, given_studio),
        cmocka_unit_test_setup(what_was_paid_out_is_no_less_that_a_partner_got, given_studio),
    };

    return cmocka_run_group_tests_name("month_report", tests, db_suite_begin, db_suite_end);
}
