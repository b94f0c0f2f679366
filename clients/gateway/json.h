/*
 * proto3 JSON of messages, by their descriptors (https://protobuf.dev/programming-guides/json): 64-bit integers as
 * text, enums by name, bytes as base64, times as RFC 3339, names in lowerCamelCase, what is not set left out.
 *
 * Reading takes both forms of names, numbers as text, enums by number, any base64; unknown fields are left out and
 * counted. What is not a message of the type is refused with its place and the rule that it breaks.
 */
#ifndef BMT_GATEWAY_JSON_H
#define BMT_GATEWAY_JSON_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* Text that grows in an arena. Zeroed but for the arena, it is empty. */
struct json_text {
    struct arena *arena;
    char *data; /* not ended by a NUL */
    size_t size;
    size_t capacity;
};

void json_put(struct json_text *text, const char *bytes, size_t size);
void json_put_text(struct json_text *text, const char *words);
/* Quoted and escaped; `words` is UTF-8. */
void json_put_quoted(struct json_text *text, const char *words);
void json_put_base64(struct json_text *text, const uint8_t *bytes, size_t size);
void json_put_base64_bare(struct json_text *text, const uint8_t *bytes, size_t size); /* without padding */

void json_write(struct json_text *text, const ProtobufCMessage *message);

/* A Timestamp, Duration or FieldMask as the one text that it is in JSON; false for all other messages. */
bool json_write_known(struct json_text *text, const ProtobufCMessage *message);

/* The same backwards: whether the type is one of them; then *ret_rule is NULL when `words` was read into the message.
 */
bool json_read_known(ProtobufCMessage *message, const char *words, struct arena *arena, const char **ret_rule);
bool json_is_known(const ProtobufCMessageDescriptor *type);

/* How many bytes one value of the field takes in its message or list. */
size_t json_value_size(const ProtobufCFieldDescriptor *field);

/* `page_size` as `pageSize`; `name` has room for as much as `field` needs. */
void json_camel(const char *field, char *name);

enum { JSON_DEPTH_MAX = 64, JSON_NAME_MAX = 128 };

/* Why a text is no message. */
struct json_problem {
    char place[256];  /* `lines[2].quantity`; empty for the whole text */
    const char *rule; /* for people: `is not a whole number from -2^63 to 2^63 - 1` */
    size_t n_unknown; /* fields that were left out, also where reading succeeded */
};

/* The message in the arena, or NULL with the problem. An empty text is refused; `{}` is the message with no field set.
 */
ProtobufCMessage *json_read(const ProtobufCMessageDescriptor *type, const char *bytes, size_t size, struct arena *arena,
                            struct json_problem *problem);

#endif
