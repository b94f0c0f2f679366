/*
 * HTTP requests to the outside (channels, businesses' endpoints), by one thread that runs libcurl's multi interface.
 *
 * Nobody waits for an answer: the answer comes by a callback on the HTTP thread, which must not wait either; flows
 * post a step there and go on in a lane. When a kept connection breaks under a request, a GET is sent again over a new
 * one, anything else only if no byte of it was sent. Redirects are not followed; bodies are capped at HTTP_BODY_MAX; in
 * production mode only https addresses are called, and only hosts with public addresses (http/address.h).
 */
#ifndef BMT_HTTP_CLIENT_H
#define BMT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"

enum { HTTP_HEADERS_MAX = 16, HTTP_BODY_MAX = 262144 };

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method;
    const char *url;
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t n_headers;
    const char *body; /* NULL: none */
    size_t body_size;
    int64_t timeout_ms;
    bool is_once; /* on a new connection, since a kept one may break under the request and leave its outcome unknown */
};

/* What is known of the outside's side. */
enum http_outcome {
    HTTP_ANSWERED, /* status and body are whole */
    HTTP_NOT_SENT, /* the request cannot have been seen: refused connection, unknown host, forbidden address */
    HTTP_UNKNOWN,  /* it may have been seen and acted on: time-out, broken connection, body too large */
};

struct http_reply {
    enum http_outcome outcome;
    int status;
    const struct http_header *headers; /* names in lower case */
    size_t n_headers;
    const char *body; /* NUL-terminated besides */
    size_t body_size;
    const char *problem; /* for the log, when not answered */
};

int http_client_start(bool allows_plain_http, int64_t connections_max) MUST_CHECK;
void http_client_stop(void); /* open requests end with HTTP_UNKNOWN */

/*
 * Sends the request (copied). `done(context, reply)` is called exactly once, on the HTTP thread (or, while the client
 * is stopping, before http_send returns); the reply's memory is `arena`'s, which must belong to nobody else until
 * then and have room for the reply: 2 MiB are enough for the largest.
 */
void http_send(const struct http_request *request, struct arena *arena,
               void (*done)(void *context, const struct http_reply *reply), void *context);

/* The value of a header (name in lower case), or NULL. */
const char *http_header_value(const struct http_reply *reply, const char *name);

#endif
