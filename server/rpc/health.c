/*
 * Health: two facts, and the streams that want to know when the answer changes.
 */
#include "rpc/health.h"

#include <pthread.h>
#include <stdatomic.h>

#include "grpc/health/v1/health.pb-c.h"
#include "rpc/contract.h"

typedef Grpc__Health__V1__HealthCheckRequest CheckRequest;
typedef Grpc__Health__V1__HealthCheckResponse CheckResponse;
#define SERVING_STATUS(x) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##x

static _Atomic bool is_draining;
static _Atomic bool is_database_lost;

/* Watch streams; the nodes live in the arenas of their calls. */
struct watcher {
    struct call *call;
    int told; /* the last status sent */
    struct watcher *next, *previous;
};

static pthread_mutex_t watchers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct watcher *watchers;

bool health_is_serving(void)
{
    return !atomic_load(&is_draining) && !atomic_load(&is_database_lost);
}

static int health_status(const char *service)
{
    if (service[0] != '\0') {
        const struct contract_symbol *symbol = contract_find_symbol(contract_embedded(), service);

        if (symbol == NULL || symbol->kind != CONTRACT_SERVICE)
            return SERVING_STATUS(SERVICE_UNKNOWN);
    }
    return health_is_serving() ? SERVING_STATUS(SERVING) : SERVING_STATUS(NOT_SERVING);
}

/* With the lock held. */
static void health_tell(struct watcher *watcher)
{
    const CheckRequest *request = call_request(watcher->call);
    CheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

    response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)health_status(request->service);
    if (watcher->told == (int)response.status)
        return;
    watcher->told = (int)response.status;
    (void)stream_send(watcher->call, &response.base); /* false: the stream is over, health_gone follows */
}

static void health_set(_Atomic bool *fact, bool value)
{
    if (atomic_exchange(fact, value) == value)
        return;
    pthread_mutex_lock(&watchers_lock);
    for (struct watcher *watcher = watchers; watcher != NULL; watcher = watcher->next)
        health_tell(watcher);
    pthread_mutex_unlock(&watchers_lock);
}

void health_start(void)
{
    health_set(&is_draining, false);
    health_set(&is_database_lost, false);
}

void health_drain(void)
{
    health_set(&is_draining, true);
}

void health_database(bool is_reachable)
{
    if (atomic_load_explicit(&is_database_lost, memory_order_relaxed) == is_reachable)
        health_set(&is_database_lost, !is_reachable);
}

static void health_check(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++) {
        const CheckRequest *request = call_request(calls[i]);
        CheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

        const int status = health_status(request->service);
        struct err err = {0};

        if (status == SERVING_STATUS(SERVICE_UNKNOWN)) {
            (void)err_fail(&err, ERR_SERVICE_NOT_FOUND, request->service);
            call_fail(calls[i], &err);
            continue;
        }
        response.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
        call_reply(calls[i], &response.base);
    }
}

static void health_gone(struct call *call, void *context)
{
    struct watcher *watcher = context;

    (void)call;
    pthread_mutex_lock(&watchers_lock);
    if (watcher->previous != NULL)
        watcher->previous->next = watcher->next;
    else
        watchers = watcher->next;
    if (watcher->next != NULL)
        watcher->next->previous = watcher->previous;
    pthread_mutex_unlock(&watchers_lock);
}

static void health_watch(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++) {
        struct watcher *watcher = arena_new_of(call_arena(calls[i]), struct watcher);

        watcher->call = calls[i];
        watcher->told = -1;
        stream_on_gone(calls[i], health_gone, watcher);
        pthread_mutex_lock(&watchers_lock);
        watcher->next = watchers;
        if (watchers != NULL)
            watchers->previous = watcher;
        watchers = watcher;
        health_tell(watcher);
        pthread_mutex_unlock(&watchers_lock);
    }
}

static const struct rpc_method health_methods[] = {
    {"Check", .handle = health_check},
    {"Watch", .handle = health_watch},
};
const struct rpc_service health_service = RPC_SERVICE(grpc__health__v1__health__descriptor, health_methods);
