/*
 * HTTP in both directions: the client against a server that answers, is silent, breaks off or talks too much, and the
 * listener for operators.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "fixture.h"
#include "http/address.h"
#include "http/client.h"
#include "http/metrics_http.h"

/* A server of one connection at a time; each is read until the end of a request and answered with the same bytes. */
static struct {
    int socket;
    int port;
    pthread_t thread;
    const char *_Atomic answer; /* NULL: silence */
    _Atomic size_t padding;     /* so many more bytes */
    char request[8192];
} server;

static void server_answer(int connection)
{
    static char block[4096];
    size_t used = 0;

    while (used < sizeof(server.request) - 1) {
        ssize_t n = read(connection, server.request + used, sizeof(server.request) - 1 - used);

        if (n <= 0)
            break;
        used += (size_t)n;
        server.request[used] = '\0';
        const char *end = strstr(server.request, "\r\n\r\n");
        const char *length = strstr(server.request, "Content-Length: ");
        if (end != NULL && used >= (size_t)(end + 4 - server.request) + (length ? strtoul(length + 16, NULL, 10) : 0))
            break;
    }
    if (server.answer == NULL) {
        (void)!read(connection, block, sizeof(block)); /* until the client gives up */
        return;
    }
    (void)!write(connection, server.answer, strlen(server.answer));
    for (size_t sent = 0; sent < server.padding; sent += sizeof(block)) {
        if (send(connection, block, sizeof(block), MSG_NOSIGNAL) < 0)
            break;
    }
}

static void *server_run(void *context)
{
    int connection;

    (void)context;
    while ((connection = accept(server.socket, NULL, NULL)) >= 0) {
        server_answer(connection);
        close(connection);
    }
    return NULL;
}

static int start(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    (void)state;
    memset(&server, 0, sizeof(server));
    server.socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.socket, 8), 0);
    assert_int_equal(getsockname(server.socket, (struct sockaddr *)&address, &size), 0);
    server.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server.thread, NULL, server_run, NULL), 0);
    assert_int_equal(http_client_start(true, 16), 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_client_stop();
    shutdown(server.socket, SHUT_RDWR);
    close(server.socket);
    pthread_join(server.thread, NULL);
    return 0;
}

