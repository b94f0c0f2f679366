/*
 * Admission: what happens to a call on the poller, before any lane sees it.
 *
 *   method known -> caller known -> message read -> unpacked -> form -> permission -> queue
 *
 * Nothing here waits; a key that is not yet known parks the call until the authenticator has looked it up.
 */
#include <string.h>

#include <grpc/support/alloc.h>

#include "base/clock.h"
#include "base/id.h"
#include "rpc/core.h"
#include "rpc/form.h"
#include "rpc/wire.h"

static void admit_caller(struct call *call);

/* The value of a header as text in the arena; NULL when absent. A header sent twice is not one value: `ret_twice`. */
static const char *admit_header(const struct call *call, const char *name, bool *ret_twice)
{
    const char *value = NULL;

    for (size_t i = 0; i < call->metadata.count; i++) {
        const grpc_metadata *entry = &call->metadata.metadata[i];

        if (grpc_slice_str_cmp(entry->key, name) != 0)
            continue;
        if (value != NULL)
            *ret_twice = true;
        size_t length = GRPC_SLICE_LENGTH(entry->value);
        char *copy = arena_alloc(call->arena, length + 1);
        memcpy(copy, GRPC_SLICE_START_PTR(entry->value), length);
        value = copy;
    }
    return value;
}

/* The deadline on our own clock; calls without one get the default, unary calls at most the maximum. */
static int64_t admit_deadline(const struct call *call, bool is_stream)
{
    const struct conf *conf = call->rpc->conf;
    gpr_timespec deadline = gpr_convert_clock_type(call->details.deadline, GPR_CLOCK_MONOTONIC);

    if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_MONOTONIC)) == 0)
        return is_stream ? INT64_MAX : call->begin_ns + conf->rpc_deadline_default_ms * 1000000;

    gpr_timespec left = gpr_time_sub(deadline, gpr_now(GPR_CLOCK_MONOTONIC));
    int64_t left_ns =
        left.tv_sec > INT32_MAX ? INT64_C(1000000000) * INT32_MAX : left.tv_sec * INT64_C(1000000000) + left.tv_nsec;
    int64_t most_ns = conf->rpc_deadline_max_ms * 1000000;
    return call->begin_ns + (is_stream || left_ns < most_ns ? left_ns : most_ns);
}

static void admit_refuse(struct call *call, enum err_id id)
{
    struct err err = {0};

    (void)err_fail(&err, id);
    call_fail(call, &err);
}

static void admit_refuse_method(struct call *call, enum err_id id, const char *method)
{
    struct err err = {0};

    (void)err_fail(&err, id, method);
    call_fail(call, &err);
}

/* `full` is what holds too many: the method, or the class that it belongs to. */
static void admit_refuse_full(struct call *call, const char *full)
{
    struct err err = {0};

    (void)err_fail(&err, ERR_QUEUE_FULL, call->method->name, full);
    call_fail(call, &err);
}

static void admit_unknown_method(struct call *call)
{
    char *name = grpc_slice_to_c_string(call->details.method);

    admit_refuse_method(call, ERR_METHOD_UNKNOWN, name[0] == '/' ? name + 1 : name);
    gpr_free(name);
}

void admit_new(struct call *call)
{
    struct rpc *rpc = call->rpc;
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    bool sent_twice = false;

    call->begin_ns = clock_steady_ns();
    call->is_live = true;
    atomic_fetch_add(&rpc->live, 1);
    poller_post_slot(rpc);

    close.data.recv_close_on_server.cancelled = &call->close_cancelled;
    if (!call_start(call, OP_CLOSE, &close, 1)) {
        call_unref(call);
        return;
    }
    call->method = rpc_find_method(rpc, (const char *)GRPC_SLICE_START_PTR(call->details.method),
                                   GRPC_SLICE_LENGTH(call->details.method));
    if (call->method == NULL) {
        admit_unknown_method(call);
        return;
    }
    call->deadline_ns =
        admit_deadline(call, call->method->rule.is_client_streaming || call->method->rule.is_server_streaming);
    call->authorization = admit_header(call, "authorization", &sent_twice);
    call->business = admit_header(call, "bmt-business", &sent_twice);
    if (sent_twice) {
        admit_refuse(call, ERR_CREDENTIAL_INVALID);
        return;
    }
    admit_caller(call);
}

