/* Rows of the ledger and the statements on them. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_LEDGER_H
#define BMT_SETTLEMENT_STORE_LEDGER_H

#include "base/money.h"
#include "rpc/page.h"
#include "settlement/store_partner.h"

enum { TRANSFER_HASH_SIZE = 32 };

struct transfer_row {
    int64_t transfer_id;
    int64_t biz_id;
    int32_t kind;
    int64_t source_id;
    int32_t source_no;
    int32_t chain;
    int64_t chain_seq;
    uint8_t hash[TRANSFER_HASH_SIZE];
    const char *note;
    int64_t create_time_ms;
};

struct posting_row {
    int64_t transfer_id;
    int32_t posting_no;
    int64_t biz_id;
    int32_t account;
    int64_t subject_id;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int64_t create_time_ms;
};

struct account_day_row {
    int64_t biz_id;
    int32_t account;
    int64_t subject_id;
    char currency[CURRENCY_SIZE];
    int32_t day;
    int32_t chain;
    int64_t debit_minor;
    int64_t credit_minor;
    int64_t posting_count;
};

struct chain_row {
    int32_t chain;
    int64_t seq;
    uint8_t hash[TRANSFER_HASH_SIZE];
    int64_t seq_read;
};

/* An account with its sums. */
struct account_sum {
    int32_t account;
    int64_t subject_id;
    char currency[CURRENCY_SIZE];
    int32_t day; /* 0 where days were added up */
    int64_t debit_minor;
    int64_t credit_minor;
    int64_t posting_count;
};

/* The chain's row, locked; none or one. */
int ledger_store_lock_chain(struct tx *tx, int32_t chain, struct arena *arena, struct chain_row **ret_rows,
                            size_t *ret_n, struct err *err) MUST_CHECK;
int ledger_store_insert_chain(struct tx *tx, const struct chain_row *row, struct err *err) MUST_CHECK;
/* Moves the chain on from seq_read. */
int ledger_store_move_chain(struct tx *tx, const struct chain_row *row, struct err *err) MUST_CHECK;
int ledger_store_insert(struct tx *tx, const struct transfer_row *transfers, size_t n,
                        const struct posting_row *postings, size_t n_postings, struct err *err) MUST_CHECK;
/* Adds to the days; rows that are not there yet are made. */
int ledger_store_add_days(struct tx *tx, const struct account_day_row *rows, size_t n, struct err *err) MUST_CHECK;

int ledger_store_find_transfers(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                                struct transfer_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* By transfer and number. */
int ledger_store_find_postings(struct tx *tx, const int64_t *transfer_ids, size_t n, struct arena *arena,
                               struct posting_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Postings of an account, newest first. */
struct account_key {
    int64_t biz_id;
    int32_t account;
    int64_t subject_id;
    char currency[CURRENCY_SIZE];
};
int ledger_store_list_postings(struct tx *tx, const struct account_key *key, const struct page *page,
                               struct arena *arena, struct posting_row **ret_rows, size_t *ret_n,
                               struct err *err) MUST_CHECK;
/* Accounts with the sums of their days before `day`; account 0: of all kinds. */
int ledger_store_sum_accounts(struct tx *tx, int64_t biz_id, int32_t account, int32_t day, struct arena *arena,
                              struct account_sum **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* The sums of an account's postings from one time on, before another; none or one row. */
int ledger_store_sum_postings(struct tx *tx, const struct account_key *key, int64_t from_ms, int64_t to_ms,
                              struct arena *arena, struct account_sum **ret_rows, size_t *ret_n,
                              struct err *err) MUST_CHECK;

#endif
