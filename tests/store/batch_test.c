/* Batches: conflicts and who is to blame, what is left for the end, kept replies, lost answers. */
#include "lib/db_suite.h"

#include "base/failpoint.h"
#include "sql/batch.h"

struct thing {
    int64_t id;
};
static const struct sql_column columns[] = {SQL_COLUMN(struct thing, id, SQL_I64)};
static const struct sql_stmt THING_INSERT = {
    .name = "thing_insert",
    .module = MODULE_PLATFORM,
    .text = "INSERT INTO bmt_platform.things (id) VALUES (?)",
    .params = SQL_COLUMNS(columns),
};

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    test_db_run(db, "CREATE TABLE bmt_platform.things (id BIGINT NOT NULL PRIMARY KEY) ENGINE = InnoDB");
    return 0;
}

static int clear(void **state)
{
    (void)state;
    failpoint_disable_all();
    test_db_run(db, "DELETE FROM bmt_platform.things");
    test_db_run(db, "DELETE FROM bmt_platform.requests");
    return 0;
}

/* A command that inserts one thing; `is_bad` ones conflict as long as nobody looks. */
struct put {
    struct command command;
    int64_t id;
    bool is_bad;
    bool is_hopeless; /* conflicts even when looking */
    bool is_broken;   /* meets a row that cannot be */
    bool ends_badly;  /* conflicts at the end as long as nobody looks */
};
static int n_bodies;
enum { ENDED_MAX = 8 };
static int64_t ended[ENDED_MAX];
static size_t n_ended;

static int put_end(struct batch *batch, void *context, struct err *err)
{
    const struct put *c = context;

    if (n_ended < ENDED_MAX)
        ended[n_ended] = c->id;
    n_ended++;
    return c->ends_badly && !batch->look_first ? batch_conflict(err) : 0;
}

static int put_body(struct batch *batch, struct err *err)
{
    struct thing *things = arena_array_of(batch->arena, struct thing, batch->n);
    size_t n = 0;

    n_bodies++;
    for_each_command(struct put, c, batch)
    {
        if (c->is_hopeless || (c->is_bad && !batch->look_first))
            return batch_conflict(err);
        if (c->is_broken)
            return err_fail(err, ERR_INTERNAL_ERROR);
        batch_at_end(batch, put_end, c);
        if (c->is_bad)
            command_refuse(&c->command, ERR_SKU_NOT_FOUND, "x");
        else
            things[n++].id = c->id;
    }
    return sql_write(batch->tx, &THING_INSERT, things, n, sizeof *things, NULL, err);
}

static struct sql_bytes pack_put(const struct command *command, struct arena *arena)
{
    return (struct sql_bytes){.data = (const uint8_t *)arena_printf(arena, "reply of %s", command->request_id),
                              .size = 12};
}

static struct batch_plan plain = {.name = "test.put", .home = MODULE_PLATFORM, .body = put_body};
static struct batch_plan keeping = {
    .name = "test.keep", .home = MODULE_PLATFORM, .keeps_replies = true, .body = put_body};

static struct put *puts_of(size_t n, const char *prefix)
{
    struct put *commands = arena_array_of(db->arena, struct put, n);

    for (size_t i = 0; i < n; i++) {
        commands[i].id = (int64_t)i + 1;
        commands[i].command = (struct command){.biz_id = 1, .actor = "t", .method = "m", .pack = pack_put};
        if (prefix != NULL)
            commands[i].command.request_id = arena_printf(db->arena, "%s-%zu", prefix, i);
    }
    return commands;
}

static void run(struct batch_plan *plan, struct put *commands, size_t n)
{
    n_bodies = 0;
    n_ended = 0;
    plan->look_first_left = 0;
    batch_run(db->session, plan, db->arena, commands, n, sizeof *commands);
}

static void one_bad_command_spoils_no_neighbour(void **state)
{
    struct put *commands = puts_of(64, NULL);

    (void)state;
    commands[20].is_bad = true;
    run(&plain, commands, 64);
    assert_int_equal(n_bodies, 2); /* hoped once, looked once */
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(commands[i].command.err.id, i == 20 ? ERR_SKU_NOT_FOUND : ERR_NONE);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 63);
}

static void a_hopeless_command_is_found_by_halving(void **state)
{
    struct put *commands = puts_of(16, NULL);

    (void)state;
    commands[5].is_hopeless = true;
    run(&plain, commands, 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(commands[i].command.err.id, i == 5 ? ERR_BATCH_CONFLICT : ERR_NONE);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 15);
}

