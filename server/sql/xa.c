/* Two-phase commit; see xa.h. Statements are plain texts: XA statements take no placeholders, and names are ours. */
#include "sql/xa.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/plant.h"
#include "sql/session.h"

enum { TEXT_SIZE = 384, DECIDE_WITHIN_S = 60 }; /* no setting: xa.keep_s counts on it */

static void count(const char *outcome)
{
    char labels[40];

    snprintf(labels, sizeof labels, "outcome=\"%s\"", outcome);
    metric_add(metrics_series(METRIC_COUNTER, "bmt_xa_transactions", "two-phase commits", labels), 1);
}

static struct connection *connection_of(const struct tx *tx, size_t server)
{
    return tx->session->connections[server][false];
}

/* Runs a statement without a result: 0 or an error of sql.h. */
static int run(struct connection *connection, const char *text, struct err *err)
{
    if (connection->mysql == NULL)
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    if (mysql_query(connection->mysql, text) == 0)
        return 0;
    return sql_failed(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), text, err);
}

/* As if the server had gone away in the middle. */
static int lose(struct connection *connection, struct err *err)
{
    connection_close(connection);
    return err_fail(err, ERR_DATABASE_UNAVAILABLE);
}

static const char *xa_text(const struct tx *tx, size_t server, const char *verb, char text[TEXT_SIZE])
{
    snprintf(text, TEXT_SIZE, "XA %s '%s','%s'", verb, tx->xa.gtid, tx->xa.branches[server].bqual);
    return text;
}

int xa_join(struct tx *tx, size_t server, enum module module, struct connection *connection, struct err *err)
{
    const struct db *db = tx->session->db;
    struct branch *branch = &tx->xa.branches[server];
    char text[TEXT_SIZE];
    int rc;

    PRE(branch->state == BRANCH_NONE);
    if (tx->xa.gtid[0] == '\0') {
        const struct gtid gtid = {.id = id_new(0), .home = tx->home, .epoch = db->epoch};

        gtid_text(db->conf->database_cluster, &gtid, tx->xa.gtid);
        tx->xa.begin_ns = clock_steady_ns();
    }
    branch->module = module;
    gtid_bqual_text(module, mysql_thread_id(connection->mysql), branch->bqual);
    if (FAILPOINT("xa.start"))
        return lose(connection, err);

    rc = run(connection, xa_text(tx, server, "START", text), err);
    if (rc == 0)
        branch->state = BRANCH_READING;
    return rc;
}

int xa_before_write(struct tx *tx, size_t server, struct err *err)
{
    struct branch *branch = &tx->xa.branches[server];
    char text[TEXT_SIZE];
    int rc;

    if (branch->state != BRANCH_READING)
        return 0;
    if (FAILPOINT("xa.branch"))
        return lose(connection_of(tx, server), err);
    snprintf(text, sizeof text, "INSERT INTO %s.txn_branches (gtid, create_time_ms) VALUES ('%s', %lld)",
             module_schema(branch->module), tx->xa.gtid, (long long)clock_wall_ms());
    rc = run(connection_of(tx, server), text, err);
    if (rc == 0)
        branch->state = BRANCH_WRITING;
    return rc;
}

bool xa_has_written(const struct tx *tx)
{
    for (size_t i = 0; i < CONF_SERVERS_MAX; i++)
        if (tx->xa.branches[i].state >= BRANCH_WRITING)
            return true;
    return false;
}

/*
 * One XA statement to every branch in `state`, all servers at work at once. Branches that said yes go to `next`.
 * 0, or the first error; the others have answered too.
 */
static int tell_all(struct tx *tx, const char *verb, enum branch_state state, enum branch_state next, struct err *err)
{
    bool is_sent[CONF_SERVERS_MAX] = {false};
    char text[TEXT_SIZE];
    int rc = 0;

    for (size_t i = 0; i < CONF_SERVERS_MAX; i++) {
        struct connection *connection = connection_of(tx, i);

        if (tx->xa.branches[i].state != state)
            continue;
        xa_text(tx, i, verb, text);
        is_sent[i] = connection->mysql != NULL && mysql_send_query(connection->mysql, text, strlen(text)) == 0;
    }
    for (size_t i = 0; i < CONF_SERVERS_MAX; i++) {
        struct connection *connection = connection_of(tx, i);
        struct err own = {0};
        int failed = 0;

        if (tx->xa.branches[i].state != state)
            continue;
        if (!is_sent[i])
            failed = lose(connection, &own);
        else if (mysql_read_query_result(connection->mysql) != 0)
            failed = sql_failed(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), verb, &own);
        else
            tx->xa.branches[i].state = next;
        if (failed != 0 && rc == 0) {
            rc = failed;
            *err = own;
        }
    }
    return rc;
}

