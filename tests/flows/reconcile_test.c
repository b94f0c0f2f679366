/* What runs of reconciliation leave behind: breaks that are new, seen again, or gone. */
#include "lib/db_suite.h"

#include <string.h>

#include "jobs/lease.h"
#include "reconcile/record.h"

enum { US = 7, ANOTHER_REPLICA = 8 };

static int clear(void **state)
{
    struct err err = {0};
    bool is_held = false;

    (void)state;
    test_db_clear(db);
    test_db_run(db, "DELETE FROM bmt_platform.jobs");
    assert_int_equal(lease_take(db->session, RECONCILE_LEASE, US, 60000, &is_held, &err), 0);
    assert_true(is_held);
    return 0;
}

/* A finding at an order; `what` may differ from run to run. */
static struct finding at_order(int64_t order_id, const char *what)
{
    struct finding finding = {.kind = FINDING_ORDER_STUCK,
                              .biz_id = 1001,
                              .id_kind = ID_ORDER,
                              .id = order_id,
                              .pass = VERIFY_ORDERS,
                              .key = order_id};

    snprintf(finding.what, sizeof finding.what, "%s", what);
    return finding;
}

static struct run_row record(int64_t run_id, const struct finding *list, size_t n, bool are_all)
{
    struct run_row run = {.run_id = run_id};
    struct err err = {0};

    assert_int_equal(record_findings(db->session, db->arena,
                                     &(struct findings){.list = list, .n = n, .owner = US, .are_all = are_all}, &run,
                                     &err),
                     0);
    return run;
}

static void expect_counts(struct run_row run, int n_breaks, int n_new, int n_gone)
{
    assert_int_equal(run.break_count, n_breaks);
    assert_int_equal(run.new_count, n_new);
    assert_int_equal(run.gone_count, n_gone);
}

static long long open_breaks(void)
{
    return test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.breaks WHERE state = 1");
}

static void break_is_one_row_a_subject_and_ends_when_it_is_gone(void **state)
{
    const struct finding both[] = {at_order(100, "first"), at_order(200, "other"), at_order(100, "second")};
    const struct finding one[] = {at_order(200, "still")};

    (void)state;
    expect_counts(record(1, both, COUNT_OF(both), true), 2, 2, 0);
    expect_counts(record(2, both, COUNT_OF(both), true), 2, 0, 0);
    expect_counts(record(3, one, COUNT_OF(one), true), 1, 0, 1);
    assert_int_equal(open_breaks(), 1);
    assert_int_equal(test_db_number(db, "SELECT last_run_id FROM bmt_platform.breaks WHERE what = 'still'"), 3);
    expect_counts(record(4, both, COUNT_OF(both), true), 2, 1, 0); /* it came back: a break of its own */
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.breaks"), 3);
}

/* A run that found more than it may record does not know what it did not find. */
static void what_was_not_recorded_is_not_gone(void **state)
{
    const struct finding both[] = {at_order(100, "first"), at_order(200, "other")};

    (void)state;
    expect_counts(record(1, both, 2, true), 2, 2, 0);
    expect_counts(record(2, both, 1, false), 1, 0, 0);
    assert_int_equal(open_breaks(), 2);
}

/* It slept, and another replica has begun the run again: nothing of it is written any more, nor ended. */
static void replica_that_lost_its_lease_writes_nothing(void **state)
{
    const struct finding one[] = {at_order(100, "first")};
    const struct finding other[] = {at_order(200, "other")};
    const struct findings late = {.list = other, .n = 1, .owner = US, .are_all = true};
    const struct findings none = {.list = other, .n = 0, .owner = US, .are_all = true};
    struct run_row run = {.run_id = 2};
    struct err err = {0};

    (void)state;
    expect_counts(record(1, one, 1, true), 1, 1, 0);
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_platform.jobs SET owner = %d", ANOTHER_REPLICA));
    assert_int_equal(record_findings(db->session, db->arena, &late, &run, &err), ERR_BATCH_CONFLICT);
    assert_int_equal(record_findings(db->session, db->arena, &none, &run, &err), ERR_BATCH_CONFLICT);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.breaks WHERE state = 1 AND object_id = 100"),
                     1);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.breaks"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(break_is_one_row_a_subject_and_ends_when_it_is_gone, clear),
        cmocka_unit_test_setup(what_was_not_recorded_is_not_gone, clear),
        cmocka_unit_test_setup(replica_that_lost_its_lease_writes_nothing, clear),
    };

    return cmocka_run_group_tests_name("reconcile", tests, db_suite_begin, db_suite_end);
}
