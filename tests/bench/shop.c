/* See shop.h. Request ids carry the run's name, so that no run repeats another's. */
#include "bench/shop.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"
#include "bmt/sandbox/v1/sandbox.pb-c.h"

enum { ORDERS_KEPT = 4096, REPEAT_EVERY = 100, SOLD_OUT_EVERY = 100, REPEAT_BACK = 1000 };

/* The last one is sold out. */
static int64_t sku_ids[SHOP_SKUS + 1];
static char sku_texts[SHOP_SKUS + 1][ID_TEXT_SIZE];
static char spu_text[ID_TEXT_SIZE];
static char order_texts[ORDERS_KEPT][ID_TEXT_SIZE];
static size_t n_orders;
static char run_name[16];
static int64_t expires_in_s; /* 0: not named */
static struct bmt_client *client;

_Noreturn void give_up(const char *what, const struct bmt_error *error)
{
    fprintf(stderr, "bench: %s%s%s %s\n", what, error != NULL ? ": " : "", error != NULL ? error->reason : "",
            error != NULL ? error->message : "");
    exit(1);
}

static void *call(const char *method, const ProtobufCMessage *request)
{
    ProtobufCMessage *reply = NULL;
    struct bmt_error error;

    if (bmt_call(client, &bmt__product__v1__product_service__descriptor, method, request, &reply, &error) != 0)
        give_up(method, &error);
    return reply;
}

static void make_sku(int i, char *spu_id)
{
    Bmt__Product__V1__CreateSkuRequest create = BMT__PRODUCT__V1__CREATE_SKU_REQUEST__INIT;
    Bmt__Product__V1__Grant grant = BMT__PRODUCT__V1__GRANT__INIT;
    Bmt__Product__V1__CreatePriceVersionRequest price = BMT__PRODUCT__V1__CREATE_PRICE_VERSION_REQUEST__INIT;
    Bmt__Common__V1__Money money = BMT__COMMON__V1__MONEY__INIT;
    Bmt__Product__V1__SetStockRequest stock = BMT__PRODUCT__V1__SET_STOCK_REQUEST__INIT;
    Bmt__Product__V1__PublishSkuRequest publish = BMT__PRODUCT__V1__PUBLISH_SKU_REQUEST__INIT;
    char request_id[BMT_REQUEST_ID_SIZE];
    char code[48];

    snprintf(code, sizeof code, "bench-%s-%d", run_name, i);
    create.request_id = (char *)(uintptr_t)bmt_request_id(request_id);
    create.spu_id = spu_id;
    create.code = create.title = code;
    grant.kind = BMT__PRODUCT__V1__GRANT_KIND__GRANT_KIND_PERMANENT;
    create.grant = &grant;
    Bmt__Product__V1__CreateSkuResponse *made = call("CreateSku", &create.base);

    snprintf(sku_texts[i], ID_TEXT_SIZE, "%s", made->sku->sku_id);
    if (id_parse(ID_SKU, sku_texts[i], &sku_ids[i]) != 0)
        give_up("the server's id of a SKU", NULL);
    price.request_id = stock.request_id = publish.request_id = request_id;
    price.sku_id = stock.sku_id = publish.sku_id = sku_texts[i];
    money.amount_minor = 990;
    money.currency = (char *)(uintptr_t) "EUR";
    price.unit_price = &money;
    stock.kind = BMT__PRODUCT__V1__STOCK_KIND__STOCK_KIND_COUNTED;
    stock.total = i == SHOP_SKUS ? 0 : INT64_C(1000000000);
    call("CreatePriceVersion", &price.base);
    call("SetStock", &stock.base);
    call("PublishSku", &publish.base);
}

void shop_set_up(struct bmt_client *of)
{
    Bmt__Product__V1__CreateSpuRequest create = BMT__PRODUCT__V1__CREATE_SPU_REQUEST__INIT;
    Bmt__Product__V1__PublishSpuRequest publish = BMT__PRODUCT__V1__PUBLISH_SPU_REQUEST__INIT;
    char request_id[BMT_REQUEST_ID_SIZE];
    char code[32];

    client = of;
    snprintf(run_name, sizeof run_name, "%s", bmt_request_id(request_id) + 11);
    snprintf(code, sizeof code, "bench-%s", run_name);
    create.request_id = publish.request_id = request_id;
    create.code = create.title = code;
    Bmt__Product__V1__CreateSpuResponse *made = call("CreateSpu", &create.base);

    snprintf(spu_text, sizeof spu_text, "%s", made->spu->spu_id);
    publish.spu_id = spu_text;
    call("PublishSpu", &publish.base);
    for (int i = 0; i <= SHOP_SKUS; i++)
        make_sku(i, spu_text);
}

const int64_t *shop_sku_ids(void)
{
    return sku_ids;
}

const char *shop_spu_id(void)
{
    return spu_text;
}

void shop_orders_expire_in(int64_t seconds)
{
    expires_in_s = seconds;
}

/* One order and what it points to. */
struct order_request {
    Bmt__Order__V1__CreateOrderRequest request;
    Bmt__Order__V1__OrderLineRequest line;
    Bmt__Order__V1__OrderLineRequest *lines[1];
    char request_id[48];
    char user[32];
};

