/*
 * The test client: every call has a completion queue of its own, so waiting is simple and threads do not meet.
 */
#include "lib/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

struct rpc_client {
    grpc_channel *channel;
};

struct rpc_call {
    struct arena *arena;
    grpc_completion_queue *cq;
    grpc_call *call;
    grpc_metadata headers[RPC_HEADERS_MAX];
    size_t n_headers;
    grpc_metadata_array initial;
    grpc_metadata_array trailing;
    grpc_status_code status;
    grpc_slice message;
    struct sql_bytes last;
    bool is_over; /* the status was received */
    bool has_status_event;
};

enum tag { TAG_STATUS = 1, TAG_WRITE, TAG_READ, TAG_CLOSE, TAG_INITIAL };

struct rpc_client *rpc_client_new(int port, const struct rpc_tls *tls)
{
    struct rpc_client *client = gpr_zalloc(sizeof(*client));
    grpc_arg list[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, .value.integer = -1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t) "grpc.use_local_subchannel_pool", .value.integer = 1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)GRPC_ARG_MAX_METADATA_SIZE, .value.integer = 1 << 20},
        {.type = GRPC_ARG_STRING,
         .key = (char *)(uintptr_t)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
         .value.string = (char *)(uintptr_t) "localhost"},
    };
    grpc_channel_args args = {.num_args = COUNT_OF(list), .args = list};
    char address[40];

    grpc_init();
    snprintf(address, sizeof(address), "ipv4:127.0.0.1:%d", port);
    grpc_channel_credentials *credentials;
    if (tls != NULL) {
        grpc_ssl_pem_key_cert_pair pair = {.private_key = tls->key, .cert_chain = tls->certificate};

        credentials = grpc_ssl_credentials_create(tls->authority, tls->key != NULL ? &pair : NULL, NULL, NULL);
    } else {
        credentials = grpc_insecure_credentials_create();
    }
    client->channel = grpc_channel_create(address, credentials, &args);
    grpc_channel_credentials_release(credentials);
    return client;
}

void rpc_client_free(struct rpc_client *client)
{
    grpc_channel_destroy(client->channel);
    gpr_free(client);
    grpc_shutdown();
}

static gpr_timespec in_ms(int64_t ms)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

/* Waits for the event of this tag; that of the status may come at any time. Says whether it was a success. */
static bool wait_for(struct rpc_call *call, enum tag tag)
{
    while (tag != TAG_STATUS || !call->has_status_event) {
        grpc_event event = grpc_completion_queue_next(call->cq, in_ms(RPC_WAIT_MS), NULL);

        if (event.type != GRPC_OP_COMPLETE)
            fail_msg("a call waited longer than %d ms", RPC_WAIT_MS);
        if ((enum tag)(uintptr_t)event.tag == TAG_STATUS)
            call->has_status_event = true;
        if ((enum tag)(uintptr_t)event.tag == tag)
            return event.success != 0;
    }
    return true;
}

static void add_header(struct rpc_call *call, const char *name, const char *value)
{
    if (name == NULL || value == NULL)
        return;
    call->headers[call->n_headers].key = grpc_slice_from_copied_string(name);
    call->headers[call->n_headers++].value = grpc_slice_from_copied_string(value);
}

static void start(struct rpc_call *call, const grpc_op *ops, size_t n, enum tag tag)
{
    grpc_call_error error = grpc_call_start_batch(call->call, ops, n, (void *)(uintptr_t)tag, NULL);

    if (error != GRPC_CALL_OK)
        fail_msg("start_batch: %s", grpc_call_error_to_string(error));
}

struct rpc_call *rpc_begin(struct rpc_client *client, const char *path, const struct rpc_options *options,
                           struct arena *arena)
{
    static const struct rpc_options nothing;
    struct rpc_call *call = arena_new_of(arena, struct rpc_call);
    grpc_slice method = grpc_slice_from_copied_string(path);
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

    if (options == NULL)
        options = &nothing;
    call->arena = arena;
    call->cq = grpc_completion_queue_create_for_next(NULL);
    gpr_timespec deadline = options->deadline_ms < 0 ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
                                                     : in_ms(options->deadline_ms == 0 ? 10000 : options->deadline_ms);
    call->call = grpc_channel_create_call(client->channel, NULL, 0, call->cq, method, NULL, deadline, NULL);
    grpc_slice_unref(method);
    add_header(call, "authorization", options->authorization);
    add_header(call, "bmt-business", options->business);
    add_header(call, options->header_name, options->header_value);
    grpc_metadata_array_init(&call->initial);
    grpc_metadata_array_init(&call->trailing);

    status.data.recv_status_on_client.trailing_metadata = &call->trailing;
    status.data.recv_status_on_client.status = &call->status;
    status.data.recv_status_on_client.status_details = &call->message;
    start(call, &status, 1, TAG_STATUS);
    ops[0].flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY;
    ops[0].data.send_initial_metadata.count = call->n_headers;
    ops[0].data.send_initial_metadata.metadata = call->headers;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &call->initial;
    start(call, ops, 2, TAG_INITIAL);
    return call;
}

static bool write_bytes(struct rpc_call *call, const void *data, size_t size)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(data, size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};

    grpc_slice_unref(slice);
    op.data.send_message.send_message = buffer;
    start(call, &op, 1, TAG_WRITE);
    bool is_written = wait_for(call, TAG_WRITE);
    grpc_byte_buffer_destroy(buffer);
    return is_written;
}

