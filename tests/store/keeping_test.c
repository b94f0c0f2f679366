/* What keeps replicas apart: migrations, leases of jobs, numbers of replicas, and the scheduler. */
#include "lib/db_suite.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "jobs/jobs.h"
#include "jobs/lease.h"
#include "jobs/replica.h"
#include "sql/migrate.h"

static const char *told_by(int (*check)(struct db *, FILE *), int expected)
{
    char *text = arena_alloc(db->arena, 4096);
    FILE *out = fmemopen(text, 4095, "w");

    assert_int_equal(check(db->db, out), expected);
    fclose(out);
    return text;
}

static void migrations_apply_once_and_must_not_change(void **state)
{
    (void)state;
    assert_string_equal(told_by(migrate_up, 0), ""); /* nothing left to do */
    assert_string_equal(told_by(migrate_check, 0), "");

    test_db_run(db, "UPDATE bmt_order.schema_migrations SET checksum = REPEAT('0', 64)");
    assert_non_null(strstr(told_by(migrate_up, -1), "was changed after it was applied"));
    assert_non_null(strstr(told_by(migrate_check, -1), "is not the one that was applied"));

    test_db_run(db, "DELETE FROM bmt_order.schema_migrations");
    assert_non_null(strstr(told_by(migrate_check, -1), "is missing"));
    assert_non_null(strstr(told_by(migrate_up, -1), "already exists")); /* the tables are there */
    test_db_run(db, "DROP DATABASE bmt_order");
    assert_non_null(strstr(told_by(migrate_up, 0), "order_create"));
    assert_string_equal(told_by(migrate_check, 0), "");
}

static void a_lease_has_one_owner_until_it_ends(void **state)
{
    struct err err = {0};
    bool is_held = false;

    (void)state;
    assert_int_equal(lease_take(db->session, "job", 1, 60000, &is_held, &err), 0);
    assert_true(is_held);
    assert_int_equal(lease_take(db->session, "job", 2, 60000, &is_held, &err), 0);
    assert_false(is_held);
    assert_int_equal(lease_take(db->session, "job", 1, 60000, &is_held, &err), 0);
    assert_true(is_held);
    assert_int_equal(lease_release(db->session, "job", 2, &err), 0); /* not ours: stays */
    assert_int_equal(lease_take(db->session, "job", 2, 60000, &is_held, &err), 0);
    assert_false(is_held);
    test_db_run(db, "UPDATE bmt_platform.jobs SET lease_until_ms = 1");
    assert_int_equal(lease_take(db->session, "job", 2, 60000, &is_held, &err), 0);
    assert_true(is_held);
}

static void a_replica_takes_a_free_number(void **state)
{
    struct err err = {0};

    (void)state;
    test_db_run(db, "DELETE FROM bmt_platform.replicas");
    test_db_run(db, "INSERT INTO bmt_platform.replicas VALUES (0, 12345, 99999999999999), (1, 12346, 1)");
    assert_int_equal(replica_join(db->session, &err), 0);
    assert_int_equal(id_new(0) >> 16 & 63, 1); /* the first whose lease has ended */
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.replicas WHERE owner = 12346"), 0);

    struct job_run run = {.session = db->session, .arena = db->arena};
    size_t done = 0;

    test_db_run(db, "UPDATE bmt_platform.replicas SET owner = 777, lease_until_ms = 99999999999999 WHERE replica = 1");
    assert_int_equal(replica_renew_job.run(&run, &done, &err), 0);
    assert_int_equal(id_new(0) >> 16 & 63, 2); /* lost, so another one */
    assert_int_equal(replica_leave(db->session, &err), 0);
    assert_int_equal(test_db_number(db, "SELECT owner FROM bmt_platform.replicas WHERE replica = 2"), 0);
}

static _Atomic int n_runs;
static int n_batches; /* whole ones that wait at the beginning */
static _Atomic int n_failures;

static int count_runs(struct job_run *run, size_t *ret_done, struct err *err)
{
    (void)err;
    *ret_done = atomic_fetch_add(&n_runs, 1) < n_batches ? run->limit : 0;
    return 0;
}

static int always_fail(struct job_run *run, size_t *ret_done, struct err *err)
{
    (void)run;
    *ret_done = 0;
    atomic_fetch_add(&n_failures, 1);
    return err_fail(err, ERR_INTERNAL_ERROR);
}

static void wait_until_runs(int n)
{
    for (int i = 0; i < 2000 && atomic_load(&n_runs) < n; i++)
        test_db_number(db, "SELECT SLEEP(0.005)"); /* the database waits for us, and is looked at besides */
    assert_true(atomic_load(&n_runs) >= n);
}

