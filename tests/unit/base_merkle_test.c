/* Merkle trees, against the definitions of RFC 6962 written down as they stand there, and known roots. */
#include "lib/suite.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/crypto.h"
#include "base/merkle.h"
#include "base/text.h"

enum { LEAVES_MAX = 70 };

/* Leaf i is `i` bytes of i; the first is empty. */
static size_t leaf(uint64_t i, uint8_t *data)
{
    memset(data, (int)i, i);
    return i;
}

static void naive_node(const uint8_t *left, const uint8_t *right, uint8_t *ret)
{
    uint8_t marked[65] = {1};

    memcpy(marked + 1, left, 32);
    memcpy(marked + 33, right, 32);
    crypto_sha256(marked, 65, ret);
}

static uint64_t naive_k(uint64_t n)
{
    uint64_t k = 1;

    while (2 * k < n)
        k *= 2;
    return k;
}

/* MTH(D[begin:begin + n]), section 2.1. */
static void naive_root(uint64_t begin, uint64_t n, uint8_t *ret)
{
    uint8_t data[1 + LEAVES_MAX] = {0};
    uint8_t left[32];
    uint8_t right[32];

    if (n == 0) {
        crypto_sha256("", 0, ret);
    } else if (n == 1) {
        crypto_sha256(data, 1 + leaf(begin, data + 1), ret);
    } else {
        naive_root(begin, naive_k(n), left);
        naive_root(begin + naive_k(n), n - naive_k(n), right);
        naive_node(left, right, ret);
    }
}

/* PATH(m, D[begin:begin + n]), section 2.1.1. */
static size_t naive_path(uint64_t m, uint64_t begin, uint64_t n, uint8_t (*ret)[32])
{
    const uint64_t k = naive_k(n);
    size_t size;

    if (n == 1)
        return 0;
    if (m < k) {
        size = naive_path(m, begin, k, ret);
        naive_root(begin + k, n - k, ret[size]);
    } else {
        size = naive_path(m - k, begin + k, n - k, ret);
        naive_root(begin, k, ret[size]);
    }
    return size + 1;
}

static void grow(struct merkle *m, uint64_t n)
{
    uint8_t data[LEAVES_MAX];

    while (m->n < n) {
        const size_t size = leaf(m->n, data);

        merkle_add(m, data, size);
    }
}

