/*
 * The entries of one statement, however many: they are added up and hashed as they come, and nothing of them is kept
 * but the edge of the tree; chunks are read before, a row for 4,096 entries.
 *
 * The leaf is written here once more on purpose: what partners were shown must not change with the code.
 */
#include <string.h>

#include "base/merkle.h"
#include "base/text.h"
#include "settlement/state.h"
#include "verify/partner_statements.h"

enum { CHUNK = 4096, LEAF_SIZE = 160, HASH_DIGITS = 2 * SHA256_SIZE };

struct chunk_seen {
    int64_t no, biz_id, first, last, count;
    uint8_t hash[HASH_SIZE];
};
static const struct seen_column chunk_list[] = {
    SEEN(chunk_seen, no),   SEEN(chunk_seen, biz_id), SEEN(chunk_seen, first),
    SEEN(chunk_seen, last), SEEN(chunk_seen, count),  SEEN_HASH(chunk_seen, hash),
};
static const struct seen_columns chunk_columns = {chunk_list, COUNT_OF(chunk_list), sizeof(struct chunk_seen)};

/* What was seen of the entries so far. */
struct seen_entries {
    int64_t n, sum, first_id, last_id; /* ids: of the chunk at hand */
    struct merkle chunk;
    struct merkle all;
    bool is_sum_too_large;
};

#define tell(kind, ...) found(worker, s->id, kind, s->biz_id, ID_PARTNER_STATEMENT, s->id, __VA_ARGS__)

/* `ent_... ptn_... ord_... LINE KIND CURRENCY AMOUNT`. */
static size_t leaf_of(const struct scan *scan, const struct partner_statement_seen *s, char leaf[LEAF_SIZE])
{
    static const char *const kinds[] = {"UNSPECIFIED", "SALE", "REVERSAL", "ADJUSTMENT", "DISPUTE"};
    const int64_t order_id = scan_i64(scan, 1);
    const int64_t kind = scan_i64(scan, 3);
    char entry[ID_TEXT_SIZE];
    char partner[ID_TEXT_SIZE];
    char order[ID_TEXT_SIZE] = "-";

    if (order_id != 0)
        id_text(ID_ORDER, order_id, order);
    return (size_t)snprintf(leaf, LEAF_SIZE, "%s %s %s %lld %s %s %lld", id_text(ID_ENTRY, scan_i64(scan, 0), entry),
                            id_text(ID_PARTNER, s->partner_id, partner), order, (long long)scan_i64(scan, 2),
                            kind > 0 && kind < (int64_t)COUNT_OF(kinds) ? kinds[kind] : kinds[0], s->currency,
                            (long long)scan_i64(scan, 4));
}

/* The chunk at hand is full, or the last one. */
static void end_chunk(struct worker *worker, const struct partner_statement_seen *s, const struct chunk_seen *chunks,
                      size_t n_chunks, struct seen_entries *seen)
{
    const size_t no = (size_t)(seen->n - 1) / CHUNK;
    const struct chunk_seen *c = no < n_chunks ? &chunks[no] : NULL;
    uint8_t made[SHA256_SIZE];
    char digits[HASH_DIGITS + 1];

    merkle_root(&seen->chunk, made);
    merkle_add_hash(&seen->all, made);
    if (c == NULL || c->no != (int64_t)no || c->biz_id != s->biz_id || c->first != seen->first_id ||
        c->last != seen->last_id || c->count != (int64_t)seen->chunk.n || memcmp(c->hash, made, HASH_SIZE) != 0)
        tell(PARTNER_STATEMENT_PROOF, "chunk %zu of %llu entries hashes to %s", no, (unsigned long long)seen->chunk.n,
             text_hex(made, SHA256_SIZE, digits));
    seen->chunk = (struct merkle){0};
}

static int read_entries(struct worker *worker, const struct partner_statement_seen *s, const struct chunk_seen *chunks,
                        size_t n_chunks, struct seen_entries *seen)
{
    struct scan scan;

    if (scan_begin(worker->session, MODULE_SETTLEMENT,
                   arena_printf(worker->arena,
                                "SELECT entry_id, order_id, line_no, kind, amount_minor FROM "
                                "bmt_settlement.clearing_entries FORCE INDEX (ix_clearing_entries_statement) WHERE "
                                "partner_id = %lld AND currency = x'%02X%02X%02X' AND statement_id = %lld ORDER BY "
                                "entry_id",
                                (long long)s->partner_id, (unsigned char)s->currency[0], (unsigned char)s->currency[1],
                                (unsigned char)s->currency[2], (long long)s->id),
                   worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        char leaf[LEAF_SIZE];

        if (seen->chunk.n == CHUNK)
            end_chunk(worker, s, chunks, n_chunks, seen);
        if (seen->chunk.n == 0)
            seen->first_id = scan_i64(&scan, 0);
        seen->last_id = scan_i64(&scan, 0);
        merkle_add(&seen->chunk, leaf, leaf_of(&scan, s, leaf));
        if (__builtin_add_overflow(seen->sum, scan_i64(&scan, 4), &seen->sum))
            seen->is_sum_too_large = true;
        seen->n++;
    }
    if (seen->n > 0)
        end_chunk(worker, s, chunks, n_chunks, seen);
    worker->n_rows += seen->n;
    return scan.has_failed ? -1 : 0;
}

static void check_root(struct worker *worker, const struct partner_statement_seen *s, const struct seen_entries *seen)
{
    uint8_t made[SHA256_SIZE];
    uint8_t stored[SHA256_SIZE];
    char digits[HASH_DIGITS + 1];

    merkle_root(&seen->all, made);
    if (s->state == STATEMENT_OPEN
            ? s->root[0] != '\0'
            : !text_unhex(s->root, stored, SHA256_SIZE) || memcmp(stored, made, SHA256_SIZE) != 0)
        tell(PARTNER_STATEMENT_PROOF, "is %s, the root of its entries is %s",
             fsm_state_name(&statement_fsm, (int)s->state), text_hex(made, SHA256_SIZE, digits));
}

int statement_entries_check(struct worker *worker, const struct partner_statement_seen *s)
{
    struct seen_entries seen = {0};
    struct chunk_seen *chunks = NULL;
    size_t n_chunks = 0;
    int64_t total = 0;

    if (rows_read(worker, MODULE_SETTLEMENT,
                  arena_printf(worker->arena,
                               "SELECT chunk_no, biz_id, first_entry_id, last_entry_id, entry_count, hash FROM "
                               "bmt_settlement.partner_statement_chunks WHERE statement_id = %lld ORDER BY chunk_no",
                               (long long)s->id),
                  &chunk_columns, &chunks, &n_chunks) != 0 ||
        read_entries(worker, s, chunks, n_chunks, &seen) != 0)
        return -1;
    if (n_chunks > (size_t)((seen.n + CHUNK - 1) / CHUNK))
        tell(PARTNER_STATEMENT_PROOF, "has %zu chunks for %lld entries", n_chunks, (long long)seen.n);
    check_root(worker, s, &seen);
    if (__builtin_add_overflow(seen.sum, s->carried, &total) || seen.is_sum_too_large || seen.n != s->entry_count ||
        seen.sum != s->entries || seen.last_id != s->last_entry_id ||
        s->total != (s->state == STATEMENT_OPEN ? 0 : total))
        tell(PARTNER_STATEMENT_TOTAL,
             "is over %lld: %lld entries of %lld, and %lld carried; its entries are %lld of %lld", (long long)s->total,
             (long long)s->entry_count, (long long)s->entries, (long long)s->carried, (long long)seen.n,
             (long long)seen.sum);
    return 0;
}
