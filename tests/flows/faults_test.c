/*
 * One statement after the other fails, once each, until a run of the whole purchase meets no failure any more: ordered,
 * paid, confirmed, paid back, beside orders that are cancelled and expire. Whatever is told, a repeat with the same
 * request_id comes to the same end: one payment, one grant, one refund, and the books balance.
 */
#include "lib/db_suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "flows/complete_payment.h"
#include "flows/complete_refund.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "lib/given.h"
#include "sql/recovery.h"
#include "verify/verify.h"

enum { ACCOUNT = 5 };

static struct sale gold;

static int begin(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    db = test_db_start();
    db->conf->database_lock_wait_s = 1;
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 100000);
    given_channel(db, ACCOUNT);
    return 0;
}

static int end(void **state)
{
    (void)state;
    failpoint_disable_all();
    test_db_stop(db);
    return 0;
}

static void found_nothing(void *context, const struct finding *finding)
{
    (void)context;
    fail_msg("%s: %s", finding_info(finding->kind)->name, finding->what);
}

static void expect_books_balance(void)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct verify verify = {
        .db = db->db, .threads = 1, .recheck_max = 1, .problems = stderr, .tell = found_nothing};

    assert_int_equal(verify_run(&verify, arena, &report), 0);
}

/* A purchase, from its order to its money's return, beside two orders that nobody pays; all are of one user. */
struct purchase {
    int64_t order_id, cancelled_id, expired_id;
    int64_t payment_id;
    int64_t refund_id;
};

/* The same request is given the same object again. */
static void expect_same(int64_t *seen, int64_t now)
{
    assert_true(now != 0 && (*seen == 0 || *seen == now));
    *seen = now;
}

static int place_for(int64_t *order_id, int64_t expires_in_ms, const char *request_id)
{
    struct place_order order = place(db, "u1", gold.sku_id, 2);
    int rc;

    order.expires_in_ms = expires_in_ms;
    rc = act(db, &place_order_plan, &order, sizeof order, request_id);
    if (rc == 0)
        expect_same(order_id, order.row->order_id);
    return rc;
}

static int place_one(struct purchase *p, const char *request_id)
{
    return place_for(&p->order_id, 0, request_id);
}

static int place_other(struct purchase *p, const char *request_id)
{
    return place_for(&p->cancelled_id, 0, request_id);
}

static int place_short(struct purchase *p, const char *request_id)
{
    return place_for(&p->expired_id, 1, request_id);
}

static int begin_paying(struct purchase *p, const char *request_id)
{
    struct begin_payment c = {.order_id = p->order_id, .account_id = ACCOUNT, .return_url = ""};
    const int rc = act(db, &begin_payment_plan, &c, sizeof c, request_id);

    if (rc == 0)
        expect_same(&p->payment_id, c.payment->payment_id);
    return rc;
}

static int hear_of_money(struct purchase *p, const char *request_id)
{
    struct complete_payment c = {.payment_id = p->payment_id,
                                 .verdict = {.word = CHANNEL_HAS_MONEY,
                                             .payment_id = p->payment_id,
                                             .amount = money_of(2500, "EUR"),
                                             .ref = arena_printf(db->arena, "cp_%lld", (long long)p->payment_id),
                                             .action_url = "",
                                             .failure = ""}};

    return act(db, &complete_payment_plan, &c, sizeof c, request_id);
}

static int confirm_one(struct purchase *p, const char *request_id)
{
    struct confirm_order c = {.order_id = p->order_id};

    return act(db, &confirm_order_plan, &c, sizeof c, request_id);
}

static int begin_refunding(struct purchase *p, const char *request_id)
{
    struct begin_refund c = {.order_id = p->order_id, .wants_all = true, .reason = "test"};
    const int rc = act(db, &begin_refund_plan, &c, sizeof c, request_id);

    if (rc == 0)
        expect_same(&p->refund_id, c.refund_id);
    return rc;
}