/* Without an authenticator (tests) everyone is an admin of the business named. */
static void admit_anyone(struct call *call)
{
    call->caller = (struct caller){.role = ROLE_ADMIN, .actor = "admin", .scopes = ""};
    if (call->business != NULL && id_parse(ID_BUSINESS, call->business, &call->caller.biz_id) != 0)
        call->caller.biz_id = 0;
}

static int admit_permission(const struct call *call, struct err *err)
{
    const struct contract_method *rule = &call->method->rule;
    const struct caller *caller = &call->caller;

    if (call->method->runs_inline || call->rpc->authenticator == NULL || contract_allows(rule, ROLE_PUBLIC))
        return 0;
    if (!contract_allows(rule, caller->role))
        return err_fail(err, ERR_ROLE_NOT_ALLOWED, role_name(caller->role), call->method->name);
    if (rule->scope[0] != '\0' && !auth_has_scope(caller, rule->scope))
        return err_fail(err, ERR_SCOPE_NOT_ALLOWED, rule->scope);
    if (caller->biz_id == 0 && !rule->business_optional)
        return err_fail(err, ERR_BUSINESS_REQUIRED);
    return 0;
}

static void admit_to_queue(struct call *call)
{
    struct err err = {0};

    if (admit_permission(call, &err) != 0) {
        call_fail(call, &err);
        return;
    }
    /* A stream may end before its handler has run; the handler's own reference keeps the call until then. */
    bool is_stream = call->stream != NULL;
    if (is_stream)
        call_ref(call);
    call->queued_ns = clock_steady_ns();
    if (call->method->runs_inline) {
        void *item = call;

        serve_calls(NULL, call->method, &item, 1);
        return;
    }
    const enum queue_push pushed = queue_push(call->method->queue, call);
    if (pushed == QUEUE_TOOK)
        return;
    admit_refuse_full(call, pushed == QUEUE_IS_FULL ? call->method->name
                                                    : lanes_class_name((enum priority)call->method->rule.priority));
    if (is_stream)
        call_unref(call);
}

/* The caller is known: opens the stream if it is one, and reads the request if there is exactly one. */
static void admit_read(struct call *call)
{
    struct rpc *rpc = call->rpc;
    const struct contract_method *rule = &call->method->rule;
    grpc_op read = {.op = GRPC_OP_RECV_MESSAGE};

    if (call->method->served == NULL) {
        admit_refuse_method(call, ERR_METHOD_NOT_YET, call->method->name);
        return;
    }
    if (atomic_load(&rpc->is_draining) && !call->method->runs_inline) {
        admit_refuse(call, ERR_SHUTTING_DOWN);
        return;
    }
    if (rule->is_client_streaming || rule->is_server_streaming) {
        int open = atomic_fetch_add(&rpc->open_streams, 1);

        if (open >= rpc->conf->rpc_streams_max) {
            atomic_fetch_sub(&rpc->open_streams, 1);
            admit_refuse(call, ERR_STREAMS_FULL);
            return;
        }
        metric_set(rpc->streams_gauge, open + 1);
        stream_open(call);
    }
    if (rule->is_client_streaming) {
        admit_to_queue(call);
        return;
    }
    read.data.recv_message.recv_message = &call->payload;
    if (!call_start(call, OP_READ, &read, 1))
        admit_refuse(call, ERR_INTERNAL_ERROR);
}

/* The authenticator has looked the key up. */
static void admit_again(void *context)
{
    admit_caller(context);
}

