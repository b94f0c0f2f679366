/* What a request that went over a kept connection has come to, when the connection breaks under it. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>

#include "base/arena.h"
#include "http/client.h"

static int listener;
static int port;
static enum http_outcome outcome;
static sem_t is_told;

static void on_done(void *context, const struct http_reply *reply)
{
    (void)context;
    outcome = reply->outcome;
    sem_post(&is_told);
}

static enum http_outcome call(const char *method, struct arena *arena)
{
    const bool has_body = strcmp(method, "GET") != 0;
    const struct http_request request = {.method = method,
                                         .url = arena_printf(arena, "http://127.0.0.1:%d/", port),
                                         .body = has_body ? "{}" : NULL,
                                         .body_size = has_body ? 2 : 0,
                                         .timeout_ms = 5000};

    http_send(&request, arena, on_done, NULL);
    sem_wait(&is_told);
    return outcome;
}

static enum http_outcome post(struct arena *arena)
{
    return call("POST", arena);
}

static void listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
}

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* Answers one request, reads the next over the same connection, and is gone: curl's own second try finds nobody. */
static void *answer_one_read_one_and_go(void *context)
{
    const int connection = accept(listener, NULL, NULL);
    char request[4096];

    (void)context;
    (void)!read(connection, request, sizeof request);
    (void)!write(connection, answer, strlen(answer));
    (void)!read(connection, request, sizeof request);
    close(listener);
    close(connection);
    return NULL;
}

static void what_a_kept_connection_carried_is_not_unsent(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    pthread_t thread;

    (void)state;
    listen_anywhere();
    assert_int_equal(http_client_start(true, 16), 0);
    assert_int_equal(pthread_create(&thread, NULL, answer_one_read_one_and_go, NULL), 0);
    assert_int_equal(post(arena), HTTP_ANSWERED);
    assert_int_equal(post(arena), HTTP_UNKNOWN);
    pthread_join(thread, NULL);
    assert_int_equal(post(arena), HTTP_NOT_SENT); /* nobody is there, and nothing was sent */
    http_client_stop();
}

/*
 * A server that answers the first request and then breaks the connection it is kept on, in one of these ways; whatever
 * comes over further connections is answered. It counts the requests that it has read.
 */
enum breaking {
    AT_ONCE,      /* after its answer, before the next request */
    UNREAD,       /* when the next request has come, without reading it */
    READ_NO_WORD, /* when it has read the next request, without an answer */
};
static struct {
    enum breaking breaking;
    pthread_t thread;
    sem_t has_closed;
    _Atomic int n_requests;
} server;

static bool is_whole(const char *request, size_t used)
{
    const char *tail = request[0] == 'G' ? "\r\n\r\n" : "{}";

    return used > strlen(tail) && memcmp(request + used - strlen(tail), tail, strlen(tail)) == 0;
}

static bool server_reads(int connection)
{
    char request[4096] = "";
    size_t used = 0;

    while (!is_whole(request, used)) {
        const ssize_t n = read(connection, request + used, sizeof request - used);

        if (n <= 0)
            return false;
        used += (size_t)n;
    }
    server.n_requests++;
    return true;
}

static void server_breaks(int connection)
{
    struct pollfd comes = {.fd = connection, .events = POLLIN};

    if (server.breaking != AT_ONCE)
        poll(&comes, 1, -1);
    if (server.breaking == READ_NO_WORD)
        (void)server_reads(connection);
    close(connection);
    sem_post(&server.has_closed);
}

static void *server_run(void *context)
{
    int connection = accept(listener, NULL, NULL);

    (void)context;
    assert_true(server_reads(connection));
    (void)!write(connection, answer, strlen(answer));
    server_breaks(connection);
    while ((connection = accept(listener, NULL, NULL)) >= 0) {
        while (server_reads(connection))
            (void)!write(connection, answer, strlen(answer));
        close(connection);
    }
    return NULL;
}

/* What the second of two equal requests comes to, and how many the server has read in all. */
static enum http_outcome second_over_broken(enum breaking breaking, const char *method, int *ret_requests)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    enum http_outcome second;

    listen_anywhere();
    server.breaking = breaking;
    server.n_requests = 0;
    sem_init(&server.has_closed, 0, 0);
    assert_int_equal(http_client_start(true, 16), 0);
    assert_int_equal(pthread_create(&server.thread, NULL, server_run, NULL), 0);
    assert_int_equal(call(method, arena), HTTP_ANSWERED);
    if (breaking == AT_ONCE)
        sem_wait(&server.has_closed);
    second = call(method, arena);
    http_client_stop();
    shutdown(listener, SHUT_RD);
    pthread_join(server.thread, NULL);
    close(listener);
    *ret_requests = server.n_requests;
    return second;
}

static void only_a_get_is_sent_again(void **state)
{
    static const struct {
        enum breaking breaking;
        const char *method;
        int n_requests;
        enum http_outcome outcome;
    } cases[] = {
        /* breaking  method   read  outcome       */
        {AT_ONCE, "GET", 2, HTTP_ANSWERED},      /* curl has noticed: nothing was sent over it */
        {AT_ONCE, "POST", 2, HTTP_ANSWERED},     /* the same */
        {UNREAD, "GET", 2, HTTP_ANSWERED},       /* sent again, over a new one */
        {UNREAD, "POST", 1, HTTP_UNKNOWN},       /* nobody here can tell that it was not read */
        {READ_NO_WORD, "GET", 3, HTTP_ANSWERED}, /* read twice */
        {READ_NO_WORD, "POST", 2, HTTP_UNKNOWN}, /* read once */
        {READ_NO_WORD, "DELETE", 2, HTTP_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int n_requests = 0;

        assert_int_equal(second_over_broken(cases[i].breaking, cases[i].method, &n_requests), cases[i].outcome);
        assert_int_equal(n_requests, cases[i].n_requests);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_kept_connection_carried_is_not_unsent),
        cmocka_unit_test(only_a_get_is_sent_again),
    };

    sem_init(&is_told, 0, 0);
    return cmocka_run_group_tests_name("http_kept", tests, NULL, NULL);
}
