/* JSON to messages; see json.h. jansson reads the text: it refuses bad UTF-8, NUL, names that come twice, and depth. */
#include "json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_INT64   "is not a whole number from -2^63 to 2^63 - 1"
#define RULE_UINT64  "is not a whole number from 0 to 2^63 - 1"
#define RULE_INT32   "is not a whole number from -2^31 to 2^31 - 1"
#define RULE_UINT32  "is not a whole number from 0 to 2^32 - 1"
#define RULE_ONEOF   "is one of several of which at most one may be set"
#define RULE_TWICE   "is given twice"
#define RULE_DEPTH   "is nested too deeply"
#define RULE_MESSAGE "is not an object"
#define RULE_MEMORY  "takes too much memory"

enum { FIELDS_MAX = 128 }; /* of a message; the longest of bmt has some thirty */

/* A reading, and where it is. */
struct reader {
    struct arena *arena;
    struct json_problem *problem;
    size_t place_size;
    int depth;
};

static bool refuse(struct reader *reader, const char *rule)
{
    reader->problem->rule = rule;
    return false;
}

/* Zeroed; NULL, refused, when a small text asks for more than the arena may give. */
static void *take(struct reader *reader, size_t size)
{
    void *memory = arena_try_alloc(reader->arena, size);

    if (memory == NULL)
        (void)refuse(reader, RULE_MEMORY);
    else
        memset(memory, 0, size);
    return memory;
}

/* Steps into a member or an item; the place stays there when it is refused. Returns what leave_place takes. */
static size_t enter_place(struct reader *reader, const char *before, const char *name, const char *after)
{
    char *place = reader->problem->place;
    const size_t left = sizeof reader->problem->place - reader->place_size;
    const size_t outer = reader->place_size;
    const int n = snprintf(place + outer, left, "%s%s%s", outer > 0 || before[0] == '[' ? before : "", name, after);

    reader->place_size += n > 0 && (size_t)n < left ? (size_t)n : left - 1;
    return outer;
}

static void leave_place(struct reader *reader, size_t outer)
{
    reader->place_size = outer;
    reader->problem->place[outer] = '\0';
}

static bool read_message(struct reader *reader, const json_t *json, const ProtobufCMessageDescriptor *type,
                         ProtobufCMessage **ret_message);

/* A number, a number in text, or one with nothing behind its point. */
static bool read_whole(const json_t *json, int64_t min, int64_t max, int64_t *ret_value)
{
    const char *text = json_string_value(json);
    char *end = NULL;

    if (json_is_real(json)) {
        const double value = json_real_value(json);

        if (value != floor(value) || fabs(value) > 9007199254740992.0) /* 2^53: beyond it doubles are no numbers */
            return false;
        *ret_value = (int64_t)value;
    } else if (text != NULL) {
        if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
            return false;
        errno = 0;
        *ret_value = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0')
            return false;
    } else if (json_is_integer(json)) {
        *ret_value = json_integer_value(json);
    } else {
        return false;
    }
    return *ret_value >= min && *ret_value <= max;
}

static bool read_number(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field, void *at)
{
    int64_t value = 0;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        if (!read_whole(json, INT64_MIN, INT64_MAX, &value))
            return refuse(reader, RULE_INT64);
        memcpy(at, &value, sizeof value);
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (!read_whole(json, 0, INT64_MAX, &value))
            return refuse(reader, RULE_UINT64);
        memcpy(at, &value, sizeof value);
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (!read_whole(json, 0, UINT32_MAX, &value))
            return refuse(reader, RULE_UINT32);
        *(uint32_t *)at = (uint32_t)value;
        return true;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        if (!read_whole(json, INT32_MIN, INT32_MAX, &value))
            return refuse(reader, RULE_INT32);
        *(int32_t *)at = (int32_t)value;
        return true;
    default: return refuse(reader, "has a type that JSON does not carry here");
    }
}

static bool read_enum(struct reader *reader, const json_t *json, const ProtobufCEnumDescriptor *type, int *ret_value)
{
    const ProtobufCEnumValue *named;
    int64_t value = 0;

    if (json_is_string(json)) {
        named = protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(json));
        if (named == NULL)
            return refuse(reader, "is not a name of its list of values");
        *ret_value = named->value;
        return true;
    }
    if (!json_is_integer(json) || !read_whole(json, INT32_MIN, INT32_MAX, &value))
        return refuse(reader, "is neither a name nor a number of a value");
    *ret_value = (int)value;
    return true;
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Either alphabet, with or without padding. */
static bool read_bytes(struct reader *reader, const json_t *json, ProtobufCBinaryData *ret_bytes)
{
    const char *text = json_string_value(json);
    size_t n = text != NULL ? strcspn(text, "=") : 0;
    unsigned bits = 0;

    if (text == NULL || n % 4 == 1 || strspn(text + n, "=") != strlen(text + n) || strlen(text + n) > 2 ||
        (text[n] == '=' && strlen(text) % 4 != 0))
        return refuse(reader, "is not base64");
    ret_bytes->data = take(reader, n * 3 / 4 + 1);
    ret_bytes->len = 0;
    if (ret_bytes->data == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        const int digit = digit_of(text[i]);

        if (digit < 0)
            return refuse(reader, "is not base64");
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 != 0)
            ret_bytes->data[ret_bytes->len++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    return true;
}

static bool read_value(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (!json_is_string(json))
            return refuse(reader, "is not text");
        *(char **)at = arena_strdup(reader->arena, json_string_value(json));
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return refuse(reader, "is neither true nor false");
        *(protobuf_c_boolean *)at = json_is_true(json);
        return true;
    case PROTOBUF_C_TYPE_ENUM: return read_enum(reader, json, field->descriptor, at);
    case PROTOBUF_C_TYPE_BYTES: return read_bytes(reader, json, at);
    case PROTOBUF_C_TYPE_MESSAGE: return read_message(reader, json, field->descriptor, at);
    default: return read_number(reader, json, field, at);
    }
}

