/* The door to libcrypto: hashes, MACs, random numbers. Signatures are in ed25519.h. */
#ifndef BMT_BASE_CRYPTO_H
#define BMT_BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

enum { SHA256_SIZE = 32 };

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

#endif
