/*
 * Proofs that entries are in statements; see ops_statement.h. A chunk's hash is a node of the statement's tree, so the
 * path runs through the chunk, whose entries are read, and then through the hashes of the chunks, which are kept.
 */
#include <string.h>

#include "base/id.h"
#include "settlement/ops_statement.h"
#include "settlement/rules_statement.h"

/* A chunk whose leaves were hashed for an entry of the same order already. */
struct known_chunk {
    int64_t statement_id;
    int32_t chunk_no;
    const struct clearing_entry_row *entries;
    size_t n_entries;
    uint8_t (*leaves)[SHA256_SIZE];
    uint8_t (*nodes)[SHA256_SIZE]; /* of all chunks of the statement */
    size_t n_nodes;
};
struct known_chunks {
    struct known_chunk *list;
    size_t n;
};

static const struct known_chunk *find_known(const struct known_chunks *known, const struct partner_statement_row *row,
                                            int64_t entry_id)
{
    for (size_t i = 0; i < known->n; i++)
        if (known->list[i].statement_id == row->statement_id && known->list[i].entries[0].entry_id <= entry_id &&
            known->list[i].entries[known->list[i].n_entries - 1].entry_id >= entry_id)
            return &known->list[i];
    return NULL;
}

static int read_chunk(struct batch *batch, const struct partner_statement_row *row, int64_t entry_id,
                      struct known_chunk *ret, struct err *err)
{
    struct entry_range range = {.partner_id = row->partner_id,
                                .statement_id = row->statement_id,
                                .payable_before_ms = INT64_MAX,
                                .limit = STATEMENT_CHUNK};
    struct statement_chunk_row *chunks = NULL;
    struct clearing_entry_row *entries = NULL;
    size_t n_entries = 0;
    size_t n = 0;
    size_t at = 0;
    int rc;

    rc = statement_store_list_chunks(batch->tx, row->statement_id, batch->arena, &chunks, &n, err);
    if (rc != 0)
        return rc;
    while (at < n && chunks[at].last_entry_id < entry_id)
        at++;
    if (at == n)
        return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies: the entry says that it is in there */
    memcpy(range.currency, row->currency, CURRENCY_SIZE);
    range.after_id = chunks[at].first_entry_id - 1;
    rc = clearing_store_list_entries(batch->tx, &range, batch->arena, &entries, &n_entries, err);
    if (rc != 0)
        return rc;
    if (n_entries < (size_t)chunks[at].entry_count)
        return err_fail(err, ERR_INTERNAL_ERROR);
    *ret = (struct known_chunk){.statement_id = row->statement_id,
                                .chunk_no = chunks[at].chunk_no,
                                .entries = entries,
                                .n_entries = (size_t)chunks[at].entry_count,
                                .n_nodes = n};
    ret->leaves = arena_alloc(batch->arena, ret->n_entries * sizeof *ret->leaves);
    ret->nodes = arena_alloc(batch->arena, n * sizeof *ret->nodes);
    for (size_t i = 0; i < ret->n_entries; i++) {
        char leaf[STATEMENT_LEAF_SIZE];

        merkle_leaf(leaf, statement_leaf(&entries[i], leaf), ret->leaves[i]);
    }
    for (size_t i = 0; i < n; i++)
        memcpy(ret->nodes[i], chunks[i].hash, SHA256_SIZE);
    return 0;
}

static void prove(struct entry_proof *proof, const struct partner_statement_row *row, const struct known_chunk *chunk,
                  struct arena *arena)
{
    char leaf[STATEMENT_LEAF_SIZE];
    size_t at = 0;

    while (at < chunk->n_entries && chunk->entries[at].entry_id != proof->entry.entry_id)
        at++;
    if (at == chunk->n_entries)
        return; /* the statement is not this entry's: no proof is given */
    (void)statement_leaf(&proof->entry, leaf);
    proof->leaf = arena_printf(arena, "%s", leaf);
    proof->index = (int64_t)chunk->chunk_no * STATEMENT_CHUNK + (int64_t)at;
    proof->tree_size = row->entry_count;
    proof->path = arena_alloc(arena, 2 * MERKLE_DEPTH_MAX * sizeof *proof->path);
    proof->n_path = merkle_prove((const uint8_t(*)[SHA256_SIZE])chunk->leaves, chunk->n_entries, at, proof->path);
    proof->n_path += merkle_prove((const uint8_t(*)[SHA256_SIZE])chunk->nodes, chunk->n_nodes,
                                  (uint64_t)chunk->chunk_no, proof->path + proof->n_path);
    proof->root = row->root;
}

static int prove_entry(struct batch *batch, struct entry_proof *proof, struct known_chunks *known, struct err *err)
{
    const struct settlement_key key = {.id = proof->entry.statement_id, .biz_id = proof->entry.biz_id};
    const struct known_chunk *chunk;
    struct partner_statement_row *rows = NULL;
    size_t n = 0;
    int rc;

    if (proof->entry.statement_id == 0)
        return 0;
    rc = statement_store_find(batch->tx, &key, 1, batch->arena, &rows, &n, err);
    if (rc != 0 || n == 0 || rows[0].state == STATEMENT_OPEN)
        return rc;
    chunk = find_known(known, &rows[0], proof->entry.entry_id);
    if (chunk == NULL) {
        rc = read_chunk(batch, &rows[0], proof->entry.entry_id, &known->list[known->n], err);
        if (rc != 0)
            return rc;
        chunk = &known->list[known->n++];
    }
    prove(proof, &rows[0], chunk, batch->arena);
    return 0;
}

static int prove_one(struct batch *batch, struct prove_order *c, struct err *err)
{
    struct clearing_entry_row *entries = NULL;
    struct clearing_row *lines = NULL;
    struct known_chunks known = {0};
    size_t n_lines = 0;
    size_t n = 0;
    int rc;

    rc = clearing_store_find_of_orders(batch->tx, &c->order_id, 1, batch->arena, &lines, &n_lines, err);
    if (rc == 0)
        rc = clearing_store_find_entries(batch->tx, &c->order_id, 1, batch->arena, &entries, &n, err);
    if (rc != 0)
        return rc;
    if (n_lines == 0 || lines[0].biz_id != c->command.biz_id) {
        command_refuse(&c->command, ERR_CLEARING_NOT_FOUND, id_show(ID_ORDER, c->order_id));
        return 0;
    }
    c->n = n;
    c->proofs = arena_array_of(batch->arena, struct entry_proof, n);
    known.list = arena_array_of(batch->arena, struct known_chunk, n);
    for (size_t i = 0; i < n && rc == 0; i++) {
        c->proofs[i].entry = entries[i];
        rc = prove_entry(batch, &c->proofs[i], &known, err);
    }
    return rc;
}

static int prove_order_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct prove_order, c, batch) if (rc == 0) rc = prove_one(batch, c, err);
    return rc;
}

struct batch_plan prove_order_plan = {
    .name = "settlement.prove_order", .home = MODULE_SETTLEMENT, .is_read = true, .body = prove_order_body};
