/*
 * Streaming reads; see scan.h. They use the session's reading connections.
 *
 * As prepared statements, though each runs once: numbers then come as they are and not in digits, which saves a third
 * of the server's work for narrow rows, and of ours.
 */
#include "sql/scan.h"

#include <string.h>

#include "sql/session.h"

enum { TEXT_ROOM = 256, TEXTS_MAX = 256 << 20 };

static int find_connection(struct session *session, enum module module, FILE *problems,
                           struct connection **ret_connection)
{
    struct err err = {0};

    if (session_connection(session, session->db->server_of[module], true, ret_connection, &err) != 0)
        return fprintf(problems, "the database of module %s could not be reached\n", module_name(module)), -1;
    return 0;
}

/* Tells what went wrong, and closes a connection that is of no use any more. */
static int refuse(struct connection *connection, unsigned number, const char *message, FILE *problems)
{
    fprintf(problems, "database: %s\n", message);
    if (sql_is_lost(number))
        connection_close(connection);
    return -1;
}

static void forget(struct scan *scan)
{
    mysql_stmt_close(scan->stmt);
    scan->stmt = NULL;
    arena_free(scan->arena);
}

static void make_room(struct scan *scan, struct scan_column *column, unsigned long room)
{
    column->room = room;
    column->text = arena_alloc(scan->arena, room + 1);
}

/* Where each column of a row goes. */
static int bind(struct scan *scan)
{
    MYSQL_BIND binds[SCAN_COLUMNS_MAX] = {0};

    for (unsigned i = 0; i < scan->n; i++) {
        struct scan_column *column = &scan->columns[i];

        binds[i] = (MYSQL_BIND){.buffer_type = column->is_text ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONGLONG,
                                .buffer = column->is_text ? (void *)column->text : &column->number,
                                .buffer_length = column->is_text ? column->room : sizeof column->number,
                                .length = &column->size,
                                .is_null = &column->is_null};
    }
    return mysql_stmt_bind_result(scan->stmt, binds) == 0 ? 0 : -1;
}

static int find_columns(struct scan *scan)
{
    MYSQL_RES *about = mysql_stmt_result_metadata(scan->stmt);

    if (about == NULL)
        return -1;
    PRE(mysql_num_fields(about) <= SCAN_COLUMNS_MAX);
    for (; scan->n < mysql_num_fields(about); scan->n++) {
        const MYSQL_FIELD *field = mysql_fetch_field_direct(about, scan->n);
        struct scan_column *column = &scan->columns[scan->n];

        column->is_text = !IS_NUM(field->type);
        if (column->is_text)
            make_room(scan, column, field->length < TEXT_ROOM ? field->length : TEXT_ROOM);
    }
    mysql_free_result(about);
    return bind(scan);
}

int scan_begin(struct session *session, enum module module, const char *text, FILE *problems, struct scan *ret_scan)
{
    struct connection *connection = NULL;
    MYSQL_STMT *stmt;

    if (find_connection(session, module, problems, &connection) != 0)
        return -1;
    *ret_scan = (struct scan){.arena = arena_new(TEXTS_MAX)};
    stmt = ret_scan->stmt = mysql_stmt_init(connection->mysql);
    INVARIANT(stmt != NULL);
    if (mysql_stmt_prepare(stmt, text, strlen(text)) == 0 && find_columns(ret_scan) == 0 &&
        mysql_stmt_execute(stmt) == 0)
        return 0;
    (void)refuse(connection, mysql_stmt_errno(stmt), mysql_stmt_error(stmt), problems);
    forget(ret_scan);
    return -1;
}

/* What did not fit in is fetched once more, and from then on there is room. 0 or -1. */
static int fetch_rest(struct scan *scan)
{
    for (unsigned i = 0; i < scan->n; i++) {
        struct scan_column *column = &scan->columns[i];
        MYSQL_BIND whole = {.buffer_type = MYSQL_TYPE_STRING, .length = &column->size, .is_null = &column->is_null};

        if (!column->is_text || column->size <= column->room)
            continue;
        make_room(scan, column, column->size);
        whole.buffer = column->text;
        whole.buffer_length = column->room;
        if (mysql_stmt_fetch_column(scan->stmt, &whole, i, 0) != 0)
            return -1;
    }
    return bind(scan);
}

bool scan_next(struct scan *scan)
{
    const int rc = mysql_stmt_fetch(scan->stmt);

    if (rc == 0 || (rc == MYSQL_DATA_TRUNCATED && fetch_rest(scan) == 0))
        return true;
    scan->has_failed = rc != MYSQL_NO_DATA;
    forget(scan);
    return false;
}

int64_t scan_i64(const struct scan *scan, unsigned column)
{
    PRE(column < scan->n && !scan->columns[column].is_text);
    return scan->columns[column].is_null ? 0 : scan->columns[column].number;
}

const char *scan_text(const struct scan *scan, unsigned column)
{
    const struct scan_column *of = &scan->columns[column];

    PRE(column < scan->n && of->is_text);
    of->text[scan_size(scan, column)] = '\0';
    return of->text;
}

size_t scan_size(const struct scan *scan, unsigned column)
{
    PRE(column < scan->n && scan->columns[column].is_text);
    return scan->columns[column].is_null ? 0 : scan->columns[column].size;
}

int scan_run(struct session *session, enum module module, const char *text, FILE *problems)
{
    struct connection *connection = NULL;

    if (find_connection(session, module, problems, &connection) != 0)
        return -1;
    if (mysql_query(connection->mysql, text) == 0)
        return 0;
    return refuse(connection, mysql_errno(connection->mysql), mysql_error(connection->mysql), problems);
}
