/* Rows as verify reads them, and how: whole ranges of keys into arrays. For this room alone. */
#ifndef BMT_VERIFY_ROWS_H
#define BMT_VERIFY_ROWS_H

#include <stddef.h>

#include "sql/scan.h"
#include "verify/verify.h"

struct order_seen {
    int64_t id, biz_id, state, version, amount, line_count, quote_id, payment_id, refund_id, refunded, pay_ms;
    char currency[CURRENCY_SIZE];
};
struct line_seen {
    int64_t order_id, line_no, sku_id, quantity, unit, amount, refunded, disputed;
};
struct event_seen {
    int64_t id, version, event, from, to;
};
struct payment_seen {
    int64_t id, biz_id, order_id, state, version, amount, refund_minor, is_late, account_id, fee;
    char currency[CURRENCY_SIZE];
};
/* What a refund gives back: lines of an order, money that came too late, or a charge of an agreement. */
enum { PURPOSE_ORDER = 1, PURPOSE_LATE = 2, PURPOSE_CHARGE = 3 };
struct refund_seen {
    int64_t id, biz_id, payment_id, order_id, purpose, state, version, amount;
    int64_t account_id, paid, fee; /* the payment's */
    char currency[CURRENCY_SIZE];
};
struct refund_side_seen {
    int64_t id, biz_id, payment_id, order_id, amount;
};
struct refund_line_seen {
    int64_t refund_id, line_no, quantity;
};
struct hold_seen {
    int64_t order_id, sku_id, biz_id, quantity, returned, state;
};
struct lot_seen {
    int64_t id, biz_id, order_id, line_no, quantity, recalled, state;
};
struct quote_seen {
    int64_t id, order_id, amount;
};

/* A line of a channel's statement beside what it speaks of: `state` is 0 when that is not there. */
struct statement_line_seen {
    int64_t id, biz_id, kind, object_id, amount, state, ours, is_same_currency, fee, our_fee, n_lines;
};
struct missing_seen {
    int64_t id, biz_id, amount;
    char currency[CURRENCY_SIZE];
};

/* The ledger's rows (chains.c). */
enum { HASH_SIZE = 32 };
struct transfer_seen {
    int64_t id, biz_id, kind, source_id, source_no, chain, seq, create_ms;
    uint8_t hash[HASH_SIZE];
    const char *note;
    const uint8_t *before; /* the stored hash of the number before it; NULL: that is not there */
};
struct posting_seen {
    int64_t transfer_id, posting_no, biz_id, account, subject_id, amount, create_ms;
    char currency[CURRENCY_SIZE];
};

/* A posting with its transfer's source; of a transfer without postings all but that and the transfer is 0. */
struct moved_seen {
    int64_t source_id, source_no, kind, transfer_id, biz_id, account, subject_id, amount, create_ms;
    char currency[CURRENCY_SIZE];
};

/* A column of a SELECT: where it goes, and as what. A text lives in the worker's arena. */
enum seen_as { SEEN_AS_NUMBER, SEEN_AS_CURRENCY, SEEN_AS_TEXT, SEEN_AS_HASH };
struct seen_column {
    size_t offset;
    enum seen_as as;
};
#define SEEN(row, field)                      \
    {                                         \
        .offset = offsetof(struct row, field) \
    }
#define SEEN_CURRENCY(row)                                               \
    {                                                                    \
        .offset = offsetof(struct row, currency), .as = SEEN_AS_CURRENCY \
    }
#define SEEN_TEXT(row, field)                                     \
    {                                                             \
        .offset = offsetof(struct row, field), .as = SEEN_AS_TEXT \
    }
#define SEEN_HASH(row, field)                                     \
    {                                                             \
        .offset = offsetof(struct row, field), .as = SEEN_AS_HASH \
    }

struct seen_columns {
    const struct seen_column *list;
    size_t n;
    size_t row_size;
};

#define SEEN_ROWS(columns, row) (&(struct seen_columns){(columns), COUNT_OF(columns), sizeof(struct row)})

/* One thread's place: its own connections, and memory of the range at hand. */
struct worker {
    const struct verify *verify;
    struct session *session;
    struct arena *arena;
    struct pass *pass;
    int64_t n_rows;
};

/* Reads all rows of the SELECT. 0 or -1. */
int rows_read(struct worker *worker, enum module module, const char *text, const struct seen_columns *columns,
              void *ret_rows, size_t *ret_n) MUST_CHECK;

/*
 * The same of a range of keys, in a function with `worker`, `after` and `upto`: the text, a literal, takes the two ends
 * as `> %lld` and `<= %lld`. `into` and `count` are set. 0 or -1.
 */
#define READ_RANGE(of, text, columns, into, count)                                                                  \
    rows_read(worker, of, arena_printf(worker->arena, text, (long long)after, (long long)upto), (columns), &(into), \
              &(count))

/* What is read of the module between the two is of one moment. 0 or -1. */
int rows_snapshot_begin(struct worker *worker, enum module module) MUST_CHECK;
int rows_snapshot_end(struct worker *worker, enum module module) MUST_CHECK;

/* `1, 2, 3` for an IN list; `0` when there are none. */
const char *rows_id_list(const int64_t *ids, size_t n, struct arena *arena);

#endif
