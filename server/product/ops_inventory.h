/* Commands on stock, quotes and entitlements: what service_inventory.c fills, and ops_inventory.c, ops_quote.c,
 * ops_entitlement.c carry out. */
#ifndef BMT_PRODUCT_OPS_INVENTORY_H
#define BMT_PRODUCT_OPS_INVENTORY_H

#include "product/ops.h"
#include "product/store.h"
#include "rpc/list.h"

enum stock_change { STOCK_SET_TOTAL = 1, STOCK_SET_UNLIMITED, STOCK_ADD };

struct change_stock {
    struct command command;
    int64_t sku_id;
    enum stock_change change;
    int64_t amount; /* the total, or units to add */
    bool is_counted;
    struct stock_row row;
};

struct get_stock {
    struct command command;
    int64_t sku_id;
    bool is_counted;
    struct stock_row row;
};

struct quote_price {
    struct command command;
    const char *user_id;
    const char *coupon_code; /* the first one; NULL: none */
    struct sale_line *lines; /* SKU, quantity, currency given */
    size_t n_lines;
    struct quote_row row;
};

struct get_quote {
    struct command command;
    struct quote_row row; /* quote_id given */
    struct quote_line_row *lines;
    size_t n_lines;
};

struct get_entitlement {
    struct command command;
    struct lot_row row; /* lot_id given */
};

struct list_entitlements {
    struct command command;
    struct list list;
    const char *user_id;
    int64_t spu_id; /* 0: of all SPUs */
    struct lot_row *rows;
    size_t n;
};

struct check_entitlement {
    struct command command;
    const char *user_id;
    int64_t spu_id;
    bool is_entitled;
    int64_t end_time_ms; /* 0: no end */
    int64_t remaining;
};

extern struct batch_plan change_stock_plan, get_stock_plan;
extern struct batch_plan quote_price_plan, get_quote_plan;
extern struct batch_plan get_entitlement_plan, list_entitlements_plan, check_entitlement_plan;

/* The lines of a priced command as rows; returns how many. */
size_t product_quote_lines(const struct quote_price *c, struct quote_line_row *rows);

/* How long quotes bind; see product_set_quote_life. */
extern _Atomic int64_t product_quote_lives_ms;

#endif
