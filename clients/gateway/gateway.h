/*
 * The SDK gateway: HTTP for pages (the Connect protocol, https://connectrpc.com/docs/protocol) to gRPC of bmtd.
 *
 *   http.c      the one door to libmicrohttpd: requests come and go
 *   connect.c   what the protocol says of a request: verb, codec, time, message
 *   answer.c    what goes back: messages, errors, and their HTTP status
 *   call.c      one call of bmtd for one request
 *   stream.c    a server stream as a body of frames
 *   routes.c    which methods pages may call; told by the protos, a new one needs nothing here
 *   cors.c      which pages may call
 *
 * An exchange is one request with its answer. It belongs to the HTTP thread, but while its call is under way to the
 * client library's thread: the connection is suspended then.
 */
#ifndef BMT_GATEWAY_GATEWAY_H
#define BMT_GATEWAY_GATEWAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include <microhttpd.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "bmtclient.h"
#include "json.h"

struct gateway_options {
    const char *listen;         /* `127.0.0.1:7480`, or `unix:` and a path */
    const char *server;         /* bmtd, `127.0.0.1:7450` */
    const char *ca_file;        /* authorities of bmtd; NULL: without TLS */
    const char *origins;        /* origins of pages that may call, with commas: `https://shop.example`; NULL: none */
    const char *metrics_listen; /* NULL: no metrics */
    const char *ready_file;     /* gets the port once it serves; NULL: none */
    int64_t deadline_ms;        /* of a call that names none, and the most that one may name */
    size_t body_max;            /* bytes */
    unsigned connections_max;
    unsigned connections_max_per_ip;
};

#define BMT_ERROR_DOMAIN "bmt"

enum codec { CODEC_JSON, CODEC_PROTO };

/* Codes that this process gives by itself; the numbers are gRPC's. */
enum {
    CONNECT_INVALID_ARGUMENT = 3,
    CONNECT_PERMISSION_DENIED = 7,
    CONNECT_UNIMPLEMENTED = 12,
    CONNECT_INTERNAL = 13,
    CONNECT_UNAVAILABLE = 14,
};

enum { BMT_CREDENTIAL_MAX = 2047 }; /* with `Bearer ` */

/*
 * A message can take some hundred times the bytes that it is packed or written in: a request that would take more is
 * refused, replies are bmtd's own and bounded by its limits.
 */
enum { ANSWER_ARENA_MAX = 1 << 30, REQUEST_ARENA_MAX = 64 << 20 };

struct route {
    const char *path; /* `/bmt.order.v1.OrderService/CreateOrder` */
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *method;
    bool has_no_side_effects; /* may be called by GET */
    bool is_stream;
};

struct gateway {
    struct gateway_options options;
    struct arena *arena; /* of the routes */
    const struct route *routes;
    size_t n_routes;
    struct bmt_client *client;
    struct MHD_Daemon *daemon;
    _Atomic bool is_ending;
    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t idle;    /* n_exchanges came to 0 */
    int n_exchanges;        /* requests that are not answered yet */
    struct stream *streams; /* open ones */
};

struct exchange {
    struct gateway *gateway;
    struct MHD_Connection *connection;
    struct arena *arena;
    const struct route *route; /* NULL before it is known, and for what is no call */
    enum codec codec;
    int64_t deadline_ms;
    const char *credential; /* NULL: none was given */
    const char *origin;     /* of a page that may call; NULL: not from a page */
    struct json_text body;  /* of the request */
    const uint8_t *message; /* packed, for bmtd */
    size_t message_size;
    size_t n_received; /* bytes of the body, also those that were thrown away */
    int64_t begin_ns;  /* clock_steady_ns */
    bool is_get;
    bool is_preflight;
    bool is_last;     /* the connection must not carry another request */
    bool is_answered; /* what follows is set */
    unsigned status;
    const char *content_type; /* NULL: without a body */
    struct json_text reply;
    void (*on_done)(struct exchange *exchange);
};

/* The codes of Connect are those of gRPC: code 5 is `not_found` and HTTP 404. */
const char *connect_code_name(int code);
unsigned connect_http_status(int code);

/* Looks at a request whose body is whole. True: its call may begin. False: it has been answered. */
bool connect_begin(struct exchange *exchange);

/* Answers of this process's own; `reason` as in docs/gateway.md, empty for none. */
void answer_error(struct exchange *exchange, const struct bmt_error *error);
void answer_refusal(struct exchange *exchange, int code, const char *reason, const char *message);
void answer_status(struct exchange *exchange, unsigned status);
void answer_put_error(struct json_text *text, const struct bmt_error *error);
/* False when the bytes are no message of the type. */
bool answer_put_message(struct json_text *text, const ProtobufCMessageDescriptor *type, const void *bytes, size_t size);
/* What bmtd replied, in the exchange's codec. */
void answer_message(struct exchange *exchange, const void *bytes, size_t size);

/* Begins the call; on_done is called on another thread once the exchange is answered. */
void call_begin(struct exchange *exchange, void (*on_done)(struct exchange *exchange));

/* The answer to a stream's request: a body that grows with what bmtd sends. NULL when memory is out. */
struct MHD_Response *stream_begin(struct exchange *exchange);
/* Ends all streams with UNAVAILABLE, so that pages come again. */
void streams_end(struct gateway *gateway);

/* All methods whose rule lets pages call. */
void routes_read(struct gateway *gateway);
const struct route *routes_find(const struct gateway *gateway, const char *path);

/* Whether the list names the origin. */
bool cors_allows(const char *origins, const char *origin);
/* The headers that tell a page that it may read the answer. */
void cors_add(const struct exchange *exchange, struct MHD_Response *response);
void cors_add_preflight(struct MHD_Response *response);

/* 0, or -1 with one line in `problems`. */
int http_start(struct gateway *gateway, FILE *problems);
int http_port(const struct gateway *gateway);
/* No new connections; waits for the calls under way, then closes. */
void http_stop(struct gateway *gateway);

#endif
