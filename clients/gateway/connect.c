/* What the Connect protocol says of a request; see gateway.h. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway.h"

enum { TIMEOUT_DIGITS_MAX = 10 };
static const int64_t STREAM_WAIT_NS = INT64_C(5000000000); /* nobody knows when one closes */

static bool refuse(struct exchange *exchange, const char *reason, const char *message)
{
    answer_refusal(exchange, CONNECT_INVALID_ARGUMENT, reason, message);
    return false;
}

static bool read_version(struct exchange *exchange)
{
    const char *version = http_header(exchange, "connect-protocol-version");

    if (version == NULL || strcmp(version, "1") == 0)
        return true;
    return refuse(exchange, "PROTOCOL_VERSION_UNKNOWN", "connect-protocol-version is not 1");
}

static bool read_timeout(struct exchange *exchange)
{
    const char *text = http_header(exchange, "connect-timeout-ms");
    const int64_t most_ms = exchange->gateway->options.deadline_ms;
    int64_t ms;

    exchange->deadline_ms = exchange->route->is_stream ? 0 : most_ms;
    if (text == NULL)
        return true;
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > TIMEOUT_DIGITS_MAX)
        return refuse(exchange, "TIMEOUT_MALFORMED", "connect-timeout-ms is not a whole number of up to 10 digits");
    ms = strtoll(text, NULL, 10);
    if (ms < 1)
        ms = 1;
    exchange->deadline_ms = exchange->route->is_stream || ms < most_ms ? ms : most_ms;
    return true;
}

/* Client tokens only: whoever can read a page could read a business's key in it. */
static bool read_credential(struct exchange *exchange)
{
    const char *value = http_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);

    if (value == NULL)
        return true;
    if (strncmp(value, "Bearer ", 7) != 0 || strlen(value) > BMT_CREDENTIAL_MAX)
        return refuse(exchange, "AUTHORIZATION_MALFORMED", "Authorization is not `Bearer` and a client token");
    for (const char *c = value; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return refuse(exchange, "AUTHORIZATION_MALFORMED", "Authorization holds more than printable ASCII");
    exchange->credential = value + 7;
    if (strncmp(exchange->credential, "bmt_", 4) != 0)
        return true;
    answer_refusal(exchange, CONNECT_PERMISSION_DENIED, "CREDENTIAL_NOT_FOR_PAGES",
                   "this is an API key; pages call with a client token (IssueClientToken)");
    return false;
}

static bool take_from_limits(struct exchange *exchange)
{
    struct token_limits *limits = exchange->gateway->limits;
    int64_t wait_ns;

    if (exchange->credential == NULL) /* bmtd refuses it without a look at anything */
        return true;
    wait_ns = token_limits_take_call(limits, exchange->credential, clock_steady_ns());
    if (wait_ns > 0) {
        answer_exhausted(exchange, "TOKEN_CALLS_EXCEEDED", "too many calls with this token", wait_ns);
        return false;
    }
    if (!exchange->route->is_stream)
        return true;
    exchange->stream_use = token_limits_open_stream(limits, exchange->credential);
    if (exchange->stream_use == NULL)
        answer_exhausted(exchange, "TOKEN_STREAMS_EXCEEDED", "too many streams are open with this token",
                         STREAM_WAIT_NS);
    return exchange->stream_use != NULL;
}

static bool read_encoding(struct exchange *exchange)
{
    const char *encoding =
        http_header(exchange, exchange->route->is_stream ? "connect-content-encoding" : "content-encoding");

    if (encoding == NULL || strcmp(encoding, "identity") == 0)
        return true;
    answer_refusal(exchange, CONNECT_UNIMPLEMENTED, "ENCODING_UNKNOWN", "only the encoding `identity` is known");
    return false;
}

/* The media type, without its parameters. */
static bool is_media(const char *value, const char *type)
{
    const size_t n = strlen(type);

    return strncasecmp(value, type, n) == 0 && (value[n] == '\0' || value[n] == ';' || value[n] == ' ');
}

static bool read_codec(struct exchange *exchange)
{
    const char *type = http_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
    const bool is_stream = exchange->route->is_stream;

    if (type != NULL && is_media(type, is_stream ? "application/connect+json" : "application/json"))
        exchange->codec = CODEC_JSON;
    else if (type != NULL && is_media(type, is_stream ? "application/connect+proto" : "application/proto"))
        exchange->codec = CODEC_PROTO;
    else
        answer_status(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE);
    return !exchange->is_answered;
}

