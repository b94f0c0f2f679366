/* Recovery of global transactions: coordinators and servers that die or sleep at every step. */
#include "lib/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "base/metrics.h"
#include "lib/things.h"
#include "sql/recovery.h"
#include "sql/session.h"
#include "verify/verify.h"

/*
 * Another process that begins the same transaction and stops or dies at a fail point. Returns its pid once it has;
 * it ends with the error of its commit.
 */
static pid_t given_coordinator(const char *point, const char *action)
{
    const char *list = arena_printf(db->arena, "%s=%s", point, action);
    int status = 0;
    const pid_t child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        db->session = session_new(db->db); /* the parent's connections are not ours */
        if (failpoint_enable(list, stderr) != 0)
            _exit(250);
        const int rc = things_write_everywhere(1);

        _exit(rc == 0 ? 0 : rc == ERR_BATCH_CONFLICT ? 1 : rc == ERR_COMMIT_UNCERTAIN ? 2 : 3);
    }
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status) || WIFSIGNALED(status));
    return child;
}

static int go_on(pid_t child)
{
    int status = 0;

    kill(child, SIGCONT);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static const char *const before_decision[] = {"xa.start",    "xa.branch",          "xa.end",           "xa.prepare",
                                              "xa.prepared", "xa.before_decision", "sql.before_commit"};
static const char *const after_decision[] = {"sql.after_commit", "xa.decided", "xa.commit", "xa.finished"};

static void killed_coordinator_leaves_all_or_nothing(void **state)
{
    for (size_t i = 0; i < COUNT_OF(before_decision); i++) {
        things_clear(state);
        given_coordinator(before_decision[i], "kill");
        recover();
        expect_everywhere(false);
    }
    for (size_t i = 0; i < COUNT_OF(after_decision); i++) {
        things_clear(state);
        given_coordinator(after_decision[i], "kill");
        recover();
        expect_everywhere(true);
    }
}

/* It sleeps past the limit: its prepared branches have a living owner, whom recovery ends, and the tombstone fences it.
 */
static void sleeping_coordinator_is_fenced(void **state)
{
    static const char *const points[] = {"xa.prepared", "sql.before_commit"};

    for (size_t i = 0; i < COUNT_OF(points); i++) {
        things_clear(state);
        const pid_t child = given_coordinator(points[i], "stop");

        if (i == 0) {
            recover();
            expect_everywhere(false);
            assert_int_equal(go_on(child), 1); /* it meets the tombstone */
        } else {
            /* Its decision is written but not committed: recovery waits at the primary key, and loses the race. */
            struct session *session CLEANUP(session_cleanup) = session_new(db->db);
            struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);

            test_db_run(db, "SELECT SLEEP(0.6)");
            assert_int_equal(recovery_run(session, arena, NULL), 0);
            assert_int_equal(go_on(child), 0);
            expect_everywhere(true);
        }
        recover();
        expect_everywhere(i == 1);
    }
}

/* Servers die with prepared branches; they are listed again afterwards. */
static void killed_server_remembers_its_branches(void **state)
{
    static const enum module victims[] = {MODULE_PRODUCT, MODULE_PAYMENT, MODULE_ORDER};
    static const struct {
        const char *point;
        bool is_there;
    } cases[] = {{"xa.prepared", false}, {"xa.before_decision", false}, {"xa.decided", true}, {"xa.commit", true}};

    for (size_t i = 0; i < COUNT_OF(victims); i++)
        for (size_t j = 0; j < COUNT_OF(cases); j++) {
            things_clear(state);
            const pid_t child = given_coordinator(cases[j].point, "stop");

            mariadb_kill(test_db_server(victims[i]));
            kill(child, SIGKILL);
            waitpid(child, NULL, 0);
            mariadb_restart(test_db_server(victims[i]));
            recover();
            expect_everywhere(cases[j].is_there);
        }
}

