/*
 * The pass over the ledger's transfers: each one's hash is computed again from the stored hash of the number before it
 * in its chain, so that a row which was changed, is missing or is too many is named. A transfer's postings must add up
 * to zero. The chains' ends are looked at in chain_heads.c.
 *
 * Transfers and postings are read in the order of their ids, as they lie in the database, which costs half of what
 * reading them chain by chain does. Ids rise with time, and so do the numbers of a chain: what stands before a transfer
 * is mostly in the same range.
 *
 * The digest is put together here once more on purpose: verify shares no code with what it proves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "verify/account_days.h"

/* The passes over payments, refunds, lines, payouts, adjustments and disputes look at kinds up to this one. */
enum { KIND_LAST = 14 };

static const struct seen_column transfer_list[] = {
    SEEN(transfer_seen, id),        SEEN(transfer_seen, biz_id),    SEEN(transfer_seen, kind),
    SEEN(transfer_seen, source_id), SEEN(transfer_seen, source_no), SEEN(transfer_seen, chain),
    SEEN(transfer_seen, seq),       SEEN(transfer_seen, create_ms), SEEN_HASH(transfer_seen, hash),
    SEEN_TEXT(transfer_seen, note),
};
static const struct seen_columns transfer_columns = {transfer_list, COUNT_OF(transfer_list),
                                                     sizeof(struct transfer_seen)};
static const struct seen_column before_list[] = {SEEN(transfer_seen, chain), SEEN(transfer_seen, seq),
                                                 SEEN_HASH(transfer_seen, hash)};
static const struct seen_columns before_columns = {before_list, COUNT_OF(before_list), sizeof(struct transfer_seen)};
static const struct seen_column posting_list[] = {
    SEEN(posting_seen, transfer_id), SEEN(posting_seen, posting_no), SEEN(posting_seen, biz_id),
    SEEN(posting_seen, account),     SEEN(posting_seen, subject_id), SEEN(posting_seen, amount),
    SEEN(posting_seen, create_ms),   SEEN_CURRENCY(posting_seen),
};
static const struct seen_columns posting_columns = {posting_list, COUNT_OF(posting_list), sizeof(struct posting_seen)};

/* A range of transfers by their ids, and their postings by id and number. */
struct piece {
    struct transfer_seen *transfers;
    size_t n;
    struct posting_seen *postings;
    size_t n_postings;
};

static int compare_places(const void *a, const void *b)
{
    const struct transfer_seen *one = *(const struct transfer_seen *const *)a;
    const struct transfer_seen *other = *(const struct transfer_seen *const *)b;

    if (one->chain != other->chain)
        return one->chain < other->chain ? -1 : 1;
    return (one->seq > other->seq) - (one->seq < other->seq);
}

/* The places that must be read elsewhere: those before the transfers whose `before` is not known yet. */
static const char *places_before(struct transfer_seen *const *by_place, size_t n, struct arena *arena)
{
    enum { PLACE = 64 };
    char *text = arena_alloc(arena, n * PLACE + 1);
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < n; i++)
        if (by_place[i]->before == NULL && by_place[i]->seq > 1)
            used +=
                (size_t)snprintf(text + used, PLACE, "%s(chain = %lld AND chain_seq = %lld)", used > 0 ? " OR " : "",
                                 (long long)by_place[i]->chain, (long long)by_place[i]->seq - 1);
    return text;
}

