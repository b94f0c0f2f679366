/* Posting transfers; see ops_ledger.h. */
#include "settlement/ops_ledger.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/id.h"

enum { DAY_MS = 86400000, REPLICA_SHIFT = 16, REPLICA_MASK = 63, CHAINS_APART = 7 };

struct transfers transfers_begin(size_t n_max, struct arena *arena)
{
    return (struct transfers){.list = arena_array_of(arena, struct transfer, n_max), .n_max = n_max};
}

struct transfer *transfer_begin(struct transfers *all, const struct transfer *head, size_t n_postings,
                                struct arena *arena)
{
    struct transfer *transfer = &all->list[all->n++];

    PRE(all->n <= all->n_max);
    *transfer = *head;
    transfer->postings = arena_array_of(arena, struct posting_row, n_postings);
    transfer->n_max = n_postings;
    transfer->n = 0;
    return transfer;
}

static bool is_of(const struct posting_row *posting, enum account account, int64_t subject_id, const char *currency)
{
    return posting->account == (int32_t)account && posting->subject_id == subject_id &&
           strcmp(posting->currency, currency) == 0;
}

void transfer_debit(struct transfer *transfer, enum account account, int64_t subject_id, int64_t amount_minor)
{
    size_t at = 0;

    if (amount_minor == 0)
        return;
    while (at < transfer->n && !is_of(&transfer->postings[at], account, subject_id, transfer->currency))
        at++;
    if (at == transfer->n) {
        PRE(transfer->n < transfer->n_max);
        transfer->n++;
        transfer->postings[at] = (struct posting_row){.account = (int32_t)account, .subject_id = subject_id};
        memcpy(transfer->postings[at].currency, transfer->currency, CURRENCY_SIZE);
    }
    transfer->postings[at].amount_minor += amount_minor;
    INVARIANT(llabs(transfer->postings[at].amount_minor) <= MONEY_AMOUNT_MAX * POSTINGS_MAX);
}

void transfer_credit(struct transfer *transfer, enum account account, int64_t subject_id, int64_t amount_minor)
{
    transfer_debit(transfer, account, subject_id, -amount_minor);
}

/* Takes out postings that came to nothing. INVARIANT: what is left balances. */
static void tidy(struct transfer *transfer)
{
    size_t n = 0;

    for (size_t i = 0; i < transfer->n; i++)
        if (transfer->postings[i].amount_minor != 0)
            transfer->postings[n++] = transfer->postings[i];
    transfer->n = n;
    for (size_t i = 0; i < n; i++) {
        int64_t sum = 0;

        for (size_t j = 0; j < n; j++)
            if (strcmp(transfer->postings[j].currency, transfer->postings[i].currency) == 0)
                sum += transfer->postings[j].amount_minor;
        INVARIANT(sum == 0);
    }
}

/* This thread's chain. Threads of one replica are apart, and replicas mostly; if not, they wait for each other. */
static int32_t own_chain(void)
{
    static _Atomic int next;
    static _Thread_local int32_t chain = -1;

    if (chain < 0)
        chain = (int32_t)(((id_new(0) >> REPLICA_SHIFT & REPLICA_MASK) * CHAINS_APART + atomic_fetch_add(&next, 1)) %
                          CHAIN_COUNT);
    return chain;
}

static int lock_chain(struct batch *batch, struct chain_row *ret_chain, struct err *err)
{
    struct chain_row *rows = NULL;
    size_t n = 0;
    int rc;

    *ret_chain = (struct chain_row){.chain = own_chain()};
    rc = ledger_store_lock_chain(batch->tx, ret_chain->chain, batch->arena, &rows, &n, err);
    if (rc == 0 && n == 0)
        rc = ledger_store_insert_chain(batch->tx, ret_chain, err);
    if (rc == 0 && n > 0)
        *ret_chain = rows[0];
    ret_chain->seq_read = ret_chain->seq;
    return rc;
}

/* Numbers big-endian one after another, texts with their length before them. */
struct digest_text {
    uint8_t *bytes;
    size_t n;
};

static void put(struct digest_text *text, int64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        text->bytes[text->n++] = (uint8_t)((uint64_t)number >> shift);
}

static void put_bytes(struct digest_text *text, const void *bytes, size_t n)
{
    memcpy(text->bytes + text->n, bytes, n);
    text->n += n;
}

