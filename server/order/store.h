/*
 * Rows of the order module and the statements on them. All functions return 0 or an error of sql/sql.h. Rows found
 * come in no particular order unless the name says so.
 */
#ifndef BMT_ORDER_STORE_H
#define BMT_ORDER_STORE_H

#include "base/money.h"
#include "rpc/page.h"
#include "sql/batch.h"

struct order_row {
    int64_t order_id;
    int64_t biz_id;
    const char *user_id;
    struct sql_bytes request_id;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    int32_t state;
    int32_t close_reason;
    int32_t version;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int32_t line_count;
    int64_t quote_id;
    int64_t payment_id;
    int64_t due_time_ms;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int64_t pay_time_ms;
    int64_t fulfil_time_ms;
    int64_t complete_time_ms;
    const char *created_by;
    const char *labels;
    int64_t refund_id;      /* the one under way; 0: none */
    int64_t refunded_minor; /* what went back */
    int32_t state_read;     /* what a move expects to find */
    int32_t version_read;
};

struct order_line_row {
    int64_t order_id;
    int32_t line_no;
    int64_t biz_id;
    int64_t sku_id;
    int64_t spu_id;
    int64_t price_id;
    const char *title;
    int64_t quantity;
    int64_t unit_minor;
    int64_t amount_minor;
    int64_t refunded_quantity;
    int64_t disputed_minor; /* taken back by disputes that are open or lost */
};

struct order_event_row {
    int64_t order_id;
    int32_t version;
    int64_t biz_id;
    int32_t event;
    int32_t from_state;
    int32_t to_state;
    int32_t close_reason;
    int64_t payment_id;
    const char *actor;
    const char *detail;
    int64_t create_time_ms;
};

/* A refund's order side: what is recalled, and why. */
struct order_refund_row {
    int64_t refund_id;
    int64_t biz_id;
    int64_t order_id;
    int64_t payment_id;
    struct sql_bytes request_id;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    const char *reason;
    const char *actor;
    int64_t create_time_ms;
};

struct refund_line_row {
    int64_t refund_id;
    int32_t line_no;
    int64_t biz_id;
    int64_t quantity;
};

/* Units of a line that were paid back. */
struct order_line_recall {
    int64_t order_id;
    int32_t line_no;
    int64_t biz_id;
    int64_t quantity;
};

/* What disputes take of a line, or, negative, give back to it. */
struct order_line_dispute {
    int64_t order_id;
    int32_t line_no;
    int64_t biz_id;
    int64_t amount_minor;
};

struct order_key {
    int64_t order_id;
    int64_t biz_id;
};

struct order_request_key {
    int64_t biz_id;
    struct sql_bytes request_id;
};

int order_store_insert(struct tx *tx, const struct order_row *orders, size_t n, const struct order_line_row *lines,
                       size_t n_lines, struct err *err) MUST_CHECK;

int order_store_find(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                     struct order_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* The same, by id, with the rows locked in that order until the transaction ends. */
int order_store_lock(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                     struct order_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Orders by the request_id that created them. */
int order_store_find_requests(struct tx *tx, const struct order_request_key *keys, size_t n, struct arena *arena,
                              struct order_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* By order and line number. */
int order_store_find_lines(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                           struct order_line_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/*
 * THE mover: writes state, version, times and payment of orders that still stand at state_read and version_read, and
 * the events that led there. Anything else is a conflict.
 */
int order_store_move(struct tx *tx, const struct order_row *orders, size_t n, const struct order_event_row *events,
                     size_t n_events, struct err *err) MUST_CHECK;

/* Notes the payment under way. */
int order_store_set_payment(struct tx *tx, const struct order_row *orders, size_t n, struct err *err) MUST_CHECK;

/* Orders of one state whose timer has fired, the longest due first. Of all businesses. */
int order_store_find_due(struct tx *tx, int state, int64_t now_ms, size_t limit, struct arena *arena,
                         struct order_key **ret_keys, size_t *ret_n, struct err *err) MUST_CHECK;

/* Stored events (from version 2 on) after `after_version`, first to last. */
int order_store_list_events(struct tx *tx, const struct order_key *key, int32_t after_version, int32_t limit,
                            struct arena *arena, struct order_event_row **ret_rows, size_t *ret_n,
                            struct err *err) MUST_CHECK;

/* All stored events of these orders, by order and version. */
int order_store_find_events(struct tx *tx, const struct order_key *keys, size_t n, struct arena *arena,
                            struct order_event_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Refunds (store_refund.c). */
int order_store_insert_refunds(struct tx *tx, const struct order_refund_row *rows, size_t n,
                               const struct refund_line_row *lines, size_t n_lines, struct err *err) MUST_CHECK;
int order_store_find_refunds(struct tx *tx, const int64_t *refund_ids, size_t n, struct arena *arena,
                             struct order_refund_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int order_store_find_refund_requests(struct tx *tx, const struct order_request_key *keys, size_t n, struct arena *arena,
                                     struct order_refund_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* By refund and line number. */
int order_store_find_refund_lines(struct tx *tx, const int64_t *refund_ids, size_t n, struct arena *arena,
                                  struct refund_line_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Adds to refunded_quantity; more than the line has is a conflict. */
int order_store_recall_lines(struct tx *tx, const struct order_line_recall *recalls, size_t n,
                             struct err *err) MUST_CHECK;
/* Adds to disputed_minor; what the line does not have, or less than nothing, is a conflict. */
int order_store_dispute_lines(struct tx *tx, const struct order_line_dispute *disputes, size_t n,
                              struct err *err) MUST_CHECK;

/* A page of a business's orders, newest first. */
struct order_filter {
    int64_t biz_id;
    const char *user_id;    /* empty: of all users */
    int32_t state;          /* 0: in all states */
    int64_t create_from_ms; /* created at or after; 0: all */
    int64_t create_to_ms;   /* created before; INT64_MAX: all */
    int64_t id_from;        /* the same as far as ids tell it, so that the index can be used */
    int64_t id_to;
};
int order_store_list(struct tx *tx, const struct order_filter *filter, const struct page *page, struct arena *arena,
                     struct order_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