static bool read_list(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field,
                      ProtobufCMessage *message)
{
    const size_t n = json_array_size(json);
    char *items = take(reader, (n + 1) * json_value_size(field));
    char index[24];

    if (items == NULL)
        return false;
    if (!json_is_array(json))
        return refuse(reader, "is not a list");
    for (size_t i = 0; i < n; i++) {
        snprintf(index, sizeof index, "%zu", i);
        const size_t outer = enter_place(reader, "[", index, "]");

        if (!read_value(reader, json_array_get(json, i), field, items + i * json_value_size(field)))
            return false;
        leave_place(reader, outer);
    }
    *(size_t *)(void *)((char *)message + field->quantifier_offset) = n;
    *(char **)(void *)((char *)message + field->offset) = items;
    return true;
}

/* By its own name or in lowerCamelCase; NULL when it is unknown. */
static const ProtobufCFieldDescriptor *field_named(const ProtobufCMessageDescriptor *type, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(type, name);
    char camel[JSON_NAME_MAX];

    for (unsigned i = 0; i < type->n_fields && field == NULL; i++) {
        json_camel(type->fields[i].name, camel);
        if (strcmp(camel, name) == 0)
            field = &type->fields[i];
    }
    return field;
}

static bool read_field(struct reader *reader, const json_t *json, const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *message)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(reader, json, field, message);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *which = (uint32_t *)(void *)((char *)message + field->quantifier_offset);

        if (*which != 0)
            return refuse(reader, RULE_ONEOF);
        *which = field->id;
    }
    return read_value(reader, json, field, (char *)message + field->offset);
}

static bool read_fields(struct reader *reader, json_t *json, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    bool seen[FIELDS_MAX] = {false};
    const char *name;
    json_t *value;

    PRE(type->n_fields <= FIELDS_MAX);
    json_object_foreach(json, name, value) {
        const ProtobufCFieldDescriptor *field = field_named(type, name);
        const size_t outer = enter_place(reader, ".", name, "");

        if (field == NULL)
            reader->problem->n_unknown++;
        else if (seen[field - type->fields])
            return refuse(reader, RULE_TWICE);
        else if (!json_is_null(value) && !read_field(reader, value, field, message))
            return false;
        if (field != NULL)
            seen[field - type->fields] = true;
        leave_place(reader, outer);
    }
    return true;
}

static bool read_message(struct reader *reader, const json_t *json, const ProtobufCMessageDescriptor *type,
                         ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = take(reader, type->sizeof_message);
    const char *rule = NULL;
    bool is_read;

    if (message == NULL)
        return false;
    if (reader->depth >= JSON_DEPTH_MAX)
        return refuse(reader, RULE_DEPTH);
    type->message_init(message);
    *ret_message = message;
    if (json_is_known(type)) {
        if (json_is_string(json))
            json_read_known(message, json_string_value(json), reader->arena, &rule);
        else
            rule = "is not text";
        return rule == NULL || refuse(reader, rule);
    }
    if (!json_is_object(json))
        return refuse(reader, RULE_MESSAGE);
    reader->depth++;
    is_read = read_fields(reader, (json_t *)(uintptr_t)json, message);
    reader->depth--;
    return is_read;
}

/*
 * What jansson says, without the piece of the text that it quotes behind `near`: that may end within a character, and
 * an answer must be UTF-8. Where it is, the position says.
 */
static const char *syntax_rule(const json_error_t *error, struct arena *arena)
{
    const char *quote = strstr(error->text, " near '");
    const int size = quote != NULL ? (int)(quote - error->text) : (int)strlen(error->text);

    return arena_printf(arena, "is not JSON: %.*s, at byte %d", size, error->text, error->position);
}

ProtobufCMessage *json_read(const ProtobufCMessageDescriptor *type, const char *bytes, size_t size, struct arena *arena,
                            struct json_problem *problem)
{
    struct reader reader = {.arena = arena, .problem = problem};
    ProtobufCMessage *message = NULL;
    json_error_t error;
    json_t *json;

    *problem = (struct json_problem){.rule = ""};
    json = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) {
        problem->rule = syntax_rule(&error, arena);
        return NULL;
    }
    if (!read_message(&reader, json, type, &message))
        message = NULL;
    json_decref(json);
    return message;
}
