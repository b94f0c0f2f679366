/*
 * The pass over the ledger's chains: each transfer's hash is computed again from the stored hash before it, so that a
 * row which was changed, is missing or is too many is named, and ranges can be checked side by side. A transfer's
 * postings must add up to zero, and a chain's row must agree with its last transfer.
 *
 * The digest is put together here once more on purpose: verify shares no code with what it proves.
 */
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "verify/account_days.h"

/* A key: the chain, moved so that none is negative, and the number in it. */
enum { SEQ_BITS = 40, CHAIN_MIN = -32768, CHAIN_MAX = 32767, HASH_SIZE = 32 };
/* The passes over payments, refunds, lines, payouts, adjustments and disputes look at kinds up to this one. */
enum { KIND_LAST = 14 };

static const struct seen_column transfer_list[] = {
    SEEN(transfer_seen, id),        SEEN(transfer_seen, biz_id),         SEEN(transfer_seen, kind),
    SEEN(transfer_seen, source_id), SEEN(transfer_seen, source_no),      SEEN(transfer_seen, seq),
    SEEN(transfer_seen, create_ms), SEEN(transfer_seen, head_seq),       SEEN_TEXT(transfer_seen, hash),
    SEEN_TEXT(transfer_seen, note), SEEN_TEXT(transfer_seen, head_hash),
};
static const struct seen_columns transfer_columns = {transfer_list, COUNT_OF(transfer_list),
                                                     sizeof(struct transfer_seen)};
static const struct seen_column posting_list[] = {
    SEEN(posting_seen, seq),       SEEN(posting_seen, posting_no), SEEN(posting_seen, biz_id),
    SEEN(posting_seen, account),   SEEN(posting_seen, subject_id), SEEN(posting_seen, amount),
    SEEN(posting_seen, create_ms), SEEN_CURRENCY(posting_seen),
};
static const struct seen_columns posting_columns = {posting_list, COUNT_OF(posting_list), sizeof(struct posting_seen)};

static int64_t key_of(int64_t chain, int64_t seq)
{
    return (chain - CHAIN_MIN) << SEQ_BITS | (seq > 0 ? seq : 1);
}

static int64_t chain_of(int64_t key)
{
    return (key >> SEQ_BITS) + CHAIN_MIN;
}

static int64_t seq_of(int64_t key)
{
    return key & ((INT64_C(1) << SEQ_BITS) - 1);
}

static int read_number(struct worker *worker, const char *text, int64_t *ret_number)
{
    struct scan scan;

    if (scan_begin(worker->session, MODULE_SETTLEMENT, text, worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan))
        *ret_number = scan_i64(&scan, 0);
    return scan.has_failed ? -1 : 0;
}

/* The next range is of the same chain, or begins the chain after it. */
static int step(struct worker *worker, int64_t after, int64_t *ret_upto, bool *ret_is_last)
{
    const int64_t chain = chain_of(after);
    int64_t top = 0;
    int64_t next = 0;
    int rc;

    *ret_upto = INT64_MAX;
    rc = read_number(worker,
                     arena_printf(worker->arena,
                                  "SELECT COALESCE(MAX(chain_seq), 0) FROM bmt_settlement.transfers WHERE chain = %lld",
                                  (long long)chain),
                     &top);
    if (rc == 0 && seq_of(after) + PASS_RANGE < top) {
        *ret_upto = after + PASS_RANGE;
        return 0;
    }
    if (rc == 0)
        rc = read_number(worker,
                         arena_printf(worker->arena,
                                      "SELECT LEAST(COALESCE((SELECT MIN(chain) FROM bmt_settlement.transfers WHERE "
                                      "chain > %lld), %d), COALESCE((SELECT MIN(chain) FROM bmt_settlement.chains "
                                      "WHERE chain > %lld), %d))",
                                      (long long)chain, CHAIN_MAX + 1, (long long)chain, CHAIN_MAX + 1),
                         &next);
    *ret_is_last = next > CHAIN_MAX;
    if (rc == 0 && !*ret_is_last)
        *ret_upto = (next - CHAIN_MIN) << SEQ_BITS;
    return rc;
}