static void hash(const uint8_t before[TRANSFER_HASH_SIZE], struct transfer_row *row, const struct posting_row *postings,
                 size_t n, struct arena *arena)
{
    enum { HEAD_SIZE = TRANSFER_HASH_SIZE + 9 * 8, POSTING_SIZE = 4 * 8 + CURRENCY_SIZE };
    const size_t note_size = strlen(row->note);
    struct digest_text text = {.bytes = arena_alloc(arena, HEAD_SIZE + note_size + n * POSTING_SIZE)};

    put_bytes(&text, before, TRANSFER_HASH_SIZE);
    put(&text, row->transfer_id);
    put(&text, row->biz_id);
    put(&text, row->kind);
    put(&text, row->source_id);
    put(&text, row->source_no);
    put(&text, row->chain);
    put(&text, row->chain_seq);
    put(&text, row->create_time_ms);
    put(&text, (int64_t)note_size);
    put_bytes(&text, row->note, note_size);
    for (size_t i = 0; i < n; i++) {
        put(&text, postings[i].posting_no);
        put(&text, postings[i].account);
        put(&text, postings[i].subject_id);
        put_bytes(&text, postings[i].currency, CURRENCY_SIZE);
        put(&text, postings[i].amount_minor);
    }
    crypto_sha256(text.bytes, text.n, row->hash);
}

/* Everything that one call writes. */
struct work {
    struct transfer_row *transfers;
    size_t n;
    struct posting_row *postings;
    size_t n_postings;
    struct account_day_row *days;
};

static void lay_out(struct transfer *transfer, struct work *work, struct chain_row *chain, struct batch *batch)
{
    struct transfer_row *row = &work->transfers[work->n++];
    struct posting_row *postings = work->postings + work->n_postings;

    transfer->transfer_id = id_new(id_route(transfer->biz_id, ""));
    *row = (struct transfer_row){
        .transfer_id = transfer->transfer_id,
        .biz_id = transfer->biz_id,
        .kind = (int32_t)transfer->kind,
        .source_id = transfer->source_id,
        .source_no = transfer->source_no,
        .chain = chain->chain,
        .chain_seq = ++chain->seq,
        .note = transfer->note != NULL ? transfer->note : "",
        .create_time_ms = batch->now_ms,
    };
    for (size_t i = 0; i < transfer->n; i++) {
        postings[i] = transfer->postings[i];
        postings[i].transfer_id = transfer->transfer_id;
        postings[i].posting_no = (int32_t)i + 1;
        postings[i].biz_id = transfer->biz_id;
        postings[i].create_time_ms = batch->now_ms;
    }
    work->n_postings += transfer->n;
    hash(chain->hash, row, postings, transfer->n, batch->arena);
    memcpy(chain->hash, row->hash, TRANSFER_HASH_SIZE);
}

static int compare_days(const void *left, const void *right)
{
    const struct account_day_row *a = left;
    const struct account_day_row *b = right;

    if (a->biz_id != b->biz_id)
        return a->biz_id < b->biz_id ? -1 : 1;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->subject_id != b->subject_id)
        return a->subject_id < b->subject_id ? -1 : 1;
    return strcmp(a->currency, b->currency);
}

/* What the postings add to their accounts' day, a row an account. */
static size_t add_up(struct work *work, int32_t chain, int64_t now_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < work->n_postings; i++) {
        const struct posting_row *posting = &work->postings[i];

        work->days[i] = (struct account_day_row){
            .biz_id = posting->biz_id,
            .account = posting->account,
            .subject_id = posting->subject_id,
            .day = (int32_t)(now_ms / DAY_MS),
            .chain = chain,
            .debit_minor = posting->amount_minor > 0 ? posting->amount_minor : 0,
            .credit_minor = posting->amount_minor < 0 ? -posting->amount_minor : 0,
            .posting_count = 1,
        };
        memcpy(work->days[i].currency, posting->currency, CURRENCY_SIZE);
    }
    if (work->n_postings > 1)
        qsort(work->days, work->n_postings, sizeof *work->days, compare_days);
    for (size_t i = 0; i < work->n_postings; i++)
        if (n > 0 && compare_days(&work->days[n - 1], &work->days[i]) == 0) {
            work->days[n - 1].debit_minor += work->days[i].debit_minor;
            work->days[n - 1].credit_minor += work->days[i].credit_minor;
            work->days[n - 1].posting_count++;
        } else {
            work->days[n++] = work->days[i];
        }
    return n;
}

int ledger_post(struct batch *batch, struct transfers *all, struct err *err)
{
    struct chain_row chain;
    struct work work = {.transfers = arena_array_of(batch->arena, struct transfer_row, all->n)};
    size_t n_postings = 0;
    int rc;

    for (size_t i = 0; i < all->n; i++) {
        tidy(&all->list[i]);
        n_postings += all->list[i].n;
    }
    if (n_postings == 0)
        return 0;
    work.postings = arena_array_of(batch->arena, struct posting_row, n_postings);
    work.days = arena_array_of(batch->arena, struct account_day_row, n_postings);
    rc = lock_chain(batch, &chain, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < all->n; i++)
        if (all->list[i].n > 0)
            lay_out(&all->list[i], &work, &chain, batch);
    rc = ledger_store_insert(batch->tx, work.transfers, work.n, work.postings, work.n_postings, err);
    if (rc == 0)
        rc = ledger_store_add_days(batch->tx, work.days, add_up(&work, chain.chain, batch->now_ms), err);
    if (rc == 0)
        rc = ledger_store_move_chain(batch->tx, &chain, err);
    return rc;
}
