/*
 * Rows of the payment module and the statements on them: store.c payments and their events, store_accounts.c channel
 * accounts and notifications. All functions return 0 or an error of sql/sql.h.
 */
#ifndef BMT_PAYMENT_STORE_H
#define BMT_PAYMENT_STORE_H

#include "base/money.h"
#include "rpc/page.h"
#include "sql/batch.h"

enum channel_account_state { CHANNEL_ACCOUNT_ENABLED = 1, CHANNEL_ACCOUNT_DISABLED = 2 };

struct channel_account_row {
    int64_t channel_account_id;
    int64_t biz_id;
    const char *code;
    const char *channel;
    const char *title;
    const char *merchant;
    const char *secret_name;
    const char *base_url;
    const char *notify_url;
    int32_t state;
    int32_t priority;
    int32_t version;
    int64_t create_time_ms;
    int64_t update_time_ms;
    const char *currencies; /* what it takes: see rules.h */
    int64_t amount_min;
    int64_t amount_max;
    int32_t platforms;
    int64_t
        agreement_version; /* of its business; payment_store_find_accounts alone reads it. 0: it has no agreements */
    int32_t version_read;
};

struct payment_row {
    int64_t payment_id;
    int64_t biz_id;
    int64_t order_id; /* 0: none */
    const char *user_id;
    int64_t channel_account_id;
    struct sql_bytes request_id;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    int32_t state;
    int32_t version;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    const char *channel_ref;         /* NULL: not known yet */
    const char *channel_transaction; /* NULL: none */
    const char *action_url;
    const char *return_url;
    const char *failure;
    bool is_late;
    int64_t due_time_ms; /* when to ask the channel next; 0: never */
    int32_t attempts;
    int64_t expire_time_ms;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int64_t succeed_time_ms;
    int64_t refund_minor; /* what went back or is about to */
    int64_t fee_minor;    /* what the channel keeps; set when it succeeds, never later */
    int32_t state_read;
    int32_t version_read;
};

/* Why money goes back. */
enum refund_purpose {
    REFUND_OF_ORDER = 1,  /* the order module has a refund of the same id */
    REFUND_OF_LATE = 2,   /* the money came too late for its order */
    REFUND_OF_CHARGE = 3, /* of a payment that belongs to no order: RefundPayment */
};

struct refund_row {
    int64_t refund_id;
    int64_t biz_id;
    int64_t payment_id;
    int64_t order_id; /* of the payment; 0: none */
    int64_t channel_account_id;
    int32_t purpose;
    int32_t state;
    int32_t version;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    const char *channel_ref;         /* NULL: not known yet */
    const char *channel_transaction; /* NULL: none */
    const char *failure;
    int64_t due_time_ms; /* when to ask the channel next; 0: never */
    int32_t attempts;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int64_t succeed_time_ms;
    struct sql_bytes request_id; /* of RefundPayment; without data: of others */
    uint8_t fingerprint[FINGERPRINT_SIZE];
    const char *reason; /* of a charge's refund, else empty */
    const char *actor;
    int32_t state_read;
    int32_t version_read;
};

/* A refund's request, as a key to read by. */
struct refund_request_key {
    int64_t biz_id;
    struct sql_bytes request_id;
};

/* How much of a payment has gone back. */
struct refunded_sum {
    int64_t payment_id;
    int64_t amount_minor;
};

struct refund_event_row {
    int64_t refund_id;
    int32_t version;
    int64_t biz_id;
    int32_t event;
    int32_t from_state;
    int32_t to_state;
    const char *actor;
    const char *detail;
    int64_t create_time_ms;
};

/* Money of a payment that is to go back, or is not to after all. */
struct refund_claim {
    int64_t payment_id;
    int64_t biz_id;
    int64_t amount_minor;
};

struct payment_event_row {
    int64_t payment_id;
    int32_t version;
    int64_t biz_id;
    int32_t event;
    int32_t from_state;
    int32_t to_state;
    const char *actor;
    const char *detail;
    int64_t create_time_ms;
};

struct notification_row {
    int64_t channel_account_id;
    const char *event_id;
    int64_t biz_id;
    int64_t payment_id;
    int32_t outcome;
    struct sql_bytes body;
    int64_t create_time_ms;
};

/* An object of a business, as a key to read by. */
struct payment_key {
    int64_t id;
    int64_t biz_id;
};

struct payment_request_key {
    int64_t biz_id;
    struct sql_bytes request_id;
};

