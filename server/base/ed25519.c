/* libsodium, and libcrypto for the form of files; see ed25519.h. */
#include "base/ed25519.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

_Static_assert(ED25519_SIGNATURE_SIZE == crypto_sign_BYTES, "libsodium signs by Ed25519");

struct ed25519_key {
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t private_key[crypto_sign_SECRETKEYBYTES];
    bool is_private;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void look_at_processor(void)
{
    INVARIANT(sodium_init() >= 0);
}

static struct ed25519_key *new_key(bool is_private)
{
    struct ed25519_key *key;

    pthread_once(&once, look_at_processor);
    key = sodium_malloc(sizeof *key);
    INVARIANT(key != NULL);
    key->is_private = is_private;
    return key;
}

typedef EVP_PKEY *read_pem(FILE *file, EVP_PKEY **key, pem_password_cb *password, void *context);

/* Without it libcrypto would ask at the terminal for an encrypted key's password, and the server would wait for ever.
 */
static int no_password(char *password, int size, int is_writing, void *context)
{
    (void)password, (void)size, (void)is_writing, (void)context;
    return -1;
}

/* 0, or -1 when what was read is no such key. */
static int take_private(const EVP_PKEY *pem, struct ed25519_key *ret_key)
{
    uint8_t seed[crypto_sign_SEEDBYTES];
    size_t size = sizeof seed;
    const int rc = EVP_PKEY_get_raw_private_key(pem, seed, &size) == 1 && size == sizeof seed
                       ? crypto_sign_seed_keypair(ret_key->public_key, ret_key->private_key, seed)
                       : -1;

    sodium_memzero(seed, sizeof seed);
    return rc;
}

static int take_public(const EVP_PKEY *pem, struct ed25519_key *ret_key)
{
    size_t size = sizeof ret_key->public_key;

    return EVP_PKEY_get_raw_public_key(pem, ret_key->public_key, &size) == 1 && size == sizeof ret_key->public_key ? 0
                                                                                                                   : -1;
}

static int read_key(const char *path, bool is_private, struct ed25519_key **ret_key, FILE *problems)
{
    read_pem *const read = is_private ? PEM_read_PrivateKey : PEM_read_PUBKEY;
    FILE *file = fopen(path, "r");
    struct ed25519_key *key;
    int rc = -1;

    if (file == NULL)
        return fprintf(problems, "%s: %s\n", path, strerror(errno)), -1;
    EVP_PKEY *pem = read(file, NULL, no_password, NULL);

    fclose(file);
    key = new_key(is_private);
    if (pem != NULL && EVP_PKEY_get_id(pem) == EVP_PKEY_ED25519)
        rc = is_private ? take_private(pem, key) : take_public(pem, key);
    EVP_PKEY_free(pem);
    if (rc != 0) {
        ed25519_key_free(key);
        return fprintf(problems, "%s: holds no Ed25519 key in PEM\n", path), -1;
    }
    *ret_key = key;
    return 0;
}

int ed25519_read_private_key(const char *path, struct ed25519_key **ret_key, FILE *problems)
{
    struct stat info;

    if (stat(path, &info) == 0 && (info.st_mode & 077) != 0)
        return fprintf(problems, "%s: is readable by others, make it mode 0600\n", path), -1;
    return read_key(path, true, ret_key, problems);
}

int ed25519_read_public_key(const char *path, struct ed25519_key **ret_key, FILE *problems)
{
    return read_key(path, false, ret_key, problems);
}

struct ed25519_key *ed25519_new_private_key(void)
{
    struct ed25519_key *key = new_key(true);

    INVARIANT(crypto_sign_keypair(key->public_key, key->private_key) == 0);
    return key;
}

void ed25519_key_free(struct ed25519_key *key)
{
    sodium_free(key);
}

void ed25519_sign(const struct ed25519_key *private_key, const void *data, size_t size,
                  uint8_t ret_signature[ED25519_SIGNATURE_SIZE])
{
    PRE(private_key->is_private);
    INVARIANT(crypto_sign_detached(ret_signature, NULL, data, size, private_key->private_key) == 0);
}

bool ed25519_verify(const struct ed25519_key *key, const void *data, size_t size,
                    const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    return crypto_sign_verify_detached(signature, data, size, key->public_key) == 0;
}
