/* Messages to JSON; see json.h. */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void json_put(struct json_text *text, const char *bytes, size_t size)
{
    if (size == 0) /* then there may be no bytes, and no data yet */
        return;
    if (text->size + size > text->capacity) {
        size_t capacity = text->capacity == 0 ? 1024 : text->capacity * 2;

        while (capacity < text->size + size)
            capacity *= 2;
        char *grown = arena_alloc(text->arena, capacity);

        if (text->size > 0)
            memcpy(grown, text->data, text->size);
        text->data = grown;
        text->capacity = capacity;
    }
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
}

void json_put_text(struct json_text *text, const char *words)
{
    json_put(text, words, strlen(words));
}

static void put_escape(struct json_text *text, char c)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char hex[7];

    for (const char *pair = named; *pair != '\0'; pair += 2)
        if (pair[0] == c) {
            json_put(text, (const char[]){'\\', pair[1]}, 2);
            return;
        }
    snprintf(hex, sizeof hex, "\\u%04x", (unsigned)c);
    json_put(text, hex, 6);
}

void json_put_quoted(struct json_text *text, const char *words)
{
    const char *from = words;
    const char *c;

    json_put(text, "\"", 1);
    for (c = words; *c != '\0'; c++) {
        if ((unsigned char)*c >= ' ' && *c != '"' && *c != '\\')
            continue;
        json_put(text, from, (size_t)(c - from));
        put_escape(text, *c);
        from = c + 1;
    }
    json_put(text, from, (size_t)(c - from));
    json_put(text, "\"", 1);
}

void json_put_base64(struct json_text *text, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        const size_t n = size - i < 3 ? size - i : 3;
        unsigned group = 0;
        char four[4];

        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (j < n ? bytes[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            four[j] = j <= n ? digits[group >> (18 - 6 * j) & 63] : '=';
        json_put(text, four, 4);
    }
}

void json_put_base64_bare(struct json_text *text, const uint8_t *bytes, size_t size)
{
    json_put_base64(text, bytes, size);
    while (text->size > 0 && text->data[text->size - 1] == '=')
        text->size--;
}

void json_camel(const char *field, char *name)
{
    for (; *field != '\0'; field++) {
        if (field[0] == '_' && field[1] >= 'a' && field[1] <= 'z')
            *name++ = (char)(*++field - 'a' + 'A');
        else if (field[0] != '_')
            *name++ = *field;
    }
    *name = '\0';
}

static const void *field_at(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

/* A number as JSON has it, or as text where JavaScript's numbers would round it. */
static void put_number(struct json_text *text, const ProtobufCFieldDescriptor *field, const void *at)
{
    char number[40];

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: snprintf(number, sizeof number, "\"%" PRId64 "\"", *(const int64_t *)at); break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: snprintf(number, sizeof number, "\"%" PRIu64 "\"", *(const uint64_t *)at); break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: snprintf(number, sizeof number, "%" PRIu32, *(const uint32_t *)at); break;
    default: snprintf(number, sizeof number, "%" PRId32, *(const int32_t *)at); break;
    }
    json_put_text(text, number);
}

static void put_enum(struct json_text *text, const ProtobufCFieldDescriptor *field, int value)
{
    const ProtobufCEnumValue *named = protobuf_c_enum_descriptor_get_value(field->descriptor, value);
    char number[16];

    if (named != NULL) {
        json_put_quoted(text, named->name);
        return;
    }
    snprintf(number, sizeof number, "%d", value);
    json_put_text(text, number);
}

static void put_value(struct json_text *text, const ProtobufCFieldDescriptor *field, const void *at)
{
    const ProtobufCBinaryData *bytes = at;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: json_put_quoted(text, *(char *const *)at); break;
    case PROTOBUF_C_TYPE_BOOL: json_put_text(text, *(const protobuf_c_boolean *)at ? "true" : "false"); break;
    case PROTOBUF_C_TYPE_ENUM: put_enum(text, field, *(const int *)at); break;
    case PROTOBUF_C_TYPE_MESSAGE: json_write(text, *(ProtobufCMessage *const *)at); break;
    case PROTOBUF_C_TYPE_BYTES:
        json_put(text, "\"", 1);
        json_put_base64(text, bytes->data, bytes->len);
        json_put(text, "\"", 1);
        break;
    default: put_number(text, field, at); break;
    }
}

size_t json_value_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return sizeof(int64_t);
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    default: return sizeof(int32_t);
    }
}

/* What is not set, or has its default, is left out; so are the other cases of a oneof. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    static const char zeros[sizeof(ProtobufCBinaryData)];
    const void *at = field_at(message, field->offset);

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)field_at(message, field->quantifier_offset) == field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)field_at(message, field->quantifier_offset) > 0;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return *(char *const *)at != NULL && (*(char *const *)at)[0] != '\0';
    if (field->type == PROTOBUF_C_TYPE_BYTES)
        return ((const ProtobufCBinaryData *)at)->len > 0;
    return memcmp(at, zeros, json_value_size(field)) != 0;
}

static void put_list(struct json_text *text, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *items = *(const char *const *)field_at(message, field->offset);
    const size_t n = *(const size_t *)field_at(message, field->quantifier_offset);

    json_put(text, "[", 1);
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            json_put(text, ",", 1);
        put_value(text, field, items + i * json_value_size(field));
    }
    json_put(text, "]", 1);
}

void json_write(struct json_text *text, const ProtobufCMessage *message)
{
    const char *before = "";
    char name[JSON_NAME_MAX];

    if (json_write_known(text, message))
        return;
    json_put(text, "{", 1);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (!is_set(message, field))
            continue;
        json_camel(field->name, name);
        json_put_text(text, before);
        json_put(text, "\"", 1);
        json_put_text(text, name);
        json_put(text, "\":", 2);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            put_list(text, message, field);
        else
            put_value(text, field, field_at(message, field->offset));
        before = ",";
    }
    json_put(text, "}", 1);
}
