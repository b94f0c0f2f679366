/* Merkle trees; see merkle.h. Bytes 0 and 1 before what is hashed keep leaves and nodes apart. */
#include "base/merkle.h"

#include <string.h>

enum { MARK_LEAF = 0, MARK_NODE = 1 };

void merkle_leaf(const void *data, size_t size, uint8_t ret_hash[SHA256_SIZE])
{
    uint8_t marked[1 + MERKLE_LEAF_MAX];

    PRE(size <= MERKLE_LEAF_MAX);
    marked[0] = MARK_LEAF;
    if (size > 0)
        memcpy(marked + 1, data, size);
    crypto_sha256(marked, 1 + size, ret_hash);
}

/* `ret_hash` may be one of the two. */
static void hash_node(const uint8_t *left, const uint8_t *right, uint8_t *ret_hash)
{
    uint8_t marked[1 + 2 * SHA256_SIZE];

    marked[0] = MARK_NODE;
    memcpy(marked + 1, left, SHA256_SIZE);
    memcpy(marked + 1 + SHA256_SIZE, right, SHA256_SIZE);
    crypto_sha256(marked, sizeof marked, ret_hash);
}

/* The subtrees on the edge are the one bits of the count; a new leaf is carried upwards as in an addition. */
void merkle_add_hash(struct merkle *m, const uint8_t hash[SHA256_SIZE])
{
    PRE(m->n < INT64_MAX);
    memcpy(m->edge[m->n_edge++], hash, SHA256_SIZE);
    for (uint64_t n = m->n++; n & 1; n >>= 1) {
        m->n_edge--;
        hash_node(m->edge[m->n_edge - 1], m->edge[m->n_edge], m->edge[m->n_edge - 1]);
    }
    POST(m->n_edge == (unsigned)__builtin_popcountll(m->n));
}

void merkle_add(struct merkle *m, const void *data, size_t size)
{
    uint8_t hash[SHA256_SIZE];

    merkle_leaf(data, size, hash);
    merkle_add_hash(m, hash);
}

void merkle_root(const struct merkle *m, uint8_t ret_root[SHA256_SIZE])
{
    if (m->n_edge == 0) {
        crypto_sha256("", 0, ret_root);
        return;
    }
    memcpy(ret_root, m->edge[m->n_edge - 1], SHA256_SIZE);
    for (unsigned i = m->n_edge - 1; i > 0; i--)
        hash_node(m->edge[i - 1], ret_root, ret_root);
}

/* The count, the lowest byte first, then the edge; fewer than 2^63 leaves have at most 63 hashes there. */
size_t merkle_save(const struct merkle *m, uint8_t ret_saved[MERKLE_SAVED_MAX])
{
    const size_t edge_size = (size_t)m->n_edge * SHA256_SIZE;

    _Static_assert(sizeof(uint64_t) + 63 * SHA256_SIZE <= MERKLE_SAVED_MAX, "the largest edge fits");
    if (m->n == 0)
        return 0;
    for (size_t i = 0; i < sizeof m->n; i++)
        ret_saved[i] = (uint8_t)(m->n >> 8 * i);
    memcpy(ret_saved + sizeof m->n, m->edge, edge_size);
    return sizeof m->n + edge_size;
}

int merkle_load(const uint8_t *saved, size_t size, struct merkle *ret)
{
    struct merkle m = {0};

    if (size > 0) {
        if (size < sizeof m.n)
            return -1;
        for (size_t i = 0; i < sizeof m.n; i++)
            m.n |= (uint64_t)saved[i] << 8 * i;
        m.n_edge = (unsigned)__builtin_popcountll(m.n);
        if (m.n == 0 || m.n > INT64_MAX || size != sizeof m.n + (size_t)m.n_edge * SHA256_SIZE)
            return -1;
        memcpy(m.edge, saved + sizeof m.n, size - sizeof m.n);
    }
    *ret = m;
    return 0;
}

/* The largest power of two that is less than n: how many leaves are left of the root. */
static uint64_t left_of(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

static void root_of(const uint8_t (*leaf_hashes)[SHA256_SIZE], uint64_t n, uint8_t *ret_root)
{
    struct merkle m = {0};

    for (uint64_t i = 0; i < n; i++)
        merkle_add_hash(&m, leaf_hashes[i]);
    merkle_root(&m, ret_root);
}

/* Goes down from the root to the leaf; at each node the other side's root belongs to the path. */
unsigned merkle_prove(const uint8_t (*leaf_hashes)[SHA256_SIZE], uint64_t n, uint64_t index,
                      uint8_t ret_path[MERKLE_DEPTH_MAX][SHA256_SIZE])
{
    uint8_t down[MERKLE_DEPTH_MAX][SHA256_SIZE];
    unsigned depth = 0;

    PRE(index < n);
    for (; n > 1; depth++) {
        const uint64_t left = left_of(n);

        if (index < left) {
            root_of(leaf_hashes + left, n - left, down[depth]);
            n = left;
        } else {
            root_of(leaf_hashes, left, down[depth]);
            leaf_hashes += left;
            index -= left;
            n -= left;
        }
    }
    for (unsigned i = 0; i < depth; i++)
        memcpy(ret_path[i], down[depth - 1 - i], SHA256_SIZE);
    return depth;
}

/* RFC 9162, section 2.1.3.2: `at` is the node's place in its row, `last` the row's last place. */
bool merkle_verify(const void *data, size_t size, uint64_t index, uint64_t n, const uint8_t (*path)[SHA256_SIZE],
                   size_t n_path, const uint8_t root[SHA256_SIZE])
{
    uint64_t at = index;
    uint64_t last = n - 1;
    uint8_t hash[SHA256_SIZE];

    if (index >= n || size > MERKLE_LEAF_MAX)
        return false;
    merkle_leaf(data, size, hash);
    for (size_t i = 0; i < n_path; i++) {
        if (last == 0)
            return false;
        if ((at & 1) != 0 || at == last) {
            hash_node(path[i], hash, hash);
            /* without a sibling it had gone up as it was */
            while ((at & 1) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash_node(hash, path[i], hash);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, SHA256_SIZE) == 0;
}
