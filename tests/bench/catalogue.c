/*
 * A large catalogue: each SKU is made by the calls that make any (create, price, counted stock, publish), is sold once,
 * and then orders go over all of them in turn, beside orders of the shop's few.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "bench/bench.h"
#include "bench/load.h"
#include "bench/report.h"
#include "bench/shop.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"

#define ORDER   &bmt__order__v1__order_service__descriptor
#define PRODUCT &bmt__product__v1__product_service__descriptor

enum { MAKERS = 128, CALLERS = 256 };

static char (*sku_ids)[ID_TEXT_SIZE];
static uint64_t n_skus;
static uint64_t n_made;           /* by the client's one poller thread */
static _Atomic uint64_t next_sku; /* of the pass at hand */
static char run_name[BMT_REQUEST_ID_SIZE];

struct name {
    char text[64];
};

static struct name name_of(const char *what, uint64_t n)
{
    struct name name;

    snprintf(name.text, sizeof name.text, "%s-%s-%llu", what, run_name + 10, (unsigned long long)n);
    return name;
}

static size_t fill_create(uint64_t unused, uint8_t *bytes)
{
    Bmt__Product__V1__CreateSkuRequest request = BMT__PRODUCT__V1__CREATE_SKU_REQUEST__INIT;
    Bmt__Product__V1__Grant grant = BMT__PRODUCT__V1__GRANT__INIT;
    struct name name = name_of("sku", atomic_fetch_add(&next_sku, 1));

    (void)unused;
    request.request_id = request.title = request.code = name.text;
    for (char *at = name.text; *at != '\0'; at++) /* codes are lower case */
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    request.spu_id = (char *)(uintptr_t)shop_spu_id();
    grant.kind = BMT__PRODUCT__V1__GRANT_KIND__GRANT_KIND_PERMANENT;
    request.grant = &grant;
    return bmt__product__v1__create_sku_request__pack(&request, bytes);
}

static void keep_sku(const void *reply, size_t size)
{
    Bmt__Product__V1__CreateSkuResponse *made = bmt__product__v1__create_sku_response__unpack(NULL, size, reply);

    if (made == NULL || made->sku == NULL)
        give_up("an answer is no SKU", NULL);
    snprintf(sku_ids[n_made++], ID_TEXT_SIZE, "%s", made->sku->sku_id);
    bmt__product__v1__create_sku_response__free_unpacked(made, NULL);
}

static size_t fill_price(uint64_t unused, uint8_t *bytes)
{
    Bmt__Product__V1__CreatePriceVersionRequest request = BMT__PRODUCT__V1__CREATE_PRICE_VERSION_REQUEST__INIT;
    Bmt__Common__V1__Money money = BMT__COMMON__V1__MONEY__INIT;
    const uint64_t n = atomic_fetch_add(&next_sku, 1);
    struct name name = name_of("price", n);

    (void)unused;
    money.amount_minor = 990;
    money.currency = (char *)(uintptr_t) "EUR";
    request.request_id = name.text;
    request.sku_id = sku_ids[n];
    request.unit_price = &money;
    return bmt__product__v1__create_price_version_request__pack(&request, bytes);
}

static size_t fill_stock(uint64_t unused, uint8_t *bytes)
{
    Bmt__Product__V1__SetStockRequest request = BMT__PRODUCT__V1__SET_STOCK_REQUEST__INIT;
    const uint64_t n = atomic_fetch_add(&next_sku, 1);
    struct name name = name_of("stock", n);

    (void)unused;
    request.request_id = name.text;
    request.sku_id = sku_ids[n];
    request.kind = BMT__PRODUCT__V1__STOCK_KIND__STOCK_KIND_COUNTED;
    request.total = INT64_C(1000000000);
    return bmt__product__v1__set_stock_request__pack(&request, bytes);
}

