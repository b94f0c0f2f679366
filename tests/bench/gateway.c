/*
 * The gateway beside bmtd itself: the same calls over HTTP and JSON as over gRPC, what it adds to a lonely call, and
 * what memory open streams take. It runs a gateway of its own (BMT_GATEWAY_PROGRAM), which limits no token.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "bench/bench.h"
#include "bench/http_load.h"
#include "bench/report.h"
#include "bench/shop.h"
#include "bmt/business/v1/business.pb-c.h"
#include "bmt/order/v1/order.pb-c.h"

enum { CALLERS = 64, STREAMS = 5000, TOKEN_MAX = 2048, ORDERS_MAX = 4096 };

/* Of the token's user: pages see no others. */
static char orders[ORDERS_MAX][ID_TEXT_SIZE];
static size_t n_orders;

static void keep_order(const char *json)
{
    const char *id = strstr(json, "\"orderId\":\"");

    if (id == NULL || n_orders == ORDERS_MAX)
        return;
    id += strlen("\"orderId\":\"");
    snprintf(orders[n_orders++], ID_TEXT_SIZE, "%.*s", (int)strcspn(id, "\""), id);
}

static size_t fill_get_order(uint64_t n, uint8_t *bytes)
{
    Bmt__Order__V1__GetOrderRequest request = BMT__ORDER__V1__GET_ORDER_REQUEST__INIT;

    request.order_id = orders[n * 7 % n_orders];
    return bmt__order__v1__get_order_request__pack(&request, bytes);
}

static const struct load get_order = {
    .service = &bmt__order__v1__order_service__descriptor, .method = "GetOrder", .fill = fill_get_order};

struct own_gateway {
    pid_t pid;
    struct http_place place;
    char token[TOKEN_MAX];
};

static void issue_token(struct bmt_client *client, char token[TOKEN_MAX])
{
    Bmt__Business__V1__IssueClientTokenRequest request = BMT__BUSINESS__V1__ISSUE_CLIENT_TOKEN_REQUEST__INIT;
    Bmt__Business__V1__IssueClientTokenResponse *reply = NULL;
    struct bmt_error error;

    request.user_id = (char *)(uintptr_t) "bench";
    if (bmt_call(client, &bmt__business__v1__business_service__descriptor, "IssueClientToken", &request.base,
                 (ProtobufCMessage **)(void *)&reply, &error) != 0)
        give_up("IssueClientToken", &error);
    snprintf(token, TOKEN_MAX, "%s", reply->token);
    protobuf_c_message_free_unpacked(&reply->base, NULL);
}

