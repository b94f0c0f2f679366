/*
 * Many updates as one statement. MariaDB runs a bulk array of UPDATEs one after the other, and opens the table for
 * each: some 35 us a row on top of the update itself. A statement that joins the table with the rows of the array opens
 * it once. For sql/ alone.
 */
#ifndef BMT_SQL_JOINED_H
#define BMT_SQL_JOINED_H

#include "sql/bind.h"
#include "sql/sql.h"

/* Fewer rows cost less as an array, more would be too long a text. */
enum { JOINED_MIN = 4, JOINED_MAX = 256 };

/* How many rows the statement is prepared for: a power of two. */
size_t joined_class(size_t n);

/*
 * The statement for so many rows. Its text is `UPDATE table\nSET ...\nWHERE ...`, with the primary key's first column
 * among the conditions.
 */
const char *joined_text(const struct sql_stmt *stmt, size_t n_rows, struct arena *arena);

/*
 * Binds for joined_class(n) rows. Those behind the last repeat it: a stored row that is met twice is changed and
 * counted once.
 */
MYSQL_BIND *joined_bind(const struct sql_columns *params, const char *rows, size_t n, size_t row_size,
                        struct arena *arena);

#endif
