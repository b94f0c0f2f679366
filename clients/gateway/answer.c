/* What goes back to a page; see gateway.h. Errors are JSON in every codec. */
#include <string.h>

#include "gateway.h"
#include "google/rpc/error_details.pb-c.h"

static const struct {
    const char *name;
    unsigned status;
} codes[] = {
    {"ok", 200},
    {"canceled", 499},
    {"unknown", 500},
    {"invalid_argument", 400},
    {"deadline_exceeded", 504},
    {"not_found", 404},
    {"already_exists", 409},
    {"permission_denied", 403},
    {"resource_exhausted", 429},
    {"failed_precondition", 400},
    {"aborted", 409},
    {"out_of_range", 400},
    {"unimplemented", 501},
    {"internal", 500},
    {"unavailable", 503},
    {"data_loss", 500},
    {"unauthenticated", 401},
};

static size_t row_of(int code)
{
    return code > 0 && code < (int)COUNT_OF(codes) ? (size_t)code : 2;
}

const char *connect_code_name(int code)
{
    return codes[row_of(code)].name;
}

unsigned connect_http_status(int code)
{
    return codes[row_of(code)].status;
}

/* The reason and what belongs to it, packed for programs and as JSON for people. */
static void put_details(struct json_text *text, const struct bmt_error *error)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Rpc__ErrorInfo__MetadataEntry entries[BMT_ERROR_METADATA_MAX];
    Google__Rpc__ErrorInfo__MetadataEntry *list[BMT_ERROR_METADATA_MAX];
    uint8_t *packed;
    size_t size;

    info.reason = (char *)(uintptr_t)error->reason;
    info.domain = (char *)(uintptr_t)BMT_ERROR_DOMAIN;
    info.metadata = list;
    info.n_metadata = error->n_metadata;
    for (size_t i = 0; i < error->n_metadata; i++) {
        google__rpc__error_info__metadata_entry__init(&entries[i]);
        entries[i].key = (char *)(uintptr_t)error->metadata[i].key;
        entries[i].value = (char *)(uintptr_t)error->metadata[i].value;
        list[i] = &entries[i];
    }
    size = google__rpc__error_info__get_packed_size(&info);
    packed = arena_alloc(text->arena, size + 1);
    google__rpc__error_info__pack(&info, packed);
    json_put_text(text, ",\"details\":[{\"type\":\"google.rpc.ErrorInfo\",\"value\":\"");
    json_put_base64_bare(text, packed, size);
    json_put_text(text, "\",\"debug\":{\"reason\":");
    json_put_quoted(text, error->reason);
    json_put_text(text, ",\"domain\":\"" BMT_ERROR_DOMAIN "\",\"metadata\":{");
    for (size_t i = 0; i < error->n_metadata; i++) {
        json_put_text(text, i > 0 ? "," : "");
        json_put_quoted(text, error->metadata[i].key);
        json_put(text, ":", 1);
        json_put_quoted(text, error->metadata[i].value);
    }
    json_put_text(text, "}}}]");
}

void answer_put_error(struct json_text *text, const struct bmt_error *error)
{
    json_put_text(text, "{\"code\":\"");
    json_put_text(text, connect_code_name(error->code));
    json_put_text(text, "\"");
    if (error->message[0] != '\0') {
        json_put_text(text, ",\"message\":");
        json_put_quoted(text, error->message);
    }
    if (error->reason[0] != '\0')
        put_details(text, error);
    json_put_text(text, "}");
}

/* A stream's answer is always 200, and ends in a frame that says how (Connect, streaming responses). */
static void put_end_frame(struct exchange *exchange, const struct bmt_error *error)
{
    json_put(&exchange->reply, "\0\0\0\0\0{\"error\":", FRAME_HEAD + 9);
    answer_put_error(&exchange->reply, error);
    json_put(&exchange->reply, "}", 1);
    answer_close_frame(&exchange->reply, 0, FRAME_END);
}

void answer_close_frame(struct json_text *frames, size_t begin, uint8_t flags)
{
    const size_t size = frames->size - begin - FRAME_HEAD;
    const uint8_t head[FRAME_HEAD] = {flags, (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                                      (uint8_t)size};

    memcpy(frames->data + begin, head, sizeof head);
}

void answer_error(struct exchange *exchange, const struct bmt_error *error)
{
    exchange->reply = (struct json_text){.arena = exchange->arena};
    exchange->is_answered = true;
    if (exchange->is_framed) {
        put_end_frame(exchange, error);
        exchange->content_type = answer_stream_type(exchange);
        exchange->status = MHD_HTTP_OK;
        return;
    }
    answer_put_error(&exchange->reply, error);
    exchange->content_type = "application/json";
    exchange->status = connect_http_status(error->code);
}

void answer_refusal(struct exchange *exchange, int code, const char *reason, const char *message)
{
    struct bmt_error error = {.code = code};

    snprintf(error.reason, sizeof error.reason, "%s", reason);
    snprintf(error.message, sizeof error.message, "%s", message);
    answer_error(exchange, &error);
}

void answer_exhausted(struct exchange *exchange, const char *reason, const char *message, int64_t wait_ns)
{
    answer_refusal(exchange, CONNECT_RESOURCE_EXHAUSTED, reason, message);
    exchange->retry_after_s = (wait_ns + 999999999) / 1000000000;
}

const char *answer_stream_type(const struct exchange *exchange)
{
    return exchange->codec == CODEC_PROTO ? "application/connect+proto" : "application/connect+json";
}

void answer_status(struct exchange *exchange, unsigned status)
{
    exchange->reply = (struct json_text){.arena = exchange->arena};
    exchange->content_type = NULL;
    exchange->status = status;
    exchange->is_answered = true;
}

static void *take(void *arena, size_t size)
{
    return arena_try_alloc(arena, size);
}

static void leave_to_arena(void *arena, void *bytes)
{
    (void)arena;
    (void)bytes;
}

bool answer_put_message(struct json_text *text, const ProtobufCMessageDescriptor *type, const void *bytes, size_t size)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(ANSWER_ARENA_MAX);
    ProtobufCAllocator allocator = {.alloc = take, .free = leave_to_arena, .allocator_data = arena};
    const ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, size, bytes);

    if (message != NULL)
        json_write(text, message);
    return message != NULL;
}

void answer_message(struct exchange *exchange, const void *bytes, size_t size)
{
    exchange->reply = (struct json_text){.arena = exchange->arena};
    if (exchange->codec == CODEC_PROTO) {
        json_put(&exchange->reply, bytes, size);
    } else if (!answer_put_message(&exchange->reply, exchange->route->method->output, bytes, size)) {
        answer_refusal(exchange, CONNECT_INTERNAL, "", "the server's reply cannot be read");
        return;
    }
    exchange->content_type = exchange->codec == CODEC_PROTO ? "application/proto" : "application/json";
    exchange->status = 200;
    exchange->is_answered = true;
}
