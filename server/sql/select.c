/* Reads: one set of parameters, or many keys at once in size classes; see sql.h. */
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "sql/bind.h"
#include "sql/session.h"

/* Rows as they come in; doubled when full. */
struct rows {
    char *list;
    size_t n;
    size_t room;
};

static void *next_row(struct rows *rows, size_t row_size, struct arena *arena)
{
    if (rows->n == rows->room) {
        const size_t room = rows->room == 0 ? 8 : rows->room * 2;
        char *list = arena_calloc(arena, room, row_size);

        if (rows->n > 0)
            memcpy(list, rows->list, rows->n * row_size);
        rows->list = list;
        rows->room = room;
    }
    return rows->list + rows->n++ * row_size;
}

/*
 * A lock that is waited for in vain, or a deadlock, comes instead of a row; the client library then knows its number at
 * the connection alone (seen with libmariadb 3.3).
 */
static int fetch_failed(struct connection *connection, MYSQL_STMT *handle, const struct sql_stmt *stmt, struct err *err)
{
    if (mysql_stmt_errno(handle) != 0)
        return sql_failed(connection, mysql_stmt_errno(handle), mysql_stmt_error(handle), stmt->name, err);
    return sql_failed(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), stmt->name, err);
}

static int fetch_rows(struct connection *connection, const struct sql_stmt *stmt, MYSQL_STMT *handle,
                      struct arena *scratch, struct arena *arena, struct rows *rows, struct err *err)
{
    const struct landing landing = bind_results(&stmt->results, scratch);
    int rc = 0;

    if (mysql_stmt_bind_result(handle, landing.binds) != 0)
        return sql_failed(connection, mysql_stmt_errno(handle), mysql_stmt_error(handle), stmt->name, err);
    for (;;) {
        const int fetched = mysql_stmt_fetch(handle);

        if (fetched == MYSQL_NO_DATA)
            break;
        if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED)
            return fetch_failed(connection, handle, stmt, err);
        if (rows->n == SQL_ROWS_MAX) {
            log_error("statement found too many rows", log_text("statement", stmt->name));
            rc = err_fail(err, ERR_INTERNAL_ERROR);
            break;
        }
        rc = bind_copy(handle, &stmt->results, &landing, next_row(rows, stmt->result_size, arena), arena, err);
        if (rc != 0)
            break;
    }
    mysql_stmt_free_result(handle);
    return rc;
}

/* Runs the statement for `params` and `n_keys` keys (a size class), and appends its rows. */
static int select_rows(struct tx *tx, const struct sql_stmt *stmt, const void *params, const void *keys, size_t n_keys,
                       size_t class_size, size_t key_size, struct arena *arena, struct rows *rows, struct err *err)
{
    struct arena *scratch = tx->session->scratch;
    struct connection *connection = NULL;
    MYSQL_STMT *handle = NULL;
    const unsigned no_array = 0;
    int rc;

    rc = tx_connection(tx, stmt->module, TX_READ, &connection, err);
    if (rc == 0)
        rc = stmt_prepared(connection, stmt, class_size, &handle, err);
    if (rc != 0)
        return rc;
    if (FAILPOINT("sql.statement"))
        return sql_failed(connection, 2013 /* lost */, "fail point", stmt->name, err);

    MYSQL_BIND *binds = arena_array_of(scratch, MYSQL_BIND, stmt->params.n + stmt->keys.n * class_size + 1);
    bind_row(&stmt->params, params, scratch, binds);
    for (size_t i = 0; i < class_size; i++) {
        const size_t which = i < n_keys ? i : n_keys - 1; /* the last key fills the class */

        bind_row(&stmt->keys, (const char *)keys + which * key_size, scratch,
                 binds + stmt->params.n + i * stmt->keys.n);
    }
    if (connection->is_mariadb)
        mysql_stmt_attr_set(handle, STMT_ATTR_ARRAY_SIZE, &no_array);
    if (mysql_stmt_bind_param(handle, binds) != 0 || mysql_stmt_execute(handle) != 0)
        return sql_failed(connection, mysql_stmt_errno(handle), mysql_stmt_error(handle), stmt->name, err);
    return fetch_rows(connection, stmt, handle, scratch, arena, rows, err);
}

static void give_rows(const struct rows *rows, void *ret_rows, size_t *ret_n)
{
    memcpy(ret_rows, &rows->list, sizeof rows->list);
    *ret_n = rows->n;
}

int sql_select(struct tx *tx, const struct sql_stmt *stmt, const void *params, struct arena *arena, void *ret_rows,
               size_t *ret_n, struct err *err)
{
    struct rows rows = {0};
    int rc;

    PRE(stmt->keys.n == 0 && (params != NULL || stmt->params.n == 0));
    rc = select_rows(tx, stmt, params, NULL, 0, 0, 0, arena, &rows, err);
    arena_reset(tx->session->scratch);
    if (rc == 0)
        give_rows(&rows, ret_rows, ret_n);
    return rc;
}

/* The smallest power of two that holds n. */
static size_t size_class(size_t n)
{
    size_t class_size = 1;

    while (class_size < n)
        class_size *= 2;
    return class_size;
}

int sql_select_in(struct tx *tx, const struct sql_stmt *stmt, const void *params, const void *keys, size_t n,
                  size_t key_size, struct arena *arena, void *ret_rows, size_t *ret_n, struct err *err)
{
    struct rows rows = {0};
    int rc = 0;

    PRE(stmt->keys.n > 0);
    for (size_t at = 0; at < n && rc == 0; at += SQL_KEYS_MAX) {
        const size_t piece = n - at < SQL_KEYS_MAX ? n - at : SQL_KEYS_MAX;

        rc = select_rows(tx, stmt, params, (const char *)keys + at * key_size, piece, size_class(piece), key_size,
                         arena, &rows, err);
        arena_reset(tx->session->scratch);
    }
    if (rc == 0)
        give_rows(&rows, ret_rows, ret_n);
    return rc;
}
