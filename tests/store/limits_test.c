/* Bounds that operators set: that what they bound follows them. */
#include "lib/db_suite.h"

#include "base/clock.h"
#include "jobs/replica.h"
#include "sql/batch.h"

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    db->conf->database_lock_wait_s = 1;
    test_db_run(db, "CREATE TABLE bmt_platform.counters (id BIGINT NOT NULL, seen BIGINT NOT NULL, PRIMARY KEY (id))"
                    " ENGINE = InnoDB");
    test_db_run(db, "INSERT INTO bmt_platform.counters VALUES (1, 0)");
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

struct count {
    struct command command;
    int64_t id;
    int n_runs;
};
static const struct sql_column count_columns[] = {SQL_COLUMN(struct count, id, SQL_I64)};
static const struct sql_stmt COUNT_UP = {
    .name = "count_up",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.counters SET seen = seen + 1 WHERE id = ?",
    .params = SQL_COLUMNS(count_columns),
};
static struct tx *holder; /* has rows, until the batch's so-manieth try */
static int release_at;
static int expires_at;    /* the try at which the deadline of row 6 passes; 0: none */
static struct count *six; /* its command */

static int count_up(struct batch *batch, struct err *err)
{
    struct count *rows = arena_array_of(batch->arena, struct count, batch->n);
    size_t n = 0;

    if (++n_bodies == release_at)
        tx_cleanup(&holder);
    if (n_bodies == expires_at)
        six->command.deadline_ns = 1;
    for_each_command(struct count, c, batch)
    {
        c->n_runs++;
        six = c->id == 6 ? c : six;
        rows[n++] = *c;
    }
    return sql_write(batch->tx, &COUNT_UP, rows, n, sizeof *rows, NULL, err);
}

/* The holder has the rows when this returns: a write by itself is only on its way. */
static void hold(const struct count *rows, size_t n)
{
    struct err err = {0};
    uint64_t n_held = 0;

    assert_int_equal(sql_write(holder, &COUNT_UP, rows, n, sizeof *rows, &n_held, &err), 0);
    assert_int_equal(n_held, n);
}

/* Both wait for a row that another session holds; who has a deadline waits once, his neighbour until he has it. */
static void who_waits_no_longer_is_not_tried_again(void **state)
{
    struct batch_plan plan = {.name = "test.count", .home = MODULE_PLATFORM, .body = count_up};
    struct session *other = session_new(db->db);
    struct count row = {.id = 1};
    struct count commands[2] = {{.id = 1}, {.id = 1}};
    struct err err = {0};

    (void)state;
    db->conf->database_conflict_tries = 8;
    assert_int_equal(tx_begin(other, MODULE_PLATFORM, &holder, &err), 0);
    hold(&row, 1);
    for (int i = 0; i < 2; i++)
        commands[i].command = (struct command){.biz_id = 1, .actor = "t", .method = "m"};
    commands[0].command.deadline_ns = clock_steady_ns() + 5000000;
    n_bodies = 0;
    release_at = 3;
    batch_run(db->session, &plan, db->arena, commands, 2, sizeof *commands);
    assert_int_equal(commands[0].command.err.id, ERR_DEADLINE_PASSED);
    assert_int_equal(commands[0].n_runs, 1);
    assert_int_equal(commands[1].command.err.id, ERR_NONE);
    assert_int_equal(n_bodies, 3);
    assert_int_equal(test_db_number(db, "SELECT seen FROM bmt_platform.counters"), 1);
    session_free(other);
}

static long long lock_waits(void)
{
    return test_db_number(db, "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
                              "WHERE VARIABLE_NAME = 'Innodb_row_lock_waits'");
}

enum { ROWS = 8 };

/* Rows 1 to 8 are counted up, of which 3 and 6 are held until the body's try `until`. */
static void count_while_two_are_held(int until, struct count *commands, struct batch_plan *plan)
{
    struct session *other = session_new(db->db);
    struct count held[] = {{.id = 3}, {.id = 6}};
    struct err err = {0};

    test_db_run(db, "DELETE FROM bmt_platform.counters");
    for (int i = 0; i < ROWS; i++) {
        commands[i] = (struct count){.command = {.biz_id = 1, .actor = "t", .method = "m"}, .id = i + 1};
        test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_platform.counters VALUES (%d, 0)", i + 1));
    }
    assert_int_equal(tx_begin(other, MODULE_PLATFORM, &holder, &err), 0);
    hold(held, 2);
    n_bodies = 0;
    release_at = until;
    batch_run(db->session, plan, db->arena, commands, ROWS, sizeof *commands);
    if (holder != NULL)
        tx_rollback(holder);
    session_free(other);
}

