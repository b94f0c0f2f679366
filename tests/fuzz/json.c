/*
 * The gateway's JSON reader over any bytes: `TYPE JSON`, where a name that is no type's stands for some type. What was
 * read must survive: written, read and written again, it is the same text, and so are the bytes in between.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "json.h"
#include "message_types.h"

enum { NAME_SIZE = 96, ARENA_MAX = 64 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    message_types_read();
    return 0;
}

static const ProtobufCMessageDescriptor *type_of(const uint8_t *bytes, size_t size)
{
    const ProtobufCMessageDescriptor *type;
    char name[NAME_SIZE] = "";
    size_t sum = 0;

    memcpy(name, bytes, size < NAME_SIZE - 1 ? size : NAME_SIZE - 1);
    type = message_types_named(name);
    for (size_t i = 0; i < size && type == NULL; i++)
        sum = sum * 31 + bytes[i];
    return type != NULL ? type : message_types_at(sum % message_types_count());
}

static struct json_text text_of(const ProtobufCMessage *message, struct arena *arena)
{
    struct json_text text = {.arena = arena};

    json_write(&text, message);
    return text;
}

static void check_survives(const ProtobufCMessage *message, struct arena *arena)
{
    const struct json_text first = text_of(message, arena);
    uint8_t *packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);
    const size_t size = protobuf_c_message_pack(message, packed);
    ProtobufCMessage *unpacked = protobuf_c_message_unpack(message->descriptor, NULL, size, packed);
    struct json_problem problem;
    const ProtobufCMessage *again = json_read(message->descriptor, first.data, first.size, arena, &problem);
    struct json_text second;

    INVARIANT(unpacked != NULL && again != NULL);
    second = text_of(again, arena);
    INVARIANT(second.size == first.size && memcmp(second.data, first.data, first.size) == 0);
    second = text_of(unpacked, arena);
    INVARIANT(second.size == first.size && memcmp(second.data, first.data, first.size) == 0);
    protobuf_c_message_free_unpacked(unpacked, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(ARENA_MAX);
    const uint8_t *blank = size > 0 ? memchr(bytes, ' ', size) : NULL;
    const size_t name_size = blank != NULL ? (size_t)(blank - bytes) : 0;
    const char *text = (const char *)bytes + name_size + (blank != NULL);
    struct json_problem problem;
    const ProtobufCMessage *message;

    message = json_read(type_of(bytes, name_size), text, size - (size_t)(text - (const char *)bytes), arena, &problem);
    if (message != NULL)
        check_survives(message, arena);
    else
        INVARIANT(problem.rule[0] != '\0' && memchr(problem.place, '\0', sizeof problem.place) != NULL);
    return 0;
}