static int hear_of_return(struct purchase *p, const char *request_id)
{
    struct complete_refund c = {.refund_id = p->refund_id,
                                .verdict = {.word = CHANNEL_GAVE_BACK,
                                            .ref = arena_printf(db->arena, "cr_%lld", (long long)p->refund_id),
                                            .action_url = "",
                                            .failure = ""}};

    return act(db, &complete_refund_plan, &c, sizeof c, request_id);
}

static int cancel_one(struct purchase *p, const char *request_id)
{
    return close_with(db, p->cancelled_id, request_id);
}

static int expire_one(struct purchase *p, const char *request_id)
{
    struct close_order c = {.order_id = p->expired_id, .event = ORDER_EVENT_EXPIRE, .reason = CLOSE_TIMEOUT};

    return act(db, &expire_order_plan, &c, sizeof c, request_id);
}

static const struct stage {
    const char *name;
    int (*run)(struct purchase *p, const char *request_id);
} stages[] = {{"place", place_one},        {"place-other", place_other}, {"place-short", place_short},
              {"pay", begin_paying},       {"money", hear_of_money},     {"confirm", confirm_one},
              {"refund", begin_refunding}, {"return", hear_of_return},   {"cancel", cancel_one},
              {"expire", expire_one}};

/* Every refusal under a fault is one that the caller may repeat; recovery runs beside, as in every server. */
static void until_done(const struct stage *stage, struct purchase *p, const char *run)
{
    const char *request_id = arena_printf(db->arena, "%s-%s", run, stage->name);
    int rc = 0;

    for (int tries = 0; tries < 10; tries++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(32 << 20);

        rc = stage->run(p, request_id);
        if (rc == 0)
            return;
        if (rc != ERR_DATABASE_UNAVAILABLE && rc != ERR_COMMIT_UNCERTAIN && rc != ERR_BATCH_CONFLICT)
            break;
        (void)recovery_run(db->session, arena, NULL);
    }
    fail_msg("%s did not succeed: error %d", request_id, rc);
}

static const char *const points[] = {
    "sql.connect", "sql.statement", "sql.before_commit", "sql.after_commit",   "xa.start",   "xa.branch",
    "xa.end",      "xa.prepare",    "xa.prepared",       "xa.before_decision", "xa.decided", "xa.commit"};

/* Recovery, as the job runs it in every server. */
static void recover(void)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(32 << 20);

    failpoint_disable_all();
    for (int i = 0; i < 100; i++) {
        if (recovery_list(db->session, arena).n == 0)
            return;
        (void)recovery_run(db->session, arena, NULL);
        arena_reset(arena);
        test_db_run(db, "SELECT SLEEP(0.02)");
    }
    fail_msg("branches are left");
}

static void expect_one(const char *table, const char *condition, int64_t order_id)
{
    assert_int_equal(test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM %s WHERE order_id = %lld", table,
                                                     (long long)order_id)),
                     1);
    assert_int_equal(test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM %s WHERE order_id = %lld AND %s",
                                                     table, (long long)order_id, condition)),
                     1);
}

/* Whatever failed: one payment, one grant, one refund, and two orders that closed. */
static void expect_one_of_each(const struct purchase *p)
{
    expect_one("bmt_payment.payments", "state = 3 AND is_late = 0 AND refund_minor = 2500", p->order_id);
    expect_one("bmt_product.entitlement_lots", "quantity = 2 AND recalled = 2", p->order_id);
    expect_one("bmt_order.refunds", "amount_minor = 2500", p->order_id);
    expect_one("bmt_payment.refunds", "state = 3 AND amount_minor = 2500", p->order_id);
    expect_one("bmt_order.orders", "refunded_minor = 2500", p->order_id);
    expect_one("bmt_order.orders", "state = 6", p->cancelled_id);
    expect_one("bmt_order.orders", "state = 6", p->expired_id);
}

/* The point fails in each stage, at its n-th pass. True when no stage met it any more: the purchase passed untouched.
 */
