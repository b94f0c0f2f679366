/* Server streams; see bmtclient.h. Each has a completion queue of its own, driven by the caller's thread. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

struct reading {
    grpc_call *call;
    grpc_completion_queue *queue;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code status;
    grpc_slice message;
};

enum { TAG_STARTED = 1, TAG_MESSAGE, TAG_STATUS };

static void *tag(intptr_t which)
{
    return (void *)which;
}

/* Waits for one operation. False when it failed. */
static bool wait_for(struct reading *reading)
{
    return grpc_completion_queue_next(reading->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).success != 0;
}

static void begin(struct reading *reading, struct bmt_client *client, const ProtobufCMessage *request)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(request));

    protobuf_c_message_pack(request, GRPC_SLICE_START_PTR(slice));
    grpc_byte_buffer *bytes = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op ops[4] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = client->n_metadata, .metadata = client->metadata}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = bytes},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &reading->initial},
    };

    grpc_call_start_batch(reading->call, ops, 4, tag(TAG_STARTED), NULL);
    grpc_slice_unref(slice);
    grpc_byte_buffer_destroy(bytes);
    (void)wait_for(reading); /* a failure shows in the status */
}

/* The next message; NULL at the end. */
static ProtobufCMessage *next_message(struct reading *reading, const ProtobufCMessageDescriptor *type)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &buffer};
    ProtobufCMessage *message = NULL;
    size_t size = 0;

    grpc_call_start_batch(reading->call, &op, 1, tag(TAG_MESSAGE), NULL);
    if (!wait_for(reading) || buffer == NULL)
        return NULL;
    void *bytes = client_bytes(buffer, &size);

    message = protobuf_c_message_unpack(type, NULL, size, bytes);
    free(bytes);
    grpc_byte_buffer_destroy(buffer);
    return message;
}

static int finish(struct reading *reading, bool is_cancelled, struct bmt_error *error)
{
    grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
                  .data.recv_status_on_client = {.trailing_metadata = &reading->trailing,
                                                 .status = &reading->status,
                                                 .status_details = &reading->message}};
    int code;

    grpc_call_start_batch(reading->call, &op, 1, tag(TAG_STATUS), NULL);
    (void)wait_for(reading);
    code = is_cancelled ? 0 : (int)reading->status;
    if (code != 0)
        client_error(error, reading->status, reading->message, &reading->trailing);
    grpc_slice_unref(reading->message);
    return code;
}

int bmt_stream(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
               const ProtobufCMessage *request, int64_t deadline_ms,
               int (*on_message)(void *context, const ProtobufCMessage *message), void *context,
               struct bmt_error *error)
{
    const ProtobufCMethodDescriptor *descriptor = protobuf_c_service_descriptor_get_method_by_name(service, method);
    struct reading reading = {.queue = grpc_completion_queue_create_for_next(NULL)};
    bool is_cancelled = false;
    ProtobufCMessage *message;
    int code;

    grpc_metadata_array_init(&reading.initial);
    grpc_metadata_array_init(&reading.trailing);
    reading.call = client_call(client, reading.queue, service, method, deadline_ms);
    begin(&reading, client, request);
    while (!is_cancelled && (message = next_message(&reading, descriptor->output)) != NULL) {
        is_cancelled = on_message(context, message) != 0;
        protobuf_c_message_free_unpacked(message, NULL);
    }
    if (is_cancelled)
        grpc_call_cancel(reading.call, NULL);
    code = finish(&reading, is_cancelled, error);
    grpc_call_unref(reading.call);
    grpc_metadata_array_destroy(&reading.initial);
    grpc_metadata_array_destroy(&reading.trailing);
    grpc_completion_queue_shutdown(reading.queue);
    (void)wait_for(&reading);
    grpc_completion_queue_destroy(reading.queue);
    return code;
}