/* What stands before each transfer, from the piece itself or from where it lies. */
static int find_before(struct worker *worker, struct piece *piece)
{
    static const uint8_t first[HASH_SIZE];
    struct transfer_seen **by_place = arena_array_of(worker->arena, struct transfer_seen *, piece->n);
    struct transfer_seen *others = NULL;
    const char *places;
    size_t n_others = 0;
    size_t at = 0;

    for (size_t i = 0; i < piece->n; i++)
        by_place[i] = &piece->transfers[i];
    qsort(by_place, piece->n, sizeof(struct transfer_seen *), compare_places);
    for (size_t i = 0; i < piece->n; i++) {
        struct transfer_seen *t = by_place[i];

        if (t->seq == 1)
            t->before = first;
        else if (i > 0 && by_place[i - 1]->chain == t->chain && by_place[i - 1]->seq == t->seq - 1)
            t->before = by_place[i - 1]->hash;
    }
    places = places_before(by_place, piece->n, worker->arena);
    if (places[0] == '\0')
        return 0;
    if (rows_read(worker, MODULE_SETTLEMENT,
                  arena_printf(worker->arena,
                               "SELECT chain, chain_seq, hash FROM bmt_settlement.transfers FORCE INDEX "
                               "(uq_transfers_chain) WHERE %s ORDER BY chain, chain_seq",
                               places),
                  &before_columns, &others, &n_others) != 0)
        return -1;
    for (size_t i = 0; i < piece->n && at < n_others; i++)
        if (by_place[i]->before == NULL && by_place[i]->chain == others[at].chain &&
            by_place[i]->seq == others[at].seq + 1)
            by_place[i]->before = others[at++].hash;
    return 0;
}

static int read_rows(struct worker *worker, int64_t after, int64_t upto, struct piece *piece)
{
    int rc;

    rc = READ_RANGE(MODULE_SETTLEMENT,
                    "SELECT transfer_id, biz_id, kind, source_id, source_no, chain, chain_seq, "
                    "create_time_ms, hash, note FROM bmt_settlement.transfers FORCE INDEX (PRIMARY) WHERE "
                    "transfer_id > %lld AND transfer_id <= %lld ORDER BY transfer_id",
                    &transfer_columns, piece->transfers, piece->n);
    if (rc == 0)
        rc = READ_RANGE(MODULE_SETTLEMENT,
                        "SELECT transfer_id, posting_no, biz_id, account, subject_id, amount_minor, "
                        "create_time_ms, currency FROM bmt_settlement.postings FORCE INDEX (PRIMARY) WHERE "
                        "transfer_id > %lld AND transfer_id <= %lld ORDER BY transfer_id, posting_no",
                        &posting_columns, piece->postings, piece->n_postings);
    return rc == 0 ? find_before(worker, piece) : rc;
}

/* Of one moment: a transfer is there with its postings and with all that stands before it, or not at all. */
static int read_piece(struct worker *worker, int64_t after, int64_t upto, struct piece *piece)
{
    int rc;

    if (rows_snapshot_begin(worker, MODULE_SETTLEMENT) != 0)
        return -1;
    rc = read_rows(worker, after, upto, piece);
    return rows_snapshot_end(worker, MODULE_SETTLEMENT) != 0 ? -1 : rc;
}

/* Numbers big-endian one after another, texts with their length before them. */
static void put(uint8_t *bytes, size_t *n, int64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes[(*n)++] = (uint8_t)((uint64_t)number >> shift);
}

static bool is_hash_right(struct worker *worker, const struct transfer_seen *t, const struct posting_seen *postings,
                          size_t n_postings)
{
    const size_t note_size = strlen(t->note);
    uint8_t *bytes = arena_alloc(worker->arena, HASH_SIZE + 9 * 8 + note_size + n_postings * (4 * 8 + CURRENCY_SIZE));
    const int64_t head[] = {t->id,    t->biz_id, t->kind,      t->source_id,      t->source_no,
                            t->chain, t->seq,    t->create_ms, (int64_t)note_size};
    uint8_t made[HASH_SIZE];
    size_t n = HASH_SIZE;

    memcpy(bytes, t->before, HASH_SIZE);
    for (size_t i = 0; i < COUNT_OF(head); i++)
        put(bytes, &n, head[i]);
    memcpy(bytes + n, t->note, note_size);
    n += note_size;
    for (size_t i = 0; i < n_postings; i++) {
        put(bytes, &n, postings[i].posting_no);
        put(bytes, &n, postings[i].account);
        put(bytes, &n, postings[i].subject_id);
        memcpy(bytes + n, postings[i].currency, CURRENCY_SIZE);
        n += CURRENCY_SIZE;
        put(bytes, &n, postings[i].amount);
    }
    crypto_sha256(bytes, n, made);
    return memcmp(made, t->hash, HASH_SIZE) == 0;
}