void xa_rollback(struct tx *tx)
{
    char text[TEXT_SIZE];

    for (size_t i = 0; i < CONF_SERVERS_MAX; i++) {
        struct branch *branch = &tx->xa.branches[i];
        struct connection *connection = connection_of(tx, i);

        if (branch->state == BRANCH_NONE || connection->mysql == NULL) {
            if (branch->state == BRANCH_PREPARED)
                xa_abandon(tx->session->db, tx->xa.gtid);
            branch->state = BRANCH_NONE;
            continue;
        }
        /* XA END is refused where the branch has ended or was thrown back by a deadlock; XA ROLLBACK then works. */
        if (branch->state != BRANCH_PREPARED)
            (void)mysql_query(connection->mysql, xa_text(tx, i, "END", text));
        if (mysql_query(connection->mysql, xa_text(tx, i, "ROLLBACK", text)) != 0) {
            if (branch->state == BRANCH_PREPARED)
                xa_abandon(tx->session->db, tx->xa.gtid);
            connection_close(connection); /* what was not prepared goes with it */
        }
        branch->state = BRANCH_NONE;
    }
}

/* Ends the branches that only read; nothing hangs on them any more. */
static void drop_readers(struct tx *tx)
{
    char text[TEXT_SIZE];

    for (size_t i = 0; i < CONF_SERVERS_MAX; i++) {
        struct connection *connection = connection_of(tx, i);

        if (tx->xa.branches[i].state != BRANCH_READING)
            continue;
        if (connection->mysql == NULL || mysql_query(connection->mysql, xa_text(tx, i, "END", text)) != 0 ||
            mysql_query(connection->mysql, xa_text(tx, i, "ROLLBACK", text)) != 0)
            connection_close(connection);
        tx->xa.branches[i].state = BRANCH_NONE;
    }
}

static int prepare(struct tx *tx, struct err *err)
{
    int rc;

    if (FAILPOINT("xa.end"))
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    rc = tell_all(tx, "END", BRANCH_WRITING, BRANCH_WRITING, err);
    if (rc != 0)
        return rc;
    if (FAILPOINT("xa.prepare"))
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    rc = tell_all(tx, "PREPARE", BRANCH_WRITING, BRANCH_PREPARED, err);
    if (rc == 0 && FAILPOINT("xa.prepared"))
        rc = err_fail(err, ERR_DATABASE_UNAVAILABLE);
    return rc;
}

/* The names of the modules whose schemas hold branch rows: `product,payment`. */
static void list_branches(const struct tx *tx, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < CONF_SERVERS_MAX; i++)
        if (tx->xa.branches[i].state == BRANCH_PREPARED && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "",
                                     module_name(tx->xa.branches[i].module));
}

/* Writes the decision into the home module's transaction; it is none before that has committed. */
static int write_decision(struct tx *tx, struct connection *home, struct err *err)
{
    char branches[128];
    char text[TEXT_SIZE];

    /* A coordinator that slept for long must not decide: tombstones are not kept for ever. */
    if (clock_steady_ns() - tx->xa.begin_ns > DECIDE_WITHIN_S * INT64_C(1000000000))
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    list_branches(tx, branches, sizeof branches);
    snprintf(text, sizeof text,
             "INSERT INTO %s.txn_decisions (gtid, decision, branches, create_time_ms) VALUES ('%s', 'C', '%s', %lld)",
             module_schema(tx->home), tx->xa.gtid, branches, (long long)clock_wall_ms());
    return run(home, text, err);
}

/* Nobody knows what the home server did: the branches stay as they are, for recovery. */
static int leave_in_doubt(struct tx *tx, struct err *err)
{
    for (size_t i = 0; i < CONF_SERVERS_MAX; i++)
        if (tx->xa.branches[i].state != BRANCH_NONE) {
            connection_close(connection_of(tx, i));
            tx->xa.branches[i].state = BRANCH_NONE;
        }
    xa_abandon(tx->session->db, tx->xa.gtid);
    count("uncertain");
    return err_fail(err, ERR_COMMIT_UNCERTAIN);
}

