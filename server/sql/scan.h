/*
 * Reading many rows as they come: plain statements over ranges of keys, for verify alone. Business code reads by sql.h.
 *
 *     if (scan_query(session, MODULE_ORDER, text) == 0)
 *         while (scan_next(session, MODULE_ORDER, &row)) ... scan_i64(&row, 0) ...
 *
 * Statements are built from numbers and names of our own, never from texts of others.
 */
#ifndef BMT_SQL_SCAN_H
#define BMT_SQL_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sql/db.h"

struct scan {
    void *result;
    const char *const *texts;
    const unsigned long *sizes;
    bool has_failed;
};

/* Sends a SELECT to the module's server. 0, or -1: the server cannot be reached, or refuses (told on `problems`). */
int scan_begin(struct session *session, enum module module, const char *text, FILE *problems,
               struct scan *ret_scan) MUST_CHECK;

/* The next row; false at the end, or when the rest could not be read (has_failed). Ends the scan by itself. */
bool scan_next(struct scan *scan);

/* A number of the present row; 0 for NULL. And a text that lives until the next row. */
int64_t scan_i64(const struct scan *scan, unsigned column);
const char *scan_text(const struct scan *scan, unsigned column);

/* Runs a statement without rows, such as the beginning of a snapshot. */
int scan_run(struct session *session, enum module module, const char *text, FILE *problems) MUST_CHECK;

#endif
