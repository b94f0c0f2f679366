/* libcrypto; see crypto.h. Its keys are its own: struct crypto_key is EVP_PKEY under our name. */
#include "base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/stat.h>

static EVP_PKEY *evp(const struct crypto_key *key)
{
    return (EVP_PKEY *)(uintptr_t)key;
}

void crypto_sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_SIZE])
{
    INVARIANT(EVP_Digest(data, size, ret_digest, NULL, EVP_sha256(), NULL) == 1);
}

void crypto_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size, uint8_t ret_mac[SHA256_SIZE])
{
    INVARIANT(HMAC(EVP_sha256(), key, (int)key_size, data, size, ret_mac, NULL) != NULL);
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

typedef EVP_PKEY *read_pem(FILE *file, EVP_PKEY **key, pem_password_cb *password, void *context);

/* Without it libcrypto would ask at the terminal for an encrypted key's password, and the server would wait for ever.
 */
static int no_password(char *password, int size, int is_writing, void *context)
{
    (void)password, (void)size, (void)is_writing, (void)context;
    return -1;
}

static int read_key(const char *path, read_pem *read, struct crypto_key **ret_key, FILE *problems)
{
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return fprintf(problems, "%s: %s\n", path, strerror(errno)), -1;
    EVP_PKEY *key = read(file, NULL, no_password, NULL);

    fclose(file);
    if (key == NULL || EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return fprintf(problems, "%s: holds no Ed25519 key in PEM\n", path), -1;
    }
    *ret_key = (struct crypto_key *)key;
    return 0;
}

int crypto_read_private_key(const char *path, struct crypto_key **ret_key, FILE *problems)
{
    struct stat info;

    if (stat(path, &info) == 0 && (info.st_mode & 077) != 0)
        return fprintf(problems, "%s: is readable by others, make it mode 0600\n", path), -1;
    return read_key(path, PEM_read_PrivateKey, ret_key, problems);
}

int crypto_read_public_key(const char *path, struct crypto_key **ret_key, FILE *problems)
{
    return read_key(path, PEM_read_PUBKEY, ret_key, problems);
}

struct crypto_key *crypto_new_private_key(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    INVARIANT(key != NULL);
    return (struct crypto_key *)key;
}

void crypto_key_free(struct crypto_key *key)
{
    EVP_PKEY_free(evp(key));
}

void crypto_sign(const struct crypto_key *private_key, const void *data, size_t size,
                 uint8_t ret_signature[ED25519_SIGNATURE_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_size = ED25519_SIGNATURE_SIZE;

    INVARIANT(context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, evp(private_key)) == 1);
    INVARIANT(EVP_DigestSign(context, ret_signature, &signature_size, data, size) == 1);
    EVP_MD_CTX_free(context);
}

bool crypto_verify(const struct crypto_key *key, const void *data, size_t size,
                   const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    INVARIANT(context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, evp(key)) == 1);
    const bool holds = EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE, data, size) == 1;

    EVP_MD_CTX_free(context);
    return holds;
}
