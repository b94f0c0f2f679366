/*
 * What the gateway makes of any request: `VERB PATH?QUERY`, lines of headers, an empty line, the body; as libmicrohttpd
 * would hand it on, in whose place this file stands. It is answered as the protocol has it, or becomes a call whose
 * message is one of its method; and nobody is led to a stranger's page.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "gateway.h"

#define ORIGIN "https://shop.example"

enum { PAIRS_MAX = 128, ARENA_MAX = 1 << 28 };

struct pair {
    const char *name;
    const char *value;
    size_t size;
};

struct request {
    struct exchange exchange; /* first: what the gateway hands back is this request */
    struct pair headers[PAIRS_MAX];
    size_t n_headers;
    struct pair arguments[PAIRS_MAX];
    size_t n_arguments;
};

static struct gateway gateway;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    log_set_level(LOG_ERROR);
    gateway.arena = arena_new(GATEWAY_ARENA_MAX);
    gateway.options = (struct gateway_options){.origins = ORIGIN ",http://localhost:8080",
                                               .deadline_ms = 10000,
                                               .body_max = 65536,
                                               .calls_per_token = 1000000,
                                               .streams_per_token = 1000000};
    routes_read(&gateway);
    gateway.limits = token_limits_new(
        &(struct token_limits_options){.calls_per_minute = 1000000, .streams = 1000000, .tokens = 64}, gateway.arena);
    return 0;
}

const char *http_header(const struct exchange *exchange, const char *name)
{
    const struct request *request = (const struct request *)(const void *)exchange;

    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

const char *http_argument(const struct exchange *exchange, const char *name, size_t *ret_size)
{
    const struct request *request = (const struct request *)(const void *)exchange;

    *ret_size = 0;
    for (size_t i = 0; i < request->n_arguments; i++)
        if (strcmp(request->arguments[i].name, name) == 0) {
            *ret_size = request->arguments[i].size;
            return request->arguments[i].value;
        }
    return NULL;
}

void http_each_header(const struct exchange *exchange, bool (*see)(void *context, const char *name, const char *value),
                      void *context)
{
    const struct request *request = (const struct request *)(const void *)exchange;

    for (size_t i = 0; i < request->n_headers; i++)
        if (!see(context, request->headers[i].name, request->headers[i].value))
            return;
}

/* Cuts the text at the first of the characters and returns what is behind it; NULL when there is none. */
static char *cut(char *text, const char *characters)
{
    char *at = text + strcspn(text, characters);

    if (*at == '\0')
        return NULL;
    *at = '\0';
    return at + 1;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* In place; returns how long it is then. */
static size_t decode(char *text)
{
    char *to = text;

    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%' && hex_of(c[1]) >= 0 && hex_of(c[2]) >= 0) {
            *to++ = (char)(hex_of(c[1]) << 4 | hex_of(c[2]));
            c += 2;
        } else {
            *to++ = (char)(*c == '+' ? ' ' : *c);
        }
    }
    *to = '\0';
    return (size_t)(to - text);
}

static void read_arguments(struct request *request, char *query)
{
    while (query != NULL && request->n_arguments < PAIRS_MAX) {
        char *next = cut(query, "&");
        char *value = cut(query, "=");
        struct pair *pair = &request->arguments[request->n_arguments++];

        (void)decode(query);
        *pair = (struct pair){.name = query, .value = value, .size = value != NULL ? decode(value) : 0};
        query = next;
    }
}

/* Returns the body; the headers are cut out of `text`, which ends in a NUL. */
static char *read_headers(struct request *request, char *text)
{
    while (text != NULL && *text != '\n' && *text != '\0') {
        char *next = cut(text, "\n");
        char *value = cut(text, ":");

        if (request->n_headers < PAIRS_MAX)
            request->headers[request->n_headers++] =
                (struct pair){.name = text, .value = value != NULL ? value + (*value == ' ') : ""};
        text = next;
    }
    return text != NULL && *text == '\n' ? text + 1 : NULL;
}

static void check_error(const char *bytes, size_t size)
{
    json_t *json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *error = json_object_get(json, "error") != NULL ? json_object_get(json, "error") : json;

    INVARIANT(json_is_string(json_object_get(error, "code")));
    json_decref(json);
}

static bool is_to_our_page(const char *url)
{
    static const char *const ours[] = {ORIGIN, "http://localhost:8080"};

    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (strncmp(url, ours[i], strlen(ours[i])) == 0)
            return strchr("/?#", url[strlen(ours[i])]) != NULL && strpbrk(url, "\r\n\t ") == NULL;
    return false;
}

static void check_answer(const struct exchange *exchange)
{
    const struct json_text *reply = &exchange->reply;

    INVARIANT(exchange->status >= 200 && exchange->status < 600);
    INVARIANT(exchange->location == NULL || (exchange->status == 303 && is_to_our_page(exchange->location)));
    if (exchange->content_type == NULL) {
        INVARIANT(reply->size == 0 && exchange->status != 200);
    } else if (exchange->is_framed) {
        INVARIANT(exchange->status == 200 && reply->data[0] == FRAME_END);
        check_error(reply->data + FRAME_HEAD, reply->size - FRAME_HEAD);
    } else {
        INVARIANT(exchange->status >= 400);
        check_error(reply->data, reply->size);
    }
}

/* Packed bytes of a page are bmtd's to judge; all others are ours. */
static void check_call(const struct exchange *exchange)
{
    ProtobufCMessage *message = NULL;

    INVARIANT(exchange->route != NULL && !exchange->is_answered);
    INVARIANT(exchange->route->is_stream || exchange->deadline_ms > 0);
    if (exchange->kind == REQUEST_CALL && exchange->codec == CODEC_PROTO)
        return;
    message =
        protobuf_c_message_unpack(exchange->route->method->input, NULL, exchange->message_size, exchange->message);
    INVARIANT(message != NULL);
    protobuf_c_message_free_unpacked(message, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(ARENA_MAX);
    struct request *request = arena_new_of(arena, struct request);
    struct exchange *exchange = &request->exchange;
    char *text = arena_alloc(arena, size + 1);
    char *path;
    char *lines;
    char *query;
    char *body;
    bool is_call = false;

    memcpy(text, bytes, size);
    *exchange = (struct exchange){.gateway = &gateway, .arena = arena};
    exchange->body.arena = exchange->reply.arena = arena;
    lines = cut(text, "\n");
    path = cut(text, " ");
    if (path == NULL || text[0] == '\0')
        return 0;
    query = cut(path, "?");
    (void)decode(path);
    read_arguments(request, query);
    body = read_headers(request, lines);
    request_look(exchange, path, text);
    if (body != NULL && (size_t)(text + size - body) <= request_body_max(exchange))
        json_put(&exchange->body, body, (size_t)(text + size - body));
    if (!exchange->is_answered && !exchange->is_preflight)
        is_call = request_begin(exchange);
    if (is_call)
        check_call(exchange);
    else if (!exchange->is_preflight || exchange->is_answered)
        check_answer(exchange);
    if (exchange->stream_use != NULL)
        token_limits_close_stream(gateway.limits, exchange->stream_use);
    return 0;
}
