/*
 * Statement files: what a channel says that it moved, kept line by line and compared with payments and refunds. The
 * comparison here is the first look, for who imports; verify looks again whenever it runs (verify/statements.c).
 *
 * Not here: payouts and what the channel pays to our bank. Their lines are kept; verify compares those of payouts.
 */
#ifndef BMT_PAYMENT_OPS_STATEMENT_H
#define BMT_PAYMENT_OPS_STATEMENT_H

#include "payment/channel.h"
#include "sql/batch.h"

enum { STATEMENT_SHOWN_MAX = 100 };

/* A line that does not agree. */
struct statement_difference {
    int32_t line_no;
    const struct channel_statement_line *line;
    const char *explanation;
};

struct import_statement {
    struct command command;
    int64_t account_id;
    const char *date;
    int64_t day_ms;
    struct sql_bytes file;

    struct channel_statement statement;
    size_t n_matched;
    size_t n_differences;
    struct statement_difference *shown;
    size_t n_shown;
    bool is_complete;
};

extern struct batch_plan import_statement_plan;

#endif
