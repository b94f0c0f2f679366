/* The one door to libcrypto: hashes, MACs, signatures, random numbers. */
#ifndef BMT_BASE_CRYPTO_H
#define BMT_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"

enum { SHA256_SIZE = 32, ED25519_SIGNATURE_SIZE = 64 };

void crypto_sha256(const void *data, size_t size, uint8_t ret_digest[SHA256_SIZE]);
void crypto_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size, uint8_t ret_mac[SHA256_SIZE]);

/* Unpredictable bytes; stops the process when the system has none. */
void crypto_random(void *ret_bytes, size_t size);

/* Whether the bytes are equal, in a time that does not depend on them. */
bool crypto_equal(const void *a, const void *b, size_t size);

/* Overwrites a secret. */
void crypto_wipe(void *secret, size_t size);

/* CRC-32 of zlib and Ethernet (ISO 3309): a checksum against typing errors, not a protection. */
uint32_t crypto_crc32(const void *data, size_t size);

/* An Ed25519 key (RFC 8032), private or public. */
struct crypto_key;

/* Reads a PEM file. 0, or -1 with a line in `problems`: missing, not such a key, or (private) readable by others. */
int crypto_read_private_key(const char *path, struct crypto_key **ret_key, FILE *problems) MUST_CHECK;
int crypto_read_public_key(const char *path, struct crypto_key **ret_key, FILE *problems) MUST_CHECK;
struct crypto_key *crypto_new_private_key(void);
void crypto_key_free(struct crypto_key *key);

void crypto_sign(const struct crypto_key *private_key, const void *data, size_t size,
                 uint8_t ret_signature[ED25519_SIGNATURE_SIZE]);
bool crypto_verify(const struct crypto_key *key, const void *data, size_t size,
                   const uint8_t signature[ED25519_SIGNATURE_SIZE]) MUST_CHECK;

#endif
