/*
 * What a sale asks of SKUs: state, title, prices, whether stock is counted. It changes rarely and is asked for with
 * every order, so this process keeps what it has read.
 *
 * Every change of it counts up the business's catalogue version in the same transaction. A sale reads that one row in
 * its own transaction, and uses a copy only if it was read under this very version; so it decides as if it had read the
 * catalogue itself, whichever replica changed it.
 */
#ifndef BMT_PRODUCT_OPS_OFFERS_H
#define BMT_PRODUCT_OPS_OFFERS_H

#include "product/store.h"

/* The order of keys, and of the offers that are found. */
int product_compare_keys(const void *left, const void *right);

/*
 * The offers of these SKUs at batch->now_ms, ordered by SKU: one row for each currency that has a price now, one row
 * without currency for a SKU that has none. SKUs that do not exist are left out. `keys` must be sorted and distinct.
 */
int product_find_offers(struct batch *batch, const struct product_key *keys, size_t n, struct offer_row **ret_offers,
                        size_t *ret_n, struct err *err) MUST_CHECK;

/* Says that the offers of these businesses change with this transaction. `biz_ids` is sorted in place. */
int product_count_changes(struct batch *batch, int64_t *biz_ids, size_t n, struct err *err) MUST_CHECK;

#endif