/* The decision is made: whatever happens now, the branches will be committed, here or by recovery. */
static void finish(struct tx *tx)
{
    struct err err = {0};
    int rc = 0;

    if (FAILPOINT("xa.commit"))
        rc = err_fail(&err, ERR_DATABASE_UNAVAILABLE);
    if (rc == 0)
        rc = tell_all(tx, "COMMIT", BRANCH_PREPARED, BRANCH_NONE, &err);
    if (rc != 0) {
        log_warn("branches are left to recovery", log_text("gtid", tx->xa.gtid),
                 log_text("reason", err_info(err.id)->reason));
        for (size_t i = 0; i < CONF_SERVERS_MAX; i++)
            if (tx->xa.branches[i].state == BRANCH_PREPARED) {
                connection_close(connection_of(tx, i));
                tx->xa.branches[i].state = BRANCH_NONE;
            }
        xa_abandon(tx->session->db, tx->xa.gtid);
        count("left");
    } else {
        count("committed");
    }
    drop_readers(tx);
    (void)FAILPOINT("xa.finished");
}

static int abort_all(struct tx *tx, int rc)
{
    tx_rollback(tx);
    count("aborted");
    return rc;
}

int xa_commit(struct tx *tx, struct err *err)
{
    struct connection *home = NULL;
    int rc;

    rc = prepare(tx, err);
    if (rc == 0 && PLANTED("decide_after_commit")) {
        finish(tx);
        if (FAILPOINT("xa.before_decision"))
            return lose(connection_of(tx, tx->session->db->server_of[tx->home]), err);
    }
    if (rc == 0)
        rc = tx_connection(tx, tx->home, TX_WRITE, &home, err);
    if (rc == 0)
        rc = write_decision(tx, home, err);
    if (rc == 0 && FAILPOINT("xa.before_decision"))
        rc = lose(home, err);
    if (rc != 0)
        return abort_all(tx, rc);

    rc = tx_commit_home(home, err);
    if (rc == 0 && FAILPOINT("xa.decided")) {
        connection_close(home);
        rc = err_fail(err, ERR_COMMIT_UNCERTAIN);
    }
    if (rc == ERR_COMMIT_UNCERTAIN && !PLANTED("uncertain_is_abort"))
        return leave_in_doubt(tx, err);
    if (rc != 0)
        return abort_all(tx, rc);
    tx->is_open = false;
    finish(tx);
    return 0;
}

int xa_probe(struct session *session, size_t server, FILE *problems)
{
    static const char *const verbs[] = {"START", "END", "ROLLBACK"};
    struct connection *connection = NULL;
    struct err err = {0};
    char text[TEXT_SIZE];

    if (session_connection(session, server, false, &connection, &err) != 0)
        return fprintf(problems, "the database server could not be reached\n"), -1;
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        snprintf(text, sizeof text, "XA %s 'bmt-probe','%lu'", verbs[i], mysql_thread_id(connection->mysql));
        if (mysql_query(connection->mysql, text) != 0)
            return fprintf(
                       problems,
                       "database server '%s' cannot take part in two-phase commit: %s (%u); use commit_mode 'one'\n",
                       session->db->conf->servers[server].name, mysql_error(connection->mysql),
                       mysql_errno(connection->mysql)),
                   -1;
    }
    return 0;
}

void xa_abandon(struct db *db, const char *gtid)
{
    pthread_mutex_lock(&db->abandoned_lock);
    snprintf(db->abandoned[db->n_abandoned++ % ABANDONED_MAX], GTID_SIZE, "%s", gtid);
    pthread_mutex_unlock(&db->abandoned_lock);
}

/* Under the lock: its mark, or NULL. */
static char *find_abandoned(struct db *db, const char *gtid)
{
    for (size_t i = 0; i < ABANDONED_MAX; i++)
        if (strcmp(db->abandoned[i], gtid) == 0)
            return db->abandoned[i];
    return NULL;
}

bool xa_is_abandoned(struct db *db, const char *gtid)
{
    bool found;

    pthread_mutex_lock(&db->abandoned_lock);
    found = find_abandoned(db, gtid) != NULL;
    pthread_mutex_unlock(&db->abandoned_lock);
    return found;
}

void xa_take_abandoned(struct db *db, const char *gtid)
{
    char *mark;

    pthread_mutex_lock(&db->abandoned_lock);
    while ((mark = find_abandoned(db, gtid)) != NULL)
        mark[0] = '\0';
    pthread_mutex_unlock(&db->abandoned_lock);
}
