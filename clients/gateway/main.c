/* bmt-gateway: the life of the process; see gateway.h. */
#include <signal.h>
#include <sys/resource.h>

#include "gateway.h"
#include "grpc/health/v1/health.pb-c.h"
#include "http/metrics_http.h"

enum { FILES_BESIDES = 256 };

static struct gateway gateway;

/* Whether bmtd would take a call now. */
static bool is_serving(void)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    Grpc__Health__V1__HealthCheckResponse *response = NULL;
    struct bmt_error error;
    bool is_up;

    if (atomic_load(&gateway.is_ending) || bmt_call(gateway.client, &grpc__health__v1__health__descriptor, "Check",
                                                    &request.base, (ProtobufCMessage **)(void *)&response, &error) != 0)
        return false;
    is_up = response->status == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
    protobuf_c_message_free_unpacked(&response->base, NULL);
    return is_up;
}

static int write_ready_file(const struct metrics_http *metrics)
{
    FILE *file;

    if (gateway.options.ready_file == NULL)
        return 0;
    file = fopen(gateway.options.ready_file, "w");
    if (file == NULL)
        return perror(gateway.options.ready_file), -1;
    fprintf(file, "%d %d\n", http_port(&gateway), metrics != NULL ? metrics_http_port(metrics) : 0);
    return fclose(file);
}

static int serve(const sigset_t *signals)
{
    struct metrics_http *metrics = NULL;
    int which;
    int rc = EXIT_OK;

    if (gateway.options.metrics_listen != NULL &&
        metrics_http_start(gateway.options.metrics_listen, is_serving, &metrics, stderr) != 0)
        return EXIT_PORT;
    if (http_start(&gateway, stderr) != 0) {
        metrics_http_stop(metrics);
        return EXIT_PORT;
    }
    log_info("serving", log_text("listen", gateway.options.listen), log_text("server", gateway.options.server),
             log_i64("methods", gateway.n_routes));
    if (write_ready_file(metrics) != 0)
        rc = EXIT_FAILED;
    else
        sigwait(signals, &which);
    log_info("ending", log_text("listen", gateway.options.listen));
    http_stop(&gateway);
    metrics_http_stop(metrics);
    return rc;
}

/* Each connection is a file: shells allow 1024 unless they are asked for more. */
static void allow_connections(int64_t connections)
{
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)connections + FILES_BESIDES;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_warn("fewer connections than --connections can be open, ignoring", log_i64("files", limit.rlim_cur));
}

int main(int argc, char **argv)
{
    struct gateway_options *options = &gateway.options;
    struct bmt_error error;
    sigset_t signals;
    int rc;

    gateway.arena = arena_new(GATEWAY_ARENA_MAX);
    pthread_mutex_init(&gateway.lock, NULL);
    pthread_cond_init(&gateway.idle, NULL);
    rc = options_read(argc, argv, options);
    if (rc != OPTIONS_READ)
        return rc;
    log_set_level(options->level);
    allow_connections(options->connections);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    routes_read(&gateway);
    gateway.limits =
        token_limits_new(&(struct token_limits_options){.calls_per_minute = options->calls_per_token,
                                                        .streams = options->streams_per_token,
                                                        .tokens = (size_t)options->connections + TOKENS_KEPT},
                         gateway.arena);
    gateway.client = bmt_client_new(&(struct bmt_client_options){.address = options->server,
                                                                 .ca_file = options->ca_file,
                                                                 .deadline_ms = options->deadline_ms},
                                    &error);
    if (gateway.client == NULL) {
        fprintf(stderr, "bmt-gateway: %s\n", error.message);
        return EXIT_USAGE;
    }
    rc = serve(&signals);
    bmt_client_free(gateway.client);
    pthread_cond_destroy(&gateway.idle);
    pthread_mutex_destroy(&gateway.lock);
    arena_free(gateway.arena);
    return rc;
}
