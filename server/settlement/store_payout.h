/* Rows of payouts. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_PAYOUT_H
#define BMT_SETTLEMENT_STORE_PAYOUT_H

#include "settlement/store_partner.h"
#include "sql/batch.h"

struct payout_row {
    int64_t payout_id;
    int64_t biz_id;
    int64_t partner_id;
    int64_t statement_id;
    int64_t channel_account_id;
    const char *payout_account; /* name of the secret */
    int32_t state;
    int32_t version;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    const char *channel_ref;         /* NULL: none yet */
    const char *channel_transaction; /* NULL: none yet */
    const char *failure;             /* empty: none */
    struct sql_bytes request_id;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    int64_t due_time_ms; /* when the channel is asked again; 0: never */
    int32_t attempts;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int64_t succeed_time_ms;
    int32_t state_read; /* what a move expects to find */
    int32_t version_read;
};

struct payout_event_row {
    int64_t payout_id;
    int32_t version;
    int64_t biz_id;
    int32_t event;
    int32_t from_state;
    int32_t to_state;
    const char *actor;
    const char *detail;
    int64_t create_time_ms;
};

int payout_store_insert(struct tx *tx, const struct payout_row *rows, const struct payout_event_row *events, size_t n,
                        struct err *err) MUST_CHECK;
/* THE mover: rows that still stand at state_read and version_read, by id. */
int payout_store_move(struct tx *tx, const struct payout_row *rows, size_t n, const struct payout_event_row *events,
                      size_t n_events, struct err *err) MUST_CHECK;
/* By id; locked or not. */
int payout_store_lock(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                      struct payout_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int payout_store_find(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                      struct payout_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
struct payout_request_key {
    int64_t biz_id;
    struct sql_bytes request_id;
};
int payout_store_find_requests(struct tx *tx, const struct payout_request_key *keys, size_t n, struct arena *arena,
                               struct payout_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Newest first; partner 0: of all. */
int payout_store_list(struct tx *tx, int64_t biz_id, int64_t partner_id, const struct page *page, struct arena *arena,
                      struct payout_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Payouts that the channel is to be asked about, of all businesses, longest due first. */
int payout_store_find_due(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                          struct payout_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Notes when they are asked about next; rows that have moved since are passed by. */
int payout_store_take_turn(struct tx *tx, const struct payout_row *rows, size_t n, struct err *err) MUST_CHECK;

#endif
