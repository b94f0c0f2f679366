/* Bounds that operators set: that what they bound follows them. */
#include "lib/suite.h"

#include "jobs/replica.h"
#include "lib/db.h"
#include "sql/batch.h"

static struct test_db *db;

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_db_stop(db);
    return 0;
}

static int n_bodies;

static int in_the_way(struct batch *batch, struct err *err)
{
    (void)batch;
    n_bodies++;
    return batch_conflict(err);
}

static void a_single_command_is_tried_as_often_as_is_set(void **state)
{
    struct batch_plan plan = {.name = "test.hopeless", .home = MODULE_PLATFORM, .body = in_the_way};

    (void)state;
    for (int tries = 1; tries <= 4; tries += 3) {
        struct command command = {.biz_id = 1, .actor = "t", .method = "m"};

        db->conf->database_conflict_tries = tries;
        n_bodies = 0;
        batch_run(db->session, &plan, db->arena, &command, 1, sizeof command);
        assert_int_equal(command.err.id, ERR_BATCH_CONFLICT);
        assert_int_equal(n_bodies, tries);
    }
}

static void a_replica_keeps_its_number_for_as_long_as_is_set(void **state)
{
    struct err err = {0};
    long long left;

    (void)state;
    db->conf->jobs_replica_lease_ms = 600000;
    assert_int_equal(replica_join(db->session, &err), 0);
    left = test_db_number(db, "SELECT MAX(lease_until_ms) - ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) FROM "
                              "bmt_platform.replicas");
    assert_in_range(left, 540000, 600000);
    assert_int_equal(replica_renew_job.every_ms_of(db->conf), 150000);
    assert_int_equal(replica_leave(db->session, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_command_is_tried_as_often_as_is_set),
        cmocka_unit_test(a_replica_keeps_its_number_for_as_long_as_is_set),
    };

    return cmocka_run_group_tests_name("limits", tests, begin, end);
}
