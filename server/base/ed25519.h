/*
 * Ed25519 signatures (RFC 8032), by libsodium: a check takes it 48 us where libcrypto 3.0 takes 80, and whoever sells
 * checks three or more an order. Key files are PEM, which libcrypto reads.
 */
#ifndef BMT_BASE_ED25519_H
#define BMT_BASE_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"

enum { ED25519_SIGNATURE_SIZE = 64 };

/* A private or a public key, in memory that is never swapped out and wiped at the end. */
struct ed25519_key;

/* Reads a PEM file. 0, or -1 with a line in `problems`: missing, not such a key, or (private) readable by others. */
int ed25519_read_private_key(const char *path, struct ed25519_key **ret_key, FILE *problems) MUST_CHECK;
int ed25519_read_public_key(const char *path, struct ed25519_key **ret_key, FILE *problems) MUST_CHECK;
struct ed25519_key *ed25519_new_private_key(void);
void ed25519_key_free(struct ed25519_key *key);

/* The key must be a private one. */
void ed25519_sign(const struct ed25519_key *private_key, const void *data, size_t size,
                  uint8_t ret_signature[ED25519_SIGNATURE_SIZE]);

/* By the public half, which a private key has, too. */
bool ed25519_verify(const struct ed25519_key *key, const void *data, size_t size,
                    const uint8_t signature[ED25519_SIGNATURE_SIZE]) MUST_CHECK;

#endif
