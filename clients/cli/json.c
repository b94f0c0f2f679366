/*
 * Messages and JSON (https://protobuf.dev/programming-guides/json): int64 as strings, enums by name, times as RFC 3339.
 * For people it reads more than it writes: `12.50 EUR` for money (money.c), times with any offset (time.c), `90s` for
 * durations, `title,description` for masks, COUNTED for STOCK_KIND_COUNTED.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmt/common/v1/types.pb-c.h"
#include "cli.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

static void *field_at(const ProtobufCMessage *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

/* Base64, as proto3 JSON has it. */
static json_t *bytes_json(const ProtobufCBinaryData *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(bytes->len / 3 * 4 + 5);
    char *to = text;
    json_t *json;

    for (size_t i = 0; i < bytes->len; i += 3) {
        const size_t n = bytes->len - i < 3 ? bytes->len - i : 3;
        unsigned group = 0;

        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (j < n ? bytes->data[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            *to++ = j <= n ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
    json = json_stringn(text, (size_t)(to - text));
    free(text);
    return json;
}

static json_t *value_json(const ProtobufCFieldDescriptor *field, const void *at)
{
    char number[32];

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return json_string(*(char *const *)at);
    case PROTOBUF_C_TYPE_BOOL: return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_INT64:
        snprintf(number, sizeof number, "%" PRId64, *(const int64_t *)at);
        return json_string(number);
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_UINT32: return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_ENUM: {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)at);

        return value != NULL ? json_string(value->name) : json_integer(*(const int *)at);
    }
    case PROTOBUF_C_TYPE_MESSAGE: return cli_json_of(*(ProtobufCMessage *const *)at);
    case PROTOBUF_C_TYPE_BYTES: return bytes_json(at);
    default: return json_null();
    }
}

static size_t value_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_INT64: return sizeof(int64_t);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    default: return sizeof(int32_t);
    }
}

/* Unset fields are left out; so are those of the other cases of a oneof. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *at = field_at(message, field->offset);

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return *(const uint32_t *)field_at(message, field->quantifier_offset) == field->id;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)field_at(message, field->quantifier_offset) > 0;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *(void *const *)at != NULL;
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return *(const int *)at != 0;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return (*(char *const *)at)[0] != '\0';
    return true;
}

json_t *cli_json_of(const ProtobufCMessage *message)
{
    const Google__Protobuf__Timestamp *time = (const Google__Protobuf__Timestamp *)message;
    json_t *object;

    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        return cli_time_json(time->seconds, time->nanos);
    if (message->descriptor == &google__protobuf__duration__descriptor)
        return json_sprintf("%" PRId64 "s", ((const Google__Protobuf__Duration *)message)->seconds);
    object = json_object();
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const void *at = field_at(message, field->offset);

        if (!is_set(message, field))
            continue;
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            json_object_set_new(object, field->name, value_json(field, at));
            continue;
        }
        const size_t n = *(const size_t *)field_at(message, field->quantifier_offset);
        json_t *list = json_array();

        for (size_t j = 0; j < n; j++)
            json_array_append_new(list, value_json(field, *(const char *const *)at + j * value_size(field)));
        json_object_set_new(object, field->name, list);
    }
    return object;
}

static bool complain(const char *path, const char *expected)
{
    fprintf(stderr, "bmtctl: %s is not %s\n", path, expected);
    return false;
}

/* A whole number as number or text. */
static bool read_int(const json_t *json, int64_t *ret_value)
{
    char *end = NULL;

    if (json_is_integer(json)) {
        *ret_value = json_integer_value(json);
        return true;
    }
    if (!json_is_string(json) || json_string_value(json)[0] == '\0')
        return false;
    *ret_value = strtoll(json_string_value(json), &end, 10);
    return *end == '\0';
}

static bool read_enum(const ProtobufCEnumDescriptor *type, const json_t *json, int *ret_value)
{
    const char *name = json_string_value(json);

    for (unsigned i = 0; name != NULL && i < type->n_values; i++) {
        const char *full = type->values[i].name;
        const size_t full_size = strlen(full);
        const size_t size = strlen(name);

        /* the name, or its last words behind an underscore */
        if (strcmp(full, name) == 0 ||
            (size < full_size && full[full_size - size - 1] == '_' && strcmp(full + full_size - size, name) == 0)) {
            *ret_value = type->values[i].value;
            return true;
        }
    }
    return false;
}

static json_t *duration_object(const char *text)
{
    char *unit = NULL;
    const long long count = strtoll(text, &unit, 10);
    const long long factor = strcmp(unit, "s") == 0 || *unit == '\0' ? 1
                             : strcmp(unit, "m") == 0                ? 60
                             : strcmp(unit, "h") == 0                ? 3600
                             : strcmp(unit, "d") == 0                ? 86400
                                                                     : 0;

    return factor == 0 || unit == text ? NULL : json_pack("{s:I}", "seconds", (json_int_t)(count * factor));
}

