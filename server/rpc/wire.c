/*
 * A walk over the encoded fields (https://protobuf.dev/programming-guides/encoding/), guided by the descriptor.
 */
#include "rpc/wire.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { WIRE_PATH_SIZE = 200, WIRE_VARINT_MAX = 10 };

/* One field as it stands in the bytes. */
struct wire_field {
    uint32_t number;
    enum wire_type type;
    const uint8_t *data; /* of WIRE_BYTES: what follows the length */
    size_t size;
};

/* Where we are: the messages entered so far, from the outside to the inside. */
struct wire_walk {
    struct {
        const uint8_t *begin;
        const uint8_t *at; /* the field that is being looked at */
        const ProtobufCFieldDescriptor *field;
    } levels[WIRE_DEPTH_MAX];
    unsigned depth;
    unsigned fields_left;
    const ProtobufCMessageDescriptor *type;
};

static bool wire_varint(const uint8_t **cursor, const uint8_t *end, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < WIRE_VARINT_MAX && *cursor < end; i++) {
        uint8_t byte = *(*cursor)++;

        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool wire_skip(const uint8_t **cursor, const uint8_t *end, size_t size)
{
    if ((size_t)(end - *cursor) < size)
        return false;
    *cursor += size;
    return true;
}

/* Reads the next field; false when the bytes are not one (groups are not: proto3 has none). */
static bool wire_next(const uint8_t **cursor, const uint8_t *end, struct wire_field *ret_field)
{
    uint64_t key = 0;
    uint64_t size = 0;

    if (!wire_varint(cursor, end, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return false;
    ret_field->number = (uint32_t)(key >> 3);
    ret_field->type = (enum wire_type)(key & 7);
    switch (ret_field->type) {
    case WIRE_VARINT: return wire_varint(cursor, end, &size);
    case WIRE_64: return wire_skip(cursor, end, 8);
    case WIRE_32: return wire_skip(cursor, end, 4);
    case WIRE_BYTES:
        if (!wire_varint(cursor, end, &size))
            return false;
        ret_field->data = *cursor;
        ret_field->size = (size_t)size;
        return wire_skip(cursor, end, (size_t)size);
    default: return false;
    }
}

/* Which element of its repeated field the one at `at` is. */
static size_t wire_index(const uint8_t *begin, const uint8_t *at, uint32_t number)
{
    struct wire_field field;
    size_t index = 0;

    for (const uint8_t *cursor = begin; cursor < at;) {
        if (!wire_next(&cursor, at, &field))
            break;
        index += field.number == number;
    }
    return index;
}

/* The path of the field at which the walk stands: `orders[3].note`. */
static const char *wire_path(const struct wire_walk *walk, char *path, size_t size)
{
    size_t used = 0;

    path[0] = '\0';
    for (unsigned i = 0; i < walk->depth && used < size; i++) {
        const ProtobufCFieldDescriptor *field = walk->levels[i].field;
        const char *dot = i > 0 ? "." : "";
        int written;

        INVARIANT(field != NULL); /* only known fields are entered or refused */
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            written = snprintf(path + used, size - used, "%s%s[%zu]", dot, field->name,
                               wire_index(walk->levels[i].begin, walk->levels[i].at, field->id));
        else
            written = snprintf(path + used, size - used, "%s%s", dot, field->name);
        used += (size_t)written;
    }
    return path;
}

static int wire_walk_message(struct wire_walk *walk, const ProtobufCMessageDescriptor *type, const uint8_t *data,
                             size_t size, struct err *err);

static int wire_walk_field(struct wire_walk *walk, const ProtobufCFieldDescriptor *known,
                           const struct wire_field *field, struct err *err)
{
    char path[WIRE_PATH_SIZE];

    if (field->type != WIRE_BYTES)
        return 0;
    if (known->type == PROTOBUF_C_TYPE_MESSAGE)
        return wire_walk_message(walk, known->descriptor, field->data, field->size, err);
    if (known->type != PROTOBUF_C_TYPE_STRING || text_is_utf8(field->data, field->size))
        return 0;
    return err_fail(err, ERR_FIELD_NOT_UTF8, wire_path(walk, path, sizeof(path)));
}

/* Recursion is bounded by WIRE_DEPTH_MAX. */
static int wire_walk_message(struct wire_walk *walk, const ProtobufCMessageDescriptor *type, const uint8_t *data,
                             size_t size, struct err *err)
{
    const uint8_t *end = data + size;
    unsigned level = walk->depth;
    int rc = 0;

    if (level == WIRE_DEPTH_MAX)
        return err_fail(err, ERR_MESSAGE_MALFORMED, walk->type->name);
    walk->depth++;
    walk->levels[level].begin = data;
    for (const uint8_t *cursor = data; rc == 0 && cursor < end;) {
        struct wire_field field = {0};

        walk->levels[level].at = cursor;
        if (!wire_next(&cursor, end, &field))
            return err_fail(err, ERR_MESSAGE_MALFORMED, walk->type->name);
        if (walk->fields_left-- == 0)
            return err_fail(err, ERR_MESSAGE_TOO_LARGE, err_i64(size));
        walk->levels[level].field = protobuf_c_message_descriptor_get_field(type, field.number);
        if (walk->levels[level].field != NULL)
            rc = wire_walk_field(walk, walk->levels[level].field, &field, err);
    }
    walk->depth--;
    return rc;
}

int wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size, struct err *err)
{
    struct wire_walk walk = {.fields_left = WIRE_FIELDS_MAX, .type = type};

    return wire_walk_message(&walk, type, data, size, err);
}

/* protobuf-c's memory: the arena, up to a budget. */
struct wire_budget {
    struct arena *arena;
    size_t left;
    bool is_passed;
};

static void *wire_alloc(void *context, size_t size)
{
    struct wire_budget *budget = context;

    if (size > budget->left) {
        budget->is_passed = true;
        return NULL;
    }
    budget->left -= size;
    return arena_try_alloc(budget->arena, size);
}

/* The arena gives everything back at once; protobuf-c must have a function here nevertheless. */
static void wire_free(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

int wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size, size_t bytes_max,
                struct arena *arena, const ProtobufCMessage **ret_message, struct err *err)
{
    struct wire_budget budget = {.arena = arena, .left = bytes_max};
    ProtobufCAllocator allocator = {.alloc = wire_alloc, .free = wire_free, .allocator_data = &budget};

    int rc = wire_check(type, data, size, err);
    if (rc != 0)
        return rc;
    const ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, size, data);
    if (message == NULL && budget.is_passed)
        return err_fail(err, ERR_MESSAGE_TOO_LARGE, err_i64(bytes_max));
    if (message == NULL)
        return err_fail(err, ERR_MESSAGE_MALFORMED, type->name);
    *ret_message = message;
    return 0;
}
