/*
 * Unary calls; see bmtclient.h. One completion queue for all calls of a client; pollers take finished ones from it and
 * hand them to their callers. A waiting call (bmt_call) is a started one with a latch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct pending *take_pending(struct bmt_client *client)
{
    struct pending *pending;

    pthread_mutex_lock(&client->lock);
    pending = client->free_calls;
    if (pending != NULL)
        client->free_calls = pending->next_free;
    client->n_pending++;
    pthread_mutex_unlock(&client->lock);
    if (pending == NULL)
        pending = calloc(1, sizeof *pending);
    pending->client = client;
    pending->reply = NULL;
    grpc_metadata_array_init(&pending->initial);
    grpc_metadata_array_init(&pending->trailing);
    return pending;
}

static void give_pending(struct bmt_client *client, struct pending *pending)
{
    grpc_call_unref(pending->call);
    grpc_metadata_array_destroy(&pending->initial);
    grpc_metadata_array_destroy(&pending->trailing);
    grpc_slice_unref(pending->message);
    if (pending->reply != NULL)
        grpc_byte_buffer_destroy(pending->reply);
    pthread_mutex_lock(&client->lock);
    pending->next_free = client->free_calls;
    client->free_calls = pending;
    if (--client->n_pending == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

void *client_bytes(grpc_byte_buffer *buffer, size_t *ret_size)
{
    grpc_byte_buffer_reader reader;
    char *bytes = NULL;
    size_t size = 0;

    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return NULL;
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);

    size = GRPC_SLICE_LENGTH(whole);
    bytes = malloc(size + 1);
    memcpy(bytes, GRPC_SLICE_START_PTR(whole), size);
    grpc_slice_unref(whole);
    grpc_byte_buffer_reader_destroy(&reader);
    *ret_size = size;
    return bytes;
}

static void finish(struct operation *operation, bool is_success)
{
    struct pending *pending = (struct pending *)operation;
    struct bmt_error error;
    void *bytes;
    size_t size = 0;

    (void)is_success; /* a call that failed says so in its status */
    if (pending->status != GRPC_STATUS_OK || pending->reply == NULL) {
        const grpc_status_code status = pending->status != GRPC_STATUS_OK ? pending->status : GRPC_STATUS_INTERNAL;

        client_error(&error, status, pending->message, &pending->trailing);
        pending->done(pending->context, NULL, 0, &error);
    } else {
        bytes = client_bytes(pending->reply, &size);
        pending->done(pending->context, bytes, size, NULL);
        free(bytes);
    }
    give_pending(pending->client, pending);
}

void *client_poll(void *context)
{
    struct bmt_client *client = context;

    for (;;) {
        grpc_event event = grpc_completion_queue_next(client->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        struct operation *operation = event.tag;

        atomic_load_explicit(&operation->done, memory_order_acquire)(operation, event.success != 0);
    }
}

grpc_call *client_call(struct bmt_client *client, grpc_completion_queue *queue,
                       const ProtobufCServiceDescriptor *service, const char *method, int64_t deadline_ms)
{
    const unsigned turn = atomic_fetch_add_explicit(&client->turn, 1, memory_order_relaxed);
    const gpr_timespec deadline =
        deadline_ms == 0 ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
                         : gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(deadline_ms, GPR_TIMESPAN));
    char path[PATH_MAX_SIZE];
    grpc_slice slice;
    grpc_call *call;

    snprintf(path, sizeof path, "/%s/%s", service->name, method);
    slice = grpc_slice_from_copied_string(path);
    call = grpc_channel_create_call(client->channels[turn % (unsigned)client->n_channels], NULL,
                                    GRPC_PROPAGATE_DEFAULTS, queue, slice, NULL, deadline, NULL);
    grpc_slice_unref(slice);
    return call;
}

/*
 * A call of which gRPC took no operation would never come out of the queue. Cancelled with the reason and asked for its
 * status alone, it does: at once, on a poller's thread like every other.
 */
static void end_refused(struct pending *pending, grpc_call_error refusal, const grpc_op *status_op)
{
    const char *reason = grpc_call_error_to_string(refusal);

    grpc_call_cancel_with_status(pending->call, GRPC_STATUS_INTERNAL, reason, NULL);
    if (grpc_call_start_batch(pending->call, status_op, 1, &pending->operation, NULL) == GRPC_CALL_OK)
        return;
    pending->status = GRPC_STATUS_INTERNAL;
    pending->message = grpc_slice_from_copied_string(reason);
    finish(&pending->operation, false);
}

