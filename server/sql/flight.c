/*
 * Writes whose answers are still awaited.
 *
 * A batch writes a handful of statements, none of which depends on what another found. So a write is sent and its
 * answer left lying: the answers are read together when the transaction next wants to know something, at the latest
 * before it commits. Of the trips of an order, and of the two threads that wake each other at each, most are saved.
 *
 * Answers are awaited on one connection at a time. Were two servers at work at once, the order in which locks are taken
 * would no longer be the order in which they are asked for, and a deadlock over two servers is found by neither.
 */
#include "base/plant.h"
#include "sql/session.h"

static bool is_count_right(const struct awaited *awaited)
{
    return awaited->expected == ROWS_ANY || mysql_stmt_affected_rows(awaited->handle) == awaited->expected ||
           PLANTED("unchecked_count");
}

/* All answers are read, also those behind a failed one: what comes next must find the connection clean. */
int flight_land(struct connection *connection, struct err *err)
{
    const size_t n = connection->n_awaited;
    int rc = 0;

    connection->n_awaited = 0;
    for (size_t i = 0; i < n && connection->mysql != NULL; i++) {
        const struct awaited *awaited = &connection->awaited[i];
        struct err ignored = {0};
        struct err *tell = rc == 0 ? err : &ignored;
        int failed = 0;

        if (connection->mysql->methods->db_read_execute_response(awaited->handle) != 0)
            failed = sql_failed(connection, mysql_stmt_errno(awaited->handle), mysql_stmt_error(awaited->handle),
                                awaited->stmt->name, tell);
        else if (!is_count_right(awaited))
            failed = err_fail(tell, ERR_BATCH_CONFLICT);
        else if (awaited->ret_affected != NULL)
            *awaited->ret_affected += mysql_stmt_affected_rows(awaited->handle);
        if (rc == 0)
            rc = failed;
    }
    if (rc == 0 && n > 0 && connection->mysql == NULL)
        rc = err_fail(err, ERR_DATABASE_UNAVAILABLE);
    return rc;
}

/* Whether the library returns from an execution before the answer is read. */
static void set_waiting(struct connection *connection, bool waits)
{
    const my_bool skips = !waits;

    mysql_optionsv(connection->mysql, MARIADB_OPT_SKIP_READ_RESPONSE, &skips);
}

int flight_send(struct connection *connection, const struct awaited *what, struct err *err)
{
    int rc = connection->n_awaited == AWAITED_MAX ? flight_land(connection, err) : 0;
    bool is_sent;

    if (rc != 0)
        return rc;
    set_waiting(connection, false);
    is_sent = mysql_stmt_execute(what->handle) == 0;
    set_waiting(connection, true);
    if (is_sent) {
        connection->awaited[connection->n_awaited++] = *what;
        return 0;
    }
    return sql_failed(connection, mysql_stmt_errno(what->handle), mysql_stmt_error(what->handle), what->stmt->name,
                      err);
}
