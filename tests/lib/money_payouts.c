/* Statements and payouts; see money_world.h. */
#include <string.h>

#include "base/merkle.h"
#include "lib/money_world.h"
#include "settlement/rules_statement.h"

enum { PROVEN_EVERY = 32, ONE_APPROVAL_MAX = 100000, CHUNK = 4 };

/* What is in no statement and can be paid: by id, as it was entered. */
static size_t payable(struct world *w, const struct partner_statement_row *row, struct clearing_entry_row *ret_entries)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n_entries; i++) {
        struct clearing_entry_row *entry = &w->entries[i];

        if (entry->partner_id != row->partner_id || strcmp(entry->currency, row->currency) != 0 ||
            entry->statement_id != 0 || entry->payable_time_ms >= row->to_time_ms)
            continue;
        entry->statement_id = row->statement_id;
        entry->state = ENTRY_SETTLED;
        ret_entries[n++] = *entry;
    }
    return n;
}

/* Each entry is shown to be in the statement, as it is, by the chunks' hashes. */
static void prove(struct world *w, const struct clearing_entry_row *entries, size_t n)
{
    uint8_t leaves[CHUNK][SHA256_SIZE];
    uint8_t path[MERKLE_DEPTH_MAX][SHA256_SIZE];
    uint8_t root[SHA256_SIZE];
    char leaf[STATEMENT_LEAF_SIZE];

    for (size_t i = 0; i < n; i++)
        merkle_leaf(leaf, statement_leaf(&entries[i], leaf), leaves[i]);
    statement_chunk_hash(entries, n, root);
    for (size_t i = 0; i < n; i++) {
        const size_t size = statement_leaf(&entries[i], leaf);
        const unsigned n_path = merkle_prove((const uint8_t(*)[SHA256_SIZE])leaves, n, i, path);

        world_expect(w, merkle_verify(leaf, size, i, n, (const uint8_t(*)[SHA256_SIZE])path, n_path, root),
                     "an entry is not proven");
        leaf[size - 1] = leaf[size - 1] == '0' ? '1' : '0';
        world_expect(w, !merkle_verify(leaf, size, i, n, (const uint8_t(*)[SHA256_SIZE])path, n_path, root),
                     "another amount is proven");
        w->happened[HAPPENED_PROVEN]++;
    }
}

/* Chunk by chunk, as the job does it. */
static void gather(struct world *w, struct partner_statement_row *row)
{
    struct clearing_entry_row *entries = arena_array_of(w->batch.arena, struct clearing_entry_row, w->n_entries + 1);
    const size_t n = payable(w, row, entries);
    const bool is_proven = one_in(w, PROVEN_EVERY);

    for (size_t at = 0; at < n; at += CHUNK) {
        const size_t n_chunk = n - at < CHUNK ? n - at : CHUNK;

        world_expect(w, statement_take(row, entries + at, n_chunk) == 0, "entries are too much");
        if (is_proven)
            prove(w, entries + at, n_chunk);
    }
}

void world_settle(struct world *w)
{
    struct partner_statement_row *row = &w->statements[w->n_statements];
    struct statement_moves moves = statement_moves_begin(1, w->batch.arena);
    const struct clearing_entry_row *entry;
    const struct partner_row *partner;
    struct partner_statement_row *last;

    if (w->n_entries == 0)
        return;
    PRE(w->n_statements < WORLD_STATEMENTS);
    entry = &w->entries[random_up_to(w, (int64_t)w->n_entries - 1)];
    partner = &w->partners[entry->partner_id - 1];
    last = world_last_statement(w, partner->partner_id, entry->currency);
    *row = (struct partner_statement_row){.statement_id = (int64_t)++w->n_statements,
                                          .biz_id = WORLD_BIZ,
                                          .partner_id = partner->partner_id,
                                          .seq = last != NULL ? last->seq + 1 : 1,
                                          .to_time_ms = w->batch.now_ms,
                                          .state = STATEMENT_OPEN,
                                          .version = 1,
                                          .version_read = 1};
    memcpy(row->currency, entry->currency, CURRENCY_SIZE);
    gather(w, row);
    world_expect(w, statement_add_up(row, last, partner->threshold_minor, ONE_APPROVAL_MAX) == 0,
                 "a total is too much");
    statement_move_add(&moves, row, STATEMENT_EVENT_CLOSE, "", "", w->batch.now_ms);
    w->happened[HAPPENED_CLOSED_STATEMENT]++;
    w->happened[HAPPENED_CARRIED] += row->carried_minor > 0;
    w->happened[HAPPENED_CARRIED_DEBT] += row->carried_minor < 0;
}

