/* What happens to orders after their creation: closing, paying, confirming, and their timers. */
#include "lib/db_suite.h"

#include <string.h>

#include "base/clock.h"
#include "flows/complete_payment.h"
#include "flows/pay_order.h"
#include "lib/given.h"
#include "order/jobs.h"
#include "payment/jobs.h"

static struct sale gold;

static int clear(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    return 0;
}

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

static void expect_stock(int available, int held, int sold)
{
    assert_int_equal(number("available FROM bmt_product.stocks"), available);
    assert_int_equal(number("held FROM bmt_product.stocks"), held);
    assert_int_equal(number("sold FROM bmt_product.stocks"), sold);
}

static void paid_order_is_fulfilled_and_granted_in_one_go(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 2);

    (void)state;
    assert_true(pay(db, order, 77, 2500).is_changed);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_FULFILLED);
    assert_int_equal(number("version FROM bmt_order.orders"), 4);
    assert_int_equal(number("COUNT(*) FROM bmt_order.order_events"), 3);
    assert_int_equal(number("COUNT(*) FROM bmt_product.entitlement_lots"), 1);
    expect_stock(8, 0, 2);
}

static void money_counts_once_and_other_money_is_late(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);
    const int64_t closed = given_pending_order(db, "u1", gold.sku_id, 1);
    struct paid_order again;

    (void)state;
    assert_true(pay(db, order, 77, 1250).is_changed);
    again = pay(db, order, 77, 1250);
    assert_true(!again.is_changed && !again.is_late);
    assert_true(pay(db, order, 78, 1250).is_late);
    assert_int_equal(close_with(db, closed, NULL), 0);
    assert_true(pay(db, closed, 79, 1250).is_late);
    assert_true(pay(db, 64, 80, 1250).is_late); /* no such order: the money must still go back */
    assert_int_equal(number("COUNT(*) FROM bmt_product.entitlement_lots"), 1);
}

static void another_amount_does_not_pay(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);

    (void)state;
    assert_true(pay(db, order, 77, 1249).is_late);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_PENDING_PAYMENT);
}

static void close_frees_the_stock_once(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 3);

    (void)state;
    expect_stock(7, 3, 0);
    assert_int_equal(close_with(db, order, "close"), 0);
    expect_stock(10, 0, 0);
    assert_int_equal(close_with(db, order, "close"), 0); /* the repeat */
    assert_int_equal(close_with(db, order, NULL), ERR_ORDER_WRONG_STATE);
    assert_int_equal(close_with(db, 64, NULL), ERR_ORDER_NOT_FOUND);
    expect_stock(10, 0, 0);
}

static void browsers_close_their_own_orders_only(void **state)
{
    const int64_t order = given_pending_order(db, "alice", gold.sku_id, 1);
    struct close_order close = {.command.user_id = "bob",
                                .order_id = order,
                                .event = ORDER_EVENT_CANCEL,
                                .reason = CLOSE_USER_CANCELLED,
                                .detail = ""};

    (void)state;
    assert_int_equal(act(db, &cancel_order_plan, &close, sizeof close, NULL), ERR_ORDER_NOT_FOUND);
    close = (struct close_order){.command.user_id = "alice",
                                 .order_id = order,
                                 .event = ORDER_EVENT_CANCEL,
                                 .reason = CLOSE_USER_CANCELLED,
                                 .detail = ""};
    assert_int_equal(act(db, &cancel_order_plan, &close, sizeof close, NULL), 0);
}

static size_t run_job(const struct job *job, int64_t now_ms)
{
    struct job_run run = {
        .session = db->session, .arena = db->arena, .now_ms = now_ms, .limit = 100, .shards = 1, .actor = "job test"};
    struct err err = {0};
    size_t done = 0;

    assert_int_equal(job->run(&run, &done, &err), 0);
    return done;
}