static void start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                  const void *request, size_t request_size, const struct bmt_call_options *options,
                  void (*done)(void *context, const void *reply, size_t reply_size, const struct bmt_error *error),
                  void *context)
{
    struct pending *pending = take_pending(client);
    struct carried carried = client_carry(client, options->credential);
    grpc_slice slice = grpc_slice_from_copied_buffer(request, request_size);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = carried.n, .metadata = carried.metadata}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = message},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &pending->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &pending->reply},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &pending->trailing,
                                        .status = &pending->status,
                                        .status_details = &pending->message}},
    };
    grpc_call_error refusal;

    grpc_slice_unref(slice);
    pending->done = done;
    pending->context = context;
    pending->call = client_call(client, client->queue, service, method, options->deadline_ms);
    operation_begins(&pending->operation, finish);
    refusal = grpc_call_start_batch(pending->call, ops, 6, &pending->operation, NULL);
    if (refusal != GRPC_CALL_OK)
        end_refused(pending, refusal, &ops[5]);
    grpc_byte_buffer_destroy(message);
    client_drop(&carried);
}

void bmt_call_start_with(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                         const void *request, size_t request_size, const struct bmt_call_options *options,
                         void (*done)(void *context, const void *reply, size_t reply_size,
                                      const struct bmt_error *error),
                         void *context)
{
    struct bmt_call_options chosen = *options;

    if (chosen.deadline_ms == 0)
        chosen.deadline_ms = client->deadline_ms;
    start(client, service, method, request, request_size, &chosen, done, context);
}

void bmt_call_start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                    const void *request, size_t request_size,
                    void (*done)(void *context, const void *reply, size_t reply_size, const struct bmt_error *error),
                    void *context)
{
    start(client, service, method, request, request_size,
          &(struct bmt_call_options){.deadline_ms = client->deadline_ms}, done, context);
}

/* What a waiting caller waits for. */
struct latch {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
    void *reply;
    size_t reply_size;
    struct bmt_error error;
};

static void open_latch(void *context, const void *reply, size_t reply_size, const struct bmt_error *error)
{
    struct latch *latch = context;

    pthread_mutex_lock(&latch->lock);
    if (error != NULL) {
        latch->error = *error;
    } else {
        latch->reply = malloc(reply_size + 1);
        memcpy(latch->reply, reply, reply_size);
        latch->reply_size = reply_size;
    }
    latch->is_open = true;
    pthread_cond_signal(&latch->opened);
    pthread_mutex_unlock(&latch->lock);
}

/* Reads, and writes that carry a request_id, cannot double anything: after UNAVAILABLE they are sent again. */
static bool may_repeat(const ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "request_id");

    return field == NULL || **(char *const *)(const void *)((const char *)request + field->offset) != '\0';
}

static void call_once(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                      const void *bytes, size_t size, int64_t left_ms, struct latch *latch)
{
    *latch = (struct latch){.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    start(client, service, method, bytes, size, &(struct bmt_call_options){.deadline_ms = left_ms}, open_latch, latch);
    pthread_mutex_lock(&latch->lock);
    while (!latch->is_open)
        pthread_cond_wait(&latch->opened, &latch->lock);
    pthread_mutex_unlock(&latch->lock);
}

int bmt_call(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
             const ProtobufCMessage *request, ProtobufCMessage **ret_reply, struct bmt_error *error)
{
    const int64_t end_ms = now_ms() + client->deadline_ms;
    const ProtobufCMethodDescriptor *descriptor = protobuf_c_service_descriptor_get_method_by_name(service, method);
    const size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = malloc(size + 1);
    struct latch latch;
    int64_t pause_ms = 50;

    protobuf_c_message_pack(request, bytes);
    for (;;) {
        const int64_t left_ms = end_ms - now_ms();

        call_once(client, service, method, bytes, size, left_ms > 1 ? left_ms : 1, &latch);
        if (latch.reply != NULL || latch.error.code != GRPC_STATUS_UNAVAILABLE || !may_repeat(request) ||
            now_ms() + pause_ms >= end_ms)
            break;
        nanosleep(&(struct timespec){.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000}, NULL);
        pause_ms = pause_ms * 2 > 1000 ? 1000 : pause_ms * 2;
    }
    free(bytes);
    if (latch.reply == NULL) {
        *error = latch.error;
        return latch.error.code;
    }
    *ret_reply = protobuf_c_message_unpack(descriptor->output, NULL, latch.reply_size, latch.reply);
    free(latch.reply);
    if (*ret_reply == NULL) {
        client_fail(error, GRPC_STATUS_INTERNAL, "the reply is not valid", descriptor->output->name);
        return error->code;
    }
    return 0;
}
