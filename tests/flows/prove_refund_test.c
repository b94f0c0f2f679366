/* Refunds that have failed here, and that a channel's statement proves to have been paid: what their repair takes up
 * again, and when it must not. */
#include "lib/db_suite.h"

#include "flows/complete_refund.h"
#include "flows/refund_order.h"
#include "flows/repair_payment.h"
#include "lib/given.h"
#include "verify/verify.h"

enum { PAYMENT = 901, LINE = 31 };

static struct sale gold;
static int64_t order;
static int64_t refund;

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

/* A refund of so many units, and what the channel says of it. */
static int64_t given_refund(int64_t quantity, enum channel_word word)
{
    struct refund_want want = {.line_no = 1, .quantity = quantity};
    struct begin_refund asked = {.order_id = order, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund done = {.verdict = {.word = word, .action_url = "", .failure = "ACCOUNT_CLOSED"}};

    assert_int_equal(act(db, &begin_refund_plan, &asked, sizeof asked, NULL), 0);
    done.refund_id = asked.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &done, sizeof done, NULL), 0);
    return asked.refund_id;
}

/* An order of three units, 37.50 EUR, whose refund of two has failed, as we believe; the statement has it. */
static int given_proof(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    given_channel(db, 5);
    order = given_pending_order(db, "u1", gold.sku_id, 3);
    given_money(db, PAYMENT, order, 3750);
    refund = given_refund(2, CHANNEL_FAILED);
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 0);
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.statement_lines VALUES (%d, 1, 1, 1, 1001, 5, %d, %lld, "
                                 "'cr_1', 'ct_1', 'EUR', 2500, 1, 0)",
                                 LINE, (int)STATEMENT_REFUND, (long long)refund));
    return 0;
}

/* Looks, then acts: both must say the same, and a look changes nothing. */
static void expect_repair(bool has_done)
{
    for (int is_look = 1; is_look >= 0; is_look--) {
        const struct statement_repair repair = {.line_id = LINE, .actor = "test", .is_look = is_look != 0};
        const long long before = test_db_checksum(db);
        const char *done = "";
        struct err err = {0};

        assert_int_equal(repair_by_statement(db->session, &repair, db->arena, &done, &err), 0);
        assert_int_equal(done != NULL, has_done);
        assert_int_equal(test_db_checksum(db) != before, has_done && !repair.is_look);
    }
}

static void found(void *context, const struct finding *finding)
{
    const enum finding_kind *kind = context;

    if (finding->kind != *kind)
        fail_msg("%s: %s", finding_info(finding->kind)->name, finding->what);
}

/* Nothing is wrong but, perhaps, that one thing. */
static void expect_findings(size_t n, enum finding_kind kind)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct verify verify = {
        .db = db->db, .threads = 1, .recheck_max = 1, .problems = stderr, .tell = found, .context = &kind};

    assert_int_equal(verify_run(&verify, arena, &report), 0);
    assert_int_equal(report.n_findings, n);
}

static void proven_refund_takes_back_what_it_paid(void **state)
{
    (void)state;
    expect_findings(1, FINDING_STATEMENT_UNPROVEN);
    expect_repair(true);
    assert_int_equal(number("state FROM bmt_payment.refunds"), REFUND_SUCCEEDED);
    assert_int_equal(number("failure = '' AND succeed_time_ms > 0 FROM bmt_payment.refunds"), 1);
    assert_int_equal(number("event FROM bmt_payment.refund_events ORDER BY version DESC LIMIT 1"), REFUND_EVENT_PROVE);
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 2500);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_FULFILLED);
    assert_int_equal(number("refunded_minor FROM bmt_order.orders"), 2500);
    assert_int_equal(number("due_time_ms > 0 FROM bmt_order.orders"), 1);
    assert_int_equal(number("recalled FROM bmt_product.entitlement_lots"), 2);
    assert_int_equal(number("sold FROM bmt_product.stocks"), 1);
    assert_int_equal(number("COUNT(*) FROM bmt_settlement.transfers WHERE kind = 2"), 1);
    expect_findings(0, FINDING_COUNT);
    expect_repair(false);                                      /* again: nothing is left to do */
    assert_true(given_refund(1, CHANNEL_GAVE_BACK) != refund); /* the rest can go back, and ends the order */
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_REFUNDED);
    expect_findings(0, FINDING_COUNT);
}

/* A completed order is completed again. */
static void proven_refund_leaves_the_order_where_it_was(void **state)
{
    (void)state;
    test_db_run(db, "UPDATE bmt_order.orders SET state = 5, complete_time_ms = 7");
    expect_repair(true);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_COMPLETED);
}

/* Never more than was paid, nor units that another refund has taken back, nor what is disputed,
 * nor beside a refund that is under way. */
static void what_is_not_there_any_more_is_not_paid_back_again(void **state)
{
    static const char *const cases[] = {
        "UPDATE bmt_payment.payments SET refund_minor = 1251",
        "UPDATE bmt_payment.payments SET state = 4",
        "DELETE FROM bmt_payment.payments",
        "UPDATE bmt_order.order_lines SET refunded_quantity = 2",
        "UPDATE bmt_order.order_lines SET disputed_minor = 1251",
        "UPDATE bmt_order.orders SET refunded_minor = 1251",
        "UPDATE bmt_order.orders SET state = 7, refund_id = 64",
        "UPDATE bmt_order.orders SET state = 8",
        "DELETE FROM bmt_order.orders",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        given_proof(state);
        test_db_run(db, cases[i]);
        expect_repair(false);
        assert_int_equal(number("state FROM bmt_payment.refunds"), REFUND_FAILED);
    }
    given_proof(state);
    given_refund(2, CHANNEL_GAVE_BACK); /* asked for again, and paid */
    expect_repair(false);
    expect_findings(1, FINDING_STATEMENT_UNPROVEN);
}

/* Late money has no order that could take anything back. */
static void proven_refund_of_late_money_is_booked(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    given_channel(db, 5);
    order = given_pending_order(db, "u1", gold.sku_id, 2);
    assert_int_equal(close_with(db, order, NULL), 0);
    given_money(db, PAYMENT, order, 2500);
    struct complete_refund failed = {.refund_id = number("refund_id FROM bmt_payment.refunds"),
                                     .verdict = {.word = CHANNEL_FAILED, .action_url = "", .failure = "no"}};
    assert_int_equal(act(db, &complete_refund_plan, &failed, sizeof failed, NULL), 0);
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.statement_lines VALUES (%d, 1, 1, 1, 1001, 5, %d, %lld, "
                                 "'cr_1', 'ct_1', 'EUR', 2500, 1, 0)",
                                 LINE, (int)STATEMENT_REFUND, (long long)failed.refund_id));
    expect_repair(true);
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 2500);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_CLOSED);
    assert_int_equal(number("COUNT(*) FROM bmt_settlement.transfers WHERE kind IN (2, 4)"), 2);
    expect_findings(0, FINDING_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(proven_refund_takes_back_what_it_paid, given_proof),
        cmocka_unit_test_setup(proven_refund_leaves_the_order_where_it_was, given_proof),
        cmocka_unit_test(what_is_not_there_any_more_is_not_paid_back_again),
        cmocka_unit_test(proven_refund_of_late_money_is_booked),
    };

    return cmocka_run_group_tests_name("prove_refund", tests, db_suite_begin, db_suite_end);
}
