/*
 * Rows of the product module and the statements on them, in four files: store_catalogue.c (SPU, SKU, prices),
 * store_stock.c, store_quote.c, store_lot.c. All functions return 0 or an error of sql/sql.h. Rows found come in no
 * particular order unless the name says so.
 */
#ifndef BMT_PRODUCT_STORE_H
#define BMT_PRODUCT_STORE_H

#include "base/money.h"
#include "rpc/page.h"
#include "sql/batch.h"

/* An object of a business, as a key to read by. */
struct product_key {
    int64_t id;
    int64_t biz_id;
};

struct spu_row {
    int64_t spu_id;
    int64_t biz_id;
    const char *code;
    const char *title;
    const char *description;
    int32_t state;
    int32_t version;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t version_read; /* what the update expects to find */
};

struct sku_row {
    int64_t sku_id;
    int64_t biz_id;
    int64_t spu_id;
    const char *code;
    const char *title;
    int32_t state;
    int32_t grant_kind;
    int64_t grant_amount;
    int32_t version;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t version_read;
};

struct price_row {
    int64_t sku_id;
    char currency[CURRENCY_SIZE];
    int64_t effective_time_ms;
    int64_t price_id;
    int64_t biz_id;
    int64_t amount_minor;
    int64_t create_time_ms;
};

/* A SKU with all that a sale asks for; one row for each currency that has a price now. */
struct offer_row {
    int64_t sku_id;
    int64_t biz_id;
    int64_t spu_id;
    const char *title;
    int32_t sku_state;
    int32_t spu_state;
    bool is_counted;
    char currency[CURRENCY_SIZE]; /* empty: no price in any currency */
    int64_t price_id;
    int64_t unit_minor;
    int64_t effective_time_ms;
};

/* How often what a sale asks of a business's SKUs has changed; no row: never. */
struct catalogue_version {
    int64_t biz_id;
    int64_t version;
};

struct stock_row {
    int64_t sku_id;
    int64_t biz_id;
    int64_t total;
    int64_t available;
    int64_t held;
    int64_t sold;
    int32_t version;
    int64_t update_time_ms;
    bool is_counted; /* false: unlimited, and nothing is held */
    int32_t version_read;
};

/* Units to move in one SKU's stock. */
struct stock_move {
    int64_t quantity;
    int64_t sku_id;
    int64_t biz_id;
};

struct hold_row {
    int64_t order_id;
    int64_t sku_id;
    int64_t biz_id;
    int64_t quantity;
    int32_t state;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int32_t state_read; /* what a move expects to find */
};

/* Units of a SOLD hold that come back. */
struct hold_return {
    int64_t order_id;
    int64_t sku_id;
    int64_t biz_id;
    int64_t quantity;
    int64_t now_ms;
};

struct quote_row {
    int64_t quote_id;
    int64_t biz_id;
    const char *user_id;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    int64_t order_id;
    int64_t expire_time_ms;
    int64_t create_time_ms;
};

struct quote_line_row {
    int64_t quote_id;
    int32_t line_no;
    int64_t biz_id;
    int64_t sku_id;
    int64_t spu_id;
    int64_t price_id;
    const char *title;
    int64_t quantity;
    int64_t unit_minor;
    int64_t amount_minor;
};

struct lot_row {
    int64_t lot_id;
    int64_t biz_id;
    const char *user_id;
    int64_t spu_id;
    int64_t sku_id;
    int64_t order_id;
    int32_t line_no;
    int32_t grant_kind;
    int64_t quantity;
    int64_t granted;
    int64_t remaining;
    int64_t start_time_ms;
    int64_t end_time_ms;
    int32_t state;
    int32_t seq;
    int64_t create_time_ms;
    int64_t update_time_ms;
    int64_t recalled;
    int64_t recalled_read; /* what a recall expects to find */
};