/* Moves payout and statement, and books it. */
static void move(struct world *w, struct payout_row *payout, enum payout_event event)
{
    struct partner_statement_row *statement = &w->statements[payout->statement_id - 1];
    struct statement_moves moves = statement_moves_begin(1, w->batch.arena);
    struct transfers transfers = transfers_begin(1, w->batch.arena);
    enum statement_event follows;

    if (payout_moves_statement(event, &follows)) {
        statement->version_read = statement->version;
        statement_move_add(&moves, statement, follows, "", "", w->batch.now_ms);
    }
    payout_book(&transfers, payout, event, w->batch.arena);
    world_finish(w, &transfers, NULL);
}

static bool is_payable(const struct partner_statement_row *row)
{
    struct command command = {0};

    return row->approvals_needed > 0 && statement_allows(row, STATEMENT_EVENT_PAY, &command);
}

void world_begin_payout(struct world *w)
{
    struct payout_row *payout = &w->payouts[w->n_payouts];
    struct partner_statement_row *statement = NULL;

    for (size_t i = 0; i < w->n_statements; i++)
        if (is_payable(&w->statements[i]) && (statement == NULL || one_in(w, 2)))
            statement = &w->statements[i];
    if (statement == NULL)
        return;
    PRE(w->n_payouts < WORLD_PAYOUTS);
    w->n_payouts++;
    *payout = (struct payout_row){.payout_id = ++w->last_id,
                                  .biz_id = WORLD_BIZ,
                                  .partner_id = statement->partner_id,
                                  .statement_id = statement->statement_id,
                                  .channel_account_id = 1 + random_up_to(w, WORLD_CHANNELS - 1),
                                  .state = PAYOUT_CREATED,
                                  .version = 1,
                                  .amount_minor = statement->total_minor};
    memcpy(payout->currency, statement->currency, CURRENCY_SIZE);
    w->happened[HAPPENED_PAID_AGAIN] += statement->state == STATEMENT_FAILED;
    statement->payout_id = payout->payout_id;
    move(w, payout, PAYOUT_EVENT_CREATE);
    world_pay(w, statement, payout->payout_id);
    w->happened[HAPPENED_PAYOUT_BEGUN]++;
}

void world_hear(struct world *w)
{
    static const enum payout_event events[] = {PAYOUT_EVENT_WAIT,    PAYOUT_EVENT_LOSE, PAYOUT_EVENT_SUCCEED,
                                               PAYOUT_EVENT_SUCCEED, PAYOUT_EVENT_FAIL, PAYOUT_EVENT_RETURN};
    const enum payout_event event = events[random_up_to(w, COUNT_OF(events) - 1)];
    struct payout_moves moves = payout_moves_begin(1, w->batch.arena);
    struct payout_row *payout;
    int to;

    if (w->n_payouts == 0)
        return;
    payout = &w->payouts[random_up_to(w, (int64_t)w->n_payouts - 1)];
    if (!fsm_next(&payout_fsm, payout->state, (int)event, &to))
        return;
    payout->version_read = payout->version;
    payout_move_add(&moves, payout, event, "", "", w->batch.now_ms);
    move(w, payout, event);
    if (event == PAYOUT_EVENT_FAIL || event == PAYOUT_EVENT_RETURN)
        world_pay(w, &w->statements[payout->statement_id - 1], 0);
    w->happened[HAPPENED_PAYOUT_PAID] += event == PAYOUT_EVENT_SUCCEED;
    w->happened[HAPPENED_PAYOUT_NOT_PAID] += event == PAYOUT_EVENT_FAIL;
    w->happened[HAPPENED_PAYOUT_BACK] += event == PAYOUT_EVENT_RETURN;
}
