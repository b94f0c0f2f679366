/*
 * Merkle trees of RFC 6962: who knows the root can be shown that a leaf is in the tree, and that no other place is its.
 *
 * A tree grows at its right edge; only the roots of its full subtrees there are kept (at most 64 hashes, however many
 * leaves), so a tree of millions is built in constant memory, saved and gone on with later. Proofs need all of the
 * leaves' hashes, the root's holder needs none.
 */
#ifndef BMT_BASE_MERKLE_H
#define BMT_BASE_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/crypto.h"

enum { MERKLE_DEPTH_MAX = 64, MERKLE_LEAF_MAX = 1024, MERKLE_SAVED_MAX = 2048 };

/* All zero: the empty tree. */
struct merkle {
    uint64_t n;                                  /* leaves */
    uint8_t edge[MERKLE_DEPTH_MAX][SHA256_SIZE]; /* roots of full subtrees, the largest first */
    unsigned n_edge;
};

/* SHA-256(0x00 || data), of at most MERKLE_LEAF_MAX bytes. */
void merkle_leaf(const void *data, size_t size, uint8_t ret_hash[SHA256_SIZE]);

/* Appends a leaf, by its data or by its hash. */
void merkle_add(struct merkle *m, const void *data, size_t size);
void merkle_add_hash(struct merkle *m, const uint8_t hash[SHA256_SIZE]);

/* The root of what was added so far; of the empty tree SHA-256 of nothing. */
void merkle_root(const struct merkle *m, uint8_t ret_root[SHA256_SIZE]);

/* Writes the edge and returns its size; the empty tree's is 0. */
size_t merkle_save(const struct merkle *m, uint8_t ret_saved[MERKLE_SAVED_MAX]);

/* 0, or -1 when merkle_save did not write this. */
int merkle_load(const uint8_t *saved, size_t size, struct merkle *ret) MUST_CHECK;

/* The hashes from the leaf's sibling up to the root, for leaf `index` of `n`; returns how many. */
unsigned merkle_prove(const uint8_t (*leaf_hashes)[SHA256_SIZE], uint64_t n, uint64_t index,
                      uint8_t ret_path[MERKLE_DEPTH_MAX][SHA256_SIZE]);

/*
 * Whether the path shows that the data is leaf `index` of the tree of `n` leaves with the root. Data, index and path
 * may come from anyone; `n` must be known to belong to the root, which does not tell the size by itself.
 */
bool merkle_verify(const void *data, size_t size, uint64_t index, uint64_t n, const uint8_t (*path)[SHA256_SIZE],
                   size_t n_path, const uint8_t root[SHA256_SIZE]) MUST_CHECK;

#endif
