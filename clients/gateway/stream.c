/*
 * A server stream as a body of frames; see gateway.h. One message at a time is under way: the next is asked for once
 * the page's connection has taken the last. The body's reader runs on the HTTP thread; messages and the end come on the
 * client library's, or on the HTTP thread while the stream begins. What they share stands under the stream's lock. The
 * stream ends when both have let go of it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gateway.h"

/* A response has a block even where frames go straight to the connection's memory: the smallest. */
enum { BLOCK_SIZE = 128, STREAM_ARENA_MAX = ANSWER_ARENA_MAX };

struct stream {
    struct gateway *gateway;
    struct stream *next; /* both under the gateway's lock */
    struct stream *previous;
    struct MHD_Connection *connection;
    const ProtobufCMessageDescriptor *type;
    enum codec codec;

    pthread_mutex_t lock; /* guards what follows */
    struct arena *arena;  /* of the frames that wait; NULL while none do, as nearly always */
    struct json_text frames;
    size_t n_taken; /* bytes of frames that the connection has */
    struct bmt_watch *watch;
    bool is_ended;     /* the watch: it is only to be freed */
    bool is_asked;     /* for a message or the end, which has not come yet */
    bool is_over;      /* the last frame is among the frames */
    bool is_suspended; /* the connection waits for frames */
    bool is_gone;      /* the page has left */
    int n_holders;
};

static void enter_list(struct stream *stream)
{
    struct gateway *gateway = stream->gateway;

    pthread_mutex_lock(&gateway->lock);
    stream->next = gateway->streams;
    if (stream->next != NULL)
        stream->next->previous = stream;
    gateway->streams = stream;
    pthread_mutex_unlock(&gateway->lock);
}

static void leave_list(struct stream *stream)
{
    struct gateway *gateway = stream->gateway;

    pthread_mutex_lock(&gateway->lock);
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        gateway->streams = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    pthread_mutex_unlock(&gateway->lock);
}

static void let_go(struct stream *stream)
{
    int n;

    pthread_mutex_lock(&stream->lock);
    n = --stream->n_holders;
    pthread_mutex_unlock(&stream->lock);
    if (n > 0)
        return;
    leave_list(stream);
    pthread_mutex_destroy(&stream->lock);
    bmt_watch_free(stream->watch);
    arena_free(stream->arena);
    free(stream);
}

/* Under the lock: the connection may go on. */
static void wake(struct stream *stream)
{
    if (stream->is_suspended)
        MHD_resume_connection(stream->connection);
    stream->is_suspended = false;
}

/* Under the lock: nothing more is wanted of bmtd but the end. */
static void give_up(struct stream *stream)
{
    if (stream->is_ended)
        return;
    bmt_watch_cancel(stream->watch);
    if (!stream->is_asked) {
        stream->is_asked = true;
        bmt_watch_next(stream->watch);
    }
}

/* Under the lock: those that waited were taken. */
static void begin_frames(struct stream *stream)
{
    arena_free(stream->arena);
    stream->arena = arena_new(STREAM_ARENA_MAX);
    stream->frames = (struct json_text){.arena = stream->arena};
    stream->n_taken = 0;
}

static void put_end(struct stream *stream, const struct bmt_error *error)
{
    size_t begin;

    if (stream->arena == NULL)
        begin_frames(stream);
    begin = stream->frames.size;
    json_put(&stream->frames, "\0\0\0\0\0{", FRAME_HEAD + 1);
    if (error != NULL) {
        json_put_text(&stream->frames, "\"error\":");
        answer_put_error(&stream->frames, error);
    }
    json_put(&stream->frames, "}", 1);
    answer_close_frame(&stream->frames, begin, FRAME_END);
    stream->is_over = true;
}

