/* Text as bytes: UTF-8, cutting, hexadecimal, base 62 and base 64. */
#ifndef BMT_BASE_TEXT_H
#define BMT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Whether the bytes are well-formed UTF-8 (no surrogates, nothing overlong) without NUL. */
bool text_is_utf8(const uint8_t *bytes, size_t size);

/*
 * Copies as much of `text` as fits into `size` bytes with the NUL; what is cut is cut at a character's edge and ends in
 * "...". Returns the length of the copy.
 */
size_t text_cut(const char *text, char *copy, size_t size);

/* Lower-case hexadecimal; `text` holds 2 x size + 1 bytes. Returns text. */
const char *text_hex(const uint8_t *bytes, size_t size, char *text);

/* Reads exactly 2 x size hexadecimal digits. */
bool text_unhex(const char *text, uint8_t *ret_bytes, size_t size);

extern const char text_base62[63];

/* base64url without padding (RFC 4648, section 5), and back; NULL when it is malformed. */
const char *text_base64url(const uint8_t *bytes, size_t size, struct arena *arena);
const uint8_t *text_unbase64url(const char *text, size_t text_size, size_t *ret_size, struct arena *arena);

/* Reads standard base64 with padding (RFC 4648, section 4); NULL when it is malformed. */
const uint8_t *text_unbase64(const char *text, size_t *ret_size, struct arena *arena);

#endif
