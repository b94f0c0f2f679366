/*
 * `statement prove`: what the server says of an order's entries is not believed but computed again. The entry's line,
 * hashed up its path as RFC 9162 tells (2.1.3.2), must end at the root of the statement that the server shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "cli.h"

#define SERVICE &bmt__settlement__v1__settlement_service__descriptor

/* The value of a digit of base 64; -1: it is none. */
static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Decodes into at most `size` bytes; returns how many, or -1. */
static int bytes_of(const char *text, uint8_t *ret, size_t size)
{
    unsigned bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    for (; *text != '\0' && *text != '='; text++) {
        const int digit = digit_of(*text);

        if (digit < 0)
            return -1;
        bits = (bits << 6 | (unsigned)digit) & 0xffffff;
        n_bits += 6;
        if (n_bits >= 8) {
            if (n == size)
                return -1;
            n_bits -= 8;
            ret[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    return (int)n;
}

static bool hash_of(const json_t *value, uint8_t ret[SHA256_SIZE])
{
    const char *text = json_string_value(value);

    return text != NULL && bytes_of(text, ret, SHA256_SIZE) == SHA256_SIZE;
}

static void join(const uint8_t left[SHA256_SIZE], const uint8_t right[SHA256_SIZE], uint8_t ret[SHA256_SIZE])
{
    uint8_t node[1 + 2 * SHA256_SIZE] = {1};

    memcpy(node + 1, left, SHA256_SIZE);
    memcpy(node + 1 + SHA256_SIZE, right, SHA256_SIZE);
    crypto_sha256(node, sizeof node, ret);
}

/* From the leaf's hash up to the root; false where path, index and size do not fit each other. */
static bool climb(uint8_t hash[SHA256_SIZE], const json_t *path, uint64_t index, uint64_t size)
{
    uint64_t last = size - 1;
    const json_t *value;
    size_t i;

    if (size == 0 || index >= size)
        return false;
    json_array_foreach(path, i, value) {
        uint8_t sibling[SHA256_SIZE];

        if (last == 0 || !hash_of(value, sibling))
            return false;
        if (index % 2 == 1 || index == last) {
            join(sibling, hash, hash);
            for (; index % 2 == 0 && index != 0; index >>= 1)
                last >>= 1;
        } else {
            join(hash, sibling, hash);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0;
}

/* What was hashed must be this entry of this order. */
static bool is_leaf_of(const char *leaf, const json_t *entry, const char *order)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "%s %s %s %d %s %s %s", cli_text_of(entry, "entry_id"),
             cli_text_of(entry, "partner_id"), order, (int)json_integer_value(json_object_get(entry, "line_no")),
             cli_text_of(entry, "kind") + strlen("ENTRY_KIND_"), cli_text_of(entry, "currency"),
             cli_text_of(entry, "amount_minor"));
    return strcmp(leaf, wanted) == 0;
}

static bool is_proven(const json_t *proof, const json_t *statement, const char *order)
{
    char leaf[1 + 256] = {0}; /* a leaf's hash begins with 0 */
    const int size = bytes_of(cli_text_of(proof, "leaf"), (uint8_t *)leaf + 1, sizeof leaf - 2);
    uint8_t hash[SHA256_SIZE];
    uint8_t root[SHA256_SIZE];

    if (size <= 0 || !hash_of(json_object_get(statement, "root"), root) ||
        strcmp(cli_text_of(proof, "tree_size"), cli_text_of(statement, "entries")) != 0 ||
        !is_leaf_of(leaf + 1, json_object_get(proof, "entry"), order))
        return false;
    crypto_sha256(leaf, (size_t)size + 1, hash);
    return climb(hash, json_object_get(proof, "path"), strtoull(cli_text_of(proof, "index"), NULL, 10),
                 strtoull(cli_text_of(proof, "tree_size"), NULL, 10)) &&
           memcmp(hash, root, SHA256_SIZE) == 0;
}

/* One line on an entry. 0, or an exit code. */
static int prove_entry(const json_t *proof, const char *order)
{
    const json_t *entry = json_object_get(proof, "entry");
    const char *id = cli_text_of(entry, "statement_id");
    json_t *request;
    json_t *reply = NULL;
    bool is_good;
    int rc;

    if (id[0] == '\0')
        return printf("%s  in no statement yet\n", cli_text_of(entry, "entry_id")), EXIT_FAILED;
    request = json_pack("{s:s}", "statement_id", id);
    rc = cli_call(SERVICE, "GetStatement", request, &reply);
    json_decref(request);
    if (rc != 0)
        return rc;
    is_good = is_proven(proof, json_object_get(reply, "statement"), order);
    json_decref(reply);
    printf("%s  %s %s  %s %s\n", cli_text_of(entry, "entry_id"), cli_text_of(entry, "amount_minor"),
           cli_text_of(entry, "currency"), is_good ? "proven to be in" : "NOT PROVEN to be in", id);
    return is_good ? EXIT_OK : EXIT_FAILED;
}

int cli_statement_prove(const struct cli_command *command, json_t *request)
{
    const char *order = cli_text_of(request, command->subject);
    json_t *reply = NULL;
    const json_t *proof;
    size_t i;
    int rc;

    rc = cli_call(command->service, command->method, request, &reply);
    if (rc != 0)
        return rc;
    json_array_foreach(json_object_get(reply, "proofs"), i, proof) {
        const int entry_rc = prove_entry(proof, order);

        rc = rc == 0 ? entry_rc : rc;
    }
    if (json_array_size(json_object_get(reply, "proofs")) == 0)
        puts("no partner has a share of it");
    json_decref(reply);
    return rc;
}
