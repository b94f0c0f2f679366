/* Rows of disputes. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_DISPUTE_H
#define BMT_SETTLEMENT_STORE_DISPUTE_H

#include "rpc/page.h"
#include "settlement/store_partner.h"

struct dispute_row {
    int64_t dispute_id;
    int64_t biz_id;
    int64_t order_id;
    int32_t line_no;
    int64_t channel_account_id;
    int32_t state;
    int32_t version;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int64_t fee_minor;           /* what the channel charged when it was opened */
    int64_t fee_returned_minor;  /* of that: what it gave back when it ended */
    const char *channel_dispute; /* the channel's number of it */
    const char *reason;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t state_read; /* what a move expects to find */
    int32_t version_read;
};

struct dispute_event_row {
    int64_t dispute_id;
    int32_t version;
    int64_t biz_id;
    int32_t event;
    int32_t from_state;
    int32_t to_state;
    const char *actor;
    const char *detail;
    int64_t create_time_ms;
};

int dispute_store_insert(struct tx *tx, const struct dispute_row *rows, const struct dispute_event_row *events,
                         size_t n, struct err *err) MUST_CHECK;
/* THE mover: rows that still stand at state_read and version_read; an event for each. */
int dispute_store_move(struct tx *tx, const struct dispute_row *rows, const struct dispute_event_row *events, size_t n,
                       struct err *err) MUST_CHECK;
/* Locked by id, or not. */
int dispute_store_lock(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                       struct dispute_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int dispute_store_find(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                       struct dispute_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* By what the channel names them, and the line. */
struct dispute_channel_key {
    int64_t biz_id;
    int64_t channel_account_id;
    const char *channel_dispute;
    int64_t order_id;
    int32_t line_no;
};
int dispute_store_find_of_channels(struct tx *tx, const struct dispute_channel_key *keys, size_t n, struct arena *arena,
                                   struct dispute_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Newest first. */
struct dispute_filter {
    int64_t biz_id;
    int64_t order_id; /* 0: of all orders */
    int32_t state;    /* 0: in all states */
};
int dispute_store_list(struct tx *tx, const struct dispute_filter *filter, const struct page *page, struct arena *arena,
                       struct dispute_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Open disputes of a business, added up by channel account, currency and age. */
struct open_disputes {
    int64_t channel_account_id;
    char currency[CURRENCY_SIZE];
    int32_t age; /* 0: opened within a day, 1: 7 days, 2: 30 days, 3: before */
    int64_t amount_minor;
    int64_t dispute_count;
};
int dispute_store_sum_open(struct tx *tx, int64_t biz_id, int64_t now_ms, struct arena *arena,
                           struct open_disputes **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
