/* libcrypto; see crypto.h. */
#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

/*
 * Algorithms are looked up by name once, and each thread keeps a context for its hashes and one for its MACs: otherwise
 * libcrypto 3 looks them up and makes them for every call, which takes longer than a short hash or MAC itself.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t digest_of_thread;
static pthread_key_t mac_of_thread;
static EVP_MD *sha256;
static EVP_MAC *hmac;

static void free_digest(void *context)
{
    EVP_MD_CTX_free(context);
}

static void free_mac(void *context)
{
    EVP_MAC_CTX_free(context);
}

static void look_up(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    INVARIANT(sha256 != NULL && hmac != NULL);
    INVARIANT(pthread_key_create(&digest_of_thread, free_digest) == 0);
    INVARIANT(pthread_key_create(&mac_of_thread, free_mac) == 0);
}

static EVP_MD_CTX *digest_context(void)
{
    EVP_MD_CTX *context;

    pthread_once(&once, look_up);
    context = pthread_getspecific(digest_of_thread);
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        INVARIANT(context != NULL && pthread_setspecific(digest_of_thread, context) == 0);
    }
    return context;
}

static EVP_MAC_CTX *mac_context(void)
{
    EVP_MAC_CTX *context;

    pthread_once(&once, look_up);
    context = pthread_getspecific(mac_of_thread);
    if (context == NULL) {
        char digest[] = "SHA256";
        const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};

        context = EVP_MAC_CTX_new(hmac);
        INVARIANT(context != NULL && EVP_MAC_CTX_set_params(context, params) == 1);
        INVARIANT(pthread_setspecific(mac_of_thread, context) == 0);
    }
    return context;
}

void crypto_sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_SIZE])
{
    EVP_MD_CTX *context = digest_context();

    INVARIANT(EVP_DigestInit_ex(context, sha256, NULL) == 1);
    INVARIANT(EVP_DigestUpdate(context, data, size) == 1);
    INVARIANT(EVP_DigestFinal_ex(context, ret_digest, NULL) == 1);
}

void crypto_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size, uint8_t ret_mac[SHA256_SIZE])
{
    EVP_MAC_CTX *context = mac_context();
    size_t written = 0;

    INVARIANT(EVP_MAC_init(context, key, key_size, NULL) == 1);
    INVARIANT(EVP_MAC_update(context, data, size) == 1);
    INVARIANT(EVP_MAC_final(context, ret_mac, &written, SHA256_SIZE) == 1 && written == SHA256_SIZE);
}

void crypto_random(void *ret_bytes, size_t size)
{
    INVARIANT(RAND_bytes(ret_bytes, (int)size) == 1);
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

void crypto_wipe(void *secret, size_t size)
{
    OPENSSL_cleanse(secret, size);
}

uint32_t crypto_crc32(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}
