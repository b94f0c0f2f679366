/*
 * Checks messages by the rules beside their fields.
 *
 * The rules of a message type are looked up in the embedded contract when the type is first met, and then kept in a
 * table by descriptor that is read without locks.
 */
#include "rpc/form.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/money.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/contract.h"
#include "rpc/form_text.h"

enum { FORM_TYPES_MAX = 1024, FORM_ARENA_MAX = 16 * 1024 * 1024, FORM_PATH_SIZE = 200, NANOS_MAX = 999999999 };

/* The rules of one message type; one for each field, NULL where the field takes anything. */
struct form_type {
    const ProtobufCMessageDescriptor *descriptor;
    const Bmt__Common__V1__FieldRule **rules;
};

static struct form_type *_Atomic form_types[FORM_TYPES_MAX];  /* open addressing by descriptor */
static pthread_mutex_t form_lock = PTHREAD_MUTEX_INITIALIZER; /* guards insertion and form_arena */
static struct arena *form_arena;

static size_t form_slot(const ProtobufCMessageDescriptor *descriptor)
{
    return (size_t)(((uintptr_t)descriptor >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32) % FORM_TYPES_MAX;
}

static const Bmt__Common__V1__FieldRule *form_find_rule(const Google__Protobuf__DescriptorProto *message,
                                                        const char *field)
{
    for (size_t i = 0; i < message->n_field; i++) {
        if (strcmp(message->field[i]->name, field) == 0)
            return contract_field_rule(message->field[i], form_arena);
    }
    return NULL;
}

/* With the lock held. A type that the contract does not know (gRPC's own in tests) has no rules. */
static struct form_type *form_make(const ProtobufCMessageDescriptor *descriptor)
{
    const Google__Protobuf__DescriptorProto *message = contract_message(contract_embedded(), descriptor->name);

    if (form_arena == NULL)
        form_arena = arena_new(FORM_ARENA_MAX);
    struct form_type *type = arena_new_of(form_arena, struct form_type);
    type->descriptor = descriptor;
    type->rules = arena_array_of(form_arena, const Bmt__Common__V1__FieldRule *, descriptor->n_fields + 1);
    for (unsigned i = 0; message != NULL && i < descriptor->n_fields; i++)
        type->rules[i] = form_find_rule(message, descriptor->fields[i].name);
    return type;
}

static const struct form_type *form_type_of(const ProtobufCMessageDescriptor *descriptor)
{
    size_t slot = form_slot(descriptor);
    struct form_type *type;

    for (;; slot = (slot + 1) % FORM_TYPES_MAX) {
        type = atomic_load_explicit(&form_types[slot], memory_order_acquire);
        if (type == NULL)
            break;
        if (type->descriptor == descriptor)
            return type;
    }
    pthread_mutex_lock(&form_lock);
    slot = form_slot(descriptor);
    for (size_t tried = 0; (type = atomic_load(&form_types[slot])) != NULL && type->descriptor != descriptor; tried++) {
        INVARIANT(tried < FORM_TYPES_MAX / 2);
        slot = (slot + 1) % FORM_TYPES_MAX;
    }
    if (type == NULL) {
        type = form_make(descriptor);
        atomic_store_explicit(&form_types[slot], type, memory_order_release);
    }
    pthread_mutex_unlock(&form_lock);
    return type;
}

/* The field that is being checked: its place, and how it is called in a refusal. */
struct form_field {
    const ProtobufCFieldDescriptor *field;
    const Bmt__Common__V1__FieldRule *rule;
    const char *path;
    size_t index; /* of the list's item; NO_INDEX for others */
};

#define NO_INDEX SIZE_MAX

static const char *form_name(const struct form_field *at, char *name)
{
    if (at->index == NO_INDEX)
        snprintf(name, FORM_PATH_SIZE, "%s%s", at->path, at->field->name);
    else
        snprintf(name, FORM_PATH_SIZE, "%s%s[%zu]", at->path, at->field->name, at->index);
    return name;
}

static int form_fail(const struct form_field *at, enum err_id id, struct err *err)
{
    char name[FORM_PATH_SIZE];

    return err_fail(err, id, form_name(at, name));
}

static int form_malformed(const struct form_field *at, const char *expected, struct err *err)
{
    char name[FORM_PATH_SIZE];

    return err_fail(err, ERR_FIELD_MALFORMED, form_name(at, name), expected);
}

static int form_too_long(const struct form_field *at, struct err *err)
{
    char name[FORM_PATH_SIZE];

    return err_fail(err, ERR_FIELD_TOO_LONG, form_name(at, name), err_i64(at->rule->max_bytes));
}

static int form_text(const struct form_field *at, const char *text, struct err *err)
{
    const Bmt__Common__V1__FieldRule *rule = at->rule;
    enum id_kind kind;
    int64_t id;

    if (text == NULL || text[0] == '\0')
        return rule->required || at->index != NO_INDEX ? form_fail(at, ERR_FIELD_REQUIRED, err) : 0;
    if (rule->max_bytes > 0 && strlen(text) > rule->max_bytes)
        return form_too_long(at, err);
    if (rule->id[0] != '\0' && (!id_kind_of_prefix(rule->id, &kind) || id_parse(kind, text, &id) != 0)) {
        char expected[64];

        snprintf(expected, sizeof(expected), "an id with prefix %s_", rule->id);
        return form_malformed(at, expected, err);
    }
    const char *expected = form_text_expected((int)rule->format, text);
    return expected != NULL ? form_malformed(at, expected, err) : 0;
}

static int form_number(const struct form_field *at, int64_t value, struct err *err)
{
    const Bmt__Common__V1__FieldRule *rule = at->rule;
    char name[FORM_PATH_SIZE];

    if (value == 0 && rule->required)
        return form_fail(at, ERR_FIELD_REQUIRED, err);
    if (rule->range == NULL || (value == 0 && at->index == NO_INDEX))
        return 0;
    if (value >= rule->range->min && value <= rule->range->max)
        return 0;
    return err_fail(err, ERR_FIELD_OUT_OF_RANGE, form_name(at, name), err_i64(rule->range->min),
                    err_i64(rule->range->max));
}

/* Values that the contract does not name are refused, with or without a rule. */
static int form_enum(const struct form_field *at, int value, struct err *err)
{
    char name[FORM_PATH_SIZE];

    if (protobuf_c_enum_descriptor_get_value(at->field->descriptor, value) == NULL)
        return err_fail(err, ERR_FIELD_ENUM_UNKNOWN, form_name(at, name), err_i64(value));
    if (value == 0 && at->rule != NULL && at->rule->required)
        return form_fail(at, ERR_FIELD_REQUIRED, err);
    return 0;
}

static int form_part(const struct form_field *at, const char *part, int64_t value, int64_t min, int64_t max,
                     struct err *err)
{
    char name[FORM_PATH_SIZE];
    char path[FORM_PATH_SIZE + 16];

    if (value >= min && value <= max)
        return 0;
    snprintf(path, sizeof(path), "%s.%s", form_name(at, name), part);
    return err_fail(err, ERR_FIELD_OUT_OF_RANGE, path, err_i64(min), err_i64(max));
}

/* As google/protobuf/timestamp.proto says: the years 1 to 9999. */
static int form_timestamp(const struct form_field *at, const Google__Protobuf__Timestamp *time, struct err *err)
{
    int rc = form_part(at, "seconds", time->seconds, INT64_C(-62135596800), INT64_C(253402300799), err);

    return rc != 0 ? rc : form_part(at, "nanos", time->nanos, 0, NANOS_MAX, err);
}

/* As google/protobuf/duration.proto says: about 10,000 years, both parts of one sign. */
static int form_duration(const struct form_field *at, const Google__Protobuf__Duration *span, struct err *err)
{
    int rc = form_part(at, "seconds", span->seconds, -INT64_C(315576000000), INT64_C(315576000000), err);

    if (rc != 0)
        return rc;
    return form_part(at, "nanos", span->nanos, span->seconds > 0 ? 0 : -NANOS_MAX, span->seconds < 0 ? 0 : NANOS_MAX,
                     err);
}

static int form_message(const struct form_field *at, const ProtobufCMessage *message, struct err *err)
{
    char name[FORM_PATH_SIZE];
    char path[FORM_PATH_SIZE + 1];

    if (message == NULL)
        return at->rule != NULL && at->rule->required ? form_fail(at, ERR_FIELD_REQUIRED, err) : 0;
    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        return form_timestamp(at, (const Google__Protobuf__Timestamp *)message, err);
    if (message->descriptor == &google__protobuf__duration__descriptor)
        return form_duration(at, (const Google__Protobuf__Duration *)message, err);
    snprintf(path, sizeof(path), "%s.", form_name(at, name));
    return form_check(message, path, err);
}

/* One value, where it stands in memory. */
static int form_value(const struct form_field *at, const void *value, struct err *err)
{
    switch (at->field->type) {
    case PROTOBUF_C_TYPE_MESSAGE: return form_message(at, *(const ProtobufCMessage *const *)value, err);
    case PROTOBUF_C_TYPE_ENUM: return form_enum(at, *(const int *)value, err);
    default: break;
    }
    if (at->rule == NULL)
        return 0;
    switch (at->field->type) {
    case PROTOBUF_C_TYPE_STRING: return form_text(at, *(const char *const *)value, err);
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = value;

        if (bytes->len == 0)
            return at->rule->required ? form_fail(at, ERR_FIELD_REQUIRED, err) : 0;
        return at->rule->max_bytes > 0 && bytes->len > at->rule->max_bytes ? form_too_long(at, err) : 0;
    }
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32: return form_number(at, *(const int32_t *)value, err);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: return form_number(at, *(const uint32_t *)value, err);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64: return form_number(at, *(const int64_t *)value, err);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: {
        uint64_t number = *(const uint64_t *)value;

        return form_number(at, number > INT64_MAX ? INT64_MAX : (int64_t)number, err);
    }
    default: return 0;
    }
}

