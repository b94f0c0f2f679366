/*
 * libbmtclient: calls bmt from C.
 *
 * A client is one or more connections to one address with one credential; it is thread-safe. Messages are those of
 * the generated stubs (bmt/order/v1/order.pb-c.h); a method is named by its service descriptor and its name there.
 *
 *     struct bmt_client *client = bmt_client_new(&(struct bmt_client_options){.address = "127.0.0.1:7450",
 *                                                                             .api_key = key});
 *     Bmt__Order__V1__GetOrderRequest request = BMT__ORDER__V1__GET_ORDER_REQUEST__INIT;
 *     request.order_id = "ord_...";
 *     Bmt__Order__V1__GetOrderResponse *reply = NULL;
 *     struct bmt_error error;
 *     if (bmt_call(client, &bmt__order__v1__order_service__descriptor, "GetOrder", &request.base,
 *                  (ProtobufCMessage **)&reply, &error) != 0)
 *         fprintf(stderr, "%s: %s\n", error.reason, error.message);
 *     else
 *         protobuf_c_message_free_unpacked(&reply->base, NULL);
 *
 * bmt_call tries again by itself, with growing pauses until the deadline, where the outcome UNAVAILABLE cannot double
 * anything: reads, and writes that carry a request_id.
 *
 * This header needs protobuf-c only; gRPC stays inside.
 */
#ifndef BMTCLIENT_H
#define BMTCLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bmt_client;

struct bmt_client_options {
    const char *address;          /* host:port */
    const char *api_key;          /* API key or client token; NULL: none */
    const char *business;         /* for staff keys: the business to act for, `biz_...`; NULL: none */
    const char *ca_file;          /* PEM: authorities of the server; NULL: without TLS */
    const char *certificate_file; /* PEM: our certificate for mutual TLS, with key_file */
    const char *key_file;
    int64_t deadline_ms; /* of each call; 0: 5000 */
    int connections;     /* 1 to 16; 0: 1 */
    int pollers;         /* threads that carry replies of bmt_call_start; 1 to 4; 0: 1 */
};

enum { BMT_ERROR_METADATA_MAX = 8 };

/* Why a call did not succeed. */
struct bmt_error {
    int code;          /* gRPC status code, 1 to 16 */
    char reason[64];   /* as in docs/errors.md, such as STOCK_INSUFFICIENT; empty when the server gave none */
    char message[512]; /* for people */
    size_t n_metadata;
    struct {
        char key[32];
        char value[128];
    } metadata[BMT_ERROR_METADATA_MAX];
};

/* `NOT_FOUND` for 5; "UNKNOWN" for numbers that are no code. */
const char *bmt_code_name(int code);

/*
 * NULL when a file cannot be read, an option is out of range, or api_key or business is not printable ASCII; `error`
 * says which. Does not connect yet.
 */
struct bmt_client *bmt_client_new(const struct bmt_client_options *options, struct bmt_error *error);

/* Waits for calls under way; NULL is ignored. */
void bmt_client_free(struct bmt_client *client);

/*
 * One call, answered before it returns. 0 with `ret_reply` (free with protobuf_c_message_free_unpacked), or the gRPC
 * status code, described in `error`.
 */
int bmt_call(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
             const ProtobufCMessage *request, ProtobufCMessage **ret_reply, struct bmt_error *error);

/*
 * The same without waiting and without retries: `done` is called once on a poller's thread. `reply` and `error` are
 * valid during `done` only; exactly one of them is not NULL. Packed bytes, for callers that send much.
 */
void bmt_call_start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                    const void *request, size_t request_size,
                    void (*done)(void *context, const void *reply, size_t reply_size, const struct bmt_error *error),
                    void *context);

/* What one call has of its own. */
struct bmt_call_options {
    const char *credential; /* API key or client token, at most 2,040 printable ASCII characters; NULL: the client's */
    int64_t deadline_ms;    /* 0: the client's; streams: none */
};

/* The same with options, for callers that act for many, such as a gateway. */
void bmt_call_start_with(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                         const void *request, size_t request_size, const struct bmt_call_options *options,
                         void (*done)(void *context, const void *reply, size_t reply_size,
                                      const struct bmt_error *error),
                         void *context);

/*
 * A server stream: `on_message` for each message until it returns non-zero (the stream is then cancelled), the server
 * ends the stream, or it breaks. 0 after a proper end or cancel; else the code, described in `error`. Waits.
 * `deadline_ms` 0: no deadline.
 */
int bmt_stream(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
               const ProtobufCMessage *request, int64_t deadline_ms,
               int (*on_message)(void *context, const ProtobufCMessage *message), void *context,
               struct bmt_error *error);

/*
 * A server stream without waiting. The start, and each bmt_watch_next after a message, is answered by one message or by
 * the end, so that who reads slowly is not flooded: on a poller's thread, or on the caller's before the function
 * returns, so hold no lock that the events take. `ret_watch` is set before anything is told. `error` is NULL after a
 * proper end. After the end a watch must not be asked any more. It is to be freed then: by whoever is the last to
 * cancel it, and before its client, whose end waits for that.
 */
struct bmt_watch;
struct bmt_watch_events {
    void (*on_message)(void *context, const void *message, size_t size);
    void (*on_end)(void *context, const struct bmt_error *error);
};
void bmt_watch_start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                     const void *request, size_t request_size, const struct bmt_call_options *options,
                     const struct bmt_watch_events *events, void *context, struct bmt_watch **ret_watch);
void bmt_watch_next(struct bmt_watch *watch);
/* What is asked for is answered soon: by the end, with CANCELLED. By any thread; after the end it does nothing. */
void bmt_watch_cancel(struct bmt_watch *watch);
void bmt_watch_free(struct bmt_watch *watch);

/* A new request_id: 26 characters, time-ordered, unique. `text` holds BMT_REQUEST_ID_SIZE bytes. Returns text. */
enum { BMT_REQUEST_ID_SIZE = 27 };
const char *bmt_request_id(char *text);

#ifdef __cplusplus
}
#endif

#endif
