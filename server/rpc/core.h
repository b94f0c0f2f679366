/*
 * The inside of the runtime: what only the files of rpc/ know. The one header that includes gRPC.
 *
 * A call lives like this:
 *   1. slot      a posted request (OP_NEW) waits for a client; not yet live.
 *   2. admitted  on the poller: method found, caller known, message read and checked (admit.c), then queued.
 *   3. served    in a lane, or inline for health and reflection (serve.c).
 *   4. answered  call_reply, call_fail or stream_finish start the last operation (OP_STATUS).
 *   5. gone      the last reference is dropped: every operation of core has told its end.
 *
 * References: one for each operation under way in core, one for whoever owes the answer (`owed`, handed over to
 * OP_STATUS when the answer is started), and for streams one for the lane that runs the handler.
 */
#ifndef BMT_RPC_CORE_H
#define BMT_RPC_CORE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#if defined(__has_include)
#if __has_include(<grpc/credentials.h>)
#include <grpc/credentials.h>
#endif
#endif

#include "base/conf.h"
#include "base/err.h"
#include "rpc/call.h"
#include "rpc/call_log.h"
#include "rpc/contract.h"
#include "rpc/lanes.h"
#include "rpc/runtime.h"
#include "rpc/service.h"
#include "rpc/tsan.h"

enum {
    SLOTS = 64,                        /* posted requests */
    CALL_ARENA_MAX = 64 * 1024 * 1024, /* request, what the handler adds, reply */
    UNPACKED_MAX = 4 * 1024 * 1024,    /* of it, what a request may unpack to */
    STATUS_ARENA_MAX = 256 * 1024,
    METADATA_MAX = 16 * 1024,
    POLL_BUSY_MS = 5, /* how soon the poller looks after waiting work that no lane has taken */
    POLL_IDLE_MS = 1000,
};

/* The low bits of a tag; the rest is the call (or, for OP_DOWN, the runtime). */
enum op { OP_NEW, OP_CLOSE, OP_READ, OP_WRITE, OP_STATUS, OP_DOWN, OP_MASK = 7 };

struct method {
    const char *path; /* `/bmt.order.v1.OrderService/CreateOrder` */
    const char *name; /* the same without the first slash */
    struct rpc *rpc;
    const struct rpc_method *served; /* NULL: not yet */
    const ProtobufCMessageDescriptor *request;
    const ProtobufCFieldDescriptor *request_id; /* NULL: none */
    struct contract_method rule;
    bool runs_inline; /* health and reflection: on the poller, for everyone */
    struct queue *queue;
    struct call_metrics metrics;
};

struct stream {
    pthread_mutex_t lock; /* guards what follows */
    bool is_writing;
    bool headers_sent;
    bool is_finishing; /* no further messages are taken */
    bool status_started;
    bool is_over;
    bool in_callback; /* on_message runs; the next read starts after it */
    bool wants_more;
    struct err end;
    grpc_byte_buffer **queue; /* ring of STREAM_QUEUE_MAX */
    size_t head;
    size_t count;
    void (*on_gone)(struct call *call, void *context);
    void *gone_context;
    void (*on_message)(struct call *call, const void *message, void *context);
    void *message_context;
    struct arena *message_arena;
    struct call *next, *previous; /* rpc.streams, guarded by rpc.streams_lock */
};

struct call {
    _Atomic int refs;
    _Atomic bool is_cancelled;
    bool is_live; /* counted in rpc.live */
    struct rpc *rpc;
    struct arena *arena;
    struct method *method; /* NULL until found */

    grpc_call *grpc;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    int close_cancelled;
    grpc_metadata status_metadata;
    grpc_slice status_message;
    bool has_status_slices;

    int64_t begin_ns;
    int64_t deadline_ns;
    int64_t queued_ns;
    uint32_t batch_size;

    const char *authorization; /* NULL: none was sent */
    const char *business;
    struct caller caller;
    const ProtobufCMessage *request;
    struct stream *stream; /* NULL: unary */
};

struct rpc {
    const struct conf *conf;
    struct arena *arena;
    struct authenticator *authenticator;
    struct lanes *lanes;
    const struct contract *contract;
    struct method *methods;
    size_t n_methods;
    struct method **by_path; /* open addressing */
    size_t by_path_size;

    grpc_completion_queue *cq;
    grpc_server *server;
    int port;
    pthread_t *pollers;
    size_t n_pollers;

    _Atomic bool is_draining;
    _Atomic int live;
    _Atomic int open_streams;
    pthread_mutex_t lock; /* guards is_down, and the wait for live == 0 */
    pthread_cond_t changed;
    bool is_down;
    pthread_mutex_t streams_lock;
    struct call *streams;
    struct metric *streams_gauge;
};

/* methods.c: the table of methods from services and contract; 0, or -1 with lines in `problems`. */
int methods_build(struct rpc *rpc, const struct rpc_service *const *services, size_t n, FILE *problems) MUST_CHECK;
struct method *rpc_find_method(const struct rpc *rpc, const char *path, size_t length);

/* secure.c: the port's credentials as conf says; NULL with a line in `problems`. */
grpc_server_credentials *secure_credentials(const struct conf *conf, FILE *problems) MUST_CHECK;

/* poller.c */
void poller_post_slot(struct rpc *rpc);
void *poller_run(void *rpc);

/* admit.c: a call has arrived; its message has been read. */
void admit_new(struct call *call);
void admit_message(struct call *call);
/* Unpacks and checks the message that the call has read; memory from the arena. */
int admit_unpack(const struct call *call, struct arena *arena, const ProtobufCMessage **ret_message,
                 struct err *err) MUST_CHECK;

/* serve.c: runs a method's handler with what its queue gave; the queue's function. */
void serve_calls(struct lane *lane, void *method, void **calls, size_t n);

/* commands.c: methods that are batches of commands. */
void commands_run(struct lane *lane, const struct method *method, struct call **calls, size_t n);

/* call.c */
void *call_tag(struct call *call, enum op op);
void call_ref(struct call *call);
void call_unref(struct call *call);
/* Starts ops under a new reference; false (and no reference) when core refuses, which is logged. */
bool call_start(struct call *call, enum op op, const grpc_op *ops, size_t n) MUST_CHECK;
/* The op SEND_STATUS for this end; its slices live as long as the call. */
grpc_op call_status_op(struct call *call, const struct err *err);
grpc_byte_buffer *call_buffer(const ProtobufCMessage *message);
void call_told(const struct call *call, const struct err *err); /* metrics and log */

/* stream.c */
void stream_open(struct call *call);
void stream_answer(struct call *call, grpc_byte_buffer *message, const struct err *err);
void stream_on_close(struct call *call);
void stream_on_write(struct call *call, bool ok);
void stream_on_read(struct call *call);
void stream_free(struct call *call);
void stream_finish_all(struct rpc *rpc, const struct err *err);

#endif