/* The port that it writes into the file once it serves. */
static int wait_for_port(const char *file, pid_t pid)
{
    int port = 0;

    while (port == 0) {
        FILE *ready = fopen(file, "re");

        if (waitpid(pid, NULL, WNOHANG) == pid)
            give_up("the gateway has ended", NULL);
        if (ready != NULL && fscanf(ready, "%d", &port) != 1)
            port = 0;
        if (ready != NULL)
            fclose(ready);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return port;
}

/* From here on usage_read sees it. */
static void watch_process(pid_t pid)
{
    static const char *others;
    char text[512];

    if (others == NULL)
        others = getenv("BMT_PROCESSES") != NULL ? strdup(getenv("BMT_PROCESSES")) : "";
    snprintf(text, sizeof text, "%s gateway=%d", others, (int)pid);
    setenv("BMT_PROCESSES", text, 1);
}

static struct own_gateway start_gateway(struct bmt_client *client)
{
    const char *program = getenv("BMT_GATEWAY_PROGRAM");
    const char *server = getenv("BMT_ADDRESS");
    char ready[] = "/tmp/bmt-bench-gateway.XXXXXX";
    struct own_gateway gateway = {.pid = -1};
    const int fd = mkstemp(ready);

    if (program == NULL || server == NULL || fd < 0)
        give_up("BMT_GATEWAY_PROGRAM and BMT_ADDRESS must be set", NULL);
    close(fd);
    gateway.pid = fork();
    if (gateway.pid < 0)
        give_up("could not start the gateway", NULL);
    if (gateway.pid == 0) {
        execl(program, program, "--listen", "127.0.0.1:0", "--server", server, "--ready-file", ready,
              "--calls-per-token", "0", "--streams-per-token", "0", "--log", "warn", (char *)NULL);
        _exit(127);
    }
    gateway.place.port = wait_for_port(ready, gateway.pid);
    unlink(ready);
    watch_process(gateway.pid);
    issue_token(client, gateway.token);
    return gateway;
}

static void stop_gateway(const struct own_gateway *gateway)
{
    kill(gateway->pid, SIGKILL);
    waitpid(gateway->pid, NULL, 0);
}

static void refuse_errors(const char *name, const struct load_result *result)
{
    if (result->errors > 0) {
        fprintf(stderr, "bench: %s had errors: %s\n", name, result->first_error);
        exit(1);
    }
}

/* The same callers over gRPC and then over HTTP. */
static void beside_grpc(const struct bench *bench, const struct http_place *place, const char *name,
                        const struct load *load)
{
    struct load_result direct;
    struct load_result result;
    struct usage before;
    struct usage after;
    struct figure figure = {.name = name,
                            .param = "callers",
                            .param_value = CALLERS,
                            .unit = "1/s",
                            .load = &result,
                            .before = &before,
                            .after = &after};

    load_run(bench->client, load, CALLERS, bench->seconds, &direct);
    refuse_errors(name, &direct);
    usage_read(&before);
    http_load_run(place, load, CALLERS, bench->seconds, &result);
    usage_read(&after);
    refuse_errors(name, &result);
    figure.value = result.calls_per_s;
    figure.p50_ms = result.p50_ms;
    figure.p99_ms = result.p99_ms;
    figure.ratios[0] = (struct ratio){"grpc", direct.calls_per_s};
    report(&figure, bench->is_json);
}

/* One caller, when nothing else is going on: by how much the 99th percentile is later. */
static void added(const struct bench *bench, const struct http_place *place)
{
    struct load_result direct;
    struct load_result result;

    load_run(bench->client, &get_order, 1, bench->seconds, &direct);
    http_load_run(place, &get_order, 1, bench->seconds, &result);
    refuse_errors("gateway-added", &direct);
    refuse_errors("gateway-added", &result);
    report(&(struct figure){.name = "gateway-added",
                            .param = "callers",
                            .param_value = 1,
                            .value = result.p99_ms - direct.p99_ms,
                            .unit = "ms",
                            .p50_ms = result.p50_ms,
                            .p99_ms = result.p99_ms},
           bench->is_json);
}

static long peak_kib(const struct usage *usage, pid_t pid)
{
    for (int i = 0; i < usage->n; i++)
        if (usage->processes[i].pid == pid)
            return usage->processes[i].peak_kib;
    return 0;
}

static void streams(const struct bench *bench)
{
    struct own_gateway gateway = start_gateway(bench->client);
    struct usage usage;

    gateway.place.token = gateway.token;
    for (int i = 0; i < STREAMS; i++)
        http_load_watch(&gateway.place, orders[i % (int)n_orders]);
    usage_read(&usage);
    report(&(struct figure){.name = "gateway-streams",
                            .param = "streams",
                            .param_value = STREAMS,
                            .value = (double)peak_kib(&usage, gateway.pid) / 1024,
                            .unit = "MiB"},
           bench->is_json);
    stop_gateway(&gateway);
}

void bench_gateway(const struct bench *bench)
{
    struct own_gateway gateway = start_gateway(bench->client);

    gateway.place.token = gateway.token;
    gateway.place.answered = keep_order;
    beside_grpc(bench, &gateway.place, "gateway-create-order", &load_create_order);
    if (n_orders == 0)
        give_up("there is no order to read", NULL);
    gateway.place.answered = NULL;
    beside_grpc(bench, &gateway.place, "gateway-get-order", &get_order);
    added(bench, &gateway.place);
    stop_gateway(&gateway);
    streams(bench);
}