static void branches_of_others_are_never_touched(void **state)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db->db);
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    static const char *const names[] = {"'someone','else'", "'bmt1.other.0000000000000040.order.00000001','product.1'"};
    struct in_doubt_list list;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        static const char *const steps[] = {"XA START %s", "XA END %s", "XA PREPARE %s"};

        for (size_t j = 0; j < COUNT_OF(steps); j++) {
            char text[200];

            snprintf(text, sizeof text, "%.*s %s", (int)strlen(steps[j]) - 3, steps[j], names[i]);
            mariadb_run(test_db_server(MODULE_PRODUCT), text);
            if (j == 0)
                test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_product.things VALUES (%zu)", i + 1));
        }
        mariadb_new_eye(test_db_server(MODULE_PRODUCT));
    }
    assert_int_equal(recovery_run(session, arena, NULL), 0);
    list = recovery_list(session, arena);
    assert_int_equal(list.n, 0);
    assert_int_equal(list.n_foreign, 2);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        mariadb_run(test_db_server(MODULE_PRODUCT), arena_printf(db->arena, "XA ROLLBACK %s", names[i]));
}

/* The name of a transaction of this cluster that began so long ago. */
static const char *name_of_age(int64_t age_ms, int i)
{
    const struct gtid gtid = {.id = id_first_of(clock_wall_ms() - age_ms) + i * 64, .home = MODULE_ORDER, .epoch = 7};
    char *name = arena_alloc(db->arena, GTID_SIZE);

    gtid_text("bmt", &gtid, name);
    return name;
}

/* A branch on the product server, which the connection of mariadb_run owns as long as that lives. */
static void given_prepared(const char *name, const char *bqual, int thing)
{
    struct mariadb *product = test_db_server(MODULE_PRODUCT);

    mariadb_run(product, arena_printf(db->arena, "XA START '%s','%s'", name, bqual));
    mariadb_run(product, arena_printf(db->arena, "INSERT INTO bmt_product.things VALUES (%d)", thing));
    mariadb_run(product, arena_printf(db->arena, "XA END '%s','%s'", name, bqual));
    mariadb_run(product, arena_printf(db->arena, "XA PREPARE '%s','%s'", name, bqual));
}

/* A transaction that is older than its server's start names a connection that is somebody else's by now. */
static void only_owners_of_this_life_of_the_server_are_ended(void **state)
{
    static const struct {
        int64_t age_ms;
        bool is_ended;
    } cases[] = {{3600000, false}, {1000, true}};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct session *session CLEANUP(session_cleanup) = session_new(db->db);
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
        struct connection *named = NULL;
        char bqual[BQUAL_SIZE];
        struct err err = {0};

        things_clear(state);
        test_db_run(db, "SELECT SLEEP(1) /* its start is long ago, for the younger one */");
        assert_int_equal(session_connection(db->session, db->db->server_of[MODULE_PRODUCT], false, &named, &err), 0);
        gtid_bqual_text(MODULE_PRODUCT, mysql_thread_id(named->mysql), bqual);
        given_prepared(name_of_age(cases[i].age_ms, 0), bqual, 1);
        assert_int_equal(recovery_run(session, arena, NULL), 0);
        assert_int_equal(mysql_query(named->mysql, "DO 1") != 0, cases[i].is_ended);
        mariadb_new_eye(test_db_server(MODULE_PRODUCT));
        recover();
    }
}

/* Who only looks must not make recovery wait for an age that the coordinator has spared it. */
static void lookers_leave_what_was_abandoned(void **state)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db->db);
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    const int64_t in_doubt_ms = db->conf->xa_in_doubt_ms;

    (void)state;
    db->conf->xa_in_doubt_ms = 3600000;
    assert_int_equal(failpoint_enable("xa.commit=once", stderr), 0);
    assert_int_equal(things_write_everywhere(1), 0);
    const size_t n_seen = in_doubt();
    const size_t n_done = recovery_run(session, arena, NULL);

    db->conf->xa_in_doubt_ms = in_doubt_ms;
    assert_int_equal(n_seen, 1);
    assert_int_equal(n_done, 1);
    expect_everywhere(true);
}

static int look_at_transactions(FILE *problems)
{
    const struct verify verify = {.db = db->db, .threads = 1, .problems = problems};

    return verify_look(&verify, VERIFY_TRANSACTIONS, 0);
}

