/* See http_load.h. Requests and answers are small: a request fits into the socket's buffer, an answer into ours. */
#include "bench/http_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "bench/channel_http.h"
#include "bench/samples.h"
#include "bench/shop.h"
#include "clients/gateway/json.h"

enum { REQUEST_MAX = 16384, ANSWER_MAX = 32768, EVENTS_MAX = 256, CALL_ARENA_MAX = 1 << 22 };

struct http_caller {
    int fd;
    int64_t begin_ns;
    size_t n;
    char answer[ANSWER_MAX + 1];
};

struct http_run {
    const struct http_place *place;
    const struct load *load;
    struct arena *arena; /* of one request, emptied for each */
    int64_t begin_ns;    /* of the measurement */
    int64_t end_ns;
    struct samples samples;
    struct load_result *result;
};

static int connect_to(int port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        give_up("could not connect to the gateway", NULL);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

/* A page does not name its user: the token does. */
static void forget_user(ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "user_id");
    char **at;

    if (field == NULL)
        return;
    at = (char **)(void *)((char *)message + field->offset);
    free(*at);
    *at = (char *)(uintptr_t)protobuf_c_empty_string;
}

static struct json_text body_of(const struct http_run *run)
{
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(run->load->service, run->load->method);
    struct json_text body = {.arena = run->arena};
    uint8_t bytes[LOAD_BYTES_MAX];
    const size_t size = run->load->fill(load_next_call(), bytes);
    ProtobufCMessage *message = protobuf_c_message_unpack(method->input, NULL, size, bytes);

    forget_user(message);
    json_write(&body, message);
    protobuf_c_message_free_unpacked(message, NULL);
    return body;
}

static void start_call(struct http_run *run, struct http_caller *caller)
{
    char request[REQUEST_MAX];
    struct json_text body;
    int n;

    arena_reset(run->arena);
    body = body_of(run);
    n = snprintf(request, sizeof request,
                 "POST /%s/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                 "Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%.*s",
                 run->load->service->name, run->load->method, run->place->token, body.size, (int)body.size, body.data);
    caller->n = 0;
    caller->begin_ns = clock_steady_ns();
    if (n >= (int)sizeof request || send(caller->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        give_up("could not send a request", NULL);
}

/* Whether the answer is whole. */
static bool is_whole(struct http_caller *caller)
{
    char length[24];
    const char *body;

    caller->answer[caller->n] = '\0';
    body = strstr(caller->answer, "\r\n\r\n");
    return body != NULL &&
           caller->n >= (size_t)(body + 4 - caller->answer) +
                            strtoul(channel_header(caller->answer, "content-length", length, sizeof length), NULL, 10);
}

static void take_answer(struct http_run *run, const struct http_caller *caller, int64_t now_ns)
{
    const int64_t second = (now_ns - run->begin_ns) / 1000000000;
    const char *body = strstr(caller->answer, "\r\n\r\n") + 4;

    if (strncmp(caller->answer, "HTTP/1.1 200 ", 13) != 0) {
        if (run->result->errors++ == 0)
            snprintf(run->result->first_error, sizeof run->result->first_error, "%.600s", body);
        return;
    }
    if (run->place->answered != NULL)
        run->place->answered(body);
    if (now_ns >= run->begin_ns && now_ns < run->end_ns) {
        samples_add(&run->samples, now_ns - caller->begin_ns);
        run->result->per_second[second < LOAD_SECONDS_MAX ? second : LOAD_SECONDS_MAX - 1]++;
    }
}

/* False once its last answer is taken. */
static bool go_on(struct http_run *run, struct http_caller *caller)
{
    const ssize_t n = recv(caller->fd, caller->answer + caller->n, ANSWER_MAX - caller->n, 0);
    int64_t now_ns;

    if (n <= 0)
        give_up("the gateway has closed a connection, or an answer is too long", NULL);
    caller->n += (size_t)n;
    if (!is_whole(caller))
        return true;
    now_ns = clock_steady_ns();
    take_answer(run, caller, now_ns);
    if (now_ns >= run->end_ns)
        return false;
    start_call(run, caller);
    return true;
}

void http_load_run(const struct http_place *place, const struct load *load, int n_callers, double seconds,
                   struct load_result *ret_result)
{
    struct http_run run = {.place = place, .load = load, .result = ret_result, .arena = arena_new(CALL_ARENA_MAX)};
    struct http_caller *callers = calloc((size_t)n_callers, sizeof *callers);
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS_MAX];
    int n_running = n_callers;

    *ret_result = (struct load_result){0};
    run.begin_ns = clock_steady_ns() + (int64_t)(seconds / 5 * 1e9);
    run.end_ns = run.begin_ns + (int64_t)(seconds * 1e9);
    for (int i = 0; i < n_callers; i++) {
        callers[i].fd = connect_to(place->port);
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, callers[i].fd,
                        &(struct epoll_event){.events = EPOLLIN, .data.ptr = &callers[i]});
        start_call(&run, &callers[i]);
    }
    while (n_running > 0) {
        const int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

        for (int i = 0; i < n; i++)
            n_running -= !go_on(&run, events[i].data.ptr);
    }
    for (int i = 0; i < n_callers; i++)
        close(callers[i].fd);
    close(epoll);
    free(callers);
    arena_free(run.arena);
    load_sum_up(&run.samples, seconds, ret_result);
}

void http_load_watch(const struct http_place *place, const char *order_id)
{
    char message[96];
    char request[REQUEST_MAX];
    char answer[ANSWER_MAX + 1];
    const int fd = connect_to(place->port);
    const int size = snprintf(message, sizeof message, "{\"orderId\":\"%s\"}", order_id);
    const int n = snprintf(request, sizeof request,
                           "POST /bmt.order.v1.OrderService/WatchOrder HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                           "Content-Type: application/connect+json\r\nAuthorization: Bearer %s\r\n"
                           "Content-Length: %d\r\n\r\n",
                           place->token, 5 + size);
    const char head[5] = {0, 0, 0, 0, (char)size};
    size_t n_received = 0;

    if (send(fd, request, (size_t)n, MSG_NOSIGNAL | MSG_MORE) != n || send(fd, head, 5, MSG_NOSIGNAL | MSG_MORE) != 5 ||
        send(fd, message, (size_t)size, MSG_NOSIGNAL) != size)
        give_up("could not send a request", NULL);
    do {
        const ssize_t more = recv(fd, answer + n_received, ANSWER_MAX - n_received, 0);

        if (more <= 0)
            give_up("the gateway has closed a stream", NULL);
        n_received += (size_t)more;
        answer[n_received] = '\0';
        for (size_t i = 0; i < n_received; i++) /* frames hold NULs */
            if (answer[i] == '\0')
                answer[i] = ' ';
        if (strstr(answer, "\"error\"") != NULL)
            give_up(answer, NULL);
    } while (strstr(answer, "\"order\":{") == NULL);
}