/* What `done` was told. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n;
    struct http_reply reply;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void on_done(void *context, const struct http_reply *reply)
{
    (void)context;
    pthread_mutex_lock(&told.lock);
    told.reply = *reply;
    told.n++;
    pthread_cond_broadcast(&told.changed);
    pthread_mutex_unlock(&told.lock);
}

static struct http_reply await_told(int n)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&told.lock);
    while (told.n < n) {
        if (pthread_cond_timedwait(&told.changed, &told.lock, &until) != 0)
            fail_msg("no answer");
    }
    struct http_reply reply = told.reply;
    pthread_mutex_unlock(&told.lock);
    return reply;
}

static struct http_request request_to(const char *url)
{
    return (struct http_request){.method = "GET", .url = url, .timeout_ms = 2000};
}

static struct http_reply get(const char *url, int64_t timeout_ms, struct arena *arena)
{
    struct http_request request = request_to(url);

    request.timeout_ms = timeout_ms;
    told.n = 0;
    http_send(&request, arena, on_done, NULL);
    return await_told(1);
}

static const char *url_of(struct arena *arena, const char *path)
{
    return arena_printf(arena, "http://127.0.0.1:%d%s", server.port, path);
}

static void request_and_answer_are_carried(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);
    struct http_request request = request_to(url_of(arena, "/pay?x=1"));

    (void)state;
    server.answer = "HTTP/1.1 201 Created\r\nX-Sign:  abc \r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    request.method = "POST";
    request.body = "a=b\0c";
    request.body_size = 5;
    request.headers[request.n_headers++] = (struct http_header){.name = "Content-Type", .value = "text/x"};
    told.n = 0;
    http_send(&request, arena, on_done, NULL);
    struct http_reply reply = await_told(1);
    assert_int_equal(reply.outcome, HTTP_ANSWERED);
    assert_int_equal(reply.status, 201);
    assert_int_equal(reply.body_size, 5);
    assert_string_equal(reply.body, "hello");
    assert_string_equal(http_header_value(&reply, "x-sign"), "abc");
    assert_null(http_header_value(&reply, "x-none"));
    assert_non_null(strstr(server.request, "POST /pay?x=1 HTTP/1.1\r\n"));
    assert_non_null(strstr(server.request, "Content-Type: text/x\r\n"));
    assert_null(strstr(server.request, "Expect:"));
    assert_memory_equal(strstr(server.request, "\r\n\r\n") + 4, "a=b\0c", 5);
}

static void redirects_are_answers(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);

    (void)state;
    server.answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
                    "Connection: close\r\n\r\n";
    struct http_reply reply = get(url_of(arena, "/"), 2000, arena);
    assert_int_equal(reply.outcome, HTTP_ANSWERED);
    assert_int_equal(reply.status, 302);
}

static void silence_is_unknown(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);

    (void)state;
    struct http_reply reply = get(url_of(arena, "/"), 100, arena);
    assert_int_equal(reply.outcome, HTTP_UNKNOWN);
    assert_non_null(reply.problem);
}

static void broken_answer_is_unknown(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);

    (void)state;
    server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf";
    assert_int_equal(get(url_of(arena, "/"), 2000, arena).outcome, HTTP_UNKNOWN);
    server.answer = "";
    assert_int_equal(get(url_of(arena, "/"), 2000, arena).outcome, HTTP_UNKNOWN);
}

static void too_long_an_answer_is_unknown(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);

    (void)state;
    server.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    server.padding = HTTP_BODY_MAX + 4096;
    struct http_reply reply = get(url_of(arena, "/"), 5000, arena);
    assert_int_equal(reply.outcome, HTTP_UNKNOWN);
    assert_string_equal(reply.problem, "the reply is too large");
    server.padding = HTTP_BODY_MAX;
    reply = get(url_of(arena, "/"), 5000, arena);
    assert_int_equal(reply.outcome, HTTP_ANSWERED);
    assert_int_equal(reply.body_size, HTTP_BODY_MAX);
}

static void what_cannot_have_been_seen_is_not_sent(void **state)
{
    static const char *const urls[] = {"http://127.0.0.1:1/",
                                       "http://nowhere.invalid/",
                                       "ftp://127.0.0.1/",
                                       "file:///etc/passwd",
                                       "nonsense",
                                       "http://"};
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(urls); i++)
        assert_int_equal(get(urls[i], 2000, arena).outcome, HTTP_NOT_SENT);
}

static void production_calls_https_only(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);

    http_client_stop();
    assert_int_equal(http_client_start(false, 16), 0);
    server.answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    (void)state;
    assert_int_equal(get(url_of(arena, "/"), 2000, arena).outcome, HTTP_NOT_SENT);
    assert_string_equal(server.request, "");
}

static void stop_ends_open_requests(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);
    struct http_request request = request_to(url_of(arena, "/"));

    (void)state;
    request.timeout_ms = 60000;
    told.n = 0;
    http_send(&request, arena, on_done, NULL);
    http_client_stop();
    assert_int_equal(told.n, 1);
    assert_int_equal(told.reply.outcome, HTTP_UNKNOWN);
    struct arena *later CLEANUP(arena_cleanup) = arena_new(1 << 20);
    http_send(&request, later, on_done, NULL);
    assert_int_equal(told.n, 2);
    assert_int_equal(told.reply.outcome, HTTP_NOT_SENT);
    assert_int_equal(http_client_start(true, 16), 0);
}

enum { MANY = 100 };

static void many_at_a_time(void **state)
{
    struct arena *arenas[MANY];
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct http_request request = request_to(url_of(arena, "/"));

    (void)state;
    request.timeout_ms = 15000;
    server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    told.n = 0;
    for (int i = 0; i < MANY; i++) {
        arenas[i] = arena_new(1 << 20);
        http_send(&request, arenas[i], on_done, NULL);
    }
    (void)await_told(MANY);
    for (int i = 0; i < MANY; i++)
        arena_free(arenas[i]);
}

static void only_public_addresses(void **state)
{
    static const struct {
        const char *text;
        bool is_public;
    } rows[] = {
        {"8.8.8.8", true},
        {"93.184.216.34", true},
        {"172.32.0.1", true},
        {"100.128.0.1", true},
        {"127.0.0.1", false},
        {"10.0.0.1", false},
        {"172.16.0.1", false},
        {"172.31.255.255", false},
        {"192.168.1.1", false},
        {"169.254.169.254", false},
        {"100.64.0.1", false},
        {"0.0.0.0", false},
        {"224.0.0.1", false},
        {"255.255.255.255", false},
        {"198.18.0.1", false},
        {"203.0.113.5", false},
        {"2606:4700::1", true},
        {"2a00:1450::1", true},
        {"::1", false},
        {"::", false},
        {"::ffff:10.0.0.1", false},
        {"::ffff:8.8.8.8", false},
        {"64:ff9b::a00:1", false},
        {"2002:a00:1::", false},
        {"2001::1", false},
        {"2001:db8::1", false},
        {"fe80::1", false},
        {"fc00::1", false},
        {"ff02::1", false},
        {"3fff::1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v4 = inet_pton(AF_INET, rows[i].text, &v4.sin_addr) == 1;
        const void *address = is_v4 ? (const void *)&v4 : (const void *)&v6;

        assert_true(is_v4 || inet_pton(AF_INET6, rows[i].text, &v6.sin6_addr) == 1);
        if (http_address_is_public(address) != rows[i].is_public)
            fail_msg("%s", rows[i].text);
    }
}

/* An https address that resolves to this machine: the connection is not even tried. */
static void production_calls_no_private_host(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 << 20);

    (void)state;
    http_client_stop();
    assert_int_equal(http_client_start(false, 16), 0);
    struct http_reply reply = get(arena_printf(arena, "https://localhost:%d/", server.port), 2000, arena);
    assert_int_equal(reply.outcome, HTTP_NOT_SENT);
    assert_string_equal(server.request, "");
}