/* SPUs, SKUs, prices. `update` writes title, description and state where version is still version_read. */
int product_store_insert_spus(struct tx *tx, const struct spu_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_update_spus(struct tx *tx, const struct spu_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_find_spus(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                            struct spu_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_list_spus(struct tx *tx, int64_t biz_id, const struct page *page, struct arena *arena,
                            struct spu_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_insert_skus(struct tx *tx, const struct sku_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_update_skus(struct tx *tx, const struct sku_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_find_skus(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                            struct sku_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_list_skus(struct tx *tx, int64_t biz_id, int64_t spu_id, const struct page *page, struct arena *arena,
                            struct sku_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* Which of these codes are taken already: id 0 when not. */
struct code_key {
    int64_t biz_id;
    const char *code;
};
int product_store_find_spu_codes(struct tx *tx, const struct code_key *keys, size_t n, struct arena *arena,
                                 struct code_key **ret_taken, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_find_sku_codes(struct tx *tx, const struct code_key *keys, size_t n, struct arena *arena,
                                 struct code_key **ret_taken, size_t *ret_n, struct err *err) MUST_CHECK;

int product_store_insert_prices(struct tx *tx, const struct price_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_find_prices(struct tx *tx, const struct price_row *keys, size_t n, struct arena *arena,
                              struct price_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_list_prices(struct tx *tx, int64_t biz_id, int64_t sku_id, const struct page *page,
                              struct arena *arena, struct price_row **ret_rows, size_t *ret_n,
                              struct err *err) MUST_CHECK;
/* The price of each currency that is effective at now_ms, and all that come later. */
int product_store_find_offers(struct tx *tx, const struct product_key *keys, size_t n, int64_t now_ms,
                              struct arena *arena, struct offer_row **ret_rows, size_t *ret_n,
                              struct err *err) MUST_CHECK;

int product_store_find_versions(struct tx *tx, const int64_t *biz_ids, size_t n, struct arena *arena,
                                struct catalogue_version **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* One more change of each; biz_ids sorted and distinct. A transaction's last write, so that it is held but shortly. */
int product_store_count_changes(struct tx *tx, const int64_t *biz_ids, size_t n, struct err *err) MUST_CHECK;

/* Stock. Moves must be sorted by sku_id; each moves as a whole or, if one does not fit, the batch conflicts. */
int product_store_find_stocks(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                              struct stock_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_insert_stocks(struct tx *tx, const struct stock_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_update_stocks(struct tx *tx, const struct stock_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_hold(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                       struct err *err) MUST_CHECK;
int product_store_sell(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                       struct err *err) MUST_CHECK;
int product_store_release(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                          struct err *err) MUST_CHECK;
int product_store_insert_holds(struct tx *tx, const struct hold_row *rows, size_t n, struct err *err) MUST_CHECK;
/*
 * The holds of orders, locked. An order that is seen may have a product branch that is still being committed: its holds
 * cannot be seen by then, and only a read that locks waits for them.
 */
int product_store_lock_holds(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                             struct hold_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* The same without locks: for looks that change nothing. */
int product_store_find_holds(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                             struct hold_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* sold -> available. */
int product_store_return(struct tx *tx, const struct stock_move *moves, size_t n, int64_t now_ms, struct arena *arena,
                         struct err *err) MUST_CHECK;
/* Adds to `returned` of SOLD holds; more than was sold is a conflict. */
int product_store_return_holds(struct tx *tx, const struct hold_return *rows, size_t n, struct err *err) MUST_CHECK;
/* state_read -> state. */
int product_store_move_holds(struct tx *tx, const struct hold_row *rows, size_t n, struct err *err) MUST_CHECK;

/* Quotes. `mark` binds free quotes to their order_id. */
int product_store_insert_quotes(struct tx *tx, const struct quote_row *quotes, size_t n_quotes,
                                const struct quote_line_row *lines, size_t n_lines, struct err *err) MUST_CHECK;
int product_store_find_quotes(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                              struct quote_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* By quote and line number. */
int product_store_find_quote_lines(struct tx *tx, const int64_t *quote_ids, size_t n, struct arena *arena,
                                   struct quote_line_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_mark_quotes(struct tx *tx, const struct quote_row *rows, size_t n, struct err *err) MUST_CHECK;

/* Lots, by id. */
struct lot_user_key {
    int64_t biz_id;
    const char *user_id;
    int64_t spu_id;
};

/* Where a user's next lot of an SPU follows: the last number, and the end of the last DURATION that counts (0: none).
 */
struct lot_tail_row {
    struct lot_user_key of;
    int32_t last_seq;
    int64_t end_time_ms;
};
int product_store_find_lot_tails(struct tx *tx, const struct lot_user_key *keys, size_t n, struct arena *arena,
                                 struct lot_tail_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Lots of orders, locked by order and line; and recalls of lots that still stand at recalled_read. */
int product_store_lock_lots_of_orders(struct tx *tx, const int64_t *order_ids, size_t n, struct arena *arena,
                                      struct lot_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
int product_store_recall_lots(struct tx *tx, const struct lot_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_insert_lots(struct tx *tx, const struct lot_row *rows, size_t n, struct err *err) MUST_CHECK;
int product_store_find_lots(struct tx *tx, const struct product_key *keys, size_t n, struct arena *arena,
                            struct lot_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* The lots of these users and SPUs that have not ended at `now_ms`. */
int product_store_find_live_lots(struct tx *tx, const struct lot_user_key *keys, size_t n, int64_t now_ms,
                                 struct arena *arena, struct lot_row **ret_rows, size_t *ret_n,
                                 struct err *err) MUST_CHECK;
/* spu_id 0: of all SPUs. */
int product_store_list_lots(struct tx *tx, const struct lot_user_key *of, const struct page *page, struct arena *arena,
                            struct lot_row **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
