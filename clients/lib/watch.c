/*
 * Server streams that do not wait; see bmtclient.h. Three operations may be under way: the start, the next message and
 * the status. The end is told when all of them are over and the reader has asked for a message that does not come any
 * more, so that nobody asks a stream that is gone.
 */
#include <stdlib.h>

#include "client.h"

struct bmt_watch {
    struct operation begun;
    struct operation come; /* a message */
    struct operation over;
    struct bmt_client *client;
    grpc_call *call;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_byte_buffer *message;
    grpc_status_code status;
    grpc_slice text;
    const struct bmt_watch_events *events;
    void *context;
    _Atomic int n_open; /* operations under way, the reader until no message comes, and bmt_watch_start itself */
};

static struct bmt_watch *watch_at(struct operation *operation, size_t offset)
{
    return (struct bmt_watch *)(void *)((char *)operation - offset);
}

/* The last operation to end tells the end: no message comes behind it. The reader may free the watch meanwhile. */
static void leave(struct bmt_watch *watch)
{
    struct bmt_error error;
    bool is_proper;

    if (atomic_fetch_sub(&watch->n_open, 1) != 1)
        return;
    is_proper = watch->status == GRPC_STATUS_OK;
    if (!is_proper)
        client_error(&error, watch->status, watch->text, &watch->trailing);
    watch->events->on_end(watch->context, is_proper ? NULL : &error);
}

static void on_begun(struct operation *operation, bool is_success)
{
    (void)is_success; /* a call that failed says so in its status */
    leave(watch_at(operation, offsetof(struct bmt_watch, begun)));
}

static void on_come(struct operation *operation, bool is_success)
{
    struct bmt_watch *watch = watch_at(operation, offsetof(struct bmt_watch, come));
    grpc_byte_buffer *message = watch->message;
    size_t size = 0;

    watch->message = NULL;
    if (is_success && message != NULL) {
        void *bytes = client_bytes(message, &size);

        watch->events->on_message(watch->context, bytes, size);
        free(bytes);
    } else {
        leave(watch); /* the reader */
    }
    if (message != NULL)
        grpc_byte_buffer_destroy(message);
    leave(watch);
}

static void on_over(struct operation *operation, bool is_success)
{
    (void)is_success;
    leave(watch_at(operation, offsetof(struct bmt_watch, over)));
}

/* False when gRPC did not take it: nothing comes of it then. */
static bool begin(struct bmt_watch *watch, const grpc_op *ops, size_t n, struct operation *operation,
                  void (*done)(struct operation *operation, bool is_success))
{
    atomic_fetch_add(&watch->n_open, 1);
    operation_begins(operation, done);
    if (grpc_call_start_batch(watch->call, ops, n, operation, NULL) == GRPC_CALL_OK)
        return true;
    atomic_fetch_sub(&watch->n_open, 1);
    return false;
}

void bmt_watch_next(struct bmt_watch *watch)
{
    const grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &watch->message};

    if (begin(watch, &op, 1, &watch->come, on_come))
        return;
    grpc_call_cancel(watch->call, NULL);
    leave(watch);
}

void bmt_watch_cancel(struct bmt_watch *watch)
{
    grpc_call_cancel(watch->call, NULL);
}

static void send_request(struct bmt_watch *watch, const void *request, size_t size, const char *credential)
{
    struct carried carried = client_carry(watch->client, credential);
    grpc_slice slice = grpc_slice_from_copied_buffer(request, size);
    grpc_byte_buffer *bytes = grpc_raw_byte_buffer_create(&slice, 1);
    const grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = carried.n, .metadata = carried.metadata}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = bytes},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &watch->initial},
    };

    if (!begin(watch, ops, 4, &watch->begun, on_begun))
        grpc_call_cancel_with_status(watch->call, GRPC_STATUS_INTERNAL, "the request was not taken", NULL);
    grpc_slice_unref(slice);
    grpc_byte_buffer_destroy(bytes);
    client_drop(&carried);
}

void bmt_watch_start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                     const void *request, size_t request_size, const struct bmt_call_options *options,
                     const struct bmt_watch_events *events, void *context, struct bmt_watch **ret_watch)
{
    struct bmt_watch *watch = calloc(1, sizeof *watch);
    const grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                            .data.recv_status_on_client = {.trailing_metadata = &watch->trailing,
                                                           .status = &watch->status,
                                                           .status_details = &watch->text}};

    client_enter(client);
    watch->client = client;
    watch->events = events;
    watch->context = context;
    watch->text = grpc_empty_slice();
    watch->status = GRPC_STATUS_INTERNAL; /* unless gRPC says otherwise */
    grpc_metadata_array_init(&watch->initial);
    grpc_metadata_array_init(&watch->trailing);
    watch->call = client_call(client, client->queue, service, method, options->deadline_ms);
    atomic_store(&watch->n_open, 2);
    *ret_watch = watch;
    (void)begin(watch, &status, 1, &watch->over, on_over);
    send_request(watch, request, request_size, options->credential);
    bmt_watch_next(watch);
    leave(watch); /* the last to do so when bmtd was quick: then the end is told here */
}

/* Not before: who cancels cannot know whether the end is being told at this moment. */
void bmt_watch_free(struct bmt_watch *watch)
{
    struct bmt_client *client = watch->client;

    grpc_call_unref(watch->call);
    grpc_metadata_array_destroy(&watch->initial);
    grpc_metadata_array_destroy(&watch->trailing);
    grpc_slice_unref(watch->text);
    free(watch);
    client_leave(client);
}
