/* bmt-gateway: options and the life of the process; see gateway.h. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway.h"
#include "grpc/health/v1/health.pb-c.h"
#include "http/metrics_http.h"

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PORT = 5 };

static const char help[] =
    "bmt-gateway: HTTP for pages and the payment SDK (Connect protocol), to bmtd over gRPC\n"
    "\n"
    "  bmt-gateway [options]           serve until SIGTERM or SIGINT\n"
    "\n"
    "  --listen ADDRESS                127.0.0.1:7480; `unix:` and a path for a socket; loopback, a proxy stands "
    "before it\n"
    "  --server ADDRESS                bmtd, 127.0.0.1:7450\n"
    "  --ca FILE                       authorities of bmtd (PEM); without it the way there is not encrypted\n"
    "  --origins LIST                  origins of pages that may call, with commas, such as https://shop.example\n"
    "  --metrics ADDRESS               /metrics and /healthz; off without it\n"
    "  --deadline-ms N                 of a call, 1 to 600000: 10000\n"
    "  --body-max N                    bytes of a request, 1024 to 4194304: 262144\n"
    "  --connections N                 at most at once, 1 to 100000: 10000\n"
    "  --connections-per-ip N          the same from one address, 0 for no limit: 0 (a proxy has one address)\n"
    "  --log LEVEL                     debug, info, warn or error: info\n"
    "  --ready-file FILE               write `<port> <metrics port>` there once serving\n"
    "  --help\n"
    "\n"
    "Exit codes: 0 ended as asked, 1 failure, 2 wrong option, 5 address already in use.\n";

static struct gateway gateway;
static const char *log_level = "info";

static int usage(const char *option, const char *rule)
{
    fprintf(stderr, "bmt-gateway: %s %s\nbmt-gateway --help explains the options\n", option, rule);
    return EXIT_USAGE;
}

static bool read_number(const char *text, long long min, long long max, long long *ret_value)
{
    char *end = NULL;

    errno = 0;
    *ret_value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *ret_value >= min && *ret_value <= max;
}

enum option_id {
    OPT_LISTEN = 1,
    OPT_SERVER,
    OPT_CA,
    OPT_ORIGINS,
    OPT_METRICS,
    OPT_DEADLINE,
    OPT_BODY,
    OPT_CONNECTIONS,
    OPT_PER_IP,
    OPT_LOG,
    OPT_READY,
    OPT_HELP
};

/* False for a number that is out of its range. */
static bool take_number(enum option_id which, struct gateway_options *options)
{
    long long n = 0;
    bool is_right = false;

    switch (which) {
    case OPT_DEADLINE:
        is_right = read_number(optarg, 1, 600000, &n);
        options->deadline_ms = n;
        break;
    case OPT_BODY:
        is_right = read_number(optarg, 1024, 4194304, &n);
        options->body_max = (size_t)n;
        break;
    case OPT_CONNECTIONS:
        is_right = read_number(optarg, 1, 100000, &n);
        options->connections_max = (unsigned)n;
        break;
    default:
        is_right = read_number(optarg, 0, 100000, &n);
        options->connections_max_per_ip = (unsigned)n;
        break;
    }
    return is_right;
}

/* -1 to go on; else the exit code. */
static int read_options(int argc, char **argv, struct gateway_options *options)
{
    static const struct option list[] = {
        {"listen", required_argument, NULL, OPT_LISTEN},
        {"server", required_argument, NULL, OPT_SERVER},
        {"ca", required_argument, NULL, OPT_CA},
        {"origins", required_argument, NULL, OPT_ORIGINS},
        {"metrics", required_argument, NULL, OPT_METRICS},
        {"deadline-ms", required_argument, NULL, OPT_DEADLINE},
        {"body-max", required_argument, NULL, OPT_BODY},
        {"connections", required_argument, NULL, OPT_CONNECTIONS},
        {"connections-per-ip", required_argument, NULL, OPT_PER_IP},
        {"log", required_argument, NULL, OPT_LOG},
        {"ready-file", required_argument, NULL, OPT_READY},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    int which;
    int at = 0;

    while ((which = getopt_long(argc, argv, "", list, &at)) != -1) {
        switch (which) {
        case OPT_LISTEN: options->listen = optarg; break;
        case OPT_SERVER: options->server = optarg; break;
        case OPT_CA: options->ca_file = optarg; break;
        case OPT_ORIGINS: options->origins = optarg; break;
        case OPT_METRICS: options->metrics_listen = optarg; break;
        case OPT_LOG: log_level = optarg; break;
        case OPT_READY: options->ready_file = optarg; break;
        case OPT_HELP: fputs(help, stdout); return EXIT_OK;
        case '?': return usage("the options", "are not as expected");
        default:
            if (!take_number((enum option_id)which, options))
                return usage(arena_printf(gateway.arena, "--%s", list[at].name), "is not a number in its range");
        }
    }
    return optind < argc ? usage(argv[optind], "is not an option") : -1;
}

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

int main(int argc, char **argv)
{
    struct gateway_options *options = &gateway.options;
    enum log_level level = LOG_INFO;
    struct bmt_error error;
    sigset_t signals;
    int rc;

    *options = (struct gateway_options){.listen = "127.0.0.1:7480",
                                        .server = "127.0.0.1:7450",
                                        .deadline_ms = 10000,
                                        .body_max = 262144,
                                        .connections_max = 10000};
    gateway.arena = arena_new(1 << 20);
    pthread_mutex_init(&gateway.lock, NULL);
    pthread_cond_init(&gateway.idle, NULL);
    rc = read_options(argc, argv, options);
    if (rc == -1 && !log_level_of(log_level, &level))
        rc = usage("--log", "is not debug, info, warn or error");
    if (rc != -1)
        return rc;
    log_set_level(level);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    routes_read(&gateway);
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
