/* Commands on SPUs, SKUs and prices: what service_catalogue.c fills and ops_catalogue.c, ops_price.c carry out. */
#ifndef BMT_PRODUCT_OPS_CATALOGUE_H
#define BMT_PRODUCT_OPS_CATALOGUE_H

#include "product/state.h"
#include "product/store.h"
#include "rpc/list.h"

/* The fields of SPU and SKU that an update can name, as bits. */
enum { CATALOGUE_TITLE = 1, CATALOGUE_DESCRIPTION = 2 };

struct create_spu {
    struct command command;
    struct spu_row row; /* code, title, description given; the rest is set */
};

/* One change of an SPU or SKU: fields, or an event. */
struct catalogue_edit {
    int64_t id;
    enum sale_event event; /* 0: fields */
    unsigned fields;       /* CATALOGUE_... */
    int32_t version;       /* -1: whatever is there */
    const char *title;
    const char *description;
};

struct edit_spu {
    struct command command;
    struct catalogue_edit edit;
    struct spu_row row;
};

struct get_spu {
    struct command command;
    int64_t spu_id;
    struct spu_row row;
};

struct list_spus {
    struct command command;
    struct list list;
    struct spu_row *rows;
    size_t n;
};

struct create_sku {
    struct command command;
    struct sku_row row; /* spu_id, code, title, grant given; the rest is set */
};

struct edit_sku {
    struct command command;
    struct catalogue_edit edit;
    struct sku_row row;
};

struct get_sku {
    struct command command;
    int64_t sku_id;
    struct sku_row row;
};

struct list_skus {
    struct command command;
    struct list list;
    int64_t spu_id; /* 0: of all SPUs */
    struct sku_row *rows;
    size_t n;
};

struct create_price {
    struct command command;
    struct price_row row; /* sku_id, currency, amount_minor given, effective_time_ms or 0 for now */
};

struct list_prices {
    struct command command;
    struct list list;
    int64_t sku_id;
    struct price_row *rows;
    size_t n;
};

extern struct batch_plan create_spu_plan, edit_spu_plan, get_spu_plan, list_spus_plan;
extern struct batch_plan create_sku_plan, edit_sku_plan, get_sku_plan, list_skus_plan;
extern struct batch_plan create_price_plan, list_prices_plan;

#endif