int payment_store_insert(struct tx *tx, const struct payment_row *rows, size_t n, struct err *err) MUST_CHECK;
int payment_store_find(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                       struct payment_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* The same, locked by id. */
int payment_store_lock(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                       struct payment_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int payment_store_find_requests(struct tx *tx, const struct payment_request_key *keys, size_t n, struct arena *arena,
                                struct payment_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* All payments of these orders, by id. */
int payment_store_find_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                 struct payment_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* THE mover: payments that still stand at state_read and version_read, and the events that led on. */
int payment_store_move(struct tx *tx, const struct payment_row *rows, size_t n, const struct payment_event_row *events,
                       size_t n_events, struct err *err) MUST_CHECK;

/* Notes that a payment that has succeeded was too late for its order. */
int payment_store_mark_late(struct tx *tx, const struct payment_row *row, struct err *err) MUST_CHECK;

/* Open payments whose channel is to be asked, of all businesses, longest due first. */
int payment_store_find_due(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                           struct payment_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Notes the next time to ask: whoever writes it has the turn. `ret_affected` counts the turns that were free. */
int payment_store_take_turn(struct tx *tx, const struct payment_row *rows, size_t n, uint64_t *ret_affected,
                            struct err *err) MUST_CHECK;

/* Newest first; order_id 0: of all orders. */
int payment_store_list(struct tx *tx, int64_t biz_id, int64_t order_id, const struct page *page, struct arena *arena,
                       struct payment_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Refunds (store_refund.c). */
int payment_store_insert_refunds(struct tx *tx, const struct refund_row *rows, size_t n, struct err *err) MUST_CHECK;
int payment_store_find_refunds(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                               struct refund_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* The same, locked by id. */
int payment_store_lock_refunds(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                               struct refund_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Those that RefundPayment has begun under these requests. */
int payment_store_find_refund_requests(struct tx *tx, const struct refund_request_key *keys, size_t n,
                                       struct arena *arena, struct refund_row **ret_rows, size_t *ret_n,
                                       struct err *err) MUST_CHECK;
/* What has gone back of each payment by now; none where nothing has. Whoever holds the payment's lock sees the last. */
int payment_store_sum_refunded(struct tx *tx, const struct payment_key *payments, size_t n, struct arena *arena,
                               struct refunded_sum **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* THE mover of refunds: those that still stand at state_read and version_read, and the events that led on. */
int payment_store_move_refunds(struct tx *tx, const struct refund_row *rows, size_t n,
                               const struct refund_event_row *events, size_t n_events, struct err *err) MUST_CHECK;
/* Open refunds whose channel is to be asked, of all businesses, longest due first; and the note of the next time. */
int payment_store_find_due_refunds(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                                   struct refund_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int payment_store_take_refund_turn(struct tx *tx, const struct refund_row *rows, size_t n, struct err *err) MUST_CHECK;
/* Adds to payments.refund_minor; more than the payment took is a conflict. And takes back what a refund did not use. */
int payment_store_claim_refunds(struct tx *tx, const struct refund_claim *claims, size_t n, struct err *err) MUST_CHECK;
int payment_store_drop_claims(struct tx *tx, const struct refund_claim *claims, size_t n, struct err *err) MUST_CHECK;

int payment_store_insert_accounts(struct tx *tx, const struct channel_account_row *rows, size_t n,
                                  struct err *err) MUST_CHECK;
int payment_store_update_accounts(struct tx *tx, const struct channel_account_row *rows, size_t n,
                                  struct err *err) MUST_CHECK;
/* With the version of their business's agreements: whoever begins a payment reads it on the way. */
int payment_store_find_accounts(struct tx *tx, const struct payment_key *keys, size_t n, struct arena *arena,
                                struct channel_account_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Of whatever business: for notifications, whose sender is proven by the channel's signature. */
int payment_store_find_accounts_by_id(struct tx *tx, const int64_t *ids, size_t n, struct arena *arena,
                                      struct channel_account_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* All enabled ones of these businesses. */
int payment_store_find_enabled_accounts(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                        struct channel_account_row **ret_rows, size_t *ret_n,
                                        struct err *err) MUST_CHECK;
struct account_code_key {
    int64_t biz_id;
    const char *code;
};
int payment_store_find_account_codes(struct tx *tx, const struct account_code_key *keys, size_t n, struct arena *arena,
                                     struct account_code_key **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int payment_store_list_accounts(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                                struct channel_account_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

struct notification_key {
    int64_t channel_account_id;
    const char *event_id;
};
int payment_store_find_notifications(struct tx *tx, const struct notification_key *keys, size_t n, struct arena *arena,
                                     struct notification_key **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* One that is known already is left as it is. */
int payment_store_insert_notifications(struct tx *tx, const struct notification_row *rows, size_t n,
                                       struct err *err) MUST_CHECK;

/* Statement files (store_statement.c). */
struct statement_row {
    int64_t statement_id;
    int64_t biz_id;
    int64_t channel_account_id;
    int64_t day_ms; /* the UTC day's first millisecond */
    int32_t parts;
    int32_t parts_seen;
    int64_t line_count;
    int64_t create_time_ms;
    int64_t update_time_ms;
};
struct statement_day_key {
    int64_t channel_account_id;
    int64_t day_ms;
};
struct statement_part_row {
    int64_t statement_id;
    int32_t part; /* from 1 on */
    int64_t biz_id;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    int64_t line_count;
    int64_t create_time_ms;
};
struct statement_line_row {
    int64_t line_id;
    int64_t statement_id;
    int32_t part;
    int32_t line_no;
    int64_t biz_id;
    int64_t channel_account_id;
    int32_t kind;
    int64_t object_id;
    const char *channel_ref;
    const char *channel_transaction;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int64_t move_time_ms;
    int64_t fee_minor; /* of it: what the channel kept */
};
/* The account's statement of that day, locked; none or one row. */
int payment_store_lock_statement(struct tx *tx, const struct statement_day_key *key, struct arena *arena,
                                 struct statement_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int payment_store_insert_statement(struct tx *tx, const struct statement_row *row, struct err *err) MUST_CHECK;
/* Writes parts_seen, line_count and update_time_ms. */
int payment_store_update_statement(struct tx *tx, const struct statement_row *row, struct err *err) MUST_CHECK;
/* The part of that number; none or one row. */
int payment_store_find_statement_part(struct tx *tx, const struct statement_part_row *key, struct arena *arena,
                                      struct statement_part_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int payment_store_insert_statement_part(struct tx *tx, const struct statement_part_row *row,
                                        struct err *err) MUST_CHECK;
int payment_store_insert_statement_lines(struct tx *tx, const struct statement_line_row *rows, size_t n,
                                         struct err *err) MUST_CHECK;
/* A line by its id; none or one row. */
int payment_store_find_statement_line(struct tx *tx, int64_t line_id, struct arena *arena,
                                      struct statement_line_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
