/* Charges that go back: never more than was paid, once for a request, and booked as they move. */
#include "lib/db_suite.h"

#include <pthread.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "flows/complete_payment.h"
#include "flows/complete_refund.h"
#include "flows/refund_payment.h"
#include "lib/given.h"
#include "settlement/ops_ledger.h"
#include "sql/recovery.h"

enum { CHARGE = 901, OTHER = 902, FEE_MINOR = 33 };

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

/* 12.50 EUR were charged for no order; the channel kept its fee. */
static int given_charge(void **state)
{
    struct complete_payment c = {.payment_id = CHARGE,
                                 .verdict = {.word = CHANNEL_HAS_MONEY,
                                             .payment_id = CHARGE,
                                             .amount = money_of(1250, "EUR"),
                                             .fee_minor = FEE_MINOR,
                                             .ref = "cp_901",
                                             .action_url = "",
                                             .failure = ""}};

    (void)state;
    test_db_clear(db);
    given_channel(db, 5);
    test_db_run(db, "INSERT INTO bmt_payment.payments SELECT 901, 1001, 0, 'u1', 5, 'r901', REPEAT(CHAR(0), 16), 1, 1, "
                    "'EUR', 1250, NULL, NULL, '', '', '', 0, 1, 0, 4000000000000, 1, 1, 0, 0, 0");
    assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
    return 0;
}

static struct refund_payment refund_of(int64_t payment_id, int64_t amount_minor)
{
    return (struct refund_payment){
        .payment_id = payment_id, .amount = money_of(amount_minor, "EUR"), .reason = "a mistake"};
}

static int refund(int64_t payment_id, int64_t amount_minor, const char *request_id, int64_t *ret_refund_id)
{
    struct refund_payment c = refund_of(payment_id, amount_minor);
    const int rc = act(db, &refund_payment_plan, &c, sizeof c, request_id);

    if (ret_refund_id != NULL)
        *ret_refund_id = c.refund_id;
    return rc;
}

static int64_t given_refund(int64_t amount_minor)
{
    int64_t refund_id = 0;

    assert_int_equal(refund(CHARGE, amount_minor, NULL, &refund_id), 0);
    return refund_id;
}

static void hear(int64_t refund_id, enum channel_word word)
{
    struct complete_refund c = {.refund_id = refund_id, .verdict = {.word = word, .action_url = "", .failure = "no"}};

    assert_int_equal(act(db, &complete_refund_plan, &c, sizeof c, NULL), 0);
}

static long long balance(enum account account)
{
    return number(arena_printf(db->arena,
                               "COALESCE(SUM(debit_minor - credit_minor), 0) FROM bmt_settlement.account_days WHERE "
                               "account = %d",
                               (int)account));
}

static void charge_goes_back_in_parts_and_takes_its_fee_along_once(void **state)
{
    const int64_t first = given_refund(1000);
    const int64_t second = given_refund(250);

    (void)state;
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 1250);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), -1250); /* nothing has moved yet */
    hear(first, CHANNEL_GAVE_BACK);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), -250);
    assert_int_equal(balance(ACCOUNT_CHANNEL_FEES), FEE_MINOR);
    hear(second, CHANNEL_GAVE_BACK);
    hear(second, CHANNEL_GAVE_BACK); /* the same word twice */
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), 0);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 0);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), -FEE_MINOR);
    assert_int_equal(balance(ACCOUNT_CHANNEL_FEES), 0);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), FEE_MINOR);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.refunds WHERE state = 3 AND purpose = 3 AND order_id = 0 AND "
                            "reason = 'a mistake'"),
                     2);
}

/* Both end in one batch: one of them is the last. */
static void parts_that_end_together_take_the_fee_along_once(void **state)
{
    struct complete_refund both[2] = {
        {.refund_id = given_refund(1000), .verdict = {.word = CHANNEL_GAVE_BACK, .action_url = "", .failure = ""}},
        {.refund_id = given_refund(250), .verdict = {.word = CHANNEL_GAVE_BACK, .action_url = "", .failure = ""}}};

    (void)state;
    act_together(db, &complete_refund_plan, both, 2, sizeof both[0]);
    assert_int_equal(both[0].command.err.id, 0);
    assert_int_equal(balance(ACCOUNT_CHANNEL_FEES), 0);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), FEE_MINOR);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), 0);
}

static void never_more_than_was_paid(void **state)
{
    struct refund_payment three[3] = {refund_of(CHARGE, 600), refund_of(CHARGE, 600), refund_of(CHARGE, 600)};
    int64_t failed;

    (void)state;
    assert_int_equal(refund(CHARGE, 1251, NULL, NULL), ERR_PAYMENT_REFUNDED);
    act_together(db, &refund_payment_plan, three, 3, sizeof three[0]);
    assert_int_equal(three[0].command.err.id, 0);
    assert_int_equal(three[1].command.err.id, 0);
    assert_int_equal(three[2].command.err.id, ERR_PAYMENT_REFUNDED);
    assert_string_equal(err_value(&three[2].command.err, 1), "0.50 EUR");
    assert_int_equal(refund(CHARGE, 51, NULL, NULL), ERR_PAYMENT_REFUNDED);
    failed = given_refund(50);
    hear(failed, CHANNEL_FAILED); /* what it did not take can be asked for again */
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 1200);
    assert_int_equal(refund(CHARGE, 50, NULL, NULL), 0);
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 1250);
}