static Bmt__Order__V1__CreateOrderRequest *fill(struct order_request *order, uint64_t n, size_t sku)
{
    bmt__order__v1__create_order_request__init(&order->request);
    bmt__order__v1__order_line_request__init(&order->line);
    snprintf(order->request_id, sizeof order->request_id, "bench-%s-%llu", run_name, (unsigned long long)n);
    snprintf(order->user, sizeof order->user, "user-%llu", (unsigned long long)(n % 10000));
    order->line.sku_id = sku_texts[sku];
    order->line.quantity = 1;
    order->lines[0] = &order->line;
    order->request.request_id = order->request_id;
    order->request.user_id = order->user;
    order->request.currency = (char *)(uintptr_t) "EUR";
    order->request.lines = order->lines;
    order->request.expires_in_s = expires_in_s;
    order->request.n_lines = 1;
    return &order->request;
}

static size_t fill_spread(uint64_t n, uint8_t *bytes)
{
    struct order_request order;

    return bmt__order__v1__create_order_request__pack(fill(&order, n, n * 31 % SHOP_SKUS), bytes);
}

static size_t fill_hot(uint64_t n, uint8_t *bytes)
{
    struct order_request order;

    fill(&order, n, 0);
    snprintf(order.request_id, sizeof order.request_id, "hot-%s-%llu", run_name, (unsigned long long)n);
    return bmt__order__v1__create_order_request__pack(&order.request, bytes);
}

/* A repeat is the very request of a while ago, which was neither repeat nor sold out. */
static size_t fill_dirty(uint64_t n, uint8_t *bytes)
{
    struct order_request order;

    if (n % SOLD_OUT_EVERY == 1)
        return bmt__order__v1__create_order_request__pack(fill(&order, n, SHOP_SKUS), bytes);
    return fill_spread(n % REPEAT_EVERY == 2 && n > REPEAT_BACK ? n - REPEAT_BACK + 1 : n, bytes);
}

static size_t fill_batch(uint64_t n, uint8_t *bytes)
{
    Bmt__Order__V1__BatchCreateOrdersRequest request = BMT__ORDER__V1__BATCH_CREATE_ORDERS_REQUEST__INIT;
    Bmt__Order__V1__CreateOrderRequest *orders[SHOP_ORDERS_A_BATCH];
    struct order_request made[SHOP_ORDERS_A_BATCH];
    char request_id[48];

    for (uint64_t i = 0; i < SHOP_ORDERS_A_BATCH; i++) {
        orders[i] = fill(&made[i], n, (n * SHOP_ORDERS_A_BATCH + i) * 31 % SHOP_SKUS);
        snprintf(made[i].request_id, sizeof made[i].request_id, "bench-%s-%llu-%d", run_name, (unsigned long long)n,
                 (int)i);
    }
    snprintf(request_id, sizeof request_id, "batch-%s-%llu", run_name, (unsigned long long)n);
    request.request_id = request_id;
    request.orders = orders;
    request.n_orders = SHOP_ORDERS_A_BATCH;
    return bmt__order__v1__batch_create_orders_request__pack(&request, bytes);
}

static void keep_order(const void *reply, size_t size)
{
    if (n_orders == ORDERS_KEPT)
        return;
    Bmt__Order__V1__CreateOrderResponse *made = bmt__order__v1__create_order_response__unpack(NULL, size, reply);

    if (made == NULL || made->order == NULL)
        give_up("an answer is no order", NULL);
    snprintf(order_texts[n_orders++], ID_TEXT_SIZE, "%s", made->order->order_id);
    bmt__order__v1__create_order_response__free_unpacked(made, NULL);
}

/* The first answers are looked into: all orders of the call must have been made. */
static void check_batch(const void *reply, size_t size)
{
    static int n_checked;

    if (n_checked++ > ORDERS_KEPT)
        return;
    Bmt__Order__V1__BatchCreateOrdersResponse *made =
        bmt__order__v1__batch_create_orders_response__unpack(NULL, size, reply);

    if (made == NULL || made->n_results != SHOP_ORDERS_A_BATCH)
        give_up("an answer lacks orders", NULL);
    for (size_t i = 0; i < made->n_results; i++)
        if (made->results[i]->order == NULL)
            give_up("an order of a batch was refused", NULL);
    bmt__order__v1__batch_create_orders_response__free_unpacked(made, NULL);
}

static size_t fill_get_order(uint64_t n, uint8_t *bytes)
{
    Bmt__Order__V1__GetOrderRequest request = BMT__ORDER__V1__GET_ORDER_REQUEST__INIT;

    request.order_id = order_texts[n * 7 % n_orders];
    return bmt__order__v1__get_order_request__pack(&request, bytes);
}

static size_t fill_echo(uint64_t n, uint8_t *bytes)
{
    (void)n;
    (void)bytes;
    return 0;
}

size_t shop_orders_made(void)
{
    return n_orders;
}

#define ORDER &bmt__order__v1__order_service__descriptor

const struct load load_create_order = {
    .service = ORDER, .method = "CreateOrder", .fill = fill_spread, .answered = keep_order};
const struct load load_create_order_hot = {.service = ORDER, .method = "CreateOrder", .fill = fill_hot};
const struct load load_create_order_dirty = {
    .service = ORDER, .method = "CreateOrder", .fill = fill_dirty, .expected_reason = "STOCK_INSUFFICIENT"};
const struct load load_batch_create = {
    .service = ORDER, .method = "BatchCreateOrders", .fill = fill_batch, .answered = check_batch};
const struct load load_get_order = {.service = ORDER, .method = "GetOrder", .fill = fill_get_order};
const struct load load_echo = {
    .service = &bmt__sandbox__v1__sandbox_service__descriptor, .method = "GetClock", .fill = fill_echo};
