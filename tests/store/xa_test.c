/* Two-phase commit over three real servers: its life, and every step of it failing. */
#include "lib/suite.h"

#include "base/failpoint.h"
#include "lib/things.h"
#include "sql/session.h"
#include "sql/sql.h"

static const struct sql_column columns[] = {SQL_COLUMN(struct thing, id, SQL_I64)};
static const struct sql_stmt PRODUCT_LOCK = {
    .name = "thing_lock",
    .module = MODULE_PRODUCT,
    .text = "SELECT id FROM bmt_product.things FOR UPDATE",
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct thing),
};

static void all_servers_commit_together(void **state)
{
    const long long decisions = things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions");

    (void)state;
    assert_int_equal(things_write_everywhere(1), 0);
    expect_everywhere(true);
    assert_int_equal(in_doubt(), 0);
    assert_int_equal(things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions"), decisions + 1);
    assert_int_equal(
        things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions WHERE branches = 'product,payment' AND "
                      "decision = 'C'"),
        decisions + 1);
    assert_int_equal(things_number("SELECT COUNT(*) FROM bmt_product.txn_branches"), decisions + 1);
}

static void what_only_reads_stays_out(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct thing *rows = NULL;
    struct err err = {0};
    size_t n = 0;
    const long long decisions = things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions");

    (void)state;
    assert_int_equal(tx_begin(db->session, MODULE_ORDER, &tx, &err), 0);
    assert_int_equal(sql_select(tx, &PRODUCT_LOCK, NULL, db->arena, &rows, &n, &err), 0);
    assert_int_equal(things_write(tx, 0, 1, &err), 0);
    assert_int_equal(tx_commit(tx, &err), 0);
    assert_int_equal(things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions"), decisions);
    assert_int_equal(things_number("SELECT COUNT(*) FROM bmt_order.things"), 1);
    assert_int_equal(in_doubt(), 0);
}

/* An answer that is no refusal of the commit, here from the client library itself, does not prove that it failed. */
static void home_that_answers_oddly_is_uncertain(void **state)
{
    struct connection *home = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(session_connection(db->session, db->db->server_of[MODULE_ORDER], false, &home, &err), 0);
    assert_int_equal(mysql_query(home->mysql, "SELECT 1"), 0); /* nobody reads it: the next one is out of sync */
    assert_int_equal(tx_commit_home(home, &err), ERR_COMMIT_UNCERTAIN);
    assert_null(home->mysql);
}

static void home_that_writes_nothing_still_decides(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(tx_begin(db->session, MODULE_ORDER, &tx, &err), 0);
    assert_int_equal(things_write(tx, 1, 1, &err), 0);
    assert_int_equal(tx_commit(tx, &err), 0);
    assert_int_equal(things_number("SELECT COUNT(*) FROM bmt_product.things"), 1);
}

static void rollback_leaves_nothing(void **state)
{
    struct tx *tx = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(tx_begin(db->session, MODULE_ORDER, &tx, &err), 0);
    for (size_t i = 0; i < THINGS_SERVERS; i++)
        assert_int_equal(things_write(tx, i, 1, &err), 0);
    tx_rollback(tx);
    expect_everywhere(false);
    assert_int_equal(things_write_everywhere(1), 0); /* the session is good for more */
}

/* A refused statement never lets its branch be prepared. */
static void refused_statement_rolls_back_everywhere(void **state)
{
    (void)state;
    test_db_run(db, "INSERT INTO bmt_payment.things VALUES (1)");
    assert_int_equal(things_write_everywhere(1), ERR_BATCH_CONFLICT);
    test_db_run(db, "DELETE FROM bmt_payment.things");
    expect_everywhere(false);
    assert_int_equal(in_doubt(), 0);
}

/* Each step fails in turn; what follows is told by whether the decision was made. */
static void each_step_may_fail(void **state)
{
    static const struct {
        const char *point;
        int expected;
        bool is_there; /* after recovery */
    } cases[] = {
        {"xa.start", ERR_DATABASE_UNAVAILABLE, false},
        {"xa.branch", ERR_DATABASE_UNAVAILABLE, false},
        {"xa.end", ERR_DATABASE_UNAVAILABLE, false},
        {"xa.prepare", ERR_DATABASE_UNAVAILABLE, false},
        {"xa.prepared", ERR_DATABASE_UNAVAILABLE, false},
        {"xa.before_decision", ERR_DATABASE_UNAVAILABLE, false},
        {"sql.before_commit", ERR_DATABASE_UNAVAILABLE, false},
        {"sql.after_commit", ERR_COMMIT_UNCERTAIN, true},
        {"xa.decided", ERR_COMMIT_UNCERTAIN, true},
        {"xa.commit", 0, true},
        {"xa.finished", 0, true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        things_clear(state);
        assert_int_equal(failpoint_enable(arena_printf(db->arena, "%s=error", cases[i].point), stderr), 0);
        assert_int_equal(things_write_everywhere(1), cases[i].expected);
        failpoint_disable_all();
        recover();
        expect_everywhere(cases[i].is_there);
        if (!cases[i].is_there)
            assert_int_equal(things_write_everywhere(1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_servers_commit_together, things_clear),
        cmocka_unit_test_setup(what_only_reads_stays_out, things_clear),
        cmocka_unit_test_setup(home_that_answers_oddly_is_uncertain, things_clear),
        cmocka_unit_test_setup(home_that_writes_nothing_still_decides, things_clear),
        cmocka_unit_test_setup(rollback_leaves_nothing, things_clear),
        cmocka_unit_test_setup(refused_statement_rolls_back_everywhere, things_clear),
        cmocka_unit_test_setup(each_step_may_fail, things_clear),
    };

    return cmocka_run_group_tests_name("xa", tests, things_begin, db_suite_end);
}