bool rpc_write(struct rpc_call *call, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_alloc(call->arena, size + 1);

    protobuf_c_message_pack(message, data);
    return write_bytes(call, data, size);
}

void rpc_half_close(struct rpc_call *call)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};

    start(call, &op, 1, TAG_CLOSE);
    (void)wait_for(call, TAG_CLOSE);
}

bool rpc_read(struct rpc_call *call, struct sql_bytes *ret_message)
{
    grpc_byte_buffer *buffer = NULL;
    grpc_byte_buffer_reader reader;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    op.data.recv_message.recv_message = &buffer;
    start(call, &op, 1, TAG_READ);
    (void)wait_for(call, TAG_READ);
    if (buffer == NULL)
        return false;
    assert_true(grpc_byte_buffer_reader_init(&reader, buffer));
    grpc_slice slice = grpc_byte_buffer_reader_readall(&reader);
    size_t size = GRPC_SLICE_LENGTH(slice);
    uint8_t *copy = arena_alloc(call->arena, size + 1);
    memcpy(copy, GRPC_SLICE_START_PTR(slice), size);
    call->last = (struct sql_bytes){.data = copy, .size = size};
    *ret_message = call->last;
    grpc_slice_unref(slice);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(buffer);
    return true;
}

void rpc_cancel(struct rpc_call *call)
{
    grpc_call_cancel(call->call, NULL);
}

/* Reads google.rpc.Status and its ErrorInfo. */
static void read_details(struct rpc_result *result, struct arena *arena)
{
    result->reason = result->domain = "";
    if (result->details.data == NULL)
        return;
    Google__Rpc__Status *status = google__rpc__status__unpack(NULL, result->details.size, result->details.data);
    assert_non_null(status);
    assert_int_equal(status->code, result->status);
    assert_string_equal(status->message, result->message);
    for (size_t i = 0; i < status->n_details; i++) {
        Google__Rpc__ErrorInfo *info;

        if (strcmp(status->details[i]->type_url, "type.googleapis.com/google.rpc.ErrorInfo") != 0)
            continue;
        info = google__rpc__error_info__unpack(NULL, status->details[i]->value.len, status->details[i]->value.data);
        assert_non_null(info);
        result->reason = arena_strdup(arena, info->reason);
        result->domain = arena_strdup(arena, info->domain);
        for (size_t v = 0; v < info->n_metadata && v < COUNT_OF(result->values); v++)
            result->values[v] = arena_printf(arena, "%s=%s", info->metadata[v]->key, info->metadata[v]->value);
        google__rpc__error_info__free_unpacked(info, NULL);
    }
    google__rpc__status__free_unpacked(status, NULL);
}

struct rpc_result rpc_end(struct rpc_call *call)
{
    struct rpc_result result = {0};
    struct sql_bytes message;

    while (rpc_read(call, &message))
        ;
    (void)wait_for(call, TAG_STATUS);
    result.status = (int)call->status;
    char *text = grpc_slice_to_c_string(call->message);
    result.message = arena_strdup(call->arena, text);
    gpr_free(text);
    result.reply = call->last;
    for (size_t i = 0; i < call->trailing.count; i++) {
        const grpc_metadata *entry = &call->trailing.metadata[i];

        if (grpc_slice_str_cmp(entry->key, "grpc-status-details-bin") != 0)
            continue;
        result.details.size = GRPC_SLICE_LENGTH(entry->value);
        result.details.data = arena_memdup(call->arena, GRPC_SLICE_START_PTR(entry->value), result.details.size);
    }
    read_details(&result, call->arena);

    for (size_t i = 0; i < call->n_headers; i++) {
        grpc_slice_unref(call->headers[i].key);
        grpc_slice_unref(call->headers[i].value);
    }
    grpc_slice_unref(call->message);
    grpc_metadata_array_destroy(&call->initial);
    grpc_metadata_array_destroy(&call->trailing);
    grpc_call_unref(call->call);
    grpc_completion_queue_shutdown(call->cq);
    while (grpc_completion_queue_next(call->cq, in_ms(RPC_WAIT_MS), NULL).type != GRPC_QUEUE_SHUTDOWN)
        ;
    grpc_completion_queue_destroy(call->cq);
    return result;
}

struct rpc_result rpc_unary_bytes(struct rpc_client *client, const char *path, const void *data, size_t size,
                                  const struct rpc_options *options, struct arena *arena)
{
    struct rpc_call *call = rpc_begin(client, path, options, arena);

    (void)write_bytes(call, data, size);
    rpc_half_close(call);
    return rpc_end(call);
}

struct rpc_result rpc_unary(struct rpc_client *client, const char *path, const ProtobufCMessage *request,
                            const struct rpc_options *options, struct arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *data = arena_alloc(arena, size + 1);

    protobuf_c_message_pack(request, data);
    return rpc_unary_bytes(client, path, data, size, options, arena);
}

static void *reply_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void reply_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

const void *rpc_reply(const struct rpc_result *result, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCAllocator allocator = {.alloc = reply_alloc, .free = reply_free, .allocator_data = arena};
    ProtobufCMessage *message;

    if (result->reply.data == NULL)
        return NULL;
    message = protobuf_c_message_unpack(type, &allocator, result->reply.size, result->reply.data);
    assert_non_null(message);
    return message;
}
