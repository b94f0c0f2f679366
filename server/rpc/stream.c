/*
 * Streams: a bounded queue behind the one message that core writes, and an end that happens once.
 *
 * Who owes the answer is settled by one of two events on a poller, whichever applies: OP_STATUS when the end was
 * started here, OP_CLOSE when the client left before. So no stream_ function ever drops the last reference, and
 * on_gone never runs inside one of them: a hub may hold its own lock while it sends.
 */
#include "base/metrics.h"
#include "rpc/core.h"

enum { MESSAGE_ARENA_MAX = 8 * 1024 * 1024 };

void stream_open(struct call *call)
{
    struct stream *stream = arena_new_of(call->arena, struct stream);
    struct rpc *rpc = call->rpc;

    stream->queue = arena_array_of(call->arena, grpc_byte_buffer *, STREAM_QUEUE_MAX);
    pthread_mutex_init(&stream->lock, NULL);
    call->stream = stream;
    pthread_mutex_lock(&rpc->streams_lock);
    stream->next = rpc->streams;
    if (stream->next != NULL)
        stream->next->stream->previous = call;
    rpc->streams = call;
    pthread_mutex_unlock(&rpc->streams_lock);
}

static void stream_drop_queue(struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        grpc_byte_buffer_destroy(stream->queue[(stream->head + i) % STREAM_QUEUE_MAX]);
    stream->count = 0;
}

static void stream_unlink(struct call *call)
{
    struct rpc *rpc = call->rpc;
    struct stream *stream = call->stream;

    pthread_mutex_lock(&rpc->streams_lock);
    if (stream->previous != NULL)
        stream->previous->stream->next = stream->next;
    else
        rpc->streams = stream->next;
    if (stream->next != NULL)
        stream->next->stream->previous = stream->previous;
    pthread_mutex_unlock(&rpc->streams_lock);
}

/* The last reference is gone: tells the handler, once. */
void stream_free(struct call *call)
{
    struct stream *stream = call->stream;

    stream_unlink(call);
    metric_set(call->rpc->streams_gauge, atomic_fetch_sub(&call->rpc->open_streams, 1) - 1);
    if (stream->on_gone != NULL)
        stream->on_gone(call, stream->gone_context);
    stream_drop_queue(stream);
    arena_free(stream->message_arena);
    pthread_mutex_destroy(&stream->lock);
}

/* Core did not take an operation: the call is of no use any more; OP_CLOSE will settle it. With the lock held. */
static void stream_break(struct call *call)
{
    call->stream->is_finishing = true;
    stream_drop_queue(call->stream);
    grpc_call_cancel(call->grpc, NULL);
}

/* Puts the headers before the first operation that sends. */
static size_t stream_headers(struct stream *stream, grpc_op *ops)
{
    if (stream->headers_sent)
        return 0;
    stream->headers_sent = true;
    ops[0] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    return 1;
}

/* With the lock held and nothing being written. */
static void stream_write(struct call *call, grpc_byte_buffer *message)
{
    grpc_op ops[2];
    size_t n = stream_headers(call->stream, ops);

    ops[n] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE};
    ops[n++].data.send_message.send_message = message;
    call->stream->is_writing = call_start(call, OP_WRITE, ops, n);
    grpc_byte_buffer_destroy(message);
    if (!call->stream->is_writing)
        stream_break(call);
}

/* With the lock held and nothing being written. */
static void stream_write_status(struct call *call)
{
    struct stream *stream = call->stream;
    grpc_op ops[2];
    size_t n = stream_headers(stream, ops);

    ops[n++] = call_status_op(call, &stream->end);
    call_told(call, &stream->end);
    stream->status_started = call_start(call, OP_STATUS, ops, n);
    if (!stream->status_started)
        stream_break(call);
}

/* The reader is too slow: only a reset of the stream passes the messages that wait for it. With the lock held. */
static void stream_too_slow(struct call *call)
{
    struct stream *stream = call->stream;
    char message[ERR_TEXT_MAX];

    stream->is_finishing = true;
    stream_drop_queue(stream);
    (void)err_fail(&stream->end, ERR_STREAM_TOO_SLOW);
    call_told(call, &stream->end);
    grpc_call_cancel_with_status(call->grpc, GRPC_STATUS_RESOURCE_EXHAUSTED,
                                 err_message(&stream->end, message, sizeof(message)), NULL);
}

/* Takes over the message. */
static bool stream_put(struct call *call, grpc_byte_buffer *message)
{
    struct stream *stream = call->stream;
    bool is_taken = false;

    pthread_mutex_lock(&stream->lock);
    if (stream->is_finishing || stream->is_over) {
        grpc_byte_buffer_destroy(message);
    } else if (!stream->is_writing) {
        stream_write(call, message);
        is_taken = true;
    } else if (stream->count < STREAM_QUEUE_MAX) {
        stream->queue[(stream->head + stream->count++) % STREAM_QUEUE_MAX] = message;
        is_taken = true;
    } else {
        grpc_byte_buffer_destroy(message);
        stream_too_slow(call);
    }
    pthread_mutex_unlock(&stream->lock);
    return is_taken;
}

