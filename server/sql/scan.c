/* Streaming reads; see scan.h. They use the session's reading connections. */
#include "sql/scan.h"

#include "sql/session.h"

static int tell(struct connection *connection, FILE *problems)
{
    fprintf(problems, "database: %s\n", mysql_error(connection->mysql));
    if (sql_is_lost(mysql_errno(connection->mysql)))
        connection_close(connection);
    return -1;
}

static int send(struct session *session, enum module module, const char *text, FILE *problems,
                struct connection **ret_connection)
{
    struct err err = {0};

    if (session_connection(session, session->db->server_of[module], true, ret_connection, &err) != 0)
        return fprintf(problems, "the database of module %s could not be reached\n", module_name(module)), -1;
    return mysql_query((*ret_connection)->mysql, text) == 0 ? 0 : tell(*ret_connection, problems);
}

int scan_begin(struct session *session, enum module module, const char *text, FILE *problems, struct scan *ret_scan)
{
    struct connection *connection = NULL;
    MYSQL_RES *result;

    if (send(session, module, text, problems, &connection) != 0)
        return -1;
    result = mysql_use_result(connection->mysql);
    if (result == NULL)
        return tell(connection, problems);
    *ret_scan = (struct scan){.result = result};
    return 0;
}

bool scan_next(struct scan *scan)
{
    MYSQL_RES *result = scan->result;
    MYSQL_ROW row = mysql_fetch_row(result);

    if (row == NULL) {
        scan->has_failed = mysql_errno(result->handle) != 0;
        mysql_free_result(result);
        scan->result = NULL;
        return false;
    }
    scan->texts = (const char *const *)row;
    scan->sizes = mysql_fetch_lengths(result);
    return true;
}

int64_t scan_i64(const struct scan *scan, unsigned column)
{
    const char *at = scan->texts[column];
    int64_t number = 0;
    bool is_negative;

    if (at == NULL)
        return 0;
    is_negative = *at == '-';
    for (at += is_negative; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    return is_negative ? -number : number;
}

const char *scan_text(const struct scan *scan, unsigned column)
{
    return scan->texts[column] != NULL ? scan->texts[column] : "";
}

int scan_run(struct session *session, enum module module, const char *text, FILE *problems)
{
    struct connection *connection = NULL;

    return send(session, module, text, problems, &connection);
}