static void admit_caller(struct call *call)
{
    struct err err = {0};

    if (call->method->runs_inline ||
        (call->authorization == NULL && contract_allows(&call->method->rule, ROLE_PUBLIC))) {
        call->caller = (struct caller){.role = ROLE_PUBLIC, .actor = "public", .scopes = ""};
    } else if (call->rpc->authenticator == NULL) {
        admit_anyone(call);
    } else {
        int rc = auth_caller(call->rpc->authenticator, call->authorization, call->business, call->arena, admit_again,
                             call, &call->caller, &err);
        if (rc == AUTH_LATER)
            return;
        if (rc != 0) {
            call_fail(call, &err);
            return;
        }
    }
    admit_read(call);
}

/* The bytes in one piece: where they are when core has them so, else a copy in the arena. */
static int admit_bytes(grpc_byte_buffer *payload, struct arena *arena, const uint8_t **ret_data, size_t *ret_size)
{
    const grpc_slice_buffer *slices = &payload->data.raw.slice_buffer;
    size_t size = 0;

    if (payload->data.raw.compression != GRPC_COMPRESS_NONE)
        return -1;
    if (slices->count == 1) {
        *ret_data = GRPC_SLICE_START_PTR(slices->slices[0]);
        *ret_size = GRPC_SLICE_LENGTH(slices->slices[0]);
        return 0;
    }
    uint8_t *data = arena_alloc(arena, grpc_byte_buffer_length(payload) + 1);
    for (size_t i = 0; i < slices->count; i++) {
        memcpy(data + size, GRPC_SLICE_START_PTR(slices->slices[i]), GRPC_SLICE_LENGTH(slices->slices[i]));
        size += GRPC_SLICE_LENGTH(slices->slices[i]);
    }
    *ret_data = data;
    *ret_size = size;
    return 0;
}

/*
 * A browser's token names its user, so its requests need not: an empty `user_id` is the token's, from the form check
 * and the fingerprint on. Where another user is named, the services refuse; nothing nested is filled. Text that was not
 * sent is the empty text of the descriptor, which belongs to nobody: the pointer is replaced, never what it points to.
 */
static const ProtobufCMessage *admit_own_user(const struct call *call, const ProtobufCMessage *message)
{
    const char *user_id = call->caller.user_id;
    const ProtobufCFieldDescriptor *field;

    if (call->caller.role != ROLE_BROWSER || user_id == NULL)
        return message;
    field = protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "user_id");
    if (field == NULL || field->type != PROTOBUF_C_TYPE_STRING || field->label == PROTOBUF_C_LABEL_REPEATED)
        return message;
    const char **text = (const char **)(void *)((char *)message + field->offset);
    if (*text == NULL || **text == '\0')
        *text = user_id;
    return message;
}

int admit_unpack(const struct call *call, struct arena *arena, const ProtobufCMessage **ret_message, struct err *err)
{
    const struct method *method = call->method;
    const int64_t bytes_max = call->rpc->conf->rpc_message_max_bytes;
    const uint8_t *data = NULL;
    size_t size = 0;

    if (grpc_byte_buffer_length(call->payload) > (size_t)bytes_max)
        return err_fail(err, ERR_MESSAGE_TOO_LARGE, err_i64(bytes_max));
    if (admit_bytes(call->payload, arena, &data, &size) != 0)
        return err_fail(err, ERR_MESSAGE_MALFORMED, method->request->name);
    int rc = wire_unpack(method->request, data, size, UNPACKED_MAX, arena, ret_message, err);
    if (rc != 0)
        return rc;
    if (method->runs_inline)
        return 0;
    return form_check(admit_own_user(call, *ret_message), "", err);
}

void admit_message(struct call *call)
{
    struct err err = {0};

    if (call->payload == NULL) { /* the client left, or sent no message, or one that core has cut off */
        (void)err_fail(&err, ERR_MESSAGE_MALFORMED, call->method->request->name);
        call_fail(call, &err);
        return;
    }
    int rc = admit_unpack(call, call->arena, &call->request, &err);
    grpc_byte_buffer_destroy(call->payload);
    call->payload = NULL;
    if (rc != 0) {
        call->request = NULL;
        call_fail(call, &err);
        return;
    }
    admit_to_queue(call);
}
