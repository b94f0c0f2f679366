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
    grpc_call_error refusal; /* of the batch that gRPC did not take; the call is then over */
};

/* Waits for what comes next out of the queue. False when it failed. */
static bool wait_for(struct reading *reading)
{
    return grpc_completion_queue_next(reading->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL).success != 0;
}

/* Runs a batch to its end. False when it failed; one that was not taken is not waited for, it would never come. */
static bool run(struct reading *reading, const grpc_op *ops, size_t n)
{
    if (reading->refusal == GRPC_CALL_OK)
        reading->refusal = grpc_call_start_batch(reading->call, ops, n, reading, NULL);
    return reading->refusal == GRPC_CALL_OK && wait_for(reading);
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

    (void)run(reading, ops, 4); /* a failure shows in the status */
    grpc_slice_unref(slice);
    grpc_byte_buffer_destroy(bytes);
}

/* The next message; NULL at the end. */
static ProtobufCMessage *next_message(struct reading *reading, const ProtobufCMessageDescriptor *type)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &buffer};
    ProtobufCMessage *message = NULL;
    size_t size = 0;

    if (!run(reading, &op, 1) || buffer == NULL)
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

    (void)run(reading, &op, 1);
    if (reading->refusal != GRPC_CALL_OK) {
        grpc_call_cancel(reading->call, NULL);
        reading->status = GRPC_STATUS_INTERNAL;
        reading->message = grpc_slice_from_copied_string(grpc_call_error_to_string(reading->refusal));
    }
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
