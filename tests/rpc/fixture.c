/*
 * The test service.
 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>

#include "rpc/service.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_is_open;
static int gate_waiting;
static int gate_seen;
static int batch_max;
static int n_gone;
enum { WATCHES_MAX = 64 };
static struct call *watches[WATCHES_MAX];
static int n_watches;

/* Waits for a change, with the lock held; a test that waits too long fails. */
static void await_change(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RPC_WAIT_MS / 1000;
    if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
        fail_msg("waited too long");
}

void gate_open(void)
{
    pthread_mutex_lock(&lock);
    gate_is_open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void gate_close(void)
{
    pthread_mutex_lock(&lock);
    gate_is_open = false;
    gate_waiting = gate_seen = batch_max = 0;
    pthread_mutex_unlock(&lock);
}

void gate_await(int n)
{
    pthread_mutex_lock(&lock);
    while (gate_seen < n)
        await_change();
    pthread_mutex_unlock(&lock);
}

int gate_batch_max(void)
{
    pthread_mutex_lock(&lock);
    int result = batch_max;
    pthread_mutex_unlock(&lock);
    return result;
}

int gate_calls(void)
{
    pthread_mutex_lock(&lock);
    int result = gate_seen;
    pthread_mutex_unlock(&lock);
    return result;
}

static void test_slow(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    pthread_mutex_lock(&lock);
    gate_seen += (int)n;
    if ((int)n > batch_max)
        batch_max = (int)n;
    pthread_cond_broadcast(&changed);
    while (!gate_is_open)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < n; i++) {
        Bmt__Test__V1__SlowResponse response = BMT__TEST__V1__SLOW_RESPONSE__INIT;

        response.batch_size = (int32_t)n;
        call_reply(calls[i], &response.base);
    }
}

static void test_echo(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++) {
        const Bmt__Test__V1__EchoRequest *request = call_request(calls[i]);
        const struct caller *caller = call_caller(calls[i]);
        Bmt__Test__V1__EchoResponse response = BMT__TEST__V1__ECHO_RESPONSE__INIT;

        response.text = request->text;
        response.actor = (char *)(uintptr_t)caller->actor;
        response.biz = caller->biz_id;
        if (caller->user_id != NULL)
            response.user = (char *)(uintptr_t)caller->user_id;
        call_reply(calls[i], &response.base);
    }
}

static void test_fail(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++) {
        const Bmt__Test__V1__FailRequest *request = call_request(calls[i]);
        struct err err = {0};

        (void)err_fail(&err, ERR_ORDER_WRONG_STATE, request->order, request->state, "PAID");
        call_fail(calls[i], &err);
    }
}

/* Answers with an empty message: every response of these has no field that is set. */
static void test_nothing(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++) {
        Bmt__Test__V1__FormResponse response = BMT__TEST__V1__FORM_RESPONSE__INIT;

        call_reply(calls[i], &response.base);
    }
}

struct store_thing {
    struct command command;
};

static _Atomic int64_t store_deadline;

int64_t store_deadline_ns(void)
{
    return store_deadline;
}

static void store_thing_read(const struct call *call, const void *request, void *command)
{
    struct store_thing *thing = command;

    (void)call;
    store_deadline = thing->command.deadline_ns;
    if (((const Bmt__Test__V1__StoreRequest *)request)->refuse)
        command_refuse(&thing->command, ERR_SKU_NOT_FOUND, thing->command.request_id);
}

static int store_thing_body(struct batch *batch, struct err *err)
{
    (void)batch;
    (void)err;
    return 0;
}

static const ProtobufCMessage *store_thing_reply(const void *command, struct arena *arena)
{
    Bmt__Test__V1__StoreResponse *response = arena_new_of(arena, Bmt__Test__V1__StoreResponse);

    (void)command;
    bmt__test__v1__store_response__init(response);
    return &response->base;
}

static struct batch_plan store_thing_plan = {
    .name = "test.store", .home = MODULE_PLATFORM, .keeps_replies = true, .body = store_thing_body};

/* Sends the next of `count` messages; all at once is enough for small counts. */
static bool watch_send(struct call *call, int number, int padding)
{
    static uint8_t zeros[65536];
    Bmt__Test__V1__WatchResponse response = BMT__TEST__V1__WATCH_RESPONSE__INIT;

    response.number = number;
    response.padding = (ProtobufCBinaryData){.data = zeros, .len = (size_t)padding};
    return stream_send(call, &response.base);
}

