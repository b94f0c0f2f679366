/*
 * bmt-bench: measures a running server beside baselines in the same run. Called by ./bmt bench, which starts the
 * server; address, key, business and the database's socket come from BMT_ADDRESS, BMT_API_KEY, BMT_BUSINESS and
 * BMT_DB_SOCKET.
 *
 *   bmt-bench [--json] [--seconds S] [--one-server CALLERS:ORDERS_PER_S,...] [create-order] [get-order] [echo]
 *
 * With two-phase commit the tables of an order are on three servers, so the baseline is what the same server did with
 * all of them on one, told by --one-server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "bench/load.h"
#include "bench/one_tx.h"
#include "bmt/order/v1/order.pb-c.h"
#include "bmt/product/v1/product.pb-c.h"
#include "bmt/sandbox/v1/sandbox.pb-c.h"

enum { SKUS = 100, ORDERS_KEPT = 4096 };

static struct bmt_client *client;
static bool is_json;
static double seconds = 5;
static const char *one_server; /* NULL: this is it */
static int64_t sku_ids[SKUS];
static char sku_texts[SKUS][ID_TEXT_SIZE];
static char order_texts[ORDERS_KEPT][ID_TEXT_SIZE];
static size_t n_orders;
static char run_name[16];
static double echo_per_s; /* 0: not measured yet */

static _Noreturn void give_up(const char *what, const struct bmt_error *error)
{
    fprintf(stderr, "bench: %s: %s %s\n", what, error != NULL ? error->reason : "",
            error != NULL ? error->message : "");
    exit(1);
}

static void *call(const ProtobufCServiceDescriptor *service, const char *method, const ProtobufCMessage *request)
{
    ProtobufCMessage *reply = NULL;
    struct bmt_error error;

    if (bmt_call(client, service, method, request, &reply, &error) != 0)
        give_up(method, &error);
    return reply;
}

#define PRODUCT &bmt__product__v1__product_service__descriptor

/* SKUs with a price, on sale, with more counted stock than a run can sell. */
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
    Bmt__Product__V1__CreateSkuResponse *made = call(PRODUCT, "CreateSku", &create.base);

    snprintf(sku_texts[i], ID_TEXT_SIZE, "%s", made->sku->sku_id);
    if (id_parse(ID_SKU, sku_texts[i], &sku_ids[i]) != 0)
        give_up("the server's id of a SKU", NULL);
    price.request_id = stock.request_id = publish.request_id = request_id;
    price.sku_id = stock.sku_id = publish.sku_id = sku_texts[i];
    money.amount_minor = 990;
    money.currency = (char *)(uintptr_t) "EUR";
    price.unit_price = &money;
    stock.kind = BMT__PRODUCT__V1__STOCK_KIND__STOCK_KIND_COUNTED;
    stock.total = INT64_C(1000000000);
    call(PRODUCT, "CreatePriceVersion", &price.base);
    call(PRODUCT, "SetStock", &stock.base);
    call(PRODUCT, "PublishSku", &publish.base);
}

static void set_up(void)
{
    Bmt__Product__V1__CreateSpuRequest create = BMT__PRODUCT__V1__CREATE_SPU_REQUEST__INIT;
    Bmt__Product__V1__PublishSpuRequest publish = BMT__PRODUCT__V1__PUBLISH_SPU_REQUEST__INIT;
    char request_id[BMT_REQUEST_ID_SIZE];
    char code[32];

    snprintf(run_name, sizeof run_name, "%s", bmt_request_id(request_id) + 11);
    snprintf(code, sizeof code, "bench-%s", run_name);
    create.request_id = publish.request_id = request_id;
    create.code = create.title = code;
    Bmt__Product__V1__CreateSpuResponse *made = call(PRODUCT, "CreateSpu", &create.base);

    publish.spu_id = made->spu->spu_id;
    call(PRODUCT, "PublishSpu", &publish.base);
    for (int i = 0; i < SKUS; i++)
        make_sku(i, made->spu->spu_id);
}

