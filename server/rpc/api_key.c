/*
 * The text of API keys: see auth.h.
 */
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "rpc/auth.h"

enum { KEY_PREFIX = 9, KEY_RANDOM = 30, KEY_CHECKSUM = 6, KEY_LENGTH = KEY_PREFIX + KEY_RANDOM + KEY_CHECKSUM };

_Static_assert(KEY_LENGTH + 1 == API_KEY_TEXT_SIZE, "the size of a key with its NUL");

static void key_random(void *context, uint8_t ret_bytes[32])
{
    (void)context;
    crypto_random(ret_bytes, 32);
}

/* 30 characters of base 62 without bias: bytes from 248 on are passed over. */
static void key_draw(auth_key_bytes *more, void *context, char *text)
{
    size_t n = 0;

    while (n < KEY_RANDOM) {
        uint8_t bytes[32];

        more(context, bytes);
        for (size_t i = 0; i < sizeof(bytes) && n < KEY_RANDOM; i++) {
            if (bytes[i] < 248)
                text[n++] = text_base62[bytes[i] % 62];
        }
    }
}

static void key_checksum(const char *text, char checksum[KEY_CHECKSUM])
{
    uint32_t sum = crypto_crc32(text, KEY_PREFIX + KEY_RANDOM);

    for (int i = KEY_CHECKSUM - 1; i >= 0; i--) {
        checksum[i] = text_base62[sum % 62];
        sum /= 62;
    }
}

void auth_key_compose(bool is_live, auth_key_bytes *bytes, void *context, char text[API_KEY_TEXT_SIZE])
{
    memcpy(text, is_live ? "bmt_live_" : "bmt_test_", KEY_PREFIX);
    key_draw(bytes, context, text + KEY_PREFIX);
    key_checksum(text, text + KEY_PREFIX + KEY_RANDOM);
    text[KEY_LENGTH] = '\0';
}

void auth_key_generate(bool is_live, char text[API_KEY_TEXT_SIZE])
{
    auth_key_compose(is_live, key_random, NULL, text);
}

bool auth_key_is_well_formed(const char *text)
{
    char checksum[KEY_CHECKSUM];

    if (strlen(text) != KEY_LENGTH)
        return false;
    if (strncmp(text, "bmt_live_", KEY_PREFIX) != 0 && strncmp(text, "bmt_test_", KEY_PREFIX) != 0)
        return false;
    for (size_t i = KEY_PREFIX; i < KEY_PREFIX + KEY_RANDOM; i++) {
        if (strchr(text_base62, text[i]) == NULL)
            return false;
    }
    key_checksum(text, checksum);
    return memcmp(checksum, text + KEY_PREFIX + KEY_RANDOM, KEY_CHECKSUM) == 0;
}
