/*
 * How soon a change is with those who watch. Each watcher creates an order, opens WatchOrder, has the order cancelled
 * once the stream has shown it, and notes when the change comes; then it rests, so that all of them together make
 * CHANGES_PER_S. The time of a change is that of its event, which is drawn before the change is committed: what is
 * measured is the commit and the way to the client, rounded up by at most a millisecond.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "bench/bench.h"
#include "bench/load.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "bench/shop.h"
#include "bmt/order/v1/order.pb-c.h"

#define ORDER &bmt__order__v1__order_service__descriptor

enum { WATCHERS = 100, CHANGES_PER_S = 200, REST_MS = 1000 * WATCHERS / CHANGES_PER_S, DEADLINE_MS = 20000 };

struct watcher {
    pthread_t thread;
    int number;
    struct bmt_client *client;
    const atomic_bool *is_over;
    char order_id[ID_TEXT_SIZE];
    atomic_bool is_cancelling; /* until the answer has come */
    bool has_changed;
    struct samples samples;
};

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void on_cancelled(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    struct watcher *watcher = context;

    (void)reply;
    (void)size;
    if (error != NULL)
        give_up("CancelOrder", error);
    atomic_store(&watcher->is_cancelling, false);
}

static void cancel(struct watcher *watcher)
{
    Bmt__Order__V1__CancelOrderRequest request = BMT__ORDER__V1__CANCEL_ORDER_REQUEST__INIT;
    uint8_t bytes[LOAD_BYTES_MAX];

    request.request_id = request.order_id = watcher->order_id;
    atomic_store(&watcher->is_cancelling, true);
    bmt_call_start(watcher->client, ORDER, "CancelOrder", bytes,
                   bmt__order__v1__cancel_order_request__pack(&request, bytes), on_cancelled, watcher);
}

static int on_message(void *context, const ProtobufCMessage *message)
{
    const int64_t now_ns = wall_ns();
    const Bmt__Order__V1__WatchOrderResponse *news = (const Bmt__Order__V1__WatchOrderResponse *)message;
    struct watcher *watcher = context;

    if (news->event_case == BMT__ORDER__V1__WATCH_ORDER_RESPONSE__EVENT_ORDER) {
        cancel(watcher);
    } else if (news->event_case == BMT__ORDER__V1__WATCH_ORDER_RESPONSE__EVENT_CHANGE) {
        const Google__Protobuf__Timestamp *time = news->change->event->time;

        samples_add(&watcher->samples, now_ns - (time->seconds * INT64_C(1000000000) + time->nanos));
        watcher->has_changed = true;
    }
    return 0; /* the server ends the stream of an order that has closed */
}

static void create(struct watcher *watcher)
{
    uint8_t bytes[LOAD_BYTES_MAX];
    const size_t size = load_create_order.fill(load_next_call(), bytes);
    Bmt__Order__V1__CreateOrderRequest *request = bmt__order__v1__create_order_request__unpack(NULL, size, bytes);
    ProtobufCMessage *reply = NULL;
    struct bmt_error error;

    if (request == NULL || bmt_call(watcher->client, ORDER, "CreateOrder", &request->base, &reply, &error) != 0)
        give_up("CreateOrder", &error);
    snprintf(watcher->order_id, sizeof watcher->order_id, "%s",
             ((const Bmt__Order__V1__CreateOrderResponse *)reply)->order->order_id);
    bmt__order__v1__create_order_request__free_unpacked(request, NULL);
    protobuf_c_message_free_unpacked(reply, NULL);
}

static void rest(int64_t ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void watch_one(struct watcher *watcher)
{
    Bmt__Order__V1__WatchOrderRequest request = BMT__ORDER__V1__WATCH_ORDER_REQUEST__INIT;
    struct bmt_error error;

    create(watcher);
    request.order_id = watcher->order_id;
    watcher->has_changed = false;
    if (bmt_stream(watcher->client, ORDER, "WatchOrder", &request.base, DEADLINE_MS, on_message, watcher, &error) != 0)
        give_up("WatchOrder", &error);
    if (!watcher->has_changed)
        give_up("a stream has ended without the change", NULL);
    while (atomic_load(&watcher->is_cancelling))
        rest(1);
}

static void *watch(void *context)
{
    struct watcher *watcher = context;

    rest((int64_t)watcher->number * REST_MS / WATCHERS); /* not all at once */
    while (!atomic_load(watcher->is_over)) {
        const int64_t begin_ns = clock_steady_ns();
        int64_t took_ms;

        watch_one(watcher);
        took_ms = (clock_steady_ns() - begin_ns) / 1000000;
        if (took_ms < REST_MS)
            rest(REST_MS - took_ms);
    }
    return NULL;
}

static struct bmt_client *own_client(void)
{
    struct bmt_error error;
    struct bmt_client *client = bmt_client_new(&(struct bmt_client_options){.address = getenv("BMT_ADDRESS"),
                                                                            .api_key = getenv("BMT_API_KEY"),
                                                                            .connections = 2,
                                                                            .deadline_ms = DEADLINE_MS},
                                               &error);

    if (client == NULL)
        give_up("client", &error);
    return client;
}

void bench_watch(const struct bench *bench)
{
    static struct watcher watchers[WATCHERS];
    struct bmt_client *client = own_client();
    atomic_bool is_over = false;
    struct samples all = {0};
    struct load_result load;
    struct usage before;
    struct usage after;
    struct figure figure = {.name = "watch", .param = "watchers", .param_value = WATCHERS, .unit = "ms"};

    usage_read(&before);
    for (int i = 0; i < WATCHERS; i++) {
        watchers[i] = (struct watcher){.number = i, .client = client, .is_over = &is_over};
        if (pthread_create(&watchers[i].thread, NULL, watch, &watchers[i]) != 0)
            give_up("no thread for a watcher", NULL);
    }
    load_run_open(bench->client, &load_create_order, bench->half_load, bench->seconds, &load);
    atomic_store(&is_over, true);
    usage_read(&after);
    for (int i = 0; i < WATCHERS; i++) {
        pthread_join(watchers[i].thread, NULL);
        samples_merge(&all, &watchers[i].samples);
    }
    bmt_client_free(client);
    if (load.errors > 0 || all.n == 0) {
        fprintf(stderr, "bench: watch: %s\n", load.errors > 0 ? load.first_error : "no change was seen");
        exit(1);
    }
    fprintf(stderr, "    %zu changes seen, beside %.0f orders/s\n", all.n, load.calls_per_s);
    figure.before = &before;
    figure.after = &after;
    figure.p50_ms = samples_percentile_ms(&all, 50);
    figure.value = figure.p99_ms = samples_percentile_ms(&all, 99);
    report(&figure, bench->is_json);
    samples_free(&all);
}
