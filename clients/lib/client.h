/* The inside of the client library: connections, one completion queue, calls under way. Only this folder knows gRPC. */
#ifndef BMTCLIENT_CLIENT_H
#define BMTCLIENT_CLIENT_H

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "bmtclient.h"

enum {
    CONNECTIONS_MAX = 16,
    POLLERS_MAX = 4,
    FREE_CALLS_MAX = 4096,
    PATH_MAX_SIZE = 160,
    API_KEY_MAX = 2040,
    METADATA_MAX = 2
};

/*
 * What gRPC was asked to do: its tag in the client's queue. `done` runs on a poller's thread; it is stored last, with
 * release, so that who runs it sees what was written before.
 */
struct operation {
    void (*_Atomic done)(struct operation *operation, bool is_success);
};
static inline void operation_begins(struct operation *operation,
                                    void (*done)(struct operation *operation, bool is_success))
{
    atomic_store_explicit(&operation->done, done, memory_order_release);
}

/* A unary call under way; kept and used again. */
struct pending {
    struct operation operation;
    struct pending *next_free;
    struct bmt_client *client;
    grpc_call *call;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_byte_buffer *reply;
    grpc_status_code status;
    grpc_slice message;
    void (*done)(void *context, const void *reply, size_t reply_size, const struct bmt_error *error);
    void *context;
};

struct bmt_client {
    grpc_channel *channels[CONNECTIONS_MAX];
    int n_channels;
    _Atomic unsigned turn; /* connections take turns */
    int64_t deadline_ms;

    grpc_completion_queue *queue;
    pthread_t pollers[POLLERS_MAX];
    int n_pollers;

    grpc_metadata metadata[METADATA_MAX];
    size_t n_metadata;

    pthread_mutex_t lock;
    pthread_cond_t idle;
    struct pending *free_calls;
    size_t n_pending;
};

/* What one call carries: the client's metadata, or in its place a credential of the call's own. */
struct carried {
    grpc_metadata metadata[METADATA_MAX];
    size_t n;
};
struct carried client_carry(const struct bmt_client *client, const char *credential);
void client_drop(struct carried *carried);

/* A call of the client begins, or ends; bmt_client_free waits for all. */
void client_enter(struct bmt_client *client);
void client_leave(struct bmt_client *client);

/* A poller: hands finished calls of the client to their callers until its queue is shut down. */
void *client_poll(void *context); /* struct bmt_client */

/* Starts a call of the method; the caller owns it. */
grpc_call *client_call(struct bmt_client *client, grpc_completion_queue *queue,
                       const ProtobufCServiceDescriptor *service, const char *method, int64_t deadline_ms);

/* Makes one buffer of a byte buffer's slices; free() it. */
void *client_bytes(grpc_byte_buffer *buffer, size_t *ret_size);

/* Describes what went wrong here, without a server: `problem: what`. */
void client_fail(struct bmt_error *error, grpc_status_code status, const char *problem, const char *what);

/* Describes a status, with reason and metadata from its details when there are any. */
void client_error(struct bmt_error *error, grpc_status_code status, grpc_slice message,
                  const grpc_metadata_array *trailing);

#endif