/* JSON becomes the packed message; packed bytes are bmtd's to judge. */
static bool read_message(struct exchange *exchange, const char *bytes, size_t size)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(REQUEST_ARENA_MAX);
    struct json_problem problem;
    ProtobufCMessage *message;
    struct bmt_error error = {.code = CONNECT_INVALID_ARGUMENT, .reason = "JSON_MALFORMED"};

    if (exchange->codec == CODEC_PROTO) {
        exchange->message = (const uint8_t *)bytes;
        exchange->message_size = size;
        return true;
    }
    message = json_read(exchange->route->method->input, bytes, size, arena, &problem);
    if (message != NULL) {
        uint8_t *packed = arena_alloc(exchange->arena, protobuf_c_message_get_packed_size(message) + 1);

        if (problem.n_unknown > 0)
            log_debug("unknown fields were left out", log_text("method", exchange->route->method->name),
                      log_i64("fields", problem.n_unknown));
        exchange->message_size = protobuf_c_message_pack(message, packed);
        exchange->message = packed;
        return true;
    }
    snprintf(error.message, sizeof error.message, "%s %s", problem.place[0] != '\0' ? problem.place : "the message",
             problem.rule);
    if (problem.place[0] != '\0') {
        error.n_metadata = 1;
        snprintf(error.metadata[0].key, sizeof error.metadata[0].key, "field");
        snprintf(error.metadata[0].value, sizeof error.metadata[0].value, "%.127s", problem.place);
    }
    answer_error(exchange, &error);
    return false;
}

/* `?message=...&encoding=json&base64=1&connect=v1` */
static bool read_query(struct exchange *exchange)
{
    size_t size = 0;
    size_t message_size = 0;
    const char *version = http_argument(exchange, "connect", &size);
    const char *encoding = http_argument(exchange, "encoding", &size);
    const char *base64 = http_argument(exchange, "base64", &size);
    const char *compression = http_argument(exchange, "compression", &size);
    const char *message = http_argument(exchange, "message", &message_size);

    if (version != NULL && strcmp(version, "v1") != 0)
        return refuse(exchange, "PROTOCOL_VERSION_UNKNOWN", "connect is not v1");
    if (encoding == NULL || (strcmp(encoding, "json") != 0 && strcmp(encoding, "proto") != 0)) {
        answer_status(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE);
        return false;
    }
    if (compression != NULL && compression[0] != '\0' && strcmp(compression, "identity") != 0) {
        answer_refusal(exchange, CONNECT_UNIMPLEMENTED, "ENCODING_UNKNOWN", "only the encoding `identity` is known");
        return false;
    }
    if (message == NULL)
        return refuse(exchange, "MESSAGE_MISSING", "message is missing");
    exchange->codec = strcmp(encoding, "json") == 0 ? CODEC_JSON : CODEC_PROTO;
    if (base64 != NULL && strcmp(base64, "1") == 0) {
        while (message_size > 0 && message[message_size - 1] == '=')
            message_size--;
        message = (const char *)text_unbase64url(message, message_size, &message_size, exchange->arena);
        if (message == NULL)
            return refuse(exchange, "MESSAGE_MALFORMED", "message is not base64url");
    }
    return read_message(exchange, message, message_size);
}

/* A stream's request is one frame: a flag byte, four bytes of length, the message. */
static bool read_frame(struct exchange *exchange)
{
    const uint8_t *bytes = (const uint8_t *)exchange->body.data;
    size_t size;

    if (exchange->body.size < 5)
        return refuse(exchange, "FRAME_MALFORMED", "the request has no whole frame");
    size = (size_t)bytes[1] << 24 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 8 | bytes[4];
    if (bytes[0] != 0)
        return refuse(exchange, "FRAME_MALFORMED", "the frame's flags are not 0");
    if (size > exchange->body.size - 5)
        return refuse(exchange, "FRAME_MALFORMED", "the request has no whole frame");
    if (size < exchange->body.size - 5) {
        answer_refusal(exchange, CONNECT_UNIMPLEMENTED, "FRAME_MALFORMED", "the request has more than one frame");
        return false;
    }
    return read_message(exchange, exchange->body.data + 5, size);
}

bool connect_begin(struct exchange *exchange)
{
    if (!exchange->is_get && !read_codec(exchange))
        return false;
    exchange->is_framed = exchange->route->is_stream;
    if (!read_version(exchange) || !read_timeout(exchange) || !read_credential(exchange) || !take_from_limits(exchange))
        return false;
    if (exchange->is_get)
        return read_query(exchange);
    if (!read_encoding(exchange))
        return false;
    return exchange->route->is_stream ? read_frame(exchange)
                                      : read_message(exchange, exchange->body.data, exchange->body.size);
}
