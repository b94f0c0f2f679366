/* Rows of clearing: lines, partners' entries, who bears refunds. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_CLEARING_H
#define BMT_SETTLEMENT_STORE_CLEARING_H

#include "settlement/store_partner.h"

/* The numbers of bmt.settlement.v1. */
enum clearing_state { CLEARING_PENDING = 1, CLEARING_CLEARED = 2 };
enum entry_kind { ENTRY_SALE = 1, ENTRY_REVERSAL = 2, ENTRY_ADJUSTMENT = 3, ENTRY_DISPUTE = 4 };
enum entry_state { ENTRY_PENDING = 1, ENTRY_CLEARED = 2, ENTRY_SETTLED = 3 };

struct clearing_row {
    int64_t order_id;
    int32_t line_no;
    int64_t biz_id;
    int64_t payment_id;
    int64_t channel_account_id;
    int64_t sku_id;
    int64_t rule_id; /* 0: none */
    int64_t quantity;
    int32_t state;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int64_t fee_minor;
    int64_t refunded_minor; /* by refunds and lost disputes */
    int64_t platform_minor;
    int64_t fee_left_minor;
    int64_t due_time_ms; /* since when it can be cleared; 0: not yet, or done */
    int64_t sale_time_ms;
    int64_t clear_time_ms;
    int64_t disputed_minor; /* by open disputes */
    int32_t state_read;     /* what an update expects to find */
};

struct clearing_entry_row {
    int64_t entry_id;
    int64_t biz_id;
    int64_t partner_id;
    int64_t order_id; /* 0: of none */
    int32_t line_no;
    int32_t kind;
    int32_t state;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int64_t source_id;
    int64_t reverses_entry_id;
    int64_t claw_back_payout_id;
    int64_t statement_id; /* 0: in none yet */
    int64_t payable_time_ms;
    int64_t create_time_ms;
};

struct refund_bearer_row {
    int64_t refund_id;
    int64_t partner_id;
    int64_t biz_id;
    int64_t amount_minor;
};

struct clearing_key {
    int64_t order_id;
    int32_t line_no;
};

int clearing_store_insert(struct tx *tx, const struct clearing_row *rows, size_t n, struct err *err) MUST_CHECK;
/* Of these orders, by order and line; locked or not. */
int clearing_store_lock_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                  struct clearing_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int clearing_store_find_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                  struct clearing_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Notes that the orders have ended, on lines that wait for it. */
int clearing_store_end_orders(struct tx *tx, const int64_t *order_ids, size_t n, int64_t now_ms, struct arena *arena,
                              struct err *err) MUST_CHECK;
/* THE mover: lines that still stand at state_read; writes all that can change. */
int clearing_store_move(struct tx *tx, const struct clearing_row *rows, size_t n, struct err *err) MUST_CHECK;
/* Lines that can be cleared, of all businesses, longest due first: those orders whose number leaves the rest `shard`.
 */
int clearing_store_find_due(struct tx *tx, int64_t now_ms, size_t shard, size_t shards, size_t limit,
                            struct arena *arena, struct clearing_key **ret_rows, size_t *ret_n,
                            struct err *err) MUST_CHECK;

int clearing_store_insert_entries(struct tx *tx, const struct clearing_entry_row *rows, size_t n,
                                  struct err *err) MUST_CHECK;
/* By order, line and id. */
int clearing_store_find_entries(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                struct clearing_entry_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* A partner's entries of a statement (0: of none), from `after_id` on, payable before; by id. */
struct entry_range {
    int64_t biz_id; /* 0: whatever the partner's */
    int64_t partner_id;
    char currency[CURRENCY_SIZE];
    int64_t statement_id;
    int64_t after_id;
    int64_t payable_before_ms;
    int32_t limit;
};
int clearing_store_list_entries(struct tx *tx, const struct entry_range *range, struct arena *arena,
                                struct clearing_entry_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Lines of a business that wait for their order, added up by channel account, currency and age. */
struct open_lines {
    int64_t channel_account_id;
    char currency[CURRENCY_SIZE];
    int32_t age; /* 0: sold within a day, 1: 7 days, 2: 30 days, 3: before */
    int64_t amount_minor;
    int64_t fee_minor;
    int64_t refunded_minor;
    int64_t line_count;
    int64_t fee_count;    /* of them: with a fee */
    int64_t refund_count; /* of them: something went back */
};
int clearing_store_sum_open(struct tx *tx, int64_t biz_id, int64_t now_ms, struct arena *arena,
                            struct open_lines **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

int clearing_store_insert_bearers(struct tx *tx, const struct refund_bearer_row *rows, size_t n,
                                  struct err *err) MUST_CHECK;
int clearing_store_find_bearers(struct tx *tx, const int64_t *refund_ids, size_t n, struct arena *arena,
                                struct refund_bearer_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