static size_t form_item_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_STRING: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return 8;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    default: return 4;
    }
}

static int form_list(struct form_field *at, const ProtobufCMessage *message, struct err *err)
{
    const char *base = (const char *)message;
    size_t n = *(const size_t *)(const void *)(base + at->field->quantifier_offset);
    const char *items = *(const char *const *)(const void *)(base + at->field->offset);
    int rc = 0;

    if (at->rule != NULL && at->rule->required && n == 0)
        return form_fail(at, ERR_FIELD_REQUIRED, err);
    if (at->rule != NULL && at->rule->max_items > 0 && n > at->rule->max_items) {
        char name[FORM_PATH_SIZE];

        return err_fail(err, ERR_FIELD_TOO_MANY, form_name(at, name), err_i64(at->rule->max_items));
    }
    if (at->rule != NULL && at->rule->each_on_its_own)
        return 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        at->index = i;
        rc = form_value(at, items + i * form_item_size(at->field->type), err);
    }
    return rc;
}

/* Whether a member of a oneof is the one that is set; other fields always count. */
static bool form_is_set(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
        return true;
    return *(const uint32_t *)(const void *)((const char *)message + field->quantifier_offset) == field->id;
}

/* Recursion is bounded: requests are not recursive (contract_check) and at most WIRE_DEPTH_MAX deep. */
int form_check(const ProtobufCMessage *message, const char *path, struct err *err)
{
    const struct form_type *type = form_type_of(message->descriptor);
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < message->descriptor->n_fields; i++) {
        struct form_field at = {
            .field = &message->descriptor->fields[i],
            .rule = type->rules[i],
            .path = path,
            .index = NO_INDEX,
        };

        if (at.field->label == PROTOBUF_C_LABEL_REPEATED)
            rc = form_list(&at, message, err);
        else if (form_is_set(at.field, message))
            rc = form_value(&at, (const char *)message + at.field->offset, err);
    }
    return rc;
}