static void watch_gone(struct call *call, void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < n_watches; i++) {
        if (watches[i] == call)
            watches[i] = watches[--n_watches];
    }
    n_gone++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void test_watch(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++) {
        const Bmt__Test__V1__WatchRequest *request = call_request(calls[i]);

        stream_on_gone(calls[i], watch_gone, NULL);
        for (int number = 1; number <= request->count; number++)
            (void)watch_send(calls[i], number, request->padding);
        if (request->count > 0) {
            stream_finish(calls[i], NULL);
            continue;
        }
        pthread_mutex_lock(&lock);
        watches[n_watches++] = calls[i];
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
}

void watch_await(int n_open)
{
    pthread_mutex_lock(&lock);
    while (n_watches != n_open)
        await_change();
    pthread_mutex_unlock(&lock);
}

int watch_flood(int n, int padding)
{
    int taken = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < n_watches; i++) {
        while (taken < n && watch_send(watches[i], taken + 1, padding))
            taken++;
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

void gone_await(int n)
{
    pthread_mutex_lock(&lock);
    while (n_gone < n)
        await_change();
    pthread_mutex_unlock(&lock);
}

static void collect_message(struct call *call, const void *message, void *context)
{
    int32_t *sum = context;

    if (message == NULL) {
        Bmt__Test__V1__CollectResponse response = BMT__TEST__V1__COLLECT_RESPONSE__INIT;

        response.sum = *sum;
        call_reply(call, &response.base);
        return;
    }
    *sum += ((const Bmt__Test__V1__CollectRequest *)message)->number;
    stream_receive(call, collect_message, context);
}

static void test_collect(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++)
        stream_receive(calls[i], collect_message, arena_new_of(call_arena(calls[i]), int32_t));
}

static void chat_message(struct call *call, const void *message, void *context)
{
    Bmt__Test__V1__ChatResponse response = BMT__TEST__V1__CHAT_RESPONSE__INIT;

    if (message == NULL) {
        stream_finish(call, NULL);
        return;
    }
    response.text = ((const Bmt__Test__V1__ChatRequest *)message)->text;
    (void)stream_send(call, &response.base);
    stream_receive(call, chat_message, context);
}

static void test_chat(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++)
        stream_receive(calls[i], chat_message, NULL);
}

static const struct rpc_method methods[] = {
    {"Echo", .handle = test_echo},       {"Slow", .handle = test_slow},    {"Fail", .handle = test_fail},
    {"Store", RPC_BATCH(store_thing)},   {"Form", .handle = test_nothing}, {.name = "Later"},
    {"Scoped", .handle = test_nothing},  {"Open", .handle = test_nothing}, {"Watch", .handle = test_watch},
    {"Collect", .handle = test_collect}, {"Chat", .handle = test_chat},
};
const struct rpc_service test_service = RPC_SERVICE(bmt__test__v1__test_service__descriptor, methods);

struct conf fixture_conf(void)
{
    struct conf conf = {
#define CONF_STRING(path, field, fallback, sentence)              .field = (fallback),
#define CONF_INT(path, field, unit, fallback, min, max, sentence) .field = (fallback),
#define CONF_BOOL(path, field, fallback, sentence)                .field = (fallback),
#include "base/conf.def"
#undef CONF_STRING
#undef CONF_INT
#undef CONF_BOOL
    };

    conf.listen = "127.0.0.1:0";
    conf.log_calls = false;
    return conf;
}

struct fixture *fixture_start(const struct conf *conf, struct db *db, struct authenticator *authenticator)
{
    static const struct rpc_service *const services[] = {&test_service};
    struct arena *arena = arena_new(256 * 1024 * 1024);
    struct fixture *fixture = arena_new_of(arena, struct fixture);

    fixture->arena = arena;
    fixture->conf = *conf;
    gate_close();
    n_gone = n_watches = 0;
    int rc = rpc_start(&fixture->conf, db, authenticator, services, COUNT_OF(services), &fixture->rpc, stderr);
    assert_int_equal(rc, 0);
    fixture->client = rpc_client_new(rpc_port(fixture->rpc), NULL);
    return fixture;
}

void fixture_stop(struct fixture *fixture)
{
    gate_open();
    rpc_client_free(fixture->client);
    if (fixture->rpc != NULL) /* else the test has stopped it */
        rpc_stop(fixture->rpc);
    arena_free(fixture->arena);
}