/* Numbers big-endian one after another, texts with their length before them. */
static void put(uint8_t *bytes, size_t *n, int64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes[(*n)++] = (uint8_t)((uint64_t)number >> shift);
}

static bool is_hash_right(struct worker *worker, int64_t chain, const char *before, const struct transfer_seen *t,
                          const struct posting_seen *postings, size_t n_postings)
{
    const size_t note_size = strlen(t->note);
    uint8_t *bytes = arena_alloc(worker->arena, HASH_SIZE + 9 * 8 + note_size + n_postings * (4 * 8 + CURRENCY_SIZE));
    const int64_t head[] = {t->id, t->biz_id, t->kind,      t->source_id,      t->source_no,
                            chain, t->seq,    t->create_ms, (int64_t)note_size};
    uint8_t stored[HASH_SIZE];
    uint8_t made[HASH_SIZE];
    size_t n = HASH_SIZE;

    if (!text_unhex(before, bytes, HASH_SIZE) || !text_unhex(t->hash, stored, HASH_SIZE))
        return false;
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
    return memcmp(made, stored, HASH_SIZE) == 0;
}

#define tell(kind, ...) found(worker, key_of(chain, t->seq), kind, t->biz_id, ID_TRANSFER, t->id, __VA_ARGS__)

static void check_postings(struct worker *worker, int64_t chain, const struct transfer_seen *t,
                           const struct posting_seen *postings, size_t n)
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

/* The rows of a range with the one before it, and the chain's row as it was before they were read. */
struct piece {
    int64_t chain, from, to;
    int64_t head_seq;
    struct transfer_seen *transfers;
    size_t n;
    struct posting_seen *postings;
    size_t n_postings;
};

/*
 * By their numbers within each transfer: a few rows, which mostly come so. The database is asked for the order of its
 * index alone, since it would sort the whole range for more.
 */
static void put_in_order(struct posting_seen *postings, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct posting_seen p = postings[i];
        size_t at = i;

        for (; at > 0 && postings[at - 1].seq == p.seq && postings[at - 1].posting_no > p.posting_no; at--)
            postings[at] = postings[at - 1];
        postings[at] = p;
    }
}

static int read_piece(struct worker *worker, struct piece *piece)
{
    /* A range that begins the chain has what stands before number 1, too. */
    const int64_t least = piece->from > 0 ? piece->from : INT64_MIN;
    int rc;

    rc = read_number(worker,
                     arena_printf(worker->arena, "SELECT seq FROM bmt_settlement.chains WHERE chain = %lld",
                                  (long long)piece->chain),
                     &piece->head_seq);
    if (rc == 0)
        rc = rows_read(
            worker, MODULE_SETTLEMENT,
            arena_printf(worker->arena,
                         "SELECT t.transfer_id, t.biz_id, t.kind, t.source_id, t.source_no, t.chain_seq, "
                         "t.create_time_ms, c.seq, HEX(t.hash), t.note, IF(c.seq = t.chain_seq, HEX(c.hash), '') FROM "
                         "bmt_settlement.transfers t FORCE INDEX (uq_transfers_chain) LEFT JOIN "
                         "bmt_settlement.chains c ON c.chain = t.chain WHERE t.chain = %lld AND t.chain_seq >= %lld "
                         "AND t.chain_seq <= %lld ORDER BY t.chain_seq",
                         (long long)piece->chain, (long long)least, (long long)piece->to),
            &transfer_columns, &piece->transfers, &piece->n);
    if (rc == 0)
        rc = rows_read(
            worker, MODULE_SETTLEMENT,
            arena_printf(worker->arena,
                         "SELECT STRAIGHT_JOIN t.chain_seq, p.posting_no, p.biz_id, p.account, p.subject_id, "
                         "p.amount_minor, p.create_time_ms, p.currency FROM bmt_settlement.transfers t FORCE INDEX "
                         "(uq_transfers_chain) JOIN bmt_settlement.postings p ON p.transfer_id = t.transfer_id WHERE "
                         "t.chain = %lld AND t.chain_seq >= %lld AND t.chain_seq <= %lld ORDER BY t.chain_seq",
                         (long long)piece->chain, (long long)least, (long long)piece->to),
            &posting_columns, &piece->postings, &piece->n_postings);
    if (rc == 0)
        put_in_order(piece->postings, piece->n_postings);
    return rc;
}