static void jobs_run_again_at_once_while_batches_are_full(void **state)
{
    static const struct job counting = {.name = "test.count", .every_ms = 3600000, .run = count_runs};
    static const struct job failing = {.name = "test.fail", .every_ms = 0, .run = always_fail};
    const struct job *const jobs[] = {&counting, &failing};

    (void)state;
    n_runs = n_failures = 0;
    n_batches = 3;
    struct scheduler *scheduler = scheduler_start(db->conf, db->db, jobs, 2);

    wait_until_runs(4);
    assert_int_equal(atomic_load(&n_runs), 4); /* three full ones and the one that found nothing */
    jobs_wake();
    wait_until_runs(5);
    scheduler_stop(scheduler);
    assert_true(atomic_load(&n_failures) >= 1);
    assert_int_equal(
        test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.jobs WHERE owner <> 0 AND name LIKE 'test.%'"), 0);
}

/* A long queue is worked off in one go: between its turns no tick and no period of the job is waited for. */
static void jobs_with_much_to_do_wait_for_nothing(void **state)
{
    static const struct job counting = {.name = "test.count", .every_ms = 3600000, .run = count_runs};
    const struct job *const jobs[] = {&counting};

    (void)state;
    n_runs = 0;
    n_batches = 300;
    struct scheduler *scheduler = scheduler_start(db->conf, db->db, jobs, 1);

    wait_until_runs(301);
    scheduler_stop(scheduler);
}

static sem_t recovered;
static _Atomic bool has_waited;

/* As a job that waits for rows of a prepared branch: it goes on when recovery has run meanwhile. */
static int wait_for_recovery(struct job_run *run, size_t *ret_done, struct err *err)
{
    const struct timespec until = clock_moment_in(5000);

    (void)run;
    (void)err;
    /* once may have been before us */
    has_waited = sem_timedwait(&recovered, &until) == 0 && sem_timedwait(&recovered, &until) == 0;
    atomic_fetch_add(&n_runs, 1);
    *ret_done = 0;
    return 0;
}

static int count_recoveries(struct job_run *run, size_t *ret_done, struct err *err)
{
    (void)run;
    (void)err;
    sem_post(&recovered);
    *ret_done = 0;
    return 0;
}

static void recovery_runs_while_another_job_waits(void **state)
{
    static const struct job waiting = {.name = "test.wait", .every_ms = 3600000, .run = wait_for_recovery};
    static const struct job recovery = {
        .name = "test.recover", .every_ms = 0, .everywhere = true, .run = count_recoveries};
    const struct job *const jobs[] = {&recovery, &waiting};

    (void)state;
    n_runs = 0;
    assert_int_equal(sem_init(&recovered, 0, 0), 0);
    struct scheduler *scheduler = scheduler_start(db->conf, db->db, jobs, 2);

    wait_until_runs(1);
    scheduler_stop(scheduler);
    assert_true(has_waited);
}

static pthread_mutex_t meeting = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
static unsigned shards_here; /* by bits, since the begin of the test */

/* Each shard waits until another one works beside it; the last may come alone. */
static int meet_another_shard(struct job_run *run, size_t *ret_done, struct err *err)
{
    const struct timespec until = clock_moment_in(5000);

    (void)err;
    *ret_done = 0;
    pthread_mutex_lock(&meeting);
    shards_here |= 1U << run->shard;
    pthread_cond_broadcast(&arrival);
    while ((shards_here & (shards_here - 1)) == 0 && pthread_cond_timedwait(&arrival, &meeting, &until) == 0)
        continue;
    const bool has_met = (shards_here & (shards_here - 1)) != 0 && run->shards == 3;
    pthread_mutex_unlock(&meeting);
    if (has_met)
        atomic_fetch_add(&n_runs, 1);
    return 0;
}

static void shards_are_worked_beside_one_another(void **state)
{
    static const struct job sharded = {
        .name = "test.shards", .every_ms = 3600000, .shards = 3, .run = meet_another_shard};
    const struct job *const jobs[] = {&sharded};

    (void)state;
    n_runs = 0;
    shards_here = 0;
    struct scheduler *scheduler = scheduler_start(db->conf, db->db, jobs, 1);

    wait_until_runs(3);
    assert_int_equal(
        test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.jobs WHERE owner <> 0 AND name LIKE 'test.shards%'"), 3);
    scheduler_stop(scheduler);
    assert_int_equal(shards_here, 7);
    assert_int_equal(
        test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.jobs WHERE owner <> 0 AND name LIKE 'test.shards%'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(migrations_apply_once_and_must_not_change),
        cmocka_unit_test(a_lease_has_one_owner_until_it_ends),
        cmocka_unit_test(a_replica_takes_a_free_number),
        cmocka_unit_test(recovery_runs_while_another_job_waits),
        cmocka_unit_test(shards_are_worked_beside_one_another),
        cmocka_unit_test(jobs_run_again_at_once_while_batches_are_full),
        cmocka_unit_test(jobs_with_much_to_do_wait_for_nothing),
    };

    return cmocka_run_group_tests_name("keeping", tests, db_suite_begin, db_suite_end);
}