static bool run_with(const char *point, int n)
{
    const char *list = arena_printf(db->arena, "%s=once:%d", point, n);
    const char *run = arena_printf(db->arena, "%s-%d", point, n);
    struct purchase p = {0};
    bool is_untouched = true;

    for (size_t i = 0; i < COUNT_OF(stages); i++) {
        assert_int_equal(failpoint_enable(list, stderr), 0);
        until_done(&stages[i], &p, run);
        is_untouched = is_untouched && !failpoint_was_hit(point);
        recover();
    }
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        until_done(&stages[i], &p, run); /* answered as before */
    expect_one_of_each(&p);
    return is_untouched;
}

/* Nothing is held or sold any more, and each order has come to its end. */
static void expect_all_ended(void)
{
    expect_books_balance();
    assert_int_equal(test_db_number(db, "SELECT held FROM bmt_product.stocks"), 0);
    assert_int_equal(test_db_number(db, "SELECT sold FROM bmt_product.stocks"), 0);
    assert_int_equal(
        test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_order.orders WHERE state NOT IN (%d, %d)",
                                        ORDER_CLOSED, ORDER_REFUNDED)),
        0);
}

static void each_point_fails_once_at_each_pass(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        int n = 0;

        while (!run_with(points[i], n))
            assert_true(++n < 200);
        expect_all_ended();
    }
}

/* The child of run_without_memory_at: the whole purchase, as far as it comes. Ends with whether it was refused. */
static _Noreturn void buy_without_memory_at(int n, const char *run)
{
    struct purchase p = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0);
    db->arena = arena_new(64 << 20); /* the parent's has room left, and its connections are not ours */
    db->session = session_new(db->db);
    if (failpoint_enable(arena_printf(db->arena, "arena.grow=once:%d", n), stderr) != 0)
        _exit(250);
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        if (stages[i].run(&p, arena_printf(db->arena, "%s-%s", run, stages[i].name)) != 0)
            break;
    _exit(failpoint_was_hit("arena.grow") ? 1 : 0);
}

/*
 * A process that is refused memory at its N-th growth of an arena, by fork: it stops, or refuses; what it had begun is
 * finished or undone by others. True when it passed untouched.
 */
static bool run_without_memory_at(int n)
{
    const char *run = arena_printf(db->arena, "memory-%d", n);
    struct purchase p = {0};
    int status = 0;
    const pid_t child = fork();

    if (child == 0)
        buy_without_memory_at(n, run);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) <= 1);
    recover();
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        until_done(&stages[i], &p, run);
    expect_one_of_each(&p);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void each_growth_of_memory_may_be_refused(void **state)
{
    int n = 0;

    (void)state;
    while (!run_without_memory_at(n))
        assert_true(++n < 1000);
    assert_true(n > 0);
    print_message("             %d growths\n", n);
    expect_all_ended();
}

/*
 * An order can be seen once its decision is made, its held stock only when that branch has committed. Who acts on the
 * order in between must wait for it, or be told to come again; it must not go on without the stock.
 */
static void what_is_still_being_committed_is_not_passed_by(void **state)
{
    struct purchase p = {0};
    int rc;

    (void)state;
    if (db->conf->n_servers == 1)
        skip();
    assert_int_equal(failpoint_enable("xa.commit=once", stderr), 0);
    assert_int_equal(place_other(&p, "seen-early"), 0);
    rc = cancel_one(&p, "cancel-early");
    assert_true(rc == ERR_DATABASE_UNAVAILABLE || rc == ERR_BATCH_CONFLICT);
    recover();
    assert_int_equal(cancel_one(&p, "cancel-early"), 0);
    expect_books_balance();
    assert_int_equal(test_db_number(db, "SELECT held FROM bmt_product.stocks"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_point_fails_once_at_each_pass),
                                       cmocka_unit_test(each_growth_of_memory_may_be_refused),
                                       cmocka_unit_test(what_is_still_being_committed_is_not_passed_by)};

    return cmocka_run_group_tests_name("faults", tests, begin, end);
}
