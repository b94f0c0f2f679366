/* Rows of the business module and the statements on them. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_BUSINESS_STORE_H
#define BMT_BUSINESS_STORE_H

#include "base/money.h"
#include "rpc/auth.h"
#include "rpc/page.h"
#include "sql/batch.h"

enum business_state { BUSINESS_ACTIVE = 1, BUSINESS_SUSPENDED = 2 };
enum late_money { LATE_MONEY_REFUND = 1, LATE_MONEY_REOPEN = 2 };
enum failed_payment { FAILED_PAYMENT_KEEP_ORDER = 1, FAILED_PAYMENT_CLOSE_ORDER = 2 };
enum api_key_state { API_KEY_LIVE = 1, API_KEY_REVOKED = 2 };

struct business_row {
    int64_t biz_id;
    const char *code;
    const char *name;
    int32_t state;
    char currency[CURRENCY_SIZE];
    const char *contact_email;
    int32_t order_expires_in_s;
    int32_t order_confirm_after_s;
    int32_t version;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t late_money;
    int32_t failed_payment;
    int32_t version_read;
};

struct api_key_row {
    int64_t key_id;
    int64_t biz_id; /* 0: staff of the platform */
    uint8_t hash[API_KEY_HASH_SIZE];
    char last_four[5];
    int32_t role;
    const char *scopes; /* separated by spaces */
    const char *label;
    uint8_t fingerprint[FINGERPRINT_SIZE];
    int32_t state;
    int64_t expire_time_ms;
    int64_t revoke_time_ms;
    int64_t create_time_ms;
    int64_t update_time_ms;
};

int business_store_insert(struct tx *tx, const struct business_row *rows, size_t n, struct err *err) MUST_CHECK;
/* Writes all but code, currency and creation where version is still version_read. */
int business_store_update(struct tx *tx, const struct business_row *rows, size_t n, struct err *err) MUST_CHECK;
int business_store_find(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                        struct business_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int business_store_find_codes(struct tx *tx, const char *const *codes, size_t n, struct arena *arena,
                              struct business_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int business_store_list(struct tx *tx, const struct page *page, struct arena *arena, struct business_row **ret_rows,
                        size_t *ret_n, struct err *err) MUST_CHECK;

struct api_key_key {
    int64_t key_id;
    int64_t biz_id;
};
int business_store_insert_keys(struct tx *tx, const struct api_key_row *rows, size_t n, struct err *err) MUST_CHECK;
/* Writes state and times of keys that are still LIVE. */
int business_store_update_keys(struct tx *tx, const struct api_key_row *rows, size_t n, struct err *err) MUST_CHECK;
int business_store_find_keys(struct tx *tx, const struct api_key_key *keys, size_t n, struct arena *arena,
                             struct api_key_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int business_store_find_hashes(struct tx *tx, const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n, struct arena *arena,
                               struct api_key_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Keys that may still work, locked: the limit is counted on them. */
int business_store_lock_live_keys(struct tx *tx, int64_t biz_id, int64_t now_ms, struct arena *arena,
                                  struct api_key_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int business_store_list_keys(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                             struct api_key_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Keys that changed, or whose business did, at or after the time. */
int business_store_changed_keys(struct tx *tx, int64_t since_ms, struct arena *arena, struct api_key_row **ret_rows,
                                size_t *ret_n, struct err *err) MUST_CHECK;

#endif
