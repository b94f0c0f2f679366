/* Rows of partners and split rules, and the statements on them. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_PARTNER_H
#define BMT_SETTLEMENT_STORE_PARTNER_H

#include "base/money.h"
#include "rpc/page.h"
#include "sql/sql.h"

enum partner_state { PARTNER_ACTIVE = 1, PARTNER_CLOSED = 2 };
enum schedule { SCHEDULE_DAILY = 1, SCHEDULE_WEEKLY = 2, SCHEDULE_MONTHLY = 3, SCHEDULE_THRESHOLD = 4 };
enum split_scope { SCOPE_BUSINESS = 1, SCOPE_SPU = 2, SCOPE_SKU = 3 };
enum split_kind { SPLIT_BASIS_POINTS = 1, SPLIT_FIXED = 2 };
enum { SPLIT_PARTS_MAX = 32, SPLIT_LEVEL_MAX = 8, BASIS_POINTS_WHOLE = 10000 };

struct partner_row {
    int64_t partner_id;
    int64_t biz_id;
    const char *code;
    const char *title;
    int32_t state;
    char currency[CURRENCY_SIZE];
    int64_t payout_channel_account_id; /* 0: none */
    const char *payout_account;        /* empty: none */
    int64_t payout_account_time_ms;
    int32_t schedule;
    const char *time_zone;
    int32_t cutoff_minutes;
    int64_t threshold_minor;
    int32_t hold_back_s;
    int64_t due_time_ms; /* end of the period under way */
    int32_t version;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t version_read; /* what an update expects to find */
};

struct split_rule_row {
    int64_t rule_id;
    int64_t biz_id;
    int32_t scope;
    int64_t scope_id;
    int32_t seq;                  /* counts the rules of the scope, from 1 on */
    char currency[CURRENCY_SIZE]; /* of fixed parts; empty: none */
    int64_t remainder_partner_id; /* 0: the platform */
    int64_t from_time_ms;
    int64_t to_time_ms; /* exclusive; 0: open */
    int32_t version;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t version_read;
};

struct split_part_row {
    int64_t rule_id;
    int32_t part_no; /* from 1 on */
    int64_t biz_id;
    int32_t level;
    int64_t partner_id; /* 0: the platform */
    int32_t kind;
    int64_t value;
};

/* An object of a business, as a key to read by. */
struct settlement_key {
    int64_t id;
    int64_t biz_id;
};

/* What rules can be for, as a key to read by. */
struct split_scope_key {
    int64_t biz_id;
    int32_t scope;
    int64_t scope_id;
};

int settlement_store_insert_partners(struct tx *tx, const struct partner_row *rows, size_t n,
                                     struct err *err) MUST_CHECK;
/* Those that still stand at version_read; writes all that can change. */
int settlement_store_update_partners(struct tx *tx, const struct partner_row *rows, size_t n,
                                     struct err *err) MUST_CHECK;
int settlement_store_find_partners(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                                   struct partner_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
struct partner_code_key {
    int64_t biz_id;
    const char *code;
};
int settlement_store_find_partner_codes(struct tx *tx, const struct partner_code_key *keys, size_t n,
                                        struct arena *arena, struct partner_code_key **ret_rows, size_t *ret_n,
                                        struct err *err) MUST_CHECK;
/* Newest first. */
int settlement_store_list_partners(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                                   struct partner_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Partners whose period has ended, of all businesses, longest due first. */
int settlement_store_find_due_partners(struct tx *tx, int64_t now_ms, size_t limit, struct arena *arena,
                                       struct partner_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Begins the next period, where the one that was read is still under way. */
struct period_end {
    int64_t partner_id;
    int64_t biz_id;
    int64_t due_time_ms;
    int64_t due_time_ms_read;
};
int settlement_store_end_period(struct tx *tx, const struct period_end *row, struct err *err) MUST_CHECK;

int settlement_store_insert_rules(struct tx *tx, const struct split_rule_row *rows, size_t n,
                                  const struct split_part_row *parts, size_t n_parts, struct err *err) MUST_CHECK;
/* Writes to_time_ms of those that still stand at version_read. */
int settlement_store_end_rules(struct tx *tx, const struct split_rule_row *rows, size_t n, struct err *err) MUST_CHECK;
int settlement_store_find_rules(struct tx *tx, const struct settlement_key *keys, size_t n, struct arena *arena,
                                struct split_rule_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* All rules of these scopes, ended ones too. */
int settlement_store_find_rules_of(struct tx *tx, const struct split_scope_key *keys, size_t n, struct arena *arena,
                                   struct split_rule_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* By rule and part number. */
int settlement_store_find_parts(struct tx *tx, const int64_t *rule_ids, size_t n, struct arena *arena,
                                struct split_part_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Newest first. */
int settlement_store_list_rules(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                                struct split_rule_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