static void *refund_once(void *context)
{
    struct arena *arena = arena_new(1 << 20);
    struct refund_payment c = refund_of(CHARGE, 500);
    struct session *session;
    int *ret_id = context;

    db_thread_begin();
    session = session_new(db->db);
    c.command.biz_id = TEST_BIZ;
    c.command.actor = "racer";
    c.command.method = "x";
    c.command.request_id = arena_printf(arena, "race-%p", context);
    batch_run(session, &refund_payment_plan, arena, &c, 1, sizeof c);
    *ret_id = (int)c.command.err.id;
    session_free(session);
    arena_free(arena);
    db_thread_end();
    return NULL;
}

static void racers_share_what_was_paid(void **state)
{
    pthread_t threads[6];
    int ids[6];
    int taken = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, refund_once, &ids[i]), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_true(ids[i] == 0 || ids[i] == ERR_PAYMENT_REFUNDED);
        taken += ids[i] == 0;
    }
    assert_int_equal(taken, 2);
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), 1000);
    assert_int_equal(number("SUM(amount_minor) FROM bmt_payment.refunds"), 1000);
}

static void repeat_finds_its_refund(void **state)
{
    struct refund_payment other = refund_of(CHARGE, 1250);
    int64_t first = 0;
    int64_t second = 0;

    (void)state;
    assert_int_equal(refund(CHARGE, 1250, "once", &first), 0);
    assert_int_equal(refund(CHARGE, 1250, "once", &second), 0); /* though nothing is left */
    assert_true(first == second && first != 0);
    other.command.fingerprint[0] = 7;
    assert_int_equal(act(db, &refund_payment_plan, &other, sizeof other, "once"), ERR_REQUEST_ID_REUSED);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.refunds"), 1);
}

static void refunded_only_where_it_can_be(void **state)
{
    struct refund_payment dollars = refund_of(CHARGE, 100);
    const int64_t order = given_pending_order(db, "u1", given_sale(db, TEST_BIZ, "gold", 1250, 10).sku_id, 1);
    long long before;

    (void)state;
    given_money(db, OTHER, order, 1250);
    before = test_db_checksum(db);
    assert_int_equal(refund(64, 100, NULL, NULL), ERR_PAYMENT_NOT_FOUND);
    assert_int_equal(refund(OTHER, 100, NULL, NULL), ERR_PAYMENT_OF_ORDER);
    dollars.amount = money_of(100, "USD");
    assert_int_equal(act(db, &refund_payment_plan, &dollars, sizeof dollars, NULL), ERR_CURRENCY_MISMATCH);
    assert_true(test_db_checksum(db) == before);
    test_db_run(db, "UPDATE bmt_payment.channel_accounts SET secret_name = 'nosecret'");
    assert_int_equal(refund(CHARGE, 100, NULL, NULL), ERR_CHANNEL_SECRET_MISSING);
    test_db_run(db, "UPDATE bmt_payment.payments SET state = 2 WHERE payment_id = 901");
    assert_int_equal(refund(CHARGE, 100, NULL, NULL), ERR_PAYMENT_WRONG_STATE);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.refunds"), 0);
}

/* A refund of 1 cent as its caller and its channel come to it again and again; what may be told in between is known. */
static void until_refunded(const char *request_id)
{
    int64_t refund_id = 0;
    int rc = -1;

    for (int tries = 0; tries < 10 && rc != 0; tries++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(32 << 20);
        struct complete_refund end_it = {.verdict = {.word = CHANNEL_GAVE_BACK, .action_url = "", .failure = ""}};

        rc = refund(CHARGE, 1, request_id, &refund_id);
        end_it.refund_id = refund_id;
        if (rc == 0)
            rc = act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL);
        assert_true(rc == 0 || rc == ERR_DATABASE_UNAVAILABLE || rc == ERR_COMMIT_UNCERTAIN ||
                    rc == ERR_BATCH_CONFLICT);
        (void)recovery_run(db->session, arena, NULL);
    }
    assert_int_equal(rc, 0);
}

/* Each point fails once at each pass, until a refund passes untouched: one cent each went back and was booked, once. */
static void each_failure_ends_in_one_refund(void **state)
{
    static const char *const points[] = {"sql.connect",        "sql.statement", "sql.before_commit",
                                         "sql.after_commit",   "xa.branch",     "xa.prepare",
                                         "xa.before_decision", "xa.decided",    "xa.commit"};
    int n_refunds = 0;

    (void)state;
    log_set_level(LOG_ERROR);
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        bool was_hit = true;

        for (int n = 0; was_hit; n++) {
            assert_true(n < 100);
            assert_int_equal(failpoint_enable(arena_printf(db->arena, "%s=once:%d", points[i], n), stderr), 0);
            until_refunded(arena_printf(db->arena, "%s-%d", points[i], n));
            was_hit = failpoint_was_hit(points[i]);
            failpoint_disable_all();
            until_refunded(arena_printf(db->arena, "%s-%d", points[i], n)); /* answered as before */
            n_refunds++;
        }
    }
    assert_int_equal(number("COUNT(*) FROM bmt_payment.refunds WHERE state = 3 AND amount_minor = 1"), n_refunds);
    assert_int_equal(number("refund_minor FROM bmt_payment.payments"), n_refunds);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), n_refunds - 1250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(charge_goes_back_in_parts_and_takes_its_fee_along_once, given_charge),
        cmocka_unit_test_setup(parts_that_end_together_take_the_fee_along_once, given_charge),
        cmocka_unit_test_setup(never_more_than_was_paid, given_charge),
        cmocka_unit_test_setup(racers_share_what_was_paid, given_charge),
        cmocka_unit_test_setup(repeat_finds_its_refund, given_charge),
        cmocka_unit_test_setup(refunded_only_where_it_can_be, given_charge),
        cmocka_unit_test_setup(each_failure_ends_in_one_refund, given_charge),
    };

    return cmocka_run_group_tests_name("charge_refund", tests, db_suite_begin, db_suite_end);
}
