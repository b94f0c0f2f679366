/*
 * Prepared statements and writes. A statement is prepared once a connection (and once for each size class of its
 * {keys}, or of its rows where these are joined) and found again by its address. On MariaDB an array of rows is one
 * packet: its columns are laid out one behind the other in the session's scratch arena (bulk binding), or, for updates
 * whose rows are distinct, it is one statement (joined.h). Other servers get one execution a row. The answers of writes
 * are left lying (flight.c).
 */
#include <string.h>

#include "base/failpoint.h"
#include "sql/joined.h"
#include "sql/session.h"

/* `?, ?` for one key column, `(?, ?), (?, ?)` for two. */
static const char *key_list(size_t columns, size_t n_keys, struct arena *arena)
{
    const char *one = "?";
    const char *list;

    for (size_t i = 1; i < columns; i++)
        one = arena_printf(arena, "%s, ?", one);
    if (columns > 1)
        one = arena_printf(arena, "(%s)", one);

    /* Classes are powers of two: doubling makes the list in few steps. */
    list = one;
    for (size_t i = 1; i < n_keys; i *= 2)
        list = arena_printf(arena, "%s, %s", list, list);
    return list;
}

/* The text for so many keys, or for so many joined rows; 0: as it is. */
static const char *text_of(const struct sql_stmt *stmt, size_t n_keys, struct arena *arena)
{
    const char *marker = strstr(stmt->text, "{keys}");

    PRE((marker != NULL) == (stmt->keys.n > 0));
    if (marker == NULL)
        return n_keys == 0 ? stmt->text : joined_text(stmt, n_keys, arena);
    return arena_printf(arena, "%.*s%s%s", (int)(marker - stmt->text), stmt->text,
                        key_list(stmt->keys.n, n_keys, arena), marker + strlen("{keys}"));
}

static struct prepared *find_slot(struct connection *connection, const struct sql_stmt *stmt, size_t n_keys)
{
    size_t at = (((uintptr_t)stmt >> 4) + n_keys * 7) % STMT_CACHE_SIZE;

    while (connection->prepared[at].handle != NULL &&
           (connection->prepared[at].stmt != stmt || connection->prepared[at].n_keys != n_keys))
        at = (at + 1) % STMT_CACHE_SIZE;
    return &connection->prepared[at];
}

static int prepare(struct connection *connection, const struct sql_stmt *stmt, size_t n_keys, MYSQL_STMT **ret_handle,
                   struct err *err)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    const char *text = text_of(stmt, n_keys, arena);
    const size_t n_params =
        stmt->keys.n == 0 && n_keys > 0 ? stmt->params.n * n_keys : stmt->params.n + stmt->keys.n * n_keys;
    MYSQL_STMT *handle = mysql_stmt_init(connection->mysql);
    int rc;

    INVARIANT(handle != NULL);
    if (mysql_stmt_prepare(handle, text, strlen(text)) == 0) {
        INVARIANT(mysql_stmt_param_count(handle) == n_params);
        INVARIANT(mysql_stmt_field_count(handle) == stmt->results.n);
        *ret_handle = handle;
        return 0;
    }
    rc = sql_failed(connection, mysql_stmt_errno(handle), mysql_stmt_error(handle), stmt->name, err);
    mysql_stmt_close(handle);
    return rc;
}

int stmt_prepared(struct connection *connection, const struct sql_stmt *stmt, size_t n_keys, MYSQL_STMT **ret_handle,
                  struct err *err)
{
    struct prepared *slot = find_slot(connection, stmt, n_keys);
    int rc;

    if (slot->handle == NULL) {
        INVARIANT(connection->n_prepared < STMT_CACHE_SIZE / 2);
        MYSQL_STMT *handle = NULL;

        rc = flight_land(connection, err);
        if (rc != 0)
            return rc;
        rc = prepare(connection, stmt, n_keys, &handle, err);
        if (rc != 0)
            return rc;
        *slot = (struct prepared){.stmt = stmt, .n_keys = n_keys, .handle = handle};
        connection->n_prepared++;
    }
    *ret_handle = slot->handle;
    return 0;
}

/* Binds and sends; servers that do not take statements behind one another answer before it returns. */
static int execute(struct connection *connection, struct awaited what, MYSQL_BIND *binds, unsigned array_size,
                   struct err *err)
{
    int rc;

    if (connection->is_mariadb)
        mysql_stmt_attr_set(what.handle, STMT_ATTR_ARRAY_SIZE, &array_size);
    if (mysql_stmt_bind_param(what.handle, binds) != 0)
        return sql_failed(connection, mysql_stmt_errno(what.handle), mysql_stmt_error(what.handle), what.stmt->name,
                          err);
    rc = flight_send(connection, &what, err);
    return rc == 0 && !connection->is_mariadb ? flight_land(connection, err) : rc;
}

static int write_rows(struct connection *connection, struct awaited what, struct arena *scratch, const char *rows,
                      size_t n, size_t row_size, struct err *err)
{
    const struct sql_columns *params = &what.stmt->params;
    const bool is_joined = what.stmt->is_distinct && connection->is_mariadb && n >= JOINED_MIN && n <= JOINED_MAX;
    MYSQL_BIND *binds;
    int rc;

    rc = stmt_prepared(connection, what.stmt, is_joined ? joined_class(n) : 0, &what.handle, err);
    if (rc != 0)
        return rc;
    if (is_joined)
        return execute(connection, what, joined_bind(params, rows, n, row_size, scratch), 0, err);
    binds = arena_array_of(scratch, MYSQL_BIND, params->n);
    if (n > 1 && connection->is_mariadb) {
        bind_rows(params, rows, n, row_size, scratch, binds);
        return execute(connection, what, binds, (unsigned)n, err);
    }
    if (what.expected == n)
        what.expected = 1; /* of each */
    for (size_t i = 0; i < n && rc == 0; i++) {
        bind_row(params, rows + i * row_size, scratch, binds);
        rc = execute(connection, what, binds, 0, err);
    }
    return rc;
}

static int write(struct tx *tx, const struct sql_stmt *stmt, const void *rows, size_t n, size_t row_size,
                 uint64_t expected, uint64_t *ret_affected, struct err *err)
{
    const struct awaited what = {.stmt = stmt, .expected = expected, .ret_affected = ret_affected};
    struct connection *connection = NULL;
    int rc;

    PRE(!tx->is_read);
    if (n == 0)
        return 0;
    rc = tx_connection(tx, stmt->module, TX_WRITE, &connection, err);
    if (rc != 0)
        return rc;
    if (FAILPOINT("sql.statement"))
        return sql_failed(connection, 2013 /* lost */, "fail point", stmt->name, err);

    tx->flight = connection;
    rc = write_rows(connection, what, tx->session->scratch, rows, n, row_size, err);
    arena_reset(tx->session->scratch);
    return rc;
}

int sql_write(struct tx *tx, const struct sql_stmt *stmt, const void *rows, size_t n, size_t row_size,
              uint64_t *ret_affected, struct err *err)
{
    uint64_t affected = 0;
    int rc;

    rc = write(tx, stmt, rows, n, row_size, ROWS_ANY, ret_affected != NULL ? &affected : NULL, err);
    if (rc != 0 || ret_affected == NULL)
        return rc;
    rc = tx_land(tx, err);
    if (rc == 0)
        *ret_affected = affected;
    return rc;
}

int sql_write_each(struct tx *tx, const struct sql_stmt *stmt, const void *rows, size_t n, size_t row_size,
                   struct err *err)
{
    return write(tx, stmt, rows, n, row_size, n, NULL, err);
}
