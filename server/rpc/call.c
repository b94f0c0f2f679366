/*
 * The life of a call: references, tags, and the answer of calls that are not streams.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "rpc/core.h"
#include "rpc/status.h"

const void *call_request(const struct call *call)
{
    return call->request;
}

const struct caller *call_caller(const struct call *call)
{
    return &call->caller;
}

struct arena *call_arena(const struct call *call)
{
    return call->arena;
}

const char *call_method(const struct call *call)
{
    return call->method->name;
}

int64_t call_left_ms(const struct call *call)
{
    int64_t left_ns = call->deadline_ns - clock_steady_ns();

    return left_ns > 0 ? left_ns / 1000000 : 0;
}

int64_t call_deadline_ns(const struct call *call)
{
    return call->deadline_ns;
}

bool call_is_cancelled(const struct call *call)
{
    return atomic_load(&call->is_cancelled);
}

void call_fingerprint(const struct call *call, uint8_t ret_fingerprint[FINGERPRINT_SIZE])
{
    const char *user_id = call->caller.user_id;
    uint8_t digest[SHA256_SIZE];

    message_fingerprint(call->request, call->arena, ret_fingerprint);
    if (user_id == NULL)
        return;
    const size_t size = FINGERPRINT_SIZE + strlen(user_id);
    uint8_t *both = arena_alloc(call->arena, size);

    memcpy(both, ret_fingerprint, FINGERPRINT_SIZE);
    memcpy(both + FINGERPRINT_SIZE, user_id, size - FINGERPRINT_SIZE);
    crypto_sha256(both, size, digest);
    memcpy(ret_fingerprint, digest, FINGERPRINT_SIZE);
}

void message_fingerprint(const ProtobufCMessage *message, struct arena *arena,
                         uint8_t ret_fingerprint[FINGERPRINT_SIZE])
{
    struct sql_bytes packed = call_pack(message, arena);
    uint8_t digest[SHA256_SIZE];

    crypto_sha256(packed.data, packed.size, digest);
    memcpy(ret_fingerprint, digest, FINGERPRINT_SIZE);
}

void call_command(const struct call *call, const char *request_id, struct command *command)
{
    command->biz_id = call->caller.biz_id;
    command->actor = call->caller.actor;
    command->user_id = call->caller.user_id;
    command->method = call->method->name;
    command->request_id = request_id != NULL && request_id[0] != '\0' ? request_id : NULL;
    if (command->request_id == NULL)
        return;
    call_fingerprint(call, command->fingerprint);
    command->deadline_ns = call->deadline_ns;
}

struct sql_bytes call_pack(const ProtobufCMessage *message, struct arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_alloc(arena, size > 0 ? size : 1);

    size_t packed = protobuf_c_message_pack(message, data);
    POST(packed == size);
    return (struct sql_bytes){.data = data, .size = size};
}

void *call_tag(struct call *call, enum op op)
{
    return (void *)((uintptr_t)call | (uintptr_t)op);
}

void call_ref(struct call *call)
{
    atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

static void call_free(struct call *call)
{
    struct rpc *rpc = call->rpc;
    bool was_live = call->is_live;

    if (call->stream != NULL)
        stream_free(call);
    if (call->has_status_slices) {
        grpc_slice_unref(call->status_message);
        grpc_slice_unref(call->status_metadata.value);
    }
    if (call->payload != NULL)
        grpc_byte_buffer_destroy(call->payload);
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_details_destroy(&call->details);
    if (call->grpc != NULL)
        grpc_call_unref(call->grpc);
    arena_free(call->arena);
    if (!was_live || atomic_fetch_sub(&rpc->live, 1) != 1)
        return;
    pthread_mutex_lock(&rpc->lock);
    pthread_cond_broadcast(&rpc->changed);
    pthread_mutex_unlock(&rpc->lock);
}

void call_unref(struct call *call)
{
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) == 1)
        call_free(call);
}

bool call_start(struct call *call, enum op op, const grpc_op *ops, size_t n)
{
    call_ref(call);
    TSAN_RELEASE(call);
    grpc_call_error error = grpc_call_start_batch(call->grpc, ops, n, call_tag(call, op), NULL);
    if (error == GRPC_CALL_OK)
        return true;
    log_error("could not start an operation of a call", log_text("method", call->method ? call->method->name : ""),
              log_text("error", grpc_call_error_to_string(error)));
    call_unref(call);
    return false;
}

grpc_op call_status_op(struct call *call, const struct err *err)
{
    grpc_op op = {.op = GRPC_OP_SEND_STATUS_FROM_SERVER};

    op.data.send_status_from_server.status = GRPC_STATUS_OK;
    if (err == NULL || err->id == ERR_NONE)
        return op;

    /* Not the call's own arena: a stream may be finished while its handler works elsewhere. */
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(STATUS_ARENA_MAX);
    char message[STATUS_MESSAGE_SIZE];
    struct sql_bytes details = status_details(err, arena);

    call->status_message = grpc_slice_from_copied_string(err_message(err, message, sizeof(message)));
    call->status_metadata.key = grpc_slice_from_static_string("grpc-status-details-bin");
    call->status_metadata.value = grpc_slice_from_copied_buffer((const char *)details.data, details.size);
    call->has_status_slices = true;
    op.data.send_status_from_server.status = (grpc_status_code)err_info(err->id)->status;
    op.data.send_status_from_server.status_details = &call->status_message;
    op.data.send_status_from_server.trailing_metadata = &call->status_metadata;
    op.data.send_status_from_server.trailing_metadata_count = 1;
    return op;
}

