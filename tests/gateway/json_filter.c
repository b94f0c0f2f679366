/*
 * Messages of bmt between JSON and packed bytes, for a peer that judges the gateway's mapping: each line of the input
 * is `to TYPE BASE64URL` or `from TYPE JSON`, and is answered by a line: JSON, base64, or `! place rule`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json.h"
#include "message_types.h"

enum { ARENA_MAX = 1 << 28 };

static void to_json(const ProtobufCMessageDescriptor *type, const char *words, struct arena *arena)
{
    struct json_text text = {.arena = arena};
    size_t size = 0;
    const uint8_t *bytes = text_unbase64url(words, strlen(words), &size, arena);
    ProtobufCMessage *message = bytes != NULL ? protobuf_c_message_unpack(type, NULL, size, bytes) : NULL;

    if (message == NULL) {
        puts("! the bytes are no message");
        return;
    }
    json_write(&text, message);
    protobuf_c_message_free_unpacked(message, NULL);
    printf("%.*s\n", (int)text.size, text.data);
}

static void from_json(const ProtobufCMessageDescriptor *type, const char *words, struct arena *arena)
{
    struct json_problem problem;
    ProtobufCMessage *message = json_read(type, words, strlen(words), arena, &problem);
    uint8_t *packed;

    if (message == NULL) {
        printf("! %s %s\n", problem.place, problem.rule);
        return;
    }
    packed = arena_alloc(arena, protobuf_c_message_get_packed_size(message) + 1);
    puts(text_base64url(packed, protobuf_c_message_pack(message, packed), arena));
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    message_types_read();
    while ((n = getline(&line, &size, stdin)) > 0) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(ARENA_MAX);
        const ProtobufCMessageDescriptor *type;
        char *name = strchr(line, ' ');
        char *words = name != NULL ? strchr(name + 1, ' ') : NULL;

        line[n - 1] = '\0';
        if (words == NULL)
            return 2;
        *words++ = '\0';
        type = message_types_named(name + 1);
        if (type == NULL)
            puts("! an unknown type");
        else if (line[0] == 't')
            to_json(type, words, arena);
        else
            from_json(type, words, arena);
    }
    free(line);
    return 0;
}