/* Nothing is lost by it, but nobody would know why transactions stay in doubt. */
static void server_that_does_not_answer_is_shown(void **state)
{
    const struct metric *gauge = metrics_series(METRIC_GAUGE, "bmt_xa_unreachable", "", "");

    (void)state;
    assert_int_equal(recovery_run(db->session, db->arena, NULL), 0);
    assert_int_equal(metric_value(gauge), 0);
    mariadb_kill(test_db_server(MODULE_PRODUCT));
    assert_int_equal(recovery_run(db->session, db->arena, NULL), 0);
    assert_int_equal(metric_value(gauge), 1);
    mariadb_restart(test_db_server(MODULE_PRODUCT));
    for (int i = 0; i < 3 && metric_value(gauge) != 0; i++) /* a connection that broke is noticed by its use */
        assert_int_equal(recovery_run(db->session, db->arena, NULL), 0);
    assert_int_equal(metric_value(gauge), 0);
}

/* What a server does not tell may be in doubt there. */
static void verify_needs_an_answer_of_every_server(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *problems = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(look_at_transactions(stderr), 0);
    db->conf->servers[db->conf->n_servers] = db->conf->servers[0];
    db->conf->servers[db->conf->n_servers++].socket = "/nonexistent";
    assert_int_equal(look_at_transactions(problems), -1);
    db->conf->n_servers--;
    fclose(problems);
    assert_non_null(strstr(text, "1 servers without an answer"));
    free(text);
}

/* A list that is cut does not know the oldest. */
static void nothing_is_forgotten_by_a_list_that_is_cut(void **state)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db->db);
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    struct mariadb *product = test_db_server(MODULE_PRODUCT);
    const char *names[IN_DOUBT_MAX + 1];

    (void)state;
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_order.txn_decisions VALUES ('%s', 'C', 'product', 1)",
                                 name_of_age(200000000, 0)));
    for (int i = 0; i <= IN_DOUBT_MAX; i++) {
        names[i] = name_of_age(1000, i);
        given_prepared(names[i], "product.1", i + 1);
        mariadb_new_eye(product);
    }
    assert_true(recovery_list(session, arena).is_cut);
    assert_int_equal(recovery_forget(session, arena), 0);
    mariadb_run(product, arena_printf(db->arena, "XA ROLLBACK '%s','product.1'", names[0]));
    assert_false(recovery_list(session, arena).is_cut);
    assert_int_equal(recovery_forget(session, arena), 1);
    for (int i = 1; i <= IN_DOUBT_MAX; i++)
        mariadb_run(product, arena_printf(db->arena, "XA ROLLBACK '%s','product.1'", names[i]));
}

/* A branch that is prepared on the module's server, as its owner left it. */
static void given_prepared_branch(enum module module, const char *gtid, int thing)
{
    struct mariadb *server = test_db_server(module);
    const char *name = arena_printf(db->arena, "'%s','%s.1'", gtid, module_name(module));
    const char *schema = module_schema(module);

    mariadb_run(server, arena_printf(db->arena, "XA START %s", name));
    mariadb_run(server, arena_printf(db->arena, "INSERT INTO %s.txn_branches VALUES ('%s', 1)", schema, gtid));
    mariadb_run(server, arena_printf(db->arena, "INSERT INTO %s.things VALUES (%d)", schema, thing));
    mariadb_run(server, arena_printf(db->arena, "XA END %s", name));
    mariadb_run(server, arena_printf(db->arena, "XA PREPARE %s", name));
    mariadb_new_eye(server);
}

static void expect_decided_things_only(enum module module, int n)
{
    const char *things = arena_printf(db->arena, "%s.things", module_schema(module));

    assert_int_equal(things_number(arena_printf(db->arena, "SELECT COUNT(*) FROM %s", things)), n);
    assert_int_equal(things_number(arena_printf(db->arena, "SELECT COUNT(*) FROM %s WHERE id %% 2 = 1", things)), n);
}

