/* Text as bytes; see text.h. */
#include "base/text.h"

#include <string.h>

const char text_base62[63] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Length of the character that begins here, 0 when it is malformed (The Unicode Standard, table 3-7). */
static size_t character_size(const uint8_t *at, size_t left)
{
    const uint8_t first = at[0];
    size_t size;
    uint8_t second_min = 0x80;
    uint8_t second_max = 0xBF;

    if (first == 0)
        return 0;
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (first == 0xE0)
        second_min = 0xA0;
    else if (first == 0xED)
        second_max = 0x9F;
    else if (first == 0xF0)
        second_min = 0x90;
    else if (first == 0xF4)
        second_max = 0x8F;
    if (left < size || at[1] < second_min || at[1] > second_max)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return size;
}

bool text_is_utf8(const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        const size_t step = character_size(bytes + at, size - at);

        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

size_t text_cut(const char *text, char *copy, size_t size)
{
    static const char dots[] = "...";
    const size_t whole = strlen(text);
    size_t keep;

    PRE(size > 0);
    if (whole < size) {
        memcpy(copy, text, whole + 1);
        return whole;
    }
    if (size < sizeof dots) {
        copy[0] = '\0';
        return 0;
    }
    keep = size - sizeof dots;
    while (keep > 0 && ((uint8_t)text[keep] & 0xC0) == 0x80) /* the byte after the cut begins no character */
        keep--;
    memcpy(copy, text, keep);
    memcpy(copy + keep, dots, sizeof dots);
    return keep + sizeof dots - 1;
}

const char *text_hex(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    return text;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool text_unhex(const char *text, uint8_t *ret_bytes, size_t size)
{
    if (strlen(text) != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char standard[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const char *text_base64url(const uint8_t *bytes, size_t size, struct arena *arena)
{
    char *text = arena_alloc(arena, (size + 2) / 3 * 4 + 1);
    char *at = text;

    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i < 3 ? size - i : 3;
        const uint32_t word =
            (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);

        for (size_t j = 0; j <= left; j++)
            *at++ = url_safe[word >> (18 - 6 * j) & 63];
    }
    *at = '\0';
    return text;
}

static const uint8_t *decode(const char *text, size_t text_size, const char *alphabet, size_t *ret_size,
                             struct arena *arena)
{
    uint8_t *bytes = arena_alloc(arena, text_size / 4 * 3 + 3);
    size_t size = 0;
    uint32_t word = 0;
    unsigned bits = 0;

    if (text_size % 4 == 1)
        return NULL;
    for (size_t i = 0; i < text_size; i++) {
        const char *found = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;

        if (found == NULL)
            return NULL;
        word = word << 6 | (uint32_t)(found - alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[size++] = (uint8_t)(word >> bits);
        }
    }
    if ((word & ((1u << bits) - 1)) != 0) /* a second spelling of the same bytes */
        return NULL;
    *ret_size = size;
    return bytes;
}

const uint8_t *text_unbase64url(const char *text, size_t text_size, size_t *ret_size, struct arena *arena)
{
    return decode(text, text_size, url_safe, ret_size, arena);
}

const uint8_t *text_unbase64(const char *text, size_t *ret_size, struct arena *arena)
{
    size_t size = strlen(text);

    if (size % 4 != 0)
        return NULL;
    for (int padding = 0; padding < 2 && size > 0 && text[size - 1] == '='; padding++)
        size--;
    return decode(text, size, standard, ret_size, arena);
}