static size_t fill_create_order(uint64_t n, uint8_t *bytes)
{
    Bmt__Order__V1__CreateOrderRequest request = BMT__ORDER__V1__CREATE_ORDER_REQUEST__INIT;
    Bmt__Order__V1__OrderLineRequest line = BMT__ORDER__V1__ORDER_LINE_REQUEST__INIT;
    Bmt__Order__V1__OrderLineRequest *lines[] = {&line};
    char request_id[48];
    char user[32];

    snprintf(request_id, sizeof request_id, "bench-%s-%llu", run_name, (unsigned long long)n);
    snprintf(user, sizeof user, "user-%llu", (unsigned long long)(n % 10000));
    line.sku_id = sku_texts[n * 31 % SKUS];
    line.quantity = 1;
    request.request_id = request_id;
    request.user_id = user;
    request.currency = (char *)(uintptr_t) "EUR";
    request.lines = lines;
    request.n_lines = 1;
    return bmt__order__v1__create_order_request__pack(&request, bytes);
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

static const struct load create_order = {.service = &bmt__order__v1__order_service__descriptor,
                                         .method = "CreateOrder",
                                         .fill = fill_create_order,
                                         .answered = keep_order};
static const struct load get_order = {
    .service = &bmt__order__v1__order_service__descriptor, .method = "GetOrder", .fill = fill_get_order};
static const struct load echo = {
    .service = &bmt__sandbox__v1__sandbox_service__descriptor, .method = "GetClock", .fill = fill_echo};

static void show(const char *name, int callers, double value, double p50_ms, double p99_ms, uint64_t errors,
                 const char *baseline, double baseline_value)
{
    if (is_json) {
        printf("{\"name\": \"%s\", \"params\": {\"callers\": %d}, \"value\": %.0f, \"unit\": \"1/s\", \"ratios\": {",
               name, callers, value);
        if (baseline_value > 0)
            printf("\"%s\": %.2f", baseline, value / baseline_value);
        printf("}, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"errors\": %llu}\n", p50_ms, p99_ms,
               (unsigned long long)errors);
    } else {
        printf("%-14s %5d callers %10.0f/s   p50 %7.2f ms   p99 %7.2f ms", name, callers, value, p50_ms, p99_ms);
        if (baseline_value > 0)
            printf("   %.2f x %s", value / baseline_value, baseline);
        printf(errors > 0 ? "   %llu ERRORS\n" : "\n", (unsigned long long)errors);
    }
    fflush(stdout);
}

/* Failed calls are no result: the run ends. */
static double measure(const char *name, const struct load *load, int callers, const char *baseline,
                      double baseline_value)
{
    struct load_result result;

    load_run(client, load, callers, seconds, &result);
    show(name, callers, result.calls_per_s, result.p50_ms, result.p99_ms, result.errors, baseline, baseline_value);
    if (result.errors > 0) {
        fprintf(stderr, "bench: %s had errors: %s\n", name, result.first_error);
        exit(1);
    }
    return result.calls_per_s;
}

static const int callers[] = {1, 8, 64, 256};

/* `256:8169` in a list of such; 0 when it is not there. */
static double one_server_of(int n_callers)
{
    for (const char *at = one_server; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        char *colon = NULL;

        if (strtol(at, &colon, 10) == n_callers && *colon == ':')
            return strtod(colon + 1, NULL);
    }
    return 0;
}

static void bench_beside_one_server(void)
{
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++)
        measure("create-order", &create_order, callers[i], "one-server", one_server_of(callers[i]));
}

static void bench_create_order(void)
{
    struct one_tx_result baseline = {0};
    int64_t biz_id = 0;
    const char *business = getenv("BMT_BUSINESS");
    const char *socket = getenv("BMT_DB_SOCKET");

    if (one_server != NULL) {
        bench_beside_one_server();
        return;
    }
    if (business == NULL || socket == NULL || id_parse(ID_BUSINESS, business, &biz_id) != 0)
        give_up("BMT_BUSINESS and BMT_DB_SOCKET must be set", NULL);
    if (one_tx_run(socket, biz_id, sku_ids, SKUS, seconds, &baseline) != 0)
        give_up("the baseline one-tx failed", NULL);
    show("one-tx", baseline.connections, baseline.orders_per_s, baseline.p50_ms, baseline.p99_ms, 0, "", 0);
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++)
        measure("create-order", &create_order, callers[i], "one-tx", baseline.orders_per_s);
}

static void bench_echo(void)
{
    echo_per_s = measure("echo", &echo, 256, "", 0);
}

static void bench_get_order(void)
{
    struct load_result unused;

    if (n_orders == 0)
        load_run(client, &create_order, 64, 1, &unused);
    if (n_orders == 0)
        give_up("there is no order to read", NULL);
    if (echo_per_s <= 0)
        bench_echo();
    measure("get-order", &get_order, 256, "echo", echo_per_s);
}

static void run(const char *name)
{
    if (strcmp(name, "create-order") == 0)
        bench_create_order();
    else if (strcmp(name, "get-order") == 0)
        bench_get_order();
    else if (strcmp(name, "echo") == 0)
        bench_echo();
    else
        give_up("unknown name; there are create-order, get-order and echo", NULL);
}

int main(int argc, char **argv)
{
    struct bmt_error error;
    int n_named = 0;

    client = bmt_client_new(
        &(struct bmt_client_options){
            .address = getenv("BMT_ADDRESS"), .api_key = getenv("BMT_API_KEY"), .connections = 2, .deadline_ms = 20000},
        &error);
    if (client == NULL)
        give_up("client", &error);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            is_json = true;
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--one-server") == 0 && i + 1 < argc)
            one_server = argv[++i];
        else
            n_named++;
    }
    set_up();
    if (n_named == 0) {
        bench_create_order();
        bench_get_order();
    }
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0 || strcmp(argv[i], "--one-server") == 0)
            i++;
        else if (strcmp(argv[i], "--json") != 0)
            run(argv[i]);
    }
    bmt_client_free(client);
    return 0;
}