/*
 * As many as a whole fleet may leave behind, each with two branches, when all servers die and come back; every second
 * one had been decided: all are settled by one round of recovery. How long that took from the start of the first server
 * on is told, against the 10 s that we promise (docs/reliability.md); what else the machine does must not decide here.
 */
static void thousand_in_doubt_are_settled(void **state)
{
    enum { N = 1000 };
    static const enum module all[THINGS_SERVERS] = {MODULE_ORDER, MODULE_PRODUCT, MODULE_PAYMENT};
    const int64_t first = id_first_of(clock_wall_ms() - 60000);
    int64_t settled_ms;
    int64_t begin_ns;

    (void)state;
    for (int i = 0; i < N; i++) {
        const struct gtid gtid = {.id = first + i * 64, .home = MODULE_ORDER, .epoch = 7};
        char name[GTID_SIZE];

        gtid_text("bmt", &gtid, name);
        given_prepared_branch(MODULE_PRODUCT, name, i + 1);
        given_prepared_branch(MODULE_PAYMENT, name, i + 1);
        if (i % 2 == 0)
            test_db_run(db, arena_printf(db->arena,
                                         "INSERT INTO bmt_order.txn_decisions VALUES ('%s', 'C', 'product,payment', 1)",
                                         name));
    }
    for (size_t i = 0; i < THINGS_SERVERS; i++)
        mariadb_kill(test_db_server(all[i]));
    begin_ns = clock_steady_ns();
    for (size_t i = 0; i < THINGS_SERVERS; i++)
        mariadb_restart(test_db_server(all[i]));
    assert_int_equal(in_doubt(), N);
    recover();
    settled_ms = (clock_steady_ns() - begin_ns) / 1000000;
    print_message("             %d settled %lld ms after the restart\n", N, (long long)settled_ms);
    expect_decided_things_only(MODULE_PRODUCT, N / 2);
    expect_decided_things_only(MODULE_PAYMENT, N / 2);
    assert_int_equal(in_doubt(), 0);
}

/* Old fates are forgotten, unless something as old may still ask. */
static void fates_are_kept_and_then_forgotten(void **state)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db->db);
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    const struct gtid gtid = {.id = id_first_of(clock_wall_ms() - INT64_C(200000000)), .home = MODULE_ORDER};
    char name[GTID_SIZE];

    (void)state;
    assert_int_equal(things_write_everywhere(1), 0);
    gtid_text("bmt", &gtid, name);
    while (recovery_forget(session, arena) > 0)
        arena_reset(arena);
    const long long before = things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions");

    assert_true(before > 0);
    test_db_run(db,
                arena_printf(db->arena, "INSERT INTO bmt_order.txn_decisions VALUES ('%s', 'C', 'product', 1)", name));
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_product.txn_branches VALUES ('%s', 1)", name));
    assert_int_equal(recovery_forget(session, arena), 2);
    assert_int_equal(things_number("SELECT COUNT(*) FROM bmt_order.txn_decisions"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(killed_coordinator_leaves_all_or_nothing, things_clear),
        cmocka_unit_test_setup(sleeping_coordinator_is_fenced, things_clear),
        cmocka_unit_test_setup(killed_server_remembers_its_branches, things_clear),
        cmocka_unit_test_setup(branches_of_others_are_never_touched, things_clear),
        cmocka_unit_test_setup(thousand_in_doubt_are_settled, things_clear),
        cmocka_unit_test_setup(only_owners_of_this_life_of_the_server_are_ended, things_clear),
        cmocka_unit_test_setup(lookers_leave_what_was_abandoned, things_clear),
        cmocka_unit_test_setup(server_that_does_not_answer_is_shown, things_clear),
        cmocka_unit_test_setup(verify_needs_an_answer_of_every_server, things_clear),
        cmocka_unit_test_setup(nothing_is_forgotten_by_a_list_that_is_cut, things_clear),
        cmocka_unit_test_setup(fates_are_kept_and_then_forgotten, things_clear),
    };

    return cmocka_run_group_tests_name("recovery", tests, things_begin, db_suite_end);
}
