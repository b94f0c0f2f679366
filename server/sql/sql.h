/*
 * Statements as constants, rows as plain structs, and a typed column table between the two.
 *
 * A store file declares its rows and statements once:
 *
 *     static const struct sql_column spu_columns[] = {
 *         SQL_COLUMN(struct spu_row, biz_id, SQL_I64),
 *         SQL_COLUMN(struct spu_row, title, SQL_TEXT),
 *     };
 *     static const struct sql_stmt SPU_INSERT = {
 *         .name = "spu_insert",
 *         .module = MODULE_PRODUCT,
 *         .text = "INSERT INTO bmt_product.spus (biz_id, title) VALUES (?, ?)",
 *         .params = SQL_COLUMNS(spu_columns),
 *     };
 *
 * and every function works on arrays of such structs. Values are always bound, never part of the text. Each
 * connection prepares a statement once and keeps it.
 *
 * Not here: when a transaction begins and ends (tx.h), what to do about conflicts (batch.h).
 */
#ifndef BMT_SQL_SQL_H
#define BMT_SQL_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "sql/module.h"

struct tx;

/* How a field of a row struct stands in a column. */
enum sql_type {
    SQL_I64,   /* int64_t <-> BIGINT */
    SQL_I32,   /* int32_t, int or an enum <-> INT, SMALLINT, TINYINT */
    SQL_BOOL,  /* bool <-> TINYINT(1) */
    SQL_TEXT,  /* const char * <-> VARCHAR, TEXT; NULL pointer <-> NULL */
    SQL_BYTES, /* struct sql_bytes <-> VARBINARY, BLOB; NULL data <-> NULL */
    SQL_CHARS, /* char[size], NUL-terminated <-> CHAR, VARCHAR; read values must fit */
    SQL_FIXED, /* uint8_t[size] <-> BINARY(size) */
};

struct sql_bytes {
    const uint8_t *data;
    size_t size;
};

struct sql_column {
    const char *name;
    enum sql_type type;
    uint16_t offset;
    uint16_t size;
};

#define SQL_COLUMN(row, field, column_type)                                                                      \
    {                                                                                                            \
        .name = #field, .type = (column_type), .offset = offsetof(row, field), .size = sizeof(((row *)0)->field) \
    }

struct sql_columns {
    const struct sql_column *list;
    size_t n;
};

#define SQL_COLUMNS(array)                                       \
    {                                                            \
        .list = (array), .n = sizeof(array) / sizeof((array)[0]) \
    }

/*
 * `params` are bound in order to the `?` of the text. `keys`, where given, stand for the marker `{keys}`, which is
 * the last thing bound: with one key column `{keys}` becomes `?, ?, ...`, with more `(?, ?), (?, ?), ...`.
 * `results` are the columns of a SELECT in order; integer columns that can be NULL read as 0.
 *
 * A SELECT by `{keys}` on a table with several indexes names the one to use (FORCE INDEX): MariaDB 10.11 otherwise
 * weighs every index for every tuple, which takes 26 ms for 256 orders where reading them takes 2.
 */
struct sql_stmt {
    const char *name; /* for metrics and errors of the log */
    enum module module;
    const char *text;
    struct sql_columns params;
    struct sql_columns keys;
    struct sql_columns results;
    size_t result_size; /* sizeof the result's row struct */
    bool is_distinct;   /* an UPDATE by primary key: no two rows of a call meet the same stored row (sql/joined.h) */
};

/*
 * All functions: 0, or ERR_BATCH_CONFLICT (deadlock, lock wait, duplicate key, broken CHECK: roll back, look first,
 * run again; batch_run does so), ERR_DATABASE_UNAVAILABLE (nothing of the transaction will stay), ERR_INTERNAL_ERROR
 * (a programmers' or schema error; logged by the runtime). After an error the transaction can only be rolled back.
 *
 * A write does not wait for its answer: its error, and a count that is not what it must be, may be told by a later
 * function of the same transaction instead, at the latest by tx_commit.
 */

/*
 * Runs the statement once for each of the `n` rows, in as few packets as the server allows; n = 0 does nothing.
 * `ret_affected` (may be NULL) is the sum of affected rows, and waits for it; sql_write_each compares without waiting.
 * Sort rows by key before an UPDATE, so that two batches lock in one order. Rows matched but unchanged count too.
 */
int sql_write(struct tx *tx, const struct sql_stmt *stmt, const void *rows, size_t n, size_t row_size,
              uint64_t *ret_affected, struct err *err) MUST_CHECK;

/* The same where each row must meet exactly one stored row: any other count is ERR_BATCH_CONFLICT. */
int sql_write_each(struct tx *tx, const struct sql_stmt *stmt, const void *rows, size_t n, size_t row_size,
                   struct err *err) MUST_CHECK;

/* Reads all rows for one set of parameters (NULL when the text has none). Texts and bytes live in the arena. */
int sql_select(struct tx *tx, const struct sql_stmt *stmt, const void *params, struct arena *arena, void *ret_rows,
               size_t *ret_n, struct err *err) MUST_CHECK;

/*
 * Reads the rows whose keys are among `keys` (n of them, `key_size` apart; duplicates are harmless), in pieces of at
 * most SQL_KEYS_MAX. The order of rows is the statement's within a piece only.
 */
int sql_select_in(struct tx *tx, const struct sql_stmt *stmt, const void *params, const void *keys, size_t n,
                  size_t key_size, struct arena *arena, void *ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

enum { SQL_KEYS_MAX = 512, SQL_ROWS_MAX = 65536 };

/* `ret_rows` of the two functions above is a pointer to a pointer to the row struct: `struct spu_row *rows; ... &rows`.
 */

#endif