static void expired_orders_close_by_their_timer(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 2);

    (void)state;
    (void)order;
    assert_int_equal(run_job(&order_close_expired_job, clock_now_ms()), 0);
    test_db_run(db, "UPDATE bmt_order.orders SET due_time_ms = 1");
    assert_int_equal(run_job(&order_close_expired_job, clock_now_ms()), 1);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_CLOSED);
    assert_int_equal(number("close_reason FROM bmt_order.orders"), CLOSE_TIMEOUT);
    assert_int_equal(number("due_time_ms FROM bmt_order.orders"), 0);
    expect_stock(10, 0, 0);
    assert_int_equal(run_job(&order_close_expired_job, clock_now_ms()), 0);
}

static void timer_leaves_alone_what_was_paid_meanwhile(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);
    struct close_order expire = {.order_id = order, .event = ORDER_EVENT_EXPIRE, .reason = CLOSE_TIMEOUT};

    (void)state;
    pay(db, order, 77, 1250);
    assert_int_equal(act(db, &expire_order_plan, &expire, sizeof expire, NULL), 0);
    assert_null(expire.row);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_FULFILLED);
}

static void fulfilled_orders_complete_by_confirmation_or_time(void **state)
{
    const int64_t first = given_fulfilled_order(db, "u1", gold.sku_id, 1);
    const int64_t second = given_fulfilled_order(db, "u1", gold.sku_id, 1);
    const int64_t waiting = given_pending_order(db, "u1", gold.sku_id, 1);
    struct confirm_order confirm = {.order_id = first};
    struct confirm_order too_early = {.order_id = waiting};

    (void)state;
    (void)second;
    assert_int_equal(act(db, &confirm_order_plan, &confirm, sizeof confirm, NULL), 0);
    assert_int_equal(confirm.row->state, ORDER_COMPLETED);
    assert_int_equal(act(db, &confirm_order_plan, &too_early, sizeof too_early, NULL), ERR_ORDER_WRONG_STATE);
    assert_int_equal(run_job(&order_confirm_due_job, clock_now_ms()), 0);
    /* found by the timer, but judged by the present */
    assert_int_equal(run_job(&order_confirm_due_job, clock_now_ms() + INT64_C(86400000)), 1);
    assert_int_equal(number("COUNT(*) FROM bmt_order.orders WHERE state = 5"), 1);
    test_db_run(db, "UPDATE bmt_order.orders SET due_time_ms = 1 WHERE state = 4");
    assert_int_equal(run_job(&order_confirm_due_job, clock_now_ms()), 1);
    assert_int_equal(number("COUNT(*) FROM bmt_order.orders WHERE state = 5"), 2);
}

static int64_t given_account(void)
{
    test_db_run(db, "INSERT INTO bmt_payment.channel_accounts VALUES (5, 1001, 'main', 'sandbox', 't', 'm', "
                    "'nosecret', 'http://x', 'http://y', 1, 1, 1, 1, 1, '', 0, 0, 0)");
    return 5;
}

static int begin_payment(int64_t order_id, int64_t account_id)
{
    struct begin_payment c = {.order_id = order_id, .account_id = account_id, .return_url = ""};

    return act(db, &begin_payment_plan, &c, sizeof c, NULL);
}

static void payments_begin_only_where_they_can(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);
    const int64_t account = given_account();
    const long long before = test_db_checksum(db);

    (void)state;
    assert_int_equal(begin_payment(64, account), ERR_ORDER_NOT_FOUND);
    assert_int_equal(begin_payment(order, 64), ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    assert_int_equal(begin_payment(order, account), ERR_CHANNEL_SECRET_MISSING);
    assert_true(test_db_checksum(db) == before);
    test_db_run(db, "UPDATE bmt_payment.channel_accounts SET state = 2");
    assert_int_equal(begin_payment(order, account), ERR_CHANNEL_DISABLED);
    test_db_run(db, "UPDATE bmt_order.orders SET due_time_ms = 1");
    assert_int_equal(begin_payment(order, account), ERR_ORDER_EXPIRED);
    assert_int_equal(close_with(db, order, NULL), 0);
    assert_int_equal(begin_payment(order, account), ERR_ORDER_WRONG_STATE);
}

/* A payment as the first step records it, for the words of channels. */
static int64_t given_payment(int64_t order_id, int state)
{
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.payments SELECT 640 + %d, 1001, %lld, 'u1', 5, 'r%d', "
                                 "REPEAT(CHAR(0), 16), %d, 1, 'EUR',"
                                 " 1250, NULL, NULL, '', '', '', 0, 1, 0, %lld, 1, 1, 0, 0, 0",
                                 state, (long long)order_id, state, state, (long long)clock_now_ms() + 60000));
    return 640 + state;
}