static size_t fill_publish(uint64_t unused, uint8_t *bytes)
{
    Bmt__Product__V1__PublishSkuRequest request = BMT__PRODUCT__V1__PUBLISH_SKU_REQUEST__INIT;
    const uint64_t n = atomic_fetch_add(&next_sku, 1);
    struct name name = name_of("publish", n);

    (void)unused;
    request.request_id = name.text;
    request.sku_id = sku_ids[n];
    return bmt__product__v1__publish_sku_request__pack(&request, bytes);
}

/* Each SKU in its turn. */
static size_t fill_order(uint64_t n, uint8_t *bytes)
{
    Bmt__Order__V1__CreateOrderRequest request = BMT__ORDER__V1__CREATE_ORDER_REQUEST__INIT;
    Bmt__Order__V1__OrderLineRequest line = BMT__ORDER__V1__ORDER_LINE_REQUEST__INIT;
    Bmt__Order__V1__OrderLineRequest *lines[1] = {&line};
    struct name name = name_of("order", n);
    char user[32];

    snprintf(user, sizeof user, "user-%llu", (unsigned long long)(n % 10000));
    line.sku_id = sku_ids[atomic_fetch_add(&next_sku, 1) % n_skus];
    line.quantity = 1;
    request.request_id = name.text;
    request.user_id = user;
    request.currency = (char *)(uintptr_t) "EUR";
    request.lines = lines;
    request.n_lines = 1;
    return bmt__order__v1__create_order_request__pack(&request, bytes);
}

static const struct load load_order = {.service = ORDER, .method = "CreateOrder", .fill = fill_order};

static void refuse_errors(const char *what, const struct load_result *result)
{
    if (result->errors == 0)
        return;
    fprintf(stderr, "bench: %s had errors: %s\n", what, result->first_error);
    exit(1);
}

static void make_catalogue(const struct bench *bench)
{
    static const struct load passes[] = {
        {.service = PRODUCT, .method = "CreateSku", .fill = fill_create, .answered = keep_sku},
        {.service = PRODUCT, .method = "CreatePriceVersion", .fill = fill_price},
        {.service = PRODUCT, .method = "SetStock", .fill = fill_stock},
        {.service = PRODUCT, .method = "PublishSku", .fill = fill_publish},
    };
    struct load_result result;

    n_skus = (uint64_t)bench->skus;
    sku_ids = calloc(n_skus, sizeof *sku_ids);
    if (sku_ids == NULL)
        give_up("out of memory", NULL);
    bmt_request_id(run_name);
    for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
        atomic_store(&next_sku, 0);
        load_run_count(bench->client, &passes[i], MAKERS, bench->skus, &result);
        refuse_errors(passes[i].method, &result);
        fprintf(stderr, "    %s of %lld SKUs: %.0f a second\n", passes[i].method, (long long)bench->skus,
                result.calls_per_s);
    }
    if (n_made != n_skus)
        give_up("SKUs are missing", NULL);
}

static void tell(const struct bench *bench, const char *name, const struct load_result *result, double few)
{
    report(&(struct figure){.name = name,
                            .param = "skus",
                            .param_value = (double)bench->skus,
                            .value = result->calls_per_s,
                            .unit = "1/s",
                            .ratios = {{"few-skus", few}},
                            .p50_ms = result->p50_ms,
                            .p99_ms = result->p99_ms,
                            .load = result},
           bench->is_json);
    refuse_errors(name, result);
}

void bench_catalogue(const struct bench *bench)
{
    struct load_result few;
    struct load_result result;

    load_run(bench->client, &load_create_order, CALLERS, bench->seconds, &few);
    refuse_errors("create-order", &few);
    make_catalogue(bench);
    atomic_store(&next_sku, 0);
    load_run_count(bench->client, &load_order, CALLERS, bench->skus, &result);
    tell(bench, "catalogue-first-sales", &result, few.calls_per_s);
    load_run(bench->client, &load_order, CALLERS, bench->seconds, &result);
    tell(bench, "catalogue", &result, few.calls_per_s);
    free(sku_ids);
}