bool stream_send(struct call *call, const ProtobufCMessage *message)
{
    PRE(call->stream != NULL);
    return stream_put(call, call_buffer(message));
}

void stream_finish(struct call *call, const struct err *err)
{
    struct stream *stream = call->stream;

    PRE(stream != NULL);
    pthread_mutex_lock(&stream->lock);
    if (!stream->is_finishing && !stream->is_over) {
        stream->is_finishing = true;
        if (err != NULL)
            stream->end = *err;
        if (!stream->is_writing)
            stream_write_status(call);
    }
    pthread_mutex_unlock(&stream->lock);
}

void stream_answer(struct call *call, grpc_byte_buffer *message, const struct err *err)
{
    if (message != NULL)
        (void)stream_put(call, message);
    stream_finish(call, err);
}

void stream_on_write(struct call *call, bool ok)
{
    struct stream *stream = call->stream;

    pthread_mutex_lock(&stream->lock);
    stream->is_writing = false;
    if (!ok || stream->is_over) {
        stream_drop_queue(stream);
    } else if (stream->count > 0) {
        grpc_byte_buffer *message = stream->queue[stream->head];

        stream->head = (stream->head + 1) % STREAM_QUEUE_MAX;
        stream->count--;
        stream_write(call, message);
    } else if (stream->is_finishing && stream->end.id != ERR_STREAM_TOO_SLOW) {
        stream_write_status(call);
    }
    pthread_mutex_unlock(&stream->lock);
}

void stream_on_close(struct call *call)
{
    struct stream *stream = call->stream;
    bool owes;

    pthread_mutex_lock(&stream->lock);
    owes = !stream->status_started;
    if (owes && !stream->is_finishing)
        call_told(call, NULL);
    stream->is_over = true;
    stream_drop_queue(stream);
    pthread_mutex_unlock(&stream->lock);
    if (owes)
        call_unref(call); /* never the last one: the event that brought us here holds its own */
}

void stream_on_gone(struct call *call, void (*on_gone)(struct call *call, void *context), void *context)
{
    call->stream->on_gone = on_gone;
    call->stream->gone_context = context;
}

/* With the lock held. */
static void stream_read(struct call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    op.data.recv_message.recv_message = &call->payload;
    if (!call_start(call, OP_READ, &op, 1))
        stream_break(call);
}

void stream_receive(struct call *call,
                    void (*on_message)(struct call *call, const void *message_or_null, void *context), void *context)
{
    struct stream *stream = call->stream;

    PRE(stream != NULL && call->method->rule.is_client_streaming);
    pthread_mutex_lock(&stream->lock);
    stream->on_message = on_message;
    stream->message_context = context;
    if (stream->in_callback)
        stream->wants_more = true;
    else if (!stream->is_over)
        stream_read(call);
    pthread_mutex_unlock(&stream->lock);
}

/* Unpacks what was read, NULL at the end; false when the stream was finished because of its form. */
static bool stream_message(struct call *call, const ProtobufCMessage **ret_message)
{
    struct stream *stream = call->stream;
    struct err err = {0};

    *ret_message = NULL;
    if (call->payload == NULL)
        return true;
    if (stream->message_arena == NULL)
        stream->message_arena = arena_new(MESSAGE_ARENA_MAX);
    arena_reset(stream->message_arena);
    int rc = admit_unpack(call, stream->message_arena, ret_message, &err);
    grpc_byte_buffer_destroy(call->payload);
    call->payload = NULL;
    if (rc != 0)
        stream_finish(call, &err);
    return rc == 0;
}

void stream_on_read(struct call *call)
{
    struct stream *stream = call->stream;
    const ProtobufCMessage *message;

    if (!stream_message(call, &message))
        return;
    pthread_mutex_lock(&stream->lock);
    stream->in_callback = true;
    pthread_mutex_unlock(&stream->lock);
    stream->on_message(call, message, stream->message_context);
    pthread_mutex_lock(&stream->lock);
    stream->in_callback = false;
    if (stream->wants_more && !stream->is_over)
        stream_read(call);
    stream->wants_more = false;
    pthread_mutex_unlock(&stream->lock);
}

void stream_finish_all(struct rpc *rpc, const struct err *err)
{
    pthread_mutex_lock(&rpc->streams_lock);
    for (struct call *call = rpc->streams; call != NULL; call = call->stream->next)
        stream_finish(call, err);
    pthread_mutex_unlock(&rpc->streams_lock);
}