static struct complete_payment hear(int64_t payment_id, enum channel_word word, int64_t amount)
{
    return (struct complete_payment){.payment_id = payment_id,
                                     .verdict = {.word = word,
                                                 .payment_id = payment_id,
                                                 .amount = money_of(amount, "EUR"),
                                                 .ref = "cp_1",
                                                 .action_url = "http://pay",
                                                 .failure = "because"}};
}

/* Every word in every state: what the payment becomes. */
static void channels_words_lead_where_they_must(void **state)
{
    static const struct {
        int from;
        enum channel_word word;
        int to;
    } cases[] = {
        {PAYMENT_CREATED, CHANNEL_WAITS, PAYMENT_PENDING},
        {PAYMENT_CREATED, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
        {PAYMENT_CREATED, CHANNEL_FAILED, PAYMENT_FAILED},
        {PAYMENT_CREATED, CHANNEL_CLOSED, PAYMENT_CLOSED},
        {PAYMENT_CREATED, CHANNEL_UNCLEAR, PAYMENT_CREATED},
        {PAYMENT_CREATED, CHANNEL_MISSING, PAYMENT_CREATED},
        {PAYMENT_PENDING, CHANNEL_WAITS, PAYMENT_PENDING},
        {PAYMENT_PENDING, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
        {PAYMENT_PENDING, CHANNEL_UNCLEAR, PAYMENT_PENDING},
        {PAYMENT_UNKNOWN, CHANNEL_WAITS, PAYMENT_PENDING},
        {PAYMENT_UNKNOWN, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
        {PAYMENT_UNKNOWN, CHANNEL_NOT_ASKED, PAYMENT_UNKNOWN},
        {PAYMENT_CLOSED, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
        {PAYMENT_FAILED, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
        {PAYMENT_CLOSED, CHANNEL_WAITS, PAYMENT_CLOSED},
        {PAYMENT_SUCCEEDED, CHANNEL_FAILED, PAYMENT_SUCCEEDED},
        {PAYMENT_SUCCEEDED, CHANNEL_CLOSED, PAYMENT_SUCCEEDED},
        {PAYMENT_SUCCEEDED, CHANNEL_HAS_MONEY, PAYMENT_SUCCEEDED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_db_run(db, "DELETE FROM bmt_payment.payments");
        test_db_run(db, "DELETE FROM bmt_payment.payment_events");
        struct complete_payment c = hear(given_payment(0, cases[i].from), cases[i].word, 1250);
        const bool succeeds = cases[i].to == PAYMENT_SUCCEEDED && cases[i].from != PAYMENT_SUCCEEDED;

        c.verdict.fee_minor = 31;
        assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
        assert_int_equal(number("state FROM bmt_payment.payments"), cases[i].to);
        assert_int_equal(number("fee_minor FROM bmt_payment.payments"), succeeds ? 31 : 0); /* with the move alone */
        assert_int_equal(number("COUNT(*) FROM bmt_payment.payment_events"), cases[i].from != cases[i].to);
    }
}

static void answers_to_create_are_final_or_unknown(void **state)
{
    static const struct {
        enum channel_word word;
        int to;
    } cases[] = {
        {CHANNEL_REFUSED, PAYMENT_FAILED}, {CHANNEL_NOT_ASKED, PAYMENT_FAILED}, {CHANNEL_UNCLEAR, PAYMENT_UNKNOWN}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_db_run(db, "DELETE FROM bmt_payment.payments");
        test_db_run(db, "DELETE FROM bmt_payment.payment_events");
        struct complete_payment c = hear(given_payment(0, PAYMENT_CREATED), cases[i].word, 1250);

        c.is_create = true;
        c.version_asked = 1;
        assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
        assert_int_equal(number("state FROM bmt_payment.payments"), cases[i].to);
    }
}

static void words_about_other_money_change_nothing(void **state)
{
    struct complete_payment other_amount = hear(given_payment(0, PAYMENT_PENDING), CHANNEL_HAS_MONEY, 1249);
    struct complete_payment other_payment = other_amount;
    struct complete_payment unknown = hear(64, CHANNEL_HAS_MONEY, 1250);

    (void)state;
    other_payment.verdict.payment_id = 99;
    assert_int_equal(act(db, &complete_payment_plan, &other_amount, sizeof other_amount, NULL),
                     ERR_NOTIFICATION_MISMATCH);
    assert_int_equal(act(db, &complete_payment_plan, &other_payment, sizeof other_payment, NULL),
                     ERR_NOTIFICATION_MISMATCH);
    assert_int_equal(act(db, &complete_payment_plan, &unknown, sizeof unknown, NULL), ERR_PAYMENT_NOT_FOUND);
    assert_int_equal(number("state FROM bmt_payment.payments"), PAYMENT_PENDING);
}

static void proof_of_money_pays_the_order_in_the_same_transaction(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);
    struct complete_payment c = hear(given_payment(order, PAYMENT_UNKNOWN), CHANNEL_HAS_MONEY, 1250);

    (void)state;
    assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
    assert_true(c.changed_order_id == order);
    assert_int_equal(number("state FROM bmt_order.orders"), ORDER_FULFILLED);
    assert_int_equal(number("is_late FROM bmt_payment.payments"), 0);
    expect_stock(9, 0, 1);
}

/* However long the pause would be: the answer can still pay the order. */
static void payments_are_asked_about_right_before_they_expire(void **state)
{
    const int64_t order = given_pending_order(db, "u1", gold.sku_id, 1);
    struct complete_payment c = hear(640 + PAYMENT_CREATED, CHANNEL_WAITS, 1250);

    (void)state;
    given_channel(db, 5);
    test_db_run(db, "UPDATE bmt_order.orders SET due_time_ms = 12000 + ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000)");
    assert_int_equal(begin_payment(order, 5), 0);
    assert_int_equal(number("expire_time_ms - due_time_ms FROM bmt_payment.payments"), 5000);
    test_db_run(db, "DELETE FROM bmt_payment.payments");
    given_payment(order, PAYMENT_CREATED);
    test_db_run(db, "UPDATE bmt_payment.payments SET channel_account_id = 64, attempts = 6"); /* nobody is asked */
    assert_int_equal(run_job(&payment_ask_channel_job, clock_now_ms()), 1);
    assert_int_equal(number("attempts FROM bmt_payment.payments"), 7);
    assert_int_equal(number("expire_time_ms - due_time_ms FROM bmt_payment.payments"), 5000);
    test_db_run(db, "UPDATE bmt_payment.payments SET expire_time_ms = expire_time_ms - 48000");
    assert_int_equal(act(db, &complete_payment_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(number("expire_time_ms - due_time_ms FROM bmt_payment.payments"), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(paid_order_is_fulfilled_and_granted_in_one_go, clear),
        cmocka_unit_test_setup(money_counts_once_and_other_money_is_late, clear),
        cmocka_unit_test_setup(another_amount_does_not_pay, clear),
        cmocka_unit_test_setup(close_frees_the_stock_once, clear),
        cmocka_unit_test_setup(browsers_close_their_own_orders_only, clear),
        cmocka_unit_test_setup(expired_orders_close_by_their_timer, clear),
        cmocka_unit_test_setup(timer_leaves_alone_what_was_paid_meanwhile, clear),
        cmocka_unit_test_setup(fulfilled_orders_complete_by_confirmation_or_time, clear),
        cmocka_unit_test_setup(payments_begin_only_where_they_can, clear),
        cmocka_unit_test_setup(channels_words_lead_where_they_must, clear),
        cmocka_unit_test_setup(answers_to_create_are_final_or_unknown, clear),
        cmocka_unit_test_setup(words_about_other_money_change_nothing, clear),
        cmocka_unit_test_setup(proof_of_money_pays_the_order_in_the_same_transaction, clear),
        cmocka_unit_test_setup(payments_are_asked_about_right_before_they_expire, clear),
    };

    return cmocka_run_group_tests_name("order_life", tests, db_suite_begin, db_suite_end);
}
