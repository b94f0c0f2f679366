/*
 * The SDK gateway: HTTP for pages (the Connect protocol, https://connectrpc.com/docs/protocol) to gRPC of bmtd.
 *
 *   options.c        the settings, and the help
 *   http.c           the one door to libmicrohttpd: requests come and go
 *   request.c        what the headers alone decide, and where a request goes
 *   connect.c        what the protocol says of a request: verb, codec, time, message
 *   answer.c         what goes back: messages, errors, and their HTTP status
 *   call.c           one call of bmtd for one request
 *   stream.c         a server stream as a body of frames
 *   routes.c         which methods pages may call; told by the protos, a new one needs nothing here
 *   notification.c   what a channel tells, handed on as it came
 *   pay_return.c     a payer who comes back from a channel's page
 *   cors.c           which pages may call
 *   token_limits.c   how much one token may ask for
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
#include "base/log.h"
#include "bmtclient.h"
#include "json.h"
#include "token_limits.h"

/* What options.c's table says of each. Texts that are not given are NULL. */
struct gateway_options {
    const char *listen;
    const char *server;
    const char *ca_file;
    const char *origins;
    const char *metrics_listen;
    const char *log_level;
    enum log_level level; /* what log_level says */
    const char *ready_file;
    int64_t deadline_ms;
    int64_t body_max;
    int64_t body_ms;
    int64_t connections;
    int64_t connections_per_ip;
    int64_t calls_per_token;
    int64_t streams_per_token;
};

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_PORT = 5 };

/* OPTIONS_READ to go on; else what the process ends with. */
enum { OPTIONS_READ = -1 };
int options_read(int argc, char **argv, struct gateway_options *options);

#define BMT_ERROR_DOMAIN "bmt"

enum codec { CODEC_JSON, CODEC_PROTO };

/* Codes that this process gives by itself; the numbers are gRPC's. */
enum {
    CONNECT_INVALID_ARGUMENT = 3,
    CONNECT_PERMISSION_DENIED = 7,
    CONNECT_RESOURCE_EXHAUSTED = 8,
    CONNECT_UNIMPLEMENTED = 12,
    CONNECT_INTERNAL = 13,
    CONNECT_UNAVAILABLE = 14,
};

enum { BMT_CREDENTIAL_MAX = 2047 }; /* with `Bearer ` */

/* Tokens whose use is remembered, besides those with open streams; some 100 bytes each. */
enum { TOKENS_KEPT = 32768, GATEWAY_ARENA_MAX = 64 << 20 };

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
    struct arena *arena; /* of the routes and the limits */
    struct token_limits *limits;
    const struct route *routes;
    size_t n_routes;
    struct route notification; /* HandleNotification */
    struct bmt_client *client;
    struct MHD_Daemon *daemon;
    _Atomic bool is_ending;
    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t idle;    /* n_exchanges came to 0 */
    int n_exchanges;        /* requests that are not answered yet */
    struct stream *streams; /* open ones */
};

enum request_kind {
    REQUEST_UNKNOWN,
    REQUEST_CALL,         /* of a page: route */
    REQUEST_NOTIFICATION, /* of a channel: route is HandleNotification */
    REQUEST_RETURN,       /* of a payer's browser */
};

struct exchange {
    struct gateway *gateway;
    struct MHD_Connection *connection;
    struct arena *arena;
    enum request_kind kind;
    const struct route *route; /* of bmtd's method; NULL where none is called */
    const char *account_id;    /* of a notification, not yet judged */
    enum codec codec;
    int64_t deadline_ms;
    const char *credential;       /* NULL: none was given */
    struct token_use *stream_use; /* of the token; NULL: no stream is counted */
    const char *origin;           /* of a page that may call; NULL: not from a page */
    struct json_text body;        /* of the request */
    const uint8_t *message;       /* packed, for bmtd */
    size_t message_size;
    size_t n_received; /* bytes of the body, also those that were thrown away */
    int64_t begin_ns;  /* clock_steady_ns */
    bool is_get;
    bool is_preflight;
    bool is_framed;   /* an error goes back as a stream's only frame */
    bool is_last;     /* the connection must not carry another request */
    bool is_answered; /* what follows is set */
    unsigned status;
    const char *content_type; /* NULL: without a body */
    const char *location;     /* where to go; NULL: nowhere */
    int64_t retry_after_s;    /* 0: the answer does not say */
    struct json_text reply;
    /* What bmtd replied becomes the answer. */
    void (*take_reply)(struct exchange *exchange, const void *bytes, size_t size);
    void (*on_done)(struct exchange *exchange);
};