static void check_gap(struct worker *worker, int64_t chain, int64_t expected, int64_t seq)
{
    if (seq > expected)
        found(worker, key_of(chain, expected), TRANSFER_CHAIN, 0, ID_KIND_COUNT, 0,
              "chain %lld: transfers are missing from number %lld on", (long long)chain, (long long)expected);
}

static void check_head(struct worker *worker, int64_t chain, const struct transfer_seen *t, bool is_last)
{
    if (t->head_seq == t->seq && strcmp(t->hash, t->head_hash) != 0)
        tell(CHAIN_HEAD, "chain %lld ends with number %lld, whose hash is another one", (long long)chain,
             (long long)t->seq);
    if (is_last && t->seq > t->head_seq)
        tell(CHAIN_HEAD, "is number %lld of chain %lld, which ends with number %lld", (long long)t->seq,
             (long long)chain, (long long)t->head_seq);
}

static void check_piece(struct worker *worker, const struct piece *piece)
{
    static const char first[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const int64_t chain = piece->chain;
    const char *before = piece->from > 0 ? NULL : first;
    int64_t expected = piece->from + 1;
    size_t at = 0;

    for (size_t i = 0; i < piece->n; i++) {
        const struct transfer_seen *t = &piece->transfers[i];
        const size_t begin = at;

        while (at < piece->n_postings && piece->postings[at].seq <= t->seq)
            at++;
        if (piece->from > 0 && t->seq == piece->from) {
            before = t->hash;
            continue;
        }
        check_gap(worker, chain, expected, t->seq);
        if (t->seq < expected)
            tell(TRANSFER_CHAIN, "is number %lld of chain %lld, which begins with 1", (long long)t->seq,
                 (long long)chain);
        /* After a gap the hash before is not known. */
        else if (t->seq == expected && before != NULL &&
                 !is_hash_right(worker, chain, before, t, &piece->postings[begin], at - begin))
            tell(TRANSFER_CHAIN, "number %lld of chain %lld: its hash is not that of its rows", (long long)t->seq,
                 (long long)chain);
        check_postings(worker, chain, t, &piece->postings[begin], at - begin);
        if (t->kind < 1 || t->kind > KIND_LAST)
            tell(TRANSFER_SOURCE, "is of kind %lld, which has no sources", (long long)t->kind);
        check_head(worker, chain, t, i + 1 == piece->n);
        before = t->hash;
        expected = t->seq >= expected ? t->seq + 1 : expected;
    }
    check_gap(worker, chain, expected, (piece->to < piece->head_seq ? piece->to : piece->head_seq) + 1);
}

/* All but those of the transfer that ends the range before. */
static void add_to_days(struct account_days *days, const struct piece *piece)
{
    size_t at = 0;

    while (piece->from > 0 && at < piece->n_postings && piece->postings[at].seq <= piece->from)
        at++;
    account_days_add(days, piece->chain, piece->postings + at, piece->n_postings - at);
}

static int check_chain(struct worker *worker, int64_t after, int64_t upto)
{
    struct piece piece = {.chain = chain_of(after), .from = seq_of(after)};

    piece.to = chain_of(upto) == piece.chain ? seq_of(upto) : INT64_MAX - 1;
    if (read_piece(worker, &piece) != 0)
        return -1;
    check_piece(worker, &piece);
    if (worker->pass->days != NULL && worker->pass->is_first_look)
        add_to_days(worker->pass->days, &piece);
    pass_count(worker, piece.n - (piece.from > 0 && piece.n > 0 && piece.transfers[0].seq == piece.from));
    return 0;
}

const struct pass chains_pass = {.name = "chains",
                                 .which = VERIFY_CHAINS,
                                 .module = MODULE_SETTLEMENT,
                                 .check = check_chain,
                                 .step = step,
                                 .count = "SELECT COALESCE(SUM(seq), 0) FROM bmt_settlement.chains"};