static void a_broken_row_fails_only_those_who_meet_it(void **state)
{
    struct put *commands = puts_of(16, NULL);

    (void)state;
    commands[5].is_broken = commands[9].is_broken = true;
    run(&plain, commands, 16);
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(commands[i].command.err.id, i == 5 || i == 9 ? ERR_INTERNAL_ERROR : ERR_NONE);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 14);
    assert_int_equal(n_bodies, 15); /* 16, then of each half: 8, 4 4, 2 2, 1 1 */
    assert_int_equal(plain.look_first_left, 0);
}

static void what_is_left_for_the_end_runs_in_order_each_time(void **state)
{
    struct put *commands = puts_of(3, "end");

    (void)state;
    commands[1].ends_badly = true;
    run(&keeping, commands, 3);
    assert_int_equal(n_bodies, 2);
    assert_int_equal(n_ended, 5); /* until the second, which spoils the batch; then all */
    for (size_t i = 0; i < n_ended; i++)
        assert_int_equal(ended[i], ((const int64_t[5]){1, 2, 1, 2, 3})[i]);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(commands[i].command.err.id, ERR_NONE);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 3);
    run(&keeping, puts_of(3, "end"), 3);
    assert_int_equal(n_ended, 0); /* repeats have no body, and no end */
}

static void batches_look_first_for_a_while_after_a_conflict(void **state)
{
    struct put *bad = puts_of(1, NULL);

    (void)state;
    bad->is_bad = true;
    run(&plain, bad, 1);
    assert_int_equal(plain.look_first_left, LOOK_FIRST_BATCHES - 1);
    bad->command.is_done = false;
    n_bodies = 0;
    batch_run(db->session, &plain, db->arena, bad, 1, sizeof *bad);
    assert_int_equal(n_bodies, 1);
}

static void a_kept_reply_answers_the_repeat(void **state)
{
    struct put *first = puts_of(3, "keep");
    struct put *again = puts_of(3, "keep");

    (void)state;
    again[1].command.fingerprint[0] = 9;
    run(&keeping, first, 3);
    run(&keeping, again, 3);
    assert_int_equal(n_bodies, 0);
    assert_memory_equal(again[0].command.reply.data, "reply of keep-0", 12);
    assert_int_equal(again[1].command.err.id, ERR_REQUEST_ID_REUSED);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 3);
}

static void equal_requests_of_one_batch_act_once(void **state)
{
    struct put *commands = puts_of(10, NULL);

    (void)state;
    for (size_t i = 0; i < 10; i++) {
        commands[i].id = 1;
        commands[i].command.request_id = "same";
    }
    run(&keeping, commands, 10);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(commands[i].command.err.id, ERR_NONE);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 1);
}

static void a_cut_connection_is_tried_once_more(void **state)
{
    struct put *commands = puts_of(2, NULL);
    FILE *quiet = fopen("/dev/null", "w");

    (void)state;
    test_db_run(db, "SELECT 1");
    assert_int_equal(failpoint_enable("sql.before_commit=error", quiet), 0);
    run(&plain, commands, 2);
    assert_int_equal(commands[0].command.err.id, ERR_DATABASE_UNAVAILABLE);
    assert_int_equal(n_bodies, 2);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 0);
    fclose(quiet);
}

static void a_lost_answer_of_the_commit_is_uncertain_and_the_repeat_tells(void **state)
{
    struct put *commands = puts_of(2, "lost");
    struct put *again = puts_of(2, "lost");
    FILE *quiet = fopen("/dev/null", "w");

    (void)state;
    assert_int_equal(failpoint_enable("sql.after_commit=error", quiet), 0);
    run(&keeping, commands, 2);
    failpoint_disable_all();
    assert_int_equal(commands[1].command.err.id, ERR_COMMIT_UNCERTAIN);
    run(&keeping, again, 2);
    assert_int_equal(again[1].command.err.id, ERR_NONE);
    assert_int_equal(n_bodies, 0);
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 2);
    fclose(quiet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_bad_command_spoils_no_neighbour, clear),
        cmocka_unit_test_setup(a_hopeless_command_is_found_by_halving, clear),
        cmocka_unit_test_setup(a_broken_row_fails_only_those_who_meet_it, clear),
        cmocka_unit_test_setup(what_is_left_for_the_end_runs_in_order_each_time, clear),
        cmocka_unit_test_setup(batches_look_first_for_a_while_after_a_conflict, clear),
        cmocka_unit_test_setup(a_kept_reply_answers_the_repeat, clear),
        cmocka_unit_test_setup(equal_requests_of_one_batch_act_once, clear),
        cmocka_unit_test_setup(a_cut_connection_is_tried_once_more, clear),
        cmocka_unit_test_setup(a_lost_answer_of_the_commit_is_uncertain_and_the_repeat_tells, clear),
    };

    return cmocka_run_group_tests_name("batch", tests, begin, db_suite_end);
}