/*
 * All 8 wait; then without waiting 4, 2, (4 alone:) 1 1, and 4, 2 1 1, 2: eleven tries, by which six have got through.
 * Who was put aside gets through as soon as his row is free.
 */
static void who_was_put_aside_is_tried_again_when_the_others_are_through(void **state)
{
    struct batch_plan plan = {.name = "test.aside", .home = MODULE_PLATFORM, .body = count_up};
    struct count commands[ROWS];
    const long long before = lock_waits();

    (void)state;
    count_while_two_are_held(12, commands, &plan);
    assert_int_equal(lock_waits() - before, 1);
    assert_int_equal(n_bodies, 13);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(commands[i].command.err.id, ERR_NONE);
    assert_int_equal(commands[2].n_runs, 5);
    assert_int_equal(test_db_number(db, "SELECT SUM(seen) FROM bmt_platform.counters"), ROWS);
}

/* The group waits, and then the first that is left waits for all; and the session is as patient as before. */
static void several_stuck_rows_cost_a_batch_two_waits(void **state)
{
    struct batch_plan plan = {.name = "test.stuck", .home = MODULE_PLATFORM, .body = count_up};
    struct count commands[ROWS];
    const long long before = lock_waits();

    (void)state;
    for (int round = 1; round <= 2; round++) {
        count_while_two_are_held(0, commands, &plan);
        assert_int_equal(lock_waits() - before, 2 * round);
        assert_int_equal(n_bodies, 13);
        for (int i = 0; i < ROWS; i++)
            assert_int_equal(commands[i].command.err.id, i == 2 || i == 5 ? ERR_BATCH_CONFLICT : ERR_NONE);
        assert_int_equal(test_db_number(db, "SELECT SUM(seen) FROM bmt_platform.counters"), ROWS - 2);
        assert_true(session_waits_for_locks(db->session));
    }
}

/* Who has no time left when his second turn comes has none. */
static void who_was_put_aside_and_waits_no_longer_is_not_tried_again(void **state)
{
    struct batch_plan plan = {.name = "test.late", .home = MODULE_PLATFORM, .body = count_up};
    struct count commands[ROWS];

    (void)state;
    expires_at = 11;
    count_while_two_are_held(0, commands, &plan);
    expires_at = 0;
    assert_int_equal(n_bodies, 12);
    assert_int_equal(commands[2].command.err.id, ERR_BATCH_CONFLICT);
    assert_int_equal(commands[5].command.err.id, ERR_DEADLINE_PASSED);
}

/* Nothing can be done for more than one; the last one's deadline passes while the first has his turn. */
static int one_at_a_time(struct batch *batch, struct err *err)
{
    static struct count *last;

    for_each_command(struct count, c, batch)
    {
        c->n_runs++;
        last = batch->n > 1 ? c : last;
    }
    if (batch->n > 1)
        return batch_conflict(err);
    assert_non_null(last);
    last->command.deadline_ns = 1;
    return 0;
}

static void a_half_that_waits_no_longer_is_not_begun(void **state)
{
    struct batch_plan plan = {.name = "test.halves", .home = MODULE_PLATFORM, .body = one_at_a_time};
    struct count commands[2] = {0};

    (void)state;
    for (int i = 0; i < 2; i++)
        commands[i].command = (struct command){.biz_id = 1, .actor = "t", .method = "m"};
    commands[0].command.deadline_ns = INT64_MAX;
    batch_run(db->session, &plan, db->arena, commands, 2, sizeof *commands);
    assert_int_equal(commands[0].command.err.id, ERR_NONE);
    assert_int_equal(commands[0].n_runs, 3);
    assert_int_equal(commands[1].command.err.id, ERR_DEADLINE_PASSED);
    assert_int_equal(commands[1].n_runs, 2);
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
        cmocka_unit_test(who_waits_no_longer_is_not_tried_again),
        cmocka_unit_test(who_was_put_aside_is_tried_again_when_the_others_are_through),
        cmocka_unit_test(several_stuck_rows_cost_a_batch_two_waits),
        cmocka_unit_test(who_was_put_aside_and_waits_no_longer_is_not_tried_again),
        cmocka_unit_test(a_half_that_waits_no_longer_is_not_begun),
        cmocka_unit_test(a_replica_keeps_its_number_for_as_long_as_is_set),
    };

    return cmocka_run_group_tests_name("limits", tests, begin, db_suite_end);
}