static const char *call_request_id(const struct call *call)
{
    const ProtobufCFieldDescriptor *field = call->method != NULL ? call->method->request_id : NULL;

    if (field == NULL || call->request == NULL)
        return "";
    return *(const char *const *)(const void *)((const char *)call->request + field->offset);
}

void call_told(const struct call *call, const struct err *err)
{
    bool is_ok = err == NULL || err->id == ERR_NONE;
    struct call_line line = {
        .method = call->method != NULL ? call->method->name : "unknown",
        .reason = is_ok ? "" : err_info(err->id)->reason,
        .status = !is_ok                    ? err_info(err->id)->status
                  : call_is_cancelled(call) ? STATUS_CANCELLED
                                            : STATUS_OK,
        .biz_id = call->caller.biz_id,
        .taken_ns = clock_steady_ns() - call->begin_ns,
        .batch_size = call->batch_size,
    };

    if (call->method != NULL)
        call_metrics_count(&call->method->metrics, line.status, line.taken_ns);
    snprintf(line.request_id, sizeof(line.request_id), "%s", call_request_id(call));
    call_log_add(&line);
}

grpc_byte_buffer *call_buffer(const ProtobufCMessage *message)
{
    grpc_slice slice = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));

    size_t packed = protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(slice));
    POST(packed == GRPC_SLICE_LENGTH(slice));
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return buffer;
}

/*
 * The one answer of a call: message (taken over) or refusal. The reference of who owes the answer goes over to the
 * operation; nothing of the call may be touched after that.
 */
static void call_answer(struct call *call, grpc_byte_buffer *message, const struct err *err)
{
    if (call->stream != NULL) {
        stream_answer(call, message, err);
        return;
    }

    grpc_op ops[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}};
    size_t n = 1;
    if (message != NULL) {
        ops[n].op = GRPC_OP_SEND_MESSAGE;
        ops[n++].data.send_message.send_message = message;
    }
    ops[n++] = call_status_op(call, err);
    call_told(call, err);
    if (!call_start(call, OP_STATUS, ops, n))
        grpc_call_cancel(call->grpc, NULL);
    if (message != NULL)
        grpc_byte_buffer_destroy(message);
    call_unref(call); /* the debt; the operation holds a reference of its own */
}

void call_reply(struct call *call, const ProtobufCMessage *message)
{
    call_answer(call, call_buffer(message), NULL);
}

void call_reply_packed(struct call *call, struct sql_bytes packed)
{
    grpc_slice slice = grpc_slice_from_copied_buffer((const char *)packed.data, packed.size);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

    grpc_slice_unref(slice);
    call_answer(call, buffer, NULL);
}

void call_fail(struct call *call, const struct err *err)
{
    PRE(err->id != ERR_NONE);
    call_answer(call, NULL, err);
}
