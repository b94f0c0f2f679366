/* The report of a month; for report.c and report_html.c. */
#ifndef BMT_CLI_REPORT_H
#define BMT_CLI_REPORT_H

#include "cli.h"

/* An amount of a row; 0 where there is none. */
int64_t report_minor(const json_t *row, const char *name);
/* The largest of the rows of the currency; 0 when none is above it. */
int64_t report_largest(const json_t *rows, const char *name, const char *currency);
/* Whether no row before it is in its currency. */
bool report_is_first(const json_t *rows, size_t at);

/* Writes a page that needs nothing else. 0, or an exit code after a line on stderr. */
int report_write_html(const char *path, const char *month, const json_t *reply);

#endif
