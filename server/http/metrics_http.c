/*
 * The one door to libmicrohttpd: one thread of its own, few connections, short answers.
 */
#include "http/metrics_http.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/metrics.h"
#include "http/listen.h"

enum { METRICS_ARENA_MAX = 64 * 1024 * 1024, CONNECTIONS_MAX = 16, CONNECTION_TIMEOUT_S = 10 };

struct metrics_http {
    struct arena *arena;
    struct MHD_Daemon *daemon;
    bool (*is_serving)(void);
    int port;
};

static enum MHD_Result metrics_http_reply(struct MHD_Connection *connection, unsigned status, const char *type,
                                          const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (result == MHD_YES)
        result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result metrics_http_metrics(struct MHD_Connection *connection)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(METRICS_ARENA_MAX);

    return metrics_http_reply(connection, MHD_HTTP_OK, "application/openmetrics-text; version=1.0.0; charset=utf-8",
                              metrics_text(arena));
}

static enum MHD_Result metrics_http_answer(void *context, struct MHD_Connection *connection, const char *url,
                                           const char *method, const char *version, const char *upload,
                                           size_t *upload_size, void **state)
{
    static const char text[] = "text/plain; charset=utf-8";
    const struct metrics_http *http = context;

    (void)version;
    (void)upload;
    (void)state;
    if (*upload_size > 0 || strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return metrics_http_reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, text, "only GET\n");
    if (strcmp(url, "/metrics") == 0)
        return metrics_http_metrics(connection);
    if (strcmp(url, "/healthz") != 0)
        return metrics_http_reply(connection, MHD_HTTP_NOT_FOUND, text, "not found\n");
    return http->is_serving() ? metrics_http_reply(connection, MHD_HTTP_OK, text, "ok\n")
                              : metrics_http_reply(connection, MHD_HTTP_SERVICE_UNAVAILABLE, text, "not serving\n");
}

int metrics_http_start(const char *listen, bool (*is_serving)(void), struct metrics_http **ret_http, FILE *problems)
{
    struct sockaddr_storage address;

    if (!http_listen_address(listen, &address)) {
        fprintf(problems, "metrics.listen: %s is not address:port\n", listen);
        return -1;
    }
    struct arena *arena = arena_new(4096);
    struct metrics_http *http = arena_new_of(arena, struct metrics_http);
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

    http->arena = arena;
    http->is_serving = is_serving;
    http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, metrics_http_answer, http, MHD_OPTION_SOCK_ADDR,
                                    (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                                    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S, MHD_OPTION_END);
    if (http->daemon == NULL) {
        fprintf(problems, "metrics.listen: could not bind %s\n", listen);
        arena_free(arena);
        return -1;
    }
    http->port = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    *ret_http = http;
    return 0;
}

int metrics_http_port(const struct metrics_http *http)
{
    return http->port;
}

void metrics_http_stop(struct metrics_http *http)
{
    if (http == NULL)
        return;
    MHD_stop_daemon(http->daemon);
    arena_free(http->arena);
}