static bool serving;

static bool is_serving(void)
{
    return serving;
}

static void operators_see_metrics_and_health(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    struct metrics_http *http = NULL;

    (void)state;
    assert_int_equal(metrics_http_start("127.0.0.1:0", is_serving, &http, stderr), 0);
    const char *base = arena_printf(arena, "http://127.0.0.1:%d", metrics_http_port(http));
    struct http_reply reply = get(arena_printf(arena, "%s/metrics", base), 2000, arena);
    assert_int_equal(reply.status, 200);
    assert_string_equal(http_header_value(&reply, "content-type"),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_string_equal(reply.body + reply.body_size - 6, "# EOF\n");
    serving = true;
    assert_int_equal(get(arena_printf(arena, "%s/healthz", base), 2000, arena).status, 200);
    serving = false;
    assert_int_equal(get(arena_printf(arena, "%s/healthz", base), 2000, arena).status, 503);
    assert_int_equal(get(arena_printf(arena, "%s/other", base), 2000, arena).status, 404);
    metrics_http_stop(http);
}

static void bad_listen_addresses_are_told(void **state)
{
    static const char *const bad[] = {
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "localhost:1", "[::1:5", "300.0.0.1:0"};
    struct metrics_http *http = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char problems[200] = "";
        FILE *out = fmemopen(problems, sizeof(problems) - 1, "w");

        assert_int_equal(metrics_http_start(bad[i], is_serving, &http, out), -1);
        fclose(out);
        assert_non_null(strstr(problems, "metrics.listen: "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(request_and_answer_are_carried, start, stop),
        cmocka_unit_test_setup_teardown(redirects_are_answers, start, stop),
        cmocka_unit_test_setup_teardown(silence_is_unknown, start, stop),
        cmocka_unit_test_setup_teardown(broken_answer_is_unknown, start, stop),
        cmocka_unit_test_setup_teardown(too_long_an_answer_is_unknown, start, stop),
        cmocka_unit_test_setup_teardown(what_cannot_have_been_seen_is_not_sent, start, stop),
        cmocka_unit_test_setup_teardown(production_calls_https_only, start, stop),
        cmocka_unit_test_setup_teardown(production_calls_no_private_host, start, stop),
        cmocka_unit_test(only_public_addresses),
        cmocka_unit_test_setup_teardown(stop_ends_open_requests, start, stop),
        cmocka_unit_test_setup_teardown(many_at_a_time, start, stop),
        cmocka_unit_test_setup_teardown(operators_see_metrics_and_health, start, stop),
        cmocka_unit_test(bad_listen_addresses_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
