/* Orders whose other branches are still being committed (ARCHITECTURE.md, "Seen before its branches"); several servers.
 */
#include "lib/db_suite.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "flows/complete_payment.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "lib/given.h"
#include "sql/recovery.h"

static struct sale gold;

static int begin(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    db = test_db_start();
    db->conf->database_lock_wait_s = 1;
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 100);
    given_channel(db, 5);
    given_channel(db, 6);
    return 0;
}

/* With one server there are no branches, and nothing to test. */
static int64_t given_waiting_order(void **state)
{
    (void)state;
    if (db->conf->n_servers == 1)
        skip();
    return given_pending_order(db, "u1", gold.sku_id, 1);
}

/* Runs the command, whose decision is stored and whose branches stay prepared. */
static void leave_prepared(struct batch_plan *plan, void *command, size_t size, const char *request_id)
{
    assert_int_equal(failpoint_enable("xa.commit=once", stderr), 0);
    assert_int_equal(act(db, plan, command, size, request_id), 0);
    failpoint_disable_all();
}

static void recover(void)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(32 << 20);

    (void)recovery_run(db->session, arena, NULL);
    assert_int_equal(recovery_list(db->session, arena).n, 0);
}

/* The order names a payment whose branch is still being committed, so that nobody can see it yet. */
static void no_second_channel_while_the_first_is_still_being_committed(void **state)
{
    const int64_t order_id = given_waiting_order(state);
    struct begin_payment first = {.order_id = order_id, .account_id = 5, .return_url = ""};
    struct begin_payment early = {.order_id = order_id, .account_id = 6, .return_url = ""};
    struct begin_payment second = early;
    int rc;

    leave_prepared(&begin_payment_plan, &first, sizeof first, NULL);
    rc = act(db, &begin_payment_plan, &early, sizeof early, NULL);
    assert_true(rc == ERR_BATCH_CONFLICT || rc == ERR_DATABASE_UNAVAILABLE); /* it waited for the branch */
    recover();
    assert_int_equal(act(db, &begin_payment_plan, &second, sizeof second, NULL), ERR_PAYMENT_IN_DOUBT);
}

/* The answer to a repeat waits for the branch, too: it is the payment or no answer, never a refusal. */
static void pay_repeated_while_the_first_is_still_being_committed_is_the_same_payment(void **state)
{
    struct begin_payment first = {.order_id = given_waiting_order(state), .account_id = 5, .return_url = ""};
    struct begin_payment early = first;
    struct begin_payment again = first;
    int rc;

    leave_prepared(&begin_payment_plan, &first, sizeof first, "pay-again");
    rc = act(db, &begin_payment_plan, &early, sizeof early, "pay-again");
    assert_true(rc == ERR_BATCH_CONFLICT || rc == ERR_DATABASE_UNAVAILABLE);
    recover();
    assert_int_equal(act(db, &begin_payment_plan, &again, sizeof again, "pay-again"), 0);
    assert_int_equal(again.payment->payment_id, first.payment->payment_id);
}

/* Its order knows of the refund, whose own row cannot be seen yet: that is no "not found". */
static void refund_that_is_still_being_committed_is_not_missing(void **state)
{
    struct begin_refund begin = {.order_id = given_waiting_order(state), .wants_all = true, .reason = "test"};
    struct get_refund get = {0};

    given_money(db, 901, begin.order_id, 1250);
    leave_prepared(&begin_refund_plan, &begin, sizeof begin, NULL);
    get.refund_id = begin.refund_id;
    assert_int_equal(act(db, &get_refund_plan, &get, sizeof get, NULL), ERR_COMMIT_UNCERTAIN);
    recover();
    get = (struct get_refund){.refund_id = begin.refund_id};
    assert_int_equal(act(db, &get_refund_plan, &get, sizeof get, NULL), 0);
    get = (struct get_refund){.refund_id = 64};
    assert_int_equal(act(db, &get_refund_plan, &get, sizeof get, NULL), ERR_REFUND_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_second_channel_while_the_first_is_still_being_committed),
        cmocka_unit_test(pay_repeated_while_the_first_is_still_being_committed_is_the_same_payment),
        cmocka_unit_test(refund_that_is_still_being_committed_is_not_missing),
    };

    return cmocka_run_group_tests_name("branches", tests, begin, db_suite_end);
}
