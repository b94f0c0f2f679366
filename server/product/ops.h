/*
 * The product module's verbs for flows, inside the caller's transaction: price what is asked for, hold, sell and
 * release stock, take quotes, grant entitlements. All work on arrays over many orders at once.
 *
 * An item names the command it belongs to; where a verb refuses, it refuses that command (command_refuse) and leaves
 * out all of the command's items. Items of commands already done are skipped. Functions return 0, or an error of
 * sql.h that rolls the whole batch back.
 */
#ifndef BMT_PRODUCT_OPS_H
#define BMT_PRODUCT_OPS_H

#include <stdint.h>

#include "base/money.h"
#include "sql/batch.h"

/* What a command names of the catalogue; 0: nothing. */
struct catalogue_ref {
    struct command *command;
    int64_t spu_id;
    int64_t sku_id;
};

/* Refuses with SPU_NOT_FOUND, SKU_NOT_FOUND what the command's business does not have, published or not. */
int product_require(struct batch *batch, const struct catalogue_ref *refs, size_t n, struct err *err) MUST_CHECK;

/* One line of an order or a quote. The caller sets the upper part, product_price_lines the lower. */
struct sale_line {
    struct command *command;
    int64_t sku_id;
    int64_t quantity;
    char currency[CURRENCY_SIZE];

    int64_t spu_id;
    int64_t price_id;
    const char *title;
    int64_t unit_minor;
    int64_t amount_minor; /* quantity x unit */
    bool is_counted;      /* the SKU's stock is counted, so it must be held */
};

/*
 * Finds SKU, SPU, the price that is effective at batch->now_ms, and whether stock is counted. Refuses with
 * SKU_NOT_FOUND, SKU_NOT_ON_SALE, PRICE_MISSING, AMOUNT_OVERFLOW (field `lines`).
 */
int product_price_lines(struct batch *batch, struct sale_line *lines, size_t n, struct err *err) MUST_CHECK;

/* A quote to be used by an order. The caller sets the upper part. */
struct quote_use {
    struct command *command;
    int64_t quote_id;
    int64_t order_id;
    const char *user_id;

    struct money total;
    struct sale_line *lines; /* in the batch's arena */
    size_t n_lines;
};

/*
 * Loads the quotes with their lines and binds each to its order. Refuses with QUOTE_NOT_FOUND, QUOTE_MISMATCH,
 * QUOTE_EXPIRED, QUOTE_USED. Call product_mark_quotes afterwards, when nothing else can refuse.
 */
int product_use_quotes(struct batch *batch, struct quote_use *uses, size_t n, struct err *err) MUST_CHECK;

/* Writes quotes.order_id of uses whose command is not done; a count that differs is a conflict. */
int product_mark_quotes(struct batch *batch, const struct quote_use *uses, size_t n, struct err *err) MUST_CHECK;

/* Counted stock wanted for one line; lines of one order with the same SKU are folded by the callee. */
struct stock_want {
    struct command *command;
    int64_t order_id;
    int64_t sku_id;
    int64_t quantity;
};

/*
 * Decides whether the stock suffices, in the order of the items: with batch->look_first it reads the present stock and
 * refuses with STOCK_INSUFFICIENT the first that does not fit any more. Without it everything is hoped for.
 */
int product_check_stock(struct batch *batch, const struct stock_want *wants, size_t n, struct err *err) MUST_CHECK;

/*
 * Holds: merges the wants of commands not done by SKU, moves available -> held by one conditional update (ordered by
 * SKU), inserts stock_holds. What does not fit is a conflict (the batch then looks first). Call it last: stock rows
 * are the hottest, so they are locked for the shortest time.
 */
int product_hold_stock(struct batch *batch, const struct stock_want *wants, size_t n, struct err *err) MUST_CHECK;

/*
 * The holds of these orders (whose rows the caller has locked) become SOLD (held -> sold) or RELEASED (held ->
 * available). Orders without holds are fine. A hold that is not HELD any more is a conflict.
 */
int product_sell_holds(struct batch *batch, const int64_t *order_ids, size_t n, struct err *err) MUST_CHECK;
int product_release_holds(struct batch *batch, const int64_t *order_ids, size_t n, struct err *err) MUST_CHECK;

/* An order that had closed and is to be sold after all. */
struct stock_rehold {
    int64_t order_id; /* each at most once a call */
    bool is_held;     /* its units were all available again, and are held now; true for one without holds */
};

/*
 * Holds once more what was released of these orders, each as a whole or not at all. Stock that is taken meanwhile is a
 * conflict. With `is_look` nothing is changed.
 */
int product_rehold(struct batch *batch, struct stock_rehold *orders, size_t n, bool is_look,
                   struct err *err) MUST_CHECK;

/*
 * For repairs: the order's holds that are still HELD become SOLD or RELEASED, the others stay. `ret_n` counts them;
 * with `is_look` nothing is changed.
 */
int product_settle_holds(struct batch *batch, int64_t order_id, bool is_sold, bool is_look, size_t *ret_n,
                         struct err *err) MUST_CHECK;

/* A paid line that is to be granted. */
struct lot_grant {
    int64_t biz_id;
    const char *user_id;
    int64_t order_id;
    int32_t line_no;
    int64_t sku_id;
    int64_t spu_id;
    int64_t quantity;
};

/*
 * Inserts one entitlement lot a line, by what the SKU grants: DURATION lots begin when the user's last lot of the SPU
 * ends (or now), COUNT lots carry quantity x pieces, PERMANENT lots have no end. Once per (order, line): a second
 * grant is a conflict.
 */
int product_grant_lots(struct batch *batch, const struct lot_grant *grants, size_t n, struct err *err) MUST_CHECK;

/* Units of a fulfilled line that were paid back. */
struct line_recall {
    int64_t biz_id;
    int64_t order_id;
    int32_t line_no;
    int64_t sku_id;
    int64_t quantity;
};

/*
 * Takes the units back: a DURATION lot ends earlier by their share of its time, a COUNT lot loses their pieces as far
 * as they are not consumed, a lot without units left is RECALLED; counted stock returns from sold to available. Each
 * line at most once a call; the orders' rows are locked by the caller.
 */
int product_recall(struct batch *batch, const struct line_recall *recalls, size_t n, struct err *err) MUST_CHECK;

/* The same for the lots alone: stock stays as it is. For repairs of lots that nobody has bought. */
int product_recall_lots(struct batch *batch, const struct line_recall *recalls, size_t n, struct err *err) MUST_CHECK;

#endif
