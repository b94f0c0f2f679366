/* Writes do not wait for their answers: what became of them is told later, and never lost. */
#include "lib/suite.h"

#include "base/failpoint.h"
#include "lib/things.h"
#include "sql/session.h"
#include "sql/sql.h"

static const struct sql_column columns[] = {SQL_COLUMN(struct thing, id, SQL_I64)};
static const struct sql_stmt FIND = {
    .name = "thing_find",
    .module = MODULE_ORDER,
    .text = "SELECT id FROM bmt_order.things ORDER BY id LIMIT 100",
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct thing),
};
static const struct sql_stmt MOVE = {
    .name = "thing_move",
    .module = MODULE_ORDER,
    .text = "UPDATE bmt_order.things SET id = id + 1000 WHERE id = ?",
    .params = SQL_COLUMNS(columns),
};

static struct tx *begin_tx(void)
{
    struct tx *tx = NULL;
    struct err err = {0};

    assert_int_equal(tx_begin(db->session, MODULE_ORDER, &tx, &err), 0);
    return tx;
}

static long long stored(void)
{
    return things_number("SELECT COUNT(*) FROM bmt_order.things");
}

static size_t awaited(void)
{
    struct connection *home = NULL;
    struct err err = {0};

    assert_int_equal(session_connection(db->session, db->db->server_of[MODULE_ORDER], false, &home, &err), 0);
    return home->n_awaited;
}

static void answers_are_awaited_until_somebody_asks(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    struct thing *found = NULL;
    struct err err = {0};
    size_t n = 0;

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(things_write(tx, 0, 2, &err), 0);
    assert_int_equal(awaited(), 2);
    assert_int_equal(sql_select(tx, &FIND, NULL, db->arena, &found, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(awaited(), 0);
    assert_int_equal(tx_commit(tx, &err), 0);
    assert_int_equal(stored(), 2);
}

static void a_failed_write_is_told_by_the_commit(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    struct err err = {0};

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(things_write(tx, 0, 1, &err), 0); /* a duplicate, but who knows yet */
    assert_int_equal(things_write(tx, 0, 2, &err), 0);
    assert_int_equal(tx_commit(tx, &err), ERR_BATCH_CONFLICT);
    assert_int_equal(stored(), 0);
    assert_int_equal(things_write_everywhere(3), 0); /* the connection is as good as before */
    assert_int_equal(stored(), 1);
}

static void a_failed_write_is_told_by_the_next_read(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    struct thing *found = NULL;
    struct err err = {0};
    size_t n = 0;

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(things_write(tx, 0, -1, &err), 0); /* against the CHECK */
    assert_int_equal(sql_select(tx, &FIND, NULL, db->arena, &found, &n, &err), ERR_BATCH_CONFLICT);
}

static void a_count_that_is_not_right_is_told_by_the_commit(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    const struct thing moved[] = {{.id = 1}, {.id = 2}};
    struct err err = {0};

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(sql_write_each(tx, &MOVE, moved, 2, sizeof moved[0], &err), 0); /* 2 is not there */
    assert_int_equal(tx_commit(tx, &err), ERR_BATCH_CONFLICT);
    assert_int_equal(stored(), 0);
}

static void who_asks_for_the_count_waits_for_it(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    const struct thing moved = {.id = 1};
    uint64_t affected = 0;
    struct err err = {0};

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(sql_write(tx, &MOVE, &moved, 1, sizeof moved, &affected, &err), 0);
    assert_int_equal(affected, 1);
    assert_int_equal(awaited(), 0);
}

/* More than a flight holds: the first answers are read to make room, and none is forgotten. */
static void a_long_flight_forgets_nothing(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    struct err err = {0};
    int rc = 0;

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    for (int64_t id = 2; id < 2 + 2 * AWAITED_MAX && rc == 0; id++)
        rc = things_write(tx, 0, id, &err);
    assert_int_equal(rc, ERR_BATCH_CONFLICT);
}

/* Locks over two servers are taken in the order in which they are asked for: one server is at work at a time. */
static void another_server_waits_for_the_first(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    struct err err = {0};

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(awaited(), 1);
    assert_int_equal(things_write(tx, 1, 1, &err), 0);
    assert_int_equal(awaited(), 0);
    assert_int_equal(things_write(tx, 2, 1, &err), 0);
    assert_int_equal(tx_commit(tx, &err), 0);
    expect_everywhere(true);
}

static void a_lost_server_is_told_by_the_commit(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = begin_tx();
    struct connection *home = NULL;
    struct err err = {0};
    int rc;

    (void)state;
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(session_connection(db->session, db->db->server_of[MODULE_ORDER], false, &home, &err), 0);
    test_db_run(db, arena_printf(db->arena, "KILL HARD CONNECTION %lu", mysql_thread_id(home->mysql)));
    rc = tx_commit(tx, &err);
    assert_true(rc == ERR_DATABASE_UNAVAILABLE || rc == ERR_COMMIT_UNCERTAIN); /* the answer may have come before */
    assert_int_equal(stored(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_are_awaited_until_somebody_asks, things_clear),
        cmocka_unit_test_setup(a_failed_write_is_told_by_the_commit, things_clear),
        cmocka_unit_test_setup(a_failed_write_is_told_by_the_next_read, things_clear),
        cmocka_unit_test_setup(a_count_that_is_not_right_is_told_by_the_commit, things_clear),
        cmocka_unit_test_setup(who_asks_for_the_count_waits_for_it, things_clear),
        cmocka_unit_test_setup(a_long_flight_forgets_nothing, things_clear),
        cmocka_unit_test_setup(another_server_waits_for_the_first, things_clear),
        cmocka_unit_test_setup(a_lost_server_is_told_by_the_commit, things_clear),
    };

    return cmocka_run_group_tests_name("flight", tests, things_begin, db_suite_end);
}