static json_t *mask_object(const char *text)
{
    json_t *paths = json_array();

    while (*text != '\0') {
        const size_t size = strcspn(text, ",");

        json_array_append_new(paths, json_stringn(text, size));
        text += size + (text[size] == ',');
    }
    return json_pack("{s:o}", "paths", paths);
}

/* Short texts that stand for messages. NULL: none. */
static json_t *object_of_text(const ProtobufCMessageDescriptor *type, const char *text)
{
    if (type == &bmt__common__v1__money__descriptor)
        return cli_money_object(text);
    if (type == &google__protobuf__timestamp__descriptor)
        return cli_time_object(text);
    if (type == &google__protobuf__duration__descriptor)
        return duration_object(text);
    if (type == &google__protobuf__field_mask__descriptor)
        return mask_object(text);
    return json_loads(text, 0, NULL);
}

/* What to write, for the complaint about a text that is none. */
static const char *form_of(const ProtobufCMessageDescriptor *type)
{
    if (type == &bmt__common__v1__money__descriptor)
        return "an amount such as 12.50 EUR, of a known currency and with no more decimals than it has";
    if (type == &google__protobuf__timestamp__descriptor)
        return "a time such as 2026-07-01T00:00:00Z or 2026-07-01T02:00:00+02:00";
    return "of its form";
}

static bool read_value(const ProtobufCFieldDescriptor *field, const json_t *json, void *at, const char *path)
{
    int64_t number = 0;

    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (!json_is_string(json))
            return complain(path, "a text");
        *(char **)at = strdup(json_string_value(json));
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)at =
            json_is_true(json) || (json_is_string(json) && strcmp(json_string_value(json), "true") == 0);
        return true;
    case PROTOBUF_C_TYPE_INT64: return read_int(json, at) || complain(path, "a whole number");
    case PROTOBUF_C_TYPE_INT32:
        if (!read_int(json, &number) || number > INT32_MAX || number < INT32_MIN)
            return complain(path, "a whole number");
        *(int32_t *)at = (int32_t)number;
        return true;
    case PROTOBUF_C_TYPE_ENUM: return read_enum(field->descriptor, json, at) || complain(path, "one of its names");
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = cli_message_of(field->descriptor, json, path);
        return *(ProtobufCMessage **)at != NULL;
    case PROTOBUF_C_TYPE_BYTES: /* as they are: an option reads them from a file (main.c) */
        if (!json_is_string(json))
            return complain(path, "a file");
        ((ProtobufCBinaryData *)at)->len = json_string_length(json);
        ((ProtobufCBinaryData *)at)->data = malloc(json_string_length(json) + 1);
        memcpy(((ProtobufCBinaryData *)at)->data, json_string_value(json), json_string_length(json));
        return true;
    default: return complain(path, "a field that can be given here");
    }
}

/* `lines[2]`, `order.user_id`; free() it. */
static char *path_of(const char *path, const char *dot, const char *name, size_t index)
{
    char *text = NULL;
    const int size =
        index == SIZE_MAX ? asprintf(&text, "%s%s%s", path, dot, name) : asprintf(&text, "%s[%zu]", path, index);

    if (size < 0)
        abort();
    return text;
}

static bool read_list(const ProtobufCFieldDescriptor *field, const json_t *json, ProtobufCMessage *message,
                      const char *path)
{
    const size_t n = json_is_array(json) ? json_array_size(json) : 1;
    char *list = calloc(n, value_size(field));

    *(void **)field_at(message, field->offset) = list;
    for (size_t i = 0; i < n; i++) {
        char *item = path_of(path, "", field->name, i);
        const bool is_read =
            read_value(field, json_is_array(json) ? json_array_get(json, i) : json, list + i * value_size(field), item);

        free(item);
        if (!is_read)
            return false;
        *(size_t *)field_at(message, field->quantifier_offset) = i + 1;
    }
    return true;
}

static bool read_fields(ProtobufCMessage *message, const json_t *json, const char *path)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, name, value) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
        char *at = path_of(path, path[0] != '\0' ? "." : "", name, SIZE_MAX);
        bool is_read;

        if (field == NULL)
            is_read = complain(at, "a field of the request");
        else if (field->label == PROTOBUF_C_LABEL_REPEATED)
            is_read = read_list(field, value, message, at);
        else
            is_read = read_value(field, value, field_at(message, field->offset), at);
        free(at);
        if (!is_read)
            return false;
    }
    return true;
}

ProtobufCMessage *cli_message_of(const ProtobufCMessageDescriptor *type, const json_t *json, const char *path)
{
    ProtobufCMessage *message = calloc(1, type->sizeof_message);
    json_t *made = json_is_string(json) ? object_of_text(type, json_string_value(json)) : NULL;
    const json_t *object = made != NULL ? made : json;
    bool is_good;

    protobuf_c_message_init(type, message);
    is_good = json_is_object(object) ? read_fields(message, object, path) : complain(path, form_of(type));
    json_decref(made);
    if (is_good)
        return message;
    protobuf_c_message_free_unpacked(message, NULL);
    return NULL;
}