/* The codes of Connect are those of gRPC: code 5 is `not_found` and HTTP 404. */
const char *connect_code_name(int code);
unsigned connect_http_status(int code);

/* Of the request; NULL when it is not there. An argument is one of the URL's, decoded. */
const char *http_header(const struct exchange *exchange, const char *name);
const char *http_argument(const struct exchange *exchange, const char *name, size_t *ret_size);
/* False from `see` ends it. */
void http_each_header(const struct exchange *exchange, bool (*see)(void *context, const char *name, const char *value),
                      void *context);

/* What the headers alone decide: it is answered when they are not as they must be. */
void request_look(struct exchange *exchange, const char *path, const char *verb);
/* The most that its body may have. */
size_t request_body_max(const struct exchange *exchange);
/* Looks at a request whose body is whole. True: its call of bmtd may begin. False: it has been answered. */
bool request_begin(struct exchange *exchange);
/* The connection ends with it, so that whoever asked finds another gateway. */
void request_refuse_at_the_end(struct exchange *exchange);
/* For logs and metrics: one of a closed list. */
const char *request_name(const struct exchange *exchange);

/* The same for calls of pages, notifications and returns; the last is always answered. */
bool connect_begin(struct exchange *exchange);
bool notification_begin(struct exchange *exchange);
void pay_return_answer(struct exchange *exchange);

/* The account of a notification's path; NULL when it is none. */
const char *notification_account(const char *path);
/* Whether the path is that of returns. */
bool pay_return_is(const char *path);

/* Answers of this process's own; `reason` as in docs/gateway.md, empty for none. */
void answer_error(struct exchange *exchange, const struct bmt_error *error);
void answer_refusal(struct exchange *exchange, int code, const char *reason, const char *message);
void answer_status(struct exchange *exchange, unsigned status);
/* Too much was asked for; `wait_ns` from now on it may be taken. */
void answer_exhausted(struct exchange *exchange, const char *reason, const char *message, int64_t wait_ns);
void answer_put_error(struct json_text *text, const struct bmt_error *error);
/* False when the bytes are no message of the type. */
bool answer_put_message(struct json_text *text, const ProtobufCMessageDescriptor *type, const void *bytes, size_t size);
/* The content type of a stream. */
const char *answer_stream_type(const struct exchange *exchange);
/* What bmtd replied, in the exchange's codec. */
void answer_message(struct exchange *exchange, const void *bytes, size_t size);

/* Puts the length into a frame that began at `begin`, where five bytes were left for its head. */
void answer_close_frame(struct json_text *frames, size_t begin, uint8_t flags);
enum { FRAME_HEAD = 5, FRAME_END = 2 };

/* Begins the call; on_done is called on another thread once the exchange is answered. */
void call_begin(struct exchange *exchange, void (*on_done)(struct exchange *exchange));

/* The answer to a stream's request: a body that grows with what bmtd sends. NULL when memory is out. */
struct MHD_Response *stream_begin(struct exchange *exchange);
/* Ends all streams with UNAVAILABLE, so that pages come again. */
void streams_end(struct gateway *gateway);

/* All methods whose rule lets pages call. */
void routes_read(struct gateway *gateway);
const struct route *routes_find(const struct gateway *gateway, const char *path);

/* Whether the list names the origin, which has `size` bytes. */
bool cors_allows(const char *origins, const char *origin, size_t size);
/* The headers that tell a page that it may read the answer. */
void cors_add(const struct exchange *exchange, struct MHD_Response *response);
void cors_add_preflight(struct MHD_Response *response);

/* 0, or -1 with one line in `problems`. */
int http_start(struct gateway *gateway, FILE *problems);
int http_port(const struct gateway *gateway);
/* No new connections; waits for the calls under way, then closes. */
void http_stop(struct gateway *gateway);

#endif