static void on_message(void *context, const void *bytes, size_t size)
{
    struct stream *stream = context;
    const struct bmt_error unreadable = {.code = CONNECT_INTERNAL, .message = "the server's message cannot be read"};

    pthread_mutex_lock(&stream->lock);
    stream->is_asked = false;
    if (stream->is_over || stream->is_gone) { /* nobody takes it, and the last frame may still wait */
        give_up(stream);
        pthread_mutex_unlock(&stream->lock);
        return;
    }
    begin_frames(stream);
    json_put(&stream->frames, "\0\0\0\0\0", FRAME_HEAD);
    if (stream->codec == CODEC_PROTO)
        json_put(&stream->frames, bytes, size);
    if (stream->codec == CODEC_PROTO || answer_put_message(&stream->frames, stream->type, bytes, size)) {
        answer_close_frame(&stream->frames, 0, 0);
    } else {
        stream->frames.size = 0;
        put_end(stream, &unreadable);
    }
    if (stream->is_over)
        give_up(stream);
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

static void on_end(void *context, const struct bmt_error *error)
{
    struct stream *stream = context;

    pthread_mutex_lock(&stream->lock);
    stream->is_ended = true;
    if (!stream->is_over)
        put_end(stream, error);
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
    let_go(stream);
}

/* Under the lock: thousands of streams wait for the next message most of the time, and so without memory for it. */
static void drop_taken(struct stream *stream)
{
    if (stream->n_taken < stream->frames.size)
        return;
    arena_free(stream->arena);
    stream->arena = NULL;
    stream->frames = (struct json_text){0};
    stream->n_taken = 0;
}

/* libmicrohttpd wants up to `most` bytes of the body. */
static ssize_t read_body(void *context, uint64_t position, char *buffer, size_t most)
{
    struct stream *stream = context;
    ssize_t n = 0;

    (void)position;
    pthread_mutex_lock(&stream->lock);
    if (stream->n_taken < stream->frames.size) {
        const size_t left = stream->frames.size - stream->n_taken;

        n = (ssize_t)(left < most ? left : most);
        memcpy(buffer, stream->frames.data + stream->n_taken, (size_t)n);
        stream->n_taken += (size_t)n;
        drop_taken(stream);
    } else if (stream->is_over) {
        n = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->is_suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    if (stream->n_taken == stream->frames.size && !stream->is_over && !stream->is_asked && !stream->is_ended) {
        stream->is_asked = true;
        bmt_watch_next(stream->watch);
    }
    pthread_mutex_unlock(&stream->lock);
    return n;
}

/* The response is over, or the page has left. */
static void on_closed(void *context)
{
    struct stream *stream = context;

    pthread_mutex_lock(&stream->lock);
    stream->is_gone = true;
    give_up(stream);
    pthread_mutex_unlock(&stream->lock);
    let_go(stream);
}

static void end_with_the_gateway(struct stream *stream)
{
    const struct bmt_error ending = {
        .code = CONNECT_UNAVAILABLE, .reason = "SHUTTING_DOWN", .message = "the gateway is about to end; try again"};

    pthread_mutex_lock(&stream->lock);
    if (!stream->is_over)
        put_end(stream, &ending);
    give_up(stream);
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

struct MHD_Response *stream_begin(struct exchange *exchange)
{
    static const struct bmt_watch_events events = {.on_message = on_message, .on_end = on_end};
    const struct bmt_call_options options = {.credential = exchange->credential, .deadline_ms = exchange->deadline_ms};
    struct stream *stream = calloc(1, sizeof *stream);
    struct MHD_Response *response;

    *stream = (struct stream){.gateway = exchange->gateway,
                              .connection = exchange->connection,
                              .type = exchange->route->method->output,
                              .codec = exchange->codec,
                              .is_asked = true,
                              .n_holders = 2};
    pthread_mutex_init(&stream->lock, NULL);
    enter_list(stream);
    bmt_watch_start(exchange->gateway->client, exchange->route->service, exchange->route->method->name,
                    exchange->message, exchange->message_size, &options, &events, stream, &stream->watch);
    if (atomic_load(&exchange->gateway->is_ending)) /* meanwhile: streams_end may not have seen it */
        end_with_the_gateway(stream);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, read_body, stream, on_closed);
    if (response == NULL)
        on_closed(stream);
    return response;
}

void streams_end(struct gateway *gateway)
{
    pthread_mutex_lock(&gateway->lock);
    for (struct stream *stream = gateway->streams; stream != NULL; stream = stream->next)
        end_with_the_gateway(stream);
    pthread_mutex_unlock(&gateway->lock);
}
