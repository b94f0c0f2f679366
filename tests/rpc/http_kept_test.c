/* What a request that went over a kept connection has come to, when the connection breaks under it. */
#include <arpa/inet.h>
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

static enum http_outcome post(struct arena *arena)
{
    const struct http_request request = {.method = "POST",
                                         .url = arena_printf(arena, "http://127.0.0.1:%d/", port),
                                         .body = "{}",
                                         .body_size = 2,
                                         .timeout_ms = 5000};

    http_send(&request, arena, on_done, NULL);
    sem_wait(&is_told);
    return outcome;
}

/* Answers one request, reads the next over the same connection, and is gone: curl's own second try finds nobody. */
static void *answer_one_read_one_and_go(void *context)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
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
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);
    socklen_t size = sizeof address;
    pthread_t thread;

    (void)state;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    assert_int_equal(http_client_start(true), 0);
    assert_int_equal(pthread_create(&thread, NULL, answer_one_read_one_and_go, NULL), 0);
    assert_int_equal(post(arena), HTTP_ANSWERED);
    assert_int_equal(post(arena), HTTP_UNKNOWN);
    pthread_join(thread, NULL);
    assert_int_equal(post(arena), HTTP_NOT_SENT); /* nobody is there, and nothing was sent */
    http_client_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_kept_connection_carried_is_not_unsent),
    };

    sem_init(&is_told, 0, 0);
    return cmocka_run_group_tests_name("http_kept", tests, NULL, NULL);
}