#define tell(kind, ...) found(worker, t->id, kind, t->biz_id, ID_TRANSFER, t->id, __VA_ARGS__)

static void check_postings(struct worker *worker, const struct transfer_seen *t, const struct posting_seen *postings,
                           size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t sum = 0;

        for (size_t j = 0; j < n; j++)
            if (strcmp(postings[j].currency, postings[i].currency) == 0)
                sum += postings[j].amount;
        if (sum != 0)
            tell(TRANSFER_SUM, "its postings add up to %lld %s", (long long)sum, postings[i].currency);
        if (postings[i].biz_id != t->biz_id || postings[i].create_ms != t->create_ms)
            tell(TRANSFER_SUM, "posting %lld is of business %lld at %lld, the transfer of %lld at %lld",
                 (long long)postings[i].posting_no, (long long)postings[i].biz_id, (long long)postings[i].create_ms,
                 (long long)t->biz_id, (long long)t->create_ms);
        if (sum != 0)
            break;
    }
    if (n == 0)
        tell(TRANSFER_SUM, "has no postings");
}

static void check_transfer(struct worker *worker, const struct transfer_seen *t, const struct posting_seen *postings,
                           size_t n)
{
    if (t->seq < 1)
        tell(TRANSFER_CHAIN, "is number %lld of chain %lld, which begins with 1", (long long)t->seq,
             (long long)t->chain);
    else if (t->before == NULL)
        tell(TRANSFER_CHAIN, "is number %lld of chain %lld, the number before it is missing", (long long)t->seq,
             (long long)t->chain);
    else if (!is_hash_right(worker, t, postings, n))
        tell(TRANSFER_CHAIN, "number %lld of chain %lld: its hash is not that of its rows", (long long)t->seq,
             (long long)t->chain);
    check_postings(worker, t, postings, n);
    if (t->kind < 1 || t->kind > KIND_LAST)
        tell(TRANSFER_SOURCE, "is of kind %lld, which has no sources", (long long)t->kind);
}

static void find_stray(struct worker *worker, struct account_days *days, const struct posting_seen *p)
{
    found(worker, p->transfer_id, TRANSFER_SUM, p->biz_id, ID_TRANSFER, p->transfer_id,
          "posting %lld of a transfer that is not there", (long long)p->posting_no);
    if (days != NULL)
        account_days_stray(days);
}

static int check_chains(struct worker *worker, int64_t after, int64_t upto)
{
    struct account_days *days = worker->pass->is_first_look ? worker->pass->days : NULL;
    struct piece piece = {0};
    size_t at = 0;

    if (read_piece(worker, after, upto, &piece) != 0)
        return -1;
    for (size_t i = 0; i < piece.n; i++) {
        const struct transfer_seen *t = &piece.transfers[i];
        size_t begin;

        for (; at < piece.n_postings && piece.postings[at].transfer_id < t->id; at++)
            find_stray(worker, days, &piece.postings[at]);
        for (begin = at; at < piece.n_postings && piece.postings[at].transfer_id == t->id; at++)
            continue;
        check_transfer(worker, t, &piece.postings[begin], at - begin);
        if (days != NULL)
            account_days_add(days, t, &piece.postings[begin], at - begin);
    }
    for (; at < piece.n_postings; at++)
        find_stray(worker, days, &piece.postings[at]);
    pass_count(worker, piece.n);
    return 0;
}

const struct pass chains_pass = {.name = "chains",
                                 .which = VERIFY_TRANSFERS,
                                 .module = MODULE_SETTLEMENT,
                                 .table = "bmt_settlement.transfers",
                                 .key = "transfer_id",
                                 .before = INT64_MIN,
                                 .check = check_chains};