/* The leaves and roots that the implementations of certificate transparency test themselves with. */
static void roots_are_those_of_certificate_transparency(void **state)
{
    static const struct {
        const char *leaf;
        const char *root; /* with this leaf as the last */
    } cases[] = {
        {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct merkle m = {0};
    uint8_t data[16];
    uint8_t root[32];
    char text[65];

    (void)state;
    merkle_root(&m, root);
    assert_string_equal(text_hex(root, 32, text), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(text_unhex(cases[i].leaf, data, strlen(cases[i].leaf) / 2));
        merkle_add(&m, data, strlen(cases[i].leaf) / 2);
        merkle_root(&m, root);
        assert_string_equal(text_hex(root, 32, text), cases[i].root);
    }
    assert_int_equal(m.n, COUNT_OF(cases));
}

static void roots_and_paths_are_those_of_the_rfc(void **state)
{
    uint8_t leaves[LEAVES_MAX][32];
    uint8_t path[MERKLE_DEPTH_MAX][32];
    uint8_t expected[MERKLE_DEPTH_MAX][32];
    uint8_t data[LEAVES_MAX];
    uint8_t root[32];
    struct merkle m = {0};

    (void)state;
    for (uint64_t n = 0; n <= LEAVES_MAX; n++) {
        grow(&m, n);
        naive_root(0, n, expected[0]);
        merkle_root(&m, root);
        assert_memory_equal(root, expected[0], 32);
        if (n > 0) {
            const size_t size = leaf(n - 1, data);

            merkle_leaf(data, size, leaves[n - 1]);
        }
        for (uint64_t i = 0; i < n; i++) {
            const size_t size = leaf(i, data);
            const unsigned n_path = merkle_prove(leaves, n, i, path);

            assert_int_equal(n_path, naive_path(i, 0, n, expected));
            assert_memory_equal(path, expected, n_path * sizeof path[0]);
            assert_true(merkle_verify(data, size, i, n, path, n_path, root));
        }
    }
}

static void a_tree_goes_on_where_it_was_saved(void **state)
{
    uint8_t saved[MERKLE_SAVED_MAX];
    uint8_t root[32];
    uint8_t again[32];

    (void)state;
    for (uint64_t at = 0; at <= LEAVES_MAX; at++) {
        struct merkle m = {0};
        struct merkle resumed;

        grow(&m, at);
        const size_t size = merkle_save(&m, saved);

        assert_int_equal(size, at == 0 ? 0 : 8 + 32 * __builtin_popcountll(at));
        assert_int_equal(merkle_load(saved, size, &resumed), 0);
        assert_int_equal(resumed.n, at);
        grow(&m, LEAVES_MAX);
        grow(&resumed, LEAVES_MAX);
        merkle_root(&m, root);
        merkle_root(&resumed, again);
        assert_memory_equal(root, again, 32);
    }
}

static void the_largest_tree_can_be_saved(void **state)
{
    struct merkle largest = {.n = INT64_MAX, .n_edge = 63};
    struct merkle loaded;
    uint8_t saved[MERKLE_SAVED_MAX];

    (void)state;
    memset(largest.edge, 7, sizeof largest.edge);
    assert_int_equal(merkle_save(&largest, saved), 8 + 63 * 32);
    assert_int_equal(merkle_load(saved, 8 + 63 * 32, &loaded), 0);
    assert_true(loaded.n == INT64_MAX && loaded.n_edge == 63);
    assert_memory_equal(loaded.edge, largest.edge, sizeof largest.edge[0] * 63);
    loaded.n--; /* one more fits */
    loaded.n_edge--;
    merkle_add_hash(&loaded, largest.edge[0]);
    assert_true(loaded.n == INT64_MAX && loaded.n_edge == 63);
}

static void what_was_not_saved_is_not_loaded(void **state)
{
    static const struct {
        uint8_t bytes[8];
        size_t size;
    } cases[] = {
        {{0}, 1},                            /* less than a count */
        {{1, 0, 0, 0, 0, 0, 0, 0}, 7},       /* the same */
        {{0}, 8},                            /* an empty tree is nothing */
        {{1, 0, 0, 0, 0, 0, 0, 0}, 8},       /* without its edge */
        {{1, 0, 0, 0, 0, 0, 0, 0}, 39},      /* a byte too few */
        {{1, 0, 0, 0, 0, 0, 0, 0}, 41},      /* a byte too many */
        {{3, 0, 0, 0, 0, 0, 0, 0}, 40},      /* of another count */
        {{0, 0, 0, 0, 0, 0, 0, 0x80}, 40},   /* too many leaves */
        {{0xff, 0, 0, 0, 0, 0, 0, 0}, 2048}, /* the edge ends before */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct merkle m = {.n = 42};
        uint8_t *saved = calloc(1, cases[i].size); /* of this size, so that a sanitizer sees who reads on */

        memcpy(saved, cases[i].bytes, cases[i].size < 8 ? cases[i].size : 8);
        if (merkle_load(saved, cases[i].size, &m) != -1)
            fail_msg("case %zu was loaded", i);
        assert_int_equal(m.n, 42);
        free(saved);
    }
}

/* Changes whatever a proof consists of, one thing at a time. */
static void nothing_else_is_proved(void **state)
{
    uint8_t leaves[LEAVES_MAX][32];
    uint8_t path[MERKLE_DEPTH_MAX + 1][32] = {{0}};
    uint8_t data[LEAVES_MAX];
    uint8_t root[32];
    struct merkle m = {0};

    (void)state;
    for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
        const size_t last_size = leaf(n - 1, data);

        merkle_leaf(data, last_size, leaves[n - 1]);
        grow(&m, n);
        merkle_root(&m, root);
        for (uint64_t i = 0; i < n; i++) {
            const size_t size = leaf(i, data);
            const unsigned n_path = merkle_prove(leaves, n, i, path);

            for (uint64_t other = 0; other < n + 2; other++)
                assert_int_equal(merkle_verify(data, size, other, n, path, n_path, root), other == i);
            assert_false(merkle_verify(data, size, i, n, path, n_path + 1, root));
            assert_false(n_path > 0 && merkle_verify(data, size, i, n, path, n_path - 1, root));
            assert_false(merkle_verify(data, size + 1, i, n, path, n_path, root));
            /* a bit of every fifth byte of path and root, other ones with every leaf */
            for (size_t at = i % 5; at < (n_path + 1) * 32; at += 5) {
                uint8_t *changed = at / 32 < n_path ? &path[at / 32][at % 32] : &root[at % 32];

                *changed ^= (uint8_t)(1 << (at + i) % 8);
                assert_false(merkle_verify(data, size, i, n, path, n_path, root));
                *changed ^= (uint8_t)(1 << (at + i) % 8);
            }
            for (size_t byte = 0; byte < size; byte++) {
                data[byte] ^= 1;
                assert_false(merkle_verify(data, size, i, n, path, n_path, root));
                data[byte] ^= 1;
            }
        }
    }
}

static void odd_proofs_are_refused(void **state)
{
    static const uint8_t large[MERKLE_LEAF_MAX + 1];
    static const uint8_t path[80][32];
    uint8_t root[32];
    struct merkle m = {0};

    (void)state;
    merkle_root(&m, root);
    assert_false(merkle_verify("", 0, 0, 0, path, 0, root)); /* nothing is in the empty tree */
    assert_false(merkle_verify("", 0, UINT64_MAX, UINT64_MAX, path, 64, root));
    assert_false(merkle_verify("", 0, UINT64_MAX - 1, UINT64_MAX, path, 80, root));
    merkle_add(&m, large, MERKLE_LEAF_MAX);
    merkle_root(&m, root);
    assert_true(merkle_verify(large, MERKLE_LEAF_MAX, 0, 1, path, 0, root));
    assert_false(merkle_verify(large, MERKLE_LEAF_MAX + 1, 0, 1, path, 0, root));
}

/* A node's two halves, shown as a leaf, must not be one (RFC 6962, section 2.1: why the marks differ). */
static void a_node_is_no_leaf(void **state)
{
    uint8_t halves[2][32];
    uint8_t root[32];
    struct merkle m = {0};

    (void)state;
    merkle_leaf("a", 1, halves[0]);
    merkle_leaf("b", 1, halves[1]);
    merkle_add(&m, "a", 1);
    merkle_add(&m, "b", 1);
    merkle_root(&m, root);
    assert_false(merkle_verify(halves, sizeof halves, 0, 1, NULL, 0, root));
    /* nor does a path lead on above the root */
    assert_true(merkle_verify("b", 1, 1, 2, halves, 1, root));
    assert_false(merkle_verify("b", 1, 0, 1, halves, 1, root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_certificate_transparency),
        cmocka_unit_test(roots_and_paths_are_those_of_the_rfc),
        cmocka_unit_test(a_tree_goes_on_where_it_was_saved),
        cmocka_unit_test(the_largest_tree_can_be_saved),
        cmocka_unit_test(what_was_not_saved_is_not_loaded),
        cmocka_unit_test(nothing_else_is_proved),
        cmocka_unit_test(odd_proofs_are_refused),
        cmocka_unit_test(a_node_is_no_leaf),
    };

    return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
