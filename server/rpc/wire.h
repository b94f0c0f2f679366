/*
 * Requests as bytes: checked before they are unpacked, because protobuf-c accepts text that is not UTF-8, cuts it at
 * a NUL, recurses without limit, and lets two bytes become a structure.
 */
#ifndef BMT_RPC_WIRE_H
#define BMT_RPC_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

enum { WIRE_DEPTH_MAX = 16, WIRE_FIELDS_MAX = 16384 };

/*
 * Checks the bytes of a message: form of the encoding, text UTF-8 without NUL, at most WIRE_DEPTH_MAX messages deep
 * and WIRE_FIELDS_MAX fields in all. 0, ERR_MESSAGE_MALFORMED, ERR_FIELD_NOT_UTF8 (with the field's path) or
 * ERR_MESSAGE_TOO_LARGE.
 */
int wire_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size, struct err *err) MUST_CHECK;

/* wire_check, then unpacks into the arena; ERR_MESSAGE_TOO_LARGE when more than `bytes_max` would be needed. */
int wire_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t size, size_t bytes_max,
                struct arena *arena, const ProtobufCMessage **ret_message, struct err *err) MUST_CHECK;

#endif
