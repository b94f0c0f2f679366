/*
 * Reading many rows as they come: plain statements over ranges of keys, for verify alone. Business code reads by sql.h.
 *
 *     if (scan_begin(session, MODULE_ORDER, text, stderr, &scan) == 0)
 *         while (scan_next(&scan)) ... scan_i64(&scan, 0) ...
 *
 * Statements are built from numbers and names of our own, never from texts of others.
 */
#ifndef BMT_SQL_SCAN_H
#define BMT_SQL_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sql/db.h"

enum { SCAN_COLUMNS_MAX = 32 };

/* A column of the present row; see scan_i64 and scan_text. */
struct scan_column {
    bool is_text;
    char is_null;
    int64_t number;
    char *text; /* of `room` bytes */
    unsigned long size;
    unsigned long room;
};

struct scan {
    void *stmt;
    struct arena *arena; /* of the texts */
    unsigned n;
    struct scan_column columns[SCAN_COLUMNS_MAX];
    bool has_failed;
};

/*
 * Sends a SELECT to the module's server. 0, or -1: the server cannot be reached, or refuses (told on `problems`).
 * `ret_scan` stays where it is until the scan has ended.
 */
int scan_begin(struct session *session, enum module module, const char *text, FILE *problems,
               struct scan *ret_scan) MUST_CHECK;

/* The next row; false at the end, or when the rest could not be read (has_failed). Ends the scan by itself. */
bool scan_next(struct scan *scan);

/* A number of the present row; 0 for NULL. */
int64_t scan_i64(const struct scan *scan, unsigned column);

/* A text or bytes of the present row, with a 0 behind them; empty for NULL. They live until the next row. */
const char *scan_text(const struct scan *scan, unsigned column);
size_t scan_size(const struct scan *scan, unsigned column);

/* Runs a statement without rows, such as the beginning of a snapshot. */
int scan_run(struct session *session, enum module module, const char *text, FILE *problems) MUST_CHECK;

#endif
