/*
 * A token is base64url of the key (8 bytes, big-endian) and 16 bytes of HMAC-SHA256 over key and query.
 */
#include "rpc/page.h"

#include <string.h>

#include "base/crypto.h"
#include "base/text.h"

enum {
    PAGE_ID_SIZE = 8,
    PAGE_MAC_SIZE = 16,
    PAGE_TOKEN_SIZE = PAGE_ID_SIZE + PAGE_MAC_SIZE,
    PAGE_ARENA_MAX = 64 * 1024,
};

static uint8_t page_key[PAGE_KEY_SIZE];

void page_use_key(const uint8_t key[PAGE_KEY_SIZE])
{
    memcpy(page_key, key, PAGE_KEY_SIZE);
}

/* Puts the MAC behind the id that stands in `token`. */
static void page_sign(uint8_t token[PAGE_TOKEN_SIZE], const char *query, struct arena *arena)
{
    size_t length = strlen(query);
    uint8_t *signed_part = arena_alloc(arena, PAGE_ID_SIZE + length);
    uint8_t mac[SHA256_SIZE];

    memcpy(signed_part, token, PAGE_ID_SIZE);
    memcpy(signed_part + PAGE_ID_SIZE, query, length); /* NOLINT: bytes, not a text */
    crypto_hmac_sha256(page_key, sizeof(page_key), signed_part, PAGE_ID_SIZE + length, mac);
    memcpy(token + PAGE_ID_SIZE, mac, PAGE_MAC_SIZE);
}

int page_read(int32_t page_size, const char *page_token, const char *query, struct page *ret_page, struct err *err)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(PAGE_ARENA_MAX);
    int64_t after_id = 0;

    if (page_token != NULL && page_token[0] != '\0') {
        uint8_t expected[PAGE_TOKEN_SIZE] = {0};
        size_t size = 0;
        const uint8_t *token = text_unbase64url(page_token, strlen(page_token), &size, arena);

        if (token == NULL || size != PAGE_TOKEN_SIZE)
            return err_fail(err, ERR_PAGE_TOKEN_INVALID);
        memcpy(expected, token, PAGE_ID_SIZE);
        page_sign(expected, query, arena);
        if (!crypto_equal(expected, token, PAGE_TOKEN_SIZE))
            return err_fail(err, ERR_PAGE_TOKEN_INVALID);
        for (int i = 0; i < PAGE_ID_SIZE; i++)
            after_id = (int64_t)((uint64_t)after_id << 8 | token[i]);
    }
    if (page_size <= 0)
        page_size = PAGE_SIZE_DEFAULT;
    ret_page->size = page_size < PAGE_SIZE_MAX ? page_size : PAGE_SIZE_MAX;
    ret_page->after_id = after_id;
    return 0;
}

const char *page_next(int64_t last_id, const char *query, struct arena *arena)
{
    uint8_t token[PAGE_TOKEN_SIZE];

    for (int i = 0; i < PAGE_ID_SIZE; i++)
        token[i] = (uint8_t)((uint64_t)last_id >> (8 * (PAGE_ID_SIZE - 1 - i)));
    page_sign(token, query, arena);
    return text_base64url(token, sizeof(token), arena);
}
