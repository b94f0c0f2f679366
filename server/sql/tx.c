/* Transactions; see tx.h. A session runs one at a time. What spans several servers is committed by xa.c. */
#include "sql/tx.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/plant.h"
#include "sql/session.h"

static int begin(struct session *session, enum module home, bool is_read, struct tx **ret_tx)
{
    struct tx *tx = &session->tx;

    PRE(!tx->is_open);
    session->met_lock = false;
    *tx = (struct tx){.session = session, .home = home, .is_open = true, .is_read = is_read};
    *ret_tx = tx;
    return 0;
}

int tx_begin(struct session *session, enum module home, struct tx **ret_tx, struct err *err)
{
    (void)err;
    return begin(session, home, false, ret_tx);
}

int tx_begin_read(struct session *session, struct tx **ret_tx, struct err *err)
{
    (void)err;
    return begin(session, MODULE_PLATFORM, true, ret_tx);
}

/* Whether the server decides: it takes part by an ordinary transaction, never by a branch. */
static bool is_home(const struct tx *tx, size_t server)
{
    return server == tx->session->db->server_of[tx->home];
}

int tx_connection(struct tx *tx, enum module module, enum tx_use use, struct connection **ret_connection,
                  struct err *err)
{
    const size_t server = tx->session->db->server_of[module];
    struct connection *present = tx->session->connections[server][tx->is_read];
    int rc;

    PRE(tx->is_open);
    /* What was written before the loss is gone: a new connection must not carry the rest alone. */
    if (tx->joined[server] && present->mysql == NULL)
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);

    rc = session_connection(tx->session, server, tx->is_read, ret_connection, err);
    if (rc == 0 && (use == TX_READ || tx->flight != *ret_connection))
        rc = tx_land(tx, err);
    if (rc == 0 && !tx->is_read && !is_home(tx, server) && !tx->joined[server])
        rc = xa_join(tx, server, module, *ret_connection, err);
    if (rc != 0)
        return rc;
    tx->joined[server] = true;
    return use == TX_WRITE && !is_home(tx, server) ? xa_before_write(tx, server, err) : 0;
}

int tx_land(struct tx *tx, struct err *err)
{
    struct connection *flight = tx->flight;

    tx->flight = NULL;
    return flight != NULL ? flight_land(flight, err) : 0;
}

void tx_rollback(struct tx *tx)
{
    struct err unneeded = {0};
    int landed;

    if (!tx->is_open)
        return;
    tx->is_open = false;
    landed = tx_land(tx, &unneeded);
    (void)landed; /* whatever the writes found is undone */
    if (tx->is_read)
        return;
    const size_t home = tx->session->db->server_of[tx->home];
    struct connection *connection = tx->session->connections[home][false];

    xa_rollback(tx);
    /* A connection that cannot roll back is closed: the server then rolls back by itself. */
    if (PLANTED("home_not_rolled_back"))
        return;
    if (tx->joined[home] && connection->mysql != NULL && mysql_rollback(connection->mysql) != 0)
        connection_close(connection);
}

static int commit_failed(struct connection *connection, struct err *err)
{
    const unsigned number = mysql_errno(connection->mysql);
    const int outcome = sql_commit_outcome(number);
    const int rc = sql_failed(connection, number, mysql_error(connection->mysql), "commit", err);

    if (outcome != ERR_COMMIT_UNCERTAIN)
        return rc;
    connection_close(connection); /* its state is as unknown as the outcome */
    metric_add(metrics_series(METRIC_COUNTER, "bmt_sql_commits_uncertain", "commits whose outcome is not known", ""),
               1);
    return err_fail(err, ERR_COMMIT_UNCERTAIN);
}

int tx_commit_home(struct connection *home, struct err *err)
{
    if (home->mysql == NULL || FAILPOINT("sql.before_commit"))
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    if (mysql_commit(home->mysql) != 0)
        return commit_failed(home, err);
    if (FAILPOINT("sql.after_commit"))
        return err_fail(err, ERR_COMMIT_UNCERTAIN);
    return 0;
}

int tx_commit(struct tx *tx, struct err *err)
{
    const size_t home = tx->session->db->server_of[tx->home];
    int rc;

    PRE(tx->is_open);
    rc = tx_land(tx, err);
    if (rc != 0) {
        tx_rollback(tx);
        return rc;
    }
    if (!tx->is_read && xa_has_written(tx))
        return xa_commit(tx, err);
    if (!tx->is_read && tx->joined[home])
        rc = tx_commit_home(tx->session->connections[home][false], err);
    if (rc == 0)
        tx->joined[home] = false;
    tx_rollback(tx); /* branches that only read, and what could not be committed */
    return rc;
}

void tx_cleanup(struct tx **tx)
{
    if (*tx != NULL)
        tx_rollback(*tx);
}
