/*
 * Start and stop of the runtime.
 *
 * Stopping goes in this order, because core aborts the process when its queue is shut under a live call: say
 * NOT_SERVING and refuse new calls; shut the server, so that core counts its calls down; end the streams; wait for
 * the answers; after the grace cancel what is left; join the lanes; wait for core's word; shut the queue; join the
 * pollers.
 */
#include "rpc/runtime.h"

#include <dlfcn.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/core.h"
#include "rpc/form_text.h"
#include "rpc/health.h"

enum {
    RPC_ARENA_MAX = 64 * 1024 * 1024,
    KEEPALIVE_MS = 60 * 1000,
    KEEPALIVE_WAIT_MS = 20 * 1000,
    PING_PAUSE_MIN_MS = 5 * 1000,
    GOAWAY_WAIT_MS = 500,           /* for clients to close their idle connections by themselves */
    MESSAGE_OVER_MAX = 1024 * 1024, /* what is this much larger than allowed is still read, to be refused by name */
    STREAMS_BESIDES = 1024,         /* unary calls of one connection at a time, besides open streams */
};

static grpc_arg rpc_arg(const char *key, int64_t value)
{
    grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key};

    arg.value.integer = (int)value;
    return arg;
}

/*
 * Replies are small and never compressed. The filter that would do it, and the one that watches the age of connections,
 * take part in every call, whether there is anything to do or not: they are left out, the latter unless it is wanted.
 */
static grpc_server *rpc_make_server(const struct conf *conf)
{
    const int64_t age_ms = conf->rpc_connection_age_s == 0 ? INT_MAX : conf->rpc_connection_age_s * 1000;
    grpc_arg list[] = {
        rpc_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, conf->rpc_message_max_bytes + MESSAGE_OVER_MAX),
        rpc_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, conf->rpc_streams_max + STREAMS_BESIDES),
        rpc_arg(GRPC_ARG_MAX_METADATA_SIZE, METADATA_MAX),
        rpc_arg(GRPC_ARG_ALLOW_REUSEPORT, 0),
        rpc_arg(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0),
        rpc_arg(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        rpc_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_WAIT_MS),
        rpc_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        rpc_arg(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_PAUSE_MIN_MS),
        rpc_arg(GRPC_ARG_MAX_CONNECTION_AGE_MS, age_ms),
    };
    grpc_channel_args args = {.num_args = COUNT_OF(list), .args = list};

    return grpc_server_create(&args, NULL);
}

