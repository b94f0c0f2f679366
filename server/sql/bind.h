/* From column tables to the client library's bindings, in both directions; for this room alone. */
#ifndef BMT_SQL_BIND_H
#define BMT_SQL_BIND_H

#include <mysql.h>

#include "base/arena.h"
#include "base/err.h"
#include "sql/sql.h"

/* Binds the columns of one row. Values stay where they are; the row must live until the statement has run. */
void bind_row(const struct sql_columns *columns, const void *row, struct arena *arena, MYSQL_BIND *binds);

/* Binds n rows, each column as an array (MariaDB's bulk binding). */
void bind_rows(const struct sql_columns *columns, const void *rows, size_t n, size_t row_size, struct arena *arena,
               MYSQL_BIND *binds);

/* Where the columns of one fetched row land before they are copied. */
struct landing {
    MYSQL_BIND *binds;
    unsigned long *sizes;
    my_bool *nulls;
};

enum { LANDING_TEXT_SIZE = 256 }; /* longer values are fetched a second time, by themselves */

/* Makes a landing for the columns in the arena. */
struct landing bind_results(const struct sql_columns *columns, struct arena *arena);

/* Copies a fetched row into `row`; texts and bytes go to the arena. 0 or ERR_INTERNAL_ERROR (does not fit). */
int bind_copy(MYSQL_STMT *handle, const struct sql_columns *columns, const struct landing *landing, void *row,
              struct arena *arena, struct err *err) MUST_CHECK;

#endif
