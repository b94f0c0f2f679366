/*
 * A small gRPC client for tests, over the C core and raw bytes: it can also send what a well-behaved client never
 * would.
 *
 * Everything waits; a test that waits for more than RPC_WAIT_MS fails.
 */
#ifndef BMT_TESTS_LIB_RPC_H
#define BMT_TESTS_LIB_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "sql/sql.h"

enum { RPC_WAIT_MS = 20000, RPC_HEADERS_MAX = 8 };

struct rpc_client;
struct rpc_call;

/* TLS by PEM texts; NULL for plain. `key` and `certificate` for mutual TLS, or NULL. */
struct rpc_tls {
    const char *authority;
    const char *key;
    const char *certificate;
};

struct rpc_client *rpc_client_new(int port, const struct rpc_tls *tls);
void rpc_client_free(struct rpc_client *client);

/* What a call sends besides its message; NULL texts are not sent. Zeroed: 10 s, no metadata. */
struct rpc_options {
    const char *authorization;
    const char *business;
    const char *header_name; /* one more, any */
    const char *header_value;
    int64_t deadline_ms; /* 0: 10 s; negative: none */
};

/* How a call ended. Memory from the arena. */
struct rpc_result {
    int status;
    const char *message;
    struct sql_bytes reply;   /* the last message received; data NULL when there was none */
    struct sql_bytes details; /* grpc-status-details-bin */
    const char *reason;       /* of ErrorInfo in it; empty when there is none */
    const char *domain;
    const char *values[4]; /* its metadata, in the order sent */
};

/* One unary call. */
struct rpc_result rpc_unary(struct rpc_client *client, const char *path, const ProtobufCMessage *request,
                            const struct rpc_options *options, struct arena *arena);
struct rpc_result rpc_unary_bytes(struct rpc_client *client, const char *path, const void *data, size_t size,
                                  const struct rpc_options *options, struct arena *arena);

/* The reply unpacked, or NULL. */
const void *rpc_reply(const struct rpc_result *result, const ProtobufCMessageDescriptor *type, struct arena *arena);

/* Calls in pieces, for streams and for many at a time. */
struct rpc_call *rpc_begin(struct rpc_client *client, const char *path, const struct rpc_options *options,
                           struct arena *arena);
bool rpc_write(struct rpc_call *call, const ProtobufCMessage *message);
void rpc_half_close(struct rpc_call *call);
/* The next message; false when the stream has ended. */
bool rpc_read(struct rpc_call *call, struct sql_bytes *ret_message);
void rpc_cancel(struct rpc_call *call);
/* The end; reads what is left. The call is gone then. */
struct rpc_result rpc_end(struct rpc_call *call);

#endif