/* Server and port; on failure everything of gRPC is given back. */
static int rpc_listen(struct rpc *rpc, FILE *problems)
{
    grpc_server_credentials *credentials = secure_credentials(rpc->conf, problems);

    if (credentials == NULL)
        return -1;
    rpc->cq = grpc_completion_queue_create_for_next(NULL);
    rpc->server = rpc_make_server(rpc->conf);
    grpc_server_register_completion_queue(rpc->server, rpc->cq, NULL);
    rpc->port = grpc_server_add_http2_port(rpc->server, rpc->conf->listen, credentials);
    grpc_server_credentials_release(credentials);
    if (rpc->port != 0)
        return 0;

    fprintf(problems, "listen: could not bind %s\n", rpc->conf->listen);
    grpc_server_destroy(rpc->server);
    grpc_completion_queue_shutdown(rpc->cq);
    while (grpc_completion_queue_next(rpc->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type != GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(rpc->cq);
    return RPC_PORT_TAKEN;
}

static void rpc_make_queues(struct rpc *rpc)
{
    for (size_t i = 0; i < rpc->n_methods; i++) {
        struct method *method = &rpc->methods[i];
        struct queue_plan plan = {
            .name = method->name,
            .priority = (enum priority)method->rule.priority,
            .batch_max = method->rule.batch_max,
            .length_max = (unsigned)rpc->conf->rpc_queue_max,
            .run = serve_calls,
            .context = method,
        };

        if (!method->runs_inline)
            method->queue = lanes_queue(rpc->lanes, &plan);
    }
}

static void rpc_start_threads(struct rpc *rpc)
{
    rpc->n_pollers = (size_t)rpc->conf->rpc_pollers;
    rpc->pollers = arena_array_of(rpc->arena, pthread_t, rpc->n_pollers);
    grpc_server_start(rpc->server);
    for (int i = 0; i < SLOTS; i++)
        poller_post_slot(rpc);
    for (size_t i = 0; i < rpc->n_pollers; i++) {
        int rc = pthread_create(&rpc->pollers[i], NULL, poller_run, rpc);
        INVARIANT(rc == 0);
    }
}

/*
 * Debian's abseil looks for cycles among the locks of gRPC, which costs some 5 % of a call and is there to find gRPC's
 * own mistakes. It is turned off by the C++ name of this release; where that is not there, nothing changes.
 */
static void stop_watching_locks(void)
{
    enum { IGNORE = 0 };
    void (*set_mode)(int) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE");

    memcpy(&set_mode, &found, sizeof set_mode);
    if (set_mode != NULL)
        set_mode(IGNORE);
}

int rpc_start(const struct conf *conf, struct db *db, struct authenticator *authenticator,
              const struct rpc_service *const *services, size_t n_services, struct rpc **ret_rpc, FILE *problems)
{
    struct arena *arena = arena_new(RPC_ARENA_MAX);
    struct rpc *rpc = arena_new_of(arena, struct rpc);

    rpc->arena = arena;
    rpc->conf = conf;
    rpc->authenticator = authenticator;
    int rc = methods_build(rpc, services, n_services, problems);
    if (rc != 0) {
        arena_free(arena);
        return rc;
    }
    stop_watching_locks();
    grpc_init();
    rc = rpc_listen(rpc, problems);
    if (rc != 0) {
        grpc_shutdown();
        arena_free(arena);
        return rc;
    }
    call_log_enable(conf->log_calls);
    form_text_allow_http(strcmp(conf->mode, "sandbox") == 0);
    pthread_mutex_init(&rpc->lock, NULL);
    pthread_cond_init(&rpc->changed, NULL);
    pthread_mutex_init(&rpc->streams_lock, NULL);
    rpc->streams_gauge = metrics_series(METRIC_GAUGE, "bmt_rpc_streams", "open streams", "");
    rpc->lanes = lanes_start(conf, db);
    rpc_make_queues(rpc);
    health_start();
    rpc_start_threads(rpc);
    *ret_rpc = rpc;
    return 0;
}

int rpc_port(const struct rpc *rpc)
{
    return rpc->port;
}

static bool rpc_has_no_calls(const struct rpc *rpc)
{
    return atomic_load(&rpc->live) == 0;
}

/* Core's word that it has no calls and no connections left. */
static bool rpc_is_down(const struct rpc *rpc)
{
    return rpc->is_down;
}

/* Waits until it is so, or for `wait_ms` (negative: without end). False when the time was up. */
static bool rpc_wait(struct rpc *rpc, bool (*is_so)(const struct rpc *rpc), int64_t wait_ms)
{
    const struct timespec until = clock_moment_in(wait_ms);
    bool result;

    pthread_mutex_lock(&rpc->lock);
    while (!is_so(rpc)) {
        if (wait_ms < 0)
            pthread_cond_wait(&rpc->changed, &rpc->lock);
        else if (pthread_cond_timedwait(&rpc->changed, &rpc->lock, &until) != 0)
            break;
    }
    result = is_so(rpc);
    pthread_mutex_unlock(&rpc->lock);
    return result;
}

static void rpc_drain(struct rpc *rpc)
{
    struct err err = {0};

    atomic_store(&rpc->is_draining, true);
    health_drain();
    grpc_server_shutdown_and_notify(rpc->server, rpc->cq, (void *)((uintptr_t)rpc | (uintptr_t)OP_DOWN));
    (void)err_fail(&err, ERR_SHUTTING_DOWN);
    stream_finish_all(rpc, &err);
    if (!rpc_wait(rpc, rpc_has_no_calls, rpc->conf->rpc_drain_ms))
        log_warn("calls did not end in time, cancelling them", log_i64("calls", atomic_load(&rpc->live)));
    if (!rpc_wait(rpc, rpc_is_down, GOAWAY_WAIT_MS) || !rpc_has_no_calls(rpc))
        grpc_server_cancel_all_calls(rpc->server);
    (void)rpc_wait(rpc, rpc_is_down, -1);
    (void)rpc_wait(rpc, rpc_has_no_calls, -1);
}

void rpc_stop(struct rpc *rpc)
{
    rpc_drain(rpc);
    lanes_stop(rpc->lanes);
    grpc_completion_queue_shutdown(rpc->cq);
    for (size_t i = 0; i < rpc->n_pollers; i++)
        pthread_join(rpc->pollers[i], NULL);
    lanes_free(rpc->lanes);
    grpc_server_destroy(rpc->server);
    grpc_completion_queue_destroy(rpc->cq);
    grpc_shutdown();
    pthread_mutex_destroy(&rpc->lock);
    pthread_cond_destroy(&rpc->changed);
    pthread_mutex_destroy(&rpc->streams_lock);
    arena_free(rpc->arena);
}
