/* Where a request goes, and what its headers alone decide; see gateway.h. */
#include <stdlib.h>
#include <string.h>

#include "gateway.h"

enum { NOTIFICATION_BODY_MAX = 65536, RETURN_BODY_MAX = 65536 };

size_t request_body_max(const struct exchange *exchange)
{
    switch (exchange->kind) {
    case REQUEST_NOTIFICATION: return NOTIFICATION_BODY_MAX;
    case REQUEST_RETURN: return RETURN_BODY_MAX;
    default: return (size_t)exchange->gateway->options.body_max;
    }
}

const char *request_name(const struct exchange *exchange)
{
    if (exchange->route != NULL)
        return exchange->route->method->name;
    return exchange->kind == REQUEST_RETURN ? "return" : "none";
}

void request_refuse_at_the_end(struct exchange *exchange)
{
    answer_refusal(exchange, CONNECT_UNAVAILABLE, "SHUTTING_DOWN", "the gateway is about to end; try again");
    exchange->is_last = true;
}

static void find(struct exchange *exchange, const char *path)
{
    const char *account_id = notification_account(path);

    exchange->route = routes_find(exchange->gateway, path);
    if (exchange->route != NULL) {
        exchange->kind = REQUEST_CALL;
    } else if (account_id != NULL) {
        exchange->kind = REQUEST_NOTIFICATION;
        exchange->route = &exchange->gateway->notification;
        exchange->account_id = arena_strdup(exchange->arena, account_id);
    } else if (pay_return_is(path)) {
        exchange->kind = REQUEST_RETURN;
    }
}

/* libmicrohttpd takes two lengths and a length beside chunks; then two servers could read two requests. */
static bool count_length(void *context, const char *name, const char *value)
{
    int *n = context;

    (void)value;
    *n += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
          strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    return true;
}

static bool is_longer_than_allowed(const struct exchange *exchange)
{
    const char *length = http_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length != NULL && strtoull(length, NULL, 10) > request_body_max(exchange);
}

static bool is_verb_allowed(const struct exchange *exchange, const char *verb)
{
    const bool is_post = strcmp(verb, MHD_HTTP_METHOD_POST) == 0;

    switch (exchange->kind) {
    case REQUEST_CALL:
        return is_post || exchange->is_preflight ||
               (exchange->is_get && exchange->route->has_no_side_effects && !exchange->route->is_stream);
    case REQUEST_RETURN: return is_post || exchange->is_get;
    default: return is_post;
    }
}

/* Only calls are made by scripts of pages: browsers send an origin with other things, too, which change nothing. */
static bool is_origin_allowed(struct exchange *exchange)
{
    const char *origin = http_header(exchange, MHD_HTTP_HEADER_ORIGIN);

    if (origin == NULL || exchange->kind != REQUEST_CALL)
        return true;
    if (!cors_allows(exchange->gateway->options.origins, origin, strlen(origin)))
        return false;
    exchange->origin = origin;
    return true;
}

void request_look(struct exchange *exchange, const char *path, const char *verb)
{
    int n_lengths = 0;

    exchange->is_get = strcmp(verb, MHD_HTTP_METHOD_GET) == 0;
    exchange->is_preflight = strcmp(verb, MHD_HTTP_METHOD_OPTIONS) == 0;
    find(exchange, path);
    http_each_header(exchange, count_length, &n_lengths);
    if (n_lengths > 1) {
        answer_refusal(exchange, CONNECT_INVALID_ARGUMENT, "LENGTH_AMBIGUOUS", "the length is given more than once");
        exchange->is_last = true;
    } else if (is_longer_than_allowed(exchange)) {
        answer_status(exchange, MHD_HTTP_CONTENT_TOO_LARGE);
        exchange->is_last = true;
    } else if (exchange->kind == REQUEST_UNKNOWN) {
        answer_status(exchange, MHD_HTTP_NOT_FOUND);
    } else if (exchange->kind != REQUEST_RETURN && atomic_load(&exchange->gateway->is_ending)) {
        request_refuse_at_the_end(exchange);
    } else if (!is_origin_allowed(exchange)) {
        answer_refusal(exchange, CONNECT_PERMISSION_DENIED, "ORIGIN_NOT_ALLOWED",
                       "pages of this origin may not call; the gateway's --origins names those that may");
    } else if (!is_verb_allowed(exchange, verb)) {
        answer_status(exchange, MHD_HTTP_METHOD_NOT_ALLOWED);
    }
}

bool request_begin(struct exchange *exchange)
{
    switch (exchange->kind) {
    case REQUEST_CALL: return connect_begin(exchange);
    case REQUEST_NOTIFICATION: return notification_begin(exchange);
    default: pay_return_answer(exchange); return false;
    }
}
