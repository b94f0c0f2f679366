/*
 * The one door to libmicrohttpd; see gateway.h. One thread takes requests and sends answers; a request whose call is
 * under way is suspended, and comes back here when it is answered.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "gateway.h"
#include "http/listen.h"

enum { EXCHANGE_ARENA_MAX = 1 << 28, CONNECTION_MEMORY = 64 * 1024, IDLE_S = 75, BACKLOG = 1024, DRAIN_MS = 2000 };

const char *http_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *http_argument(const struct exchange *exchange, const char *name, size_t *ret_size)
{
    const char *value = NULL;

    *ret_size = 0;
    (void)MHD_lookup_connection_value_n(exchange->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name), &value,
                                        ret_size);
    return value;
}

struct look {
    bool (*see)(void *context, const char *name, const char *value);
    void *context;
};

static enum MHD_Result see_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct look *look = context;

    (void)kind;
    return look->see(look->context, name, value != NULL ? value : "") ? MHD_YES : MHD_NO;
}

void http_each_header(const struct exchange *exchange, bool (*see)(void *context, const char *name, const char *value),
                      void *context)
{
    struct look look = {.see = see, .context = context};

    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, see_header, &look);
}

/* Headers that belong to some answers only. */
static void add_sometimes(const struct exchange *exchange, struct MHD_Response *response)
{
    const bool may_get =
        exchange->kind == REQUEST_RETURN || (exchange->kind == REQUEST_CALL && exchange->route->has_no_side_effects);
    char seconds[24];

    if (exchange->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, may_get ? "GET, POST" : "POST");
    if (exchange->status == MHD_HTTP_UNSUPPORTED_MEDIA_TYPE)
        (void)MHD_add_response_header(response, "Accept-Post", "application/json, application/proto");
    if (exchange->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%lld", (long long)exchange->retry_after_s);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (exchange->location != NULL) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, exchange->location);
        (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    }
}

static enum MHD_Result send_answer(struct exchange *exchange, struct MHD_Response *response)
{
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    cors_add(exchange, response);
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (exchange->content_type != NULL)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->content_type);
    if (!exchange->is_get || exchange->status != MHD_HTTP_OK)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_sometimes(exchange, response);
    result = MHD_queue_response(exchange->connection, exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    return send_answer(
        exchange, MHD_create_response_from_buffer(exchange->reply.size, exchange->reply.data, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result send_stream(struct exchange *exchange)
{
    struct MHD_Response *response = stream_begin(exchange);

    exchange->status = MHD_HTTP_OK;
    exchange->content_type = answer_stream_type(exchange);
    if (response != NULL)
        (void)MHD_add_response_header(response, "X-Accel-Buffering", "no");
    return send_answer(exchange, response);
}

static enum MHD_Result send_preflight(struct exchange *exchange)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

    exchange->status = MHD_HTTP_NO_CONTENT;
    if (response != NULL)
        cors_add_preflight(response);
    return send_answer(exchange, response);
}

static struct exchange *make_exchange(struct gateway *gateway, struct MHD_Connection *connection)
{
    struct arena *arena = arena_new(EXCHANGE_ARENA_MAX);
    struct exchange *exchange = arena_new_of(arena, struct exchange);

    *exchange = (struct exchange){.gateway = gateway,
                                  .connection = connection,
                                  .arena = arena,
                                  .begin_ns = clock_steady_ns(),
                                  .take_reply = answer_message};
    pthread_mutex_lock(&gateway->lock);
    gateway->n_exchanges++;
    pthread_mutex_unlock(&gateway->lock);
    exchange->body.arena = arena;
    exchange->reply.arena = arena;
    return exchange;
}

/* MHD_NO, which drops the connection, for a body without end: one in drops, or in chunks beyond what is allowed. */
static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t size)
{
    const size_t most = request_body_max(exchange);

    exchange->n_received += size;
    if (exchange->n_received > 2 * most ||
        clock_steady_ns() - exchange->begin_ns > exchange->gateway->options.body_ms * 1000000)
        return MHD_NO;
    if (exchange->is_answered)
        return MHD_YES;
    if (exchange->n_received > most)
        answer_status(exchange, MHD_HTTP_CONTENT_TOO_LARGE);
    else
        json_put(&exchange->body, bytes, size);
    return MHD_YES;
}

static void on_call_done(struct exchange *exchange)
{
    MHD_resume_connection(exchange->connection);
}

/* Since its headers came the end may have; nothing is suspended from then on. */
static enum MHD_Result begin(struct exchange *exchange)
{
    if (exchange->kind != REQUEST_RETURN && atomic_load(&exchange->gateway->is_ending))
        request_refuse_at_the_end(exchange);
    if (exchange->is_answered || !request_begin(exchange))
        return send_reply(exchange);
    if (exchange->route->is_stream)
        return send_stream(exchange);
    MHD_suspend_connection(exchange->connection);
    call_begin(exchange, on_call_done);
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *verb,
                                  const char *version, const char *bytes, size_t *size, void **state)
{
    struct exchange *exchange = *state;

    (void)version;
    if (exchange == NULL) {
        exchange = make_exchange(context, connection);
        *state = exchange;
        request_look(exchange, url, verb);
        return exchange->is_last ? send_reply(exchange) : MHD_YES;
    }
    if (*size > 0) {
        const size_t n = *size;

        *size = 0;
        return take_body(exchange, bytes, n);
    }
    if (exchange->is_answered)
        return send_reply(exchange);
    if (exchange->is_preflight)
        return send_preflight(exchange);
    return begin(exchange);
}

/* One line and one count for each request: its method where it is one of ours, never what a stranger wrote. */
static void tell(const struct exchange *exchange, bool is_whole)
{
    const char *method = request_name(exchange);
    const int64_t took_ns = clock_steady_ns() - exchange->begin_ns;
    char labels[128];

    snprintf(labels, sizeof labels, "method=\"%s\",status=\"%u\"", method, exchange->status);
    metric_add(metrics_series(METRIC_COUNTER, "bmt_gateway_requests", "requests answered", labels), 1);
    snprintf(labels, sizeof labels, "method=\"%s\"", method);
    metric_observe_ns(metrics_series(METRIC_HISTOGRAM, "bmt_gateway_seconds", "from headers to answer", labels),
                      took_ns);
    log_info("request", log_text("method", method), log_i64("status", exchange->status), log_i64("us", took_ns / 1000),
             log_text("end", is_whole ? "sent" : "page left"));
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *state;
    struct gateway *gateway = context;

    (void)connection;
    if (exchange == NULL)
        return;
    tell(exchange, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    if (exchange->stream_use != NULL)
        token_limits_close_stream(gateway->limits, exchange->stream_use);
    arena_free(exchange->arena);
    *state = NULL;
    pthread_mutex_lock(&gateway->lock);
    if (--gateway->n_exchanges == 0)
        pthread_cond_broadcast(&gateway->idle);
    pthread_mutex_unlock(&gateway->lock);
}

/* A Unix socket that another process left there is replaced. */
static int listen_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(path);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int http_start(struct gateway *gateway, FILE *problems)
{
    const struct gateway_options *options = &gateway->options;
    const bool is_unix = strncmp(options->listen, "unix:", 5) == 0;
    struct sockaddr_storage address = {0};
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    int fd = -1;

    if (is_unix ? (fd = listen_unix(options->listen + 5)) < 0 : !http_listen_address(options->listen, &address)) {
        fprintf(problems, "bmt-gateway: cannot listen on %s\n", options->listen);
        return -1;
    }
    gateway->daemon = MHD_start_daemon(
        flags | (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0), 0, NULL, NULL, on_request, gateway,
        is_unix ? MHD_OPTION_LISTEN_SOCKET : MHD_OPTION_SOCK_ADDR, is_unix ? (void *)(intptr_t)fd : (void *)&address,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, gateway, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)options->connections_per_ip, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (gateway->daemon == NULL) {
        fprintf(problems, "bmt-gateway: cannot listen on %s\n", options->listen);
        return -1;
    }
    return 0;
}

int http_port(const struct gateway *gateway)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(gateway->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info != NULL ? info->port : 0;
}

/*
 * New connections are taken until the end, and refused by an answer: to take the listening socket away from a daemon
 * with a thread and epoll (MHD_quiesce_daemon) races with that thread, and now and then aborts the process.
 */
void http_stop(struct gateway *gateway)
{
    /* Each call has a deadline, so this ends; a page that takes its answer too slowly is not waited for longer. */
    const struct timespec until = clock_moment_in(gateway->options.deadline_ms + DRAIN_MS);
    int rc = 0;

    atomic_store(&gateway->is_ending, true);
    streams_end(gateway);
    pthread_mutex_lock(&gateway->lock);
    while (gateway->n_exchanges > 0 && rc == 0)
        rc = pthread_cond_timedwait(&gateway->idle, &gateway->lock, &until);
    pthread_mutex_unlock(&gateway->lock);
    MHD_stop_daemon(gateway->daemon);
}
