/* Transactions in commit mode `one`; see tx.h. A session runs one at a time. */
#include "sql/tx.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "sql/session.h"

static int begin(struct session *session, enum module home, bool is_read, struct tx **ret_tx)
{
    struct tx *tx = &session->tx;

    PRE(!tx->is_open);
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

int tx_connection(struct tx *tx, enum module module, struct connection **ret_connection, struct err *err)
{
    const size_t server = tx->session->db->server_of[module];
    struct connection *present = tx->session->connections[server][tx->is_read];
    int rc;

    PRE(tx->is_open);
    /* What was written before the loss is gone: a new connection must not carry the rest alone. */
    if (tx->joined[server] && present->mysql == NULL)
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);

    rc = session_connection(tx->session, server, tx->is_read, ret_connection, err);
    if (rc == 0)
        tx->joined[server] = true;
    return rc;
}

void tx_rollback(struct tx *tx)
{
    if (!tx->is_open)
        return;
    tx->is_open = false;
    for (size_t i = 0; i < CONF_SERVERS_MAX && !tx->is_read; i++) {
        struct connection *connection = tx->session->connections[i][false];

        /* A connection that cannot roll back is closed: the server then rolls back by itself. */
        if (tx->joined[i] && connection->mysql != NULL && mysql_rollback(connection->mysql) != 0)
            connection_close(connection);
    }
}

static int commit_failed(struct connection *connection, struct err *err)
{
    const unsigned number = mysql_errno(connection->mysql);
    const bool is_lost = sql_is_lost(number);
    int rc = sql_failed(connection, number, mysql_error(connection->mysql), "commit", err);

    if (!is_lost)
        return rc;
    metric_add(metrics_series(METRIC_COUNTER, "bmt_sql_commits_uncertain", "commits whose outcome is not known", ""),
               1);
    return err_fail(err, ERR_COMMIT_UNCERTAIN);
}

static int commit_one(struct tx *tx, struct connection *connection, struct err *err)
{
    if (connection->mysql == NULL || FAILPOINT("sql.before_commit")) {
        tx_rollback(tx);
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    }
    tx->is_open = false;
    if (mysql_commit(connection->mysql) != 0)
        return commit_failed(connection, err);
    if (FAILPOINT("sql.after_commit"))
        return err_fail(err, ERR_COMMIT_UNCERTAIN);
    return 0;
}

int tx_commit(struct tx *tx, struct err *err)
{
    PRE(tx->is_open);
    for (size_t i = 0; i < CONF_SERVERS_MAX && !tx->is_read; i++)
        if (tx->joined[i])
            return commit_one(tx, tx->session->connections[i][false], err); /* in mode `one` there is one server */
    tx->is_open = false;
    return 0;
}

void tx_cleanup(struct tx **tx)
{
    if (*tx != NULL)
        tx_rollback(*tx);
}
