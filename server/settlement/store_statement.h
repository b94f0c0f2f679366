/*
 * Rows of partners' statements: the statements themselves, the chunks that their trees are made of, approvals. All
 * functions return 0 or an error of sql/sql.h.
 */
#ifndef BMT_SETTLEMENT_STORE_STATEMENT_H
#define BMT_SETTLEMENT_STORE_STATEMENT_H

#include "base/crypto.h"
#include "settlement/store_partner.h"

struct partner_statement_row {
    int64_t statement_id;
    int64_t biz_id;
    int64_t partner_id;
    char currency[CURRENCY_SIZE];
    int32_t seq; /* counts the partner's statements in the currency, from 1 on */
    int64_t from_time_ms;
    int64_t to_time_ms; /* exclusive */
    int32_t state;
    int32_t version;
    int64_t entry_count;
    int64_t entries_minor;
    int64_t last_entry_id; /* gathering goes on after it */
    int64_t carried_minor;
    int64_t total_minor;
    int64_t carried_from_id; /* 0: none */
    int64_t carried_to_id;   /* 0: none */
    struct sql_bytes root;   /* empty while OPEN */
    int32_t approvals_needed;
    int64_t payout_id;   /* 0: none */
    int64_t due_time_ms; /* since when entries are to be gathered; 0: done */
    int64_t create_time_ms;
    int64_t close_time_ms;
    int64_t update_time_ms;
    int32_t state_read; /* what a move expects to find */
    int32_t version_read;
};

struct statement_event_row {
    int64_t statement_id;
    int32_t version;
    int64_t biz_id;
    int32_t event;
    int32_t from_state;
    int32_t to_state;
    const char *actor;
    const char *detail;
    int64_t create_time_ms;
};

struct statement_chunk_row {
    int64_t statement_id;
    int32_t chunk_no; /* from 0 on */
    int64_t biz_id;
    int64_t first_entry_id;
    int64_t last_entry_id;
    int32_t entry_count;
    uint8_t hash[SHA256_SIZE];
};

struct statement_approval_row {
    int64_t statement_id;
    const char *actor;
    int64_t biz_id;
    const char *reason;
    int64_t create_time_ms;
};

/* A new row with its event. */
int statement_store_insert(struct tx *tx, const struct partner_statement_row *rows,
                           const struct statement_event_row *events, size_t n, struct err *err) MUST_CHECK;
/* THE mover: rows that still stand at state_read and version_read, by id; writes all that can change. */
int statement_store_move(struct tx *tx, const struct partner_statement_row *rows, size_t n,
                         const struct statement_event_row *events, size_t n_events, struct err *err) MUST_CHECK;
/* By id; locked or not. */
int statement_store_lock(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                         struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int statement_store_find(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                         struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Of one partner in one currency, from `seq` on downwards, newest first. */
struct statement_series {
    int64_t partner_id;
    char currency[CURRENCY_SIZE];
    int32_t seq_max;
    int32_t limit;
};
int statement_store_list_series(struct tx *tx, const struct statement_series *series, struct arena *arena,
                                struct partner_statement_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Newest first; partner 0: of all. */
int statement_store_list(struct tx *tx, int64_t biz_id, int64_t partner_id, const struct page *page,
                         struct arena *arena, struct partner_statement_row **ret_rows, size_t *ret_n,
                         struct err *err) MUST_CHECK;
/* Statements whose entries are to be gathered, of all businesses, longest due first. */
int statement_store_find_due(struct tx *tx, int64_t now_ms, size_t shard, size_t shards, size_t limit,
                             struct arena *arena, struct settlement_key **ret_keys, size_t *ret_n,
                             struct err *err) MUST_CHECK;

int statement_store_insert_chunk(struct tx *tx, const struct statement_chunk_row *row, struct err *err) MUST_CHECK;
/* By number. */
int statement_store_list_chunks(struct tx *tx, int64_t statement_id, struct arena *arena,
                                struct statement_chunk_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

int statement_store_insert_approvals(struct tx *tx, const struct statement_approval_row *rows, size_t n,
                                     struct err *err) MUST_CHECK;
/* By statement and time. */
int statement_store_find_approvals(struct tx *tx, const int64_t *statement_ids, size_t n, struct arena *arena,
                                   struct statement_approval_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* What a period would take: entries of none yet that can be paid before a time. */
struct payable_sum {
    int64_t entry_count;
    int64_t amount_minor;
};
int statement_store_sum_payable(struct tx *tx, int64_t partner_id, const char *currency, int64_t before_ms,
                                struct arena *arena, struct payable_sum *ret, struct err *err) MUST_CHECK;
/* Settles the entries between two ids, inclusive, and counts them. */
struct entries_settle {
    int64_t statement_id;
    int64_t partner_id;
    char currency[CURRENCY_SIZE];
    int64_t after_id;
    int64_t last_id;
    int64_t payable_before_ms;
};
int statement_store_settle(struct tx *tx, const struct entries_settle *range, uint64_t *ret_n,
                           struct err *err) MUST_CHECK;

#endif
