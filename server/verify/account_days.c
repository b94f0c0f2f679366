/*
 * The days of the ledger's accounts against its postings, in one snapshot of the module's server: both change in the
 * same transactions. There may be more days than fit into memory, so both sides are first added up in BUCKETS by a
 * mixture of key and amounts; only the days of buckets that differ are looked at one by one, in a second walk.
 *
 * The pass over chains reads all postings anyhow. So a snapshot of the days and of the chains' ends is taken before it,
 * and what the pass finds up to those ends is added up beside its other work: transfers are only ever added to the end
 * of a chain, in the transaction that changes the days. If both sides agree, that was the whole look; if not, or if
 * there are postings of no transfer, the days are looked at by themselves.
 */
#include "verify/account_days.h"

#include <string.h>

enum { BUCKETS = 65536, SLICE = 16384, DAYS_MAX = 65536, CHAIN_MIN = -32768, CHAINS = 65536, DAY_MS = 86400000 };

struct day_seen {
    int64_t biz_id, account, subject_id, day, chain, debit, credit, count;
    char currency[CURRENCY_SIZE];
    bool is_taken;
};

static const struct seen_column day_list[] = {
    SEEN(day_seen, biz_id), SEEN(day_seen, account), SEEN(day_seen, subject_id),
    SEEN(day_seen, day),    SEEN(day_seen, chain),   SEEN(day_seen, debit),
    SEEN(day_seen, credit), SEEN(day_seen, count),   SEEN_CURRENCY(day_seen),
};
static const struct seen_columns day_columns = {day_list, COUNT_OF(day_list), sizeof(struct day_seen)};

/* One look: the difference of each bucket, then of each day in a bucket that has one. */
struct look {
    struct worker *worker;
    uint64_t *buckets;
    struct day_seen *days; /* by hash, DAYS_MAX places; NULL in the first walk */
    size_t n_days;
};

static uint64_t mix(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

static uint64_t hash_of(const struct day_seen *day)
{
    uint64_t currency = 0;
    uint64_t hash;

    memcpy(&currency, day->currency, CURRENCY_SIZE);
    hash = mix((uint64_t)day->biz_id + UINT64_C(0x9e3779b97f4a7c15));
    hash = mix(hash ^ (uint64_t)day->account ^ (uint64_t)day->chain << 32);
    hash = mix(hash ^ (uint64_t)day->subject_id);
    return mix(hash ^ (uint64_t)day->day ^ currency << 32);
}

/* What a row counts in its bucket: rows of one day add up to what the sum of them counts. */
static uint64_t value_of(const struct day_seen *day, uint64_t hash)
{
    return (uint64_t)day->debit * (hash | 1) + (uint64_t)day->credit * (mix(hash + 1) | 1) +
           (uint64_t)day->count * (mix(hash + 2) | 1);
}

static bool is_same(const struct day_seen *a, const struct day_seen *b)
{
    return a->biz_id == b->biz_id && a->account == b->account && a->subject_id == b->subject_id && a->day == b->day &&
           a->chain == b->chain && strcmp(a->currency, b->currency) == 0;
}

/* Adds one side to the day; `sign` tells which. Past three quarters of the places the rest is left out. */
static void add_day(struct look *look, const struct day_seen *row, uint64_t hash, int64_t sign)
{
    size_t at = hash % DAYS_MAX;

    while (look->days[at].is_taken && !is_same(&look->days[at], row))
        at = (at + 1) % DAYS_MAX;
    if (!look->days[at].is_taken) {
        if (look->n_days >= DAYS_MAX / 4 * 3)
            return;
        look->n_days++;
        look->days[at] = *row;
        look->days[at].is_taken = true;
        look->days[at].debit = look->days[at].credit = look->days[at].count = 0;
    }
    look->days[at].debit += sign * row->debit;
    look->days[at].credit += sign * row->credit;
    look->days[at].count += sign * row->count;
}

static void add(struct look *look, const struct day_seen *row, int64_t sign)
{
    const uint64_t hash = hash_of(row);
    const uint64_t value = value_of(row, hash);

    if (look->days == NULL)
        look->buckets[hash % BUCKETS] += sign > 0 ? value : -value;
    else if (look->buckets[hash % BUCKETS] != 0)
        add_day(look, row, hash, sign);
}

static int read_days(struct look *look)
{
    struct worker *worker = look->worker;
    struct scan scan;

    if (scan_begin(worker->session, MODULE_SETTLEMENT,
                   "SELECT biz_id, account, subject_id, day, chain, debit_minor, credit_minor, posting_count, currency "
                   "FROM bmt_settlement.account_days",
                   worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        struct day_seen day = {
            .biz_id = scan_i64(&scan, 0),
            .account = scan_i64(&scan, 1),
            .subject_id = scan_i64(&scan, 2),
            .day = scan_i64(&scan, 3),
            .chain = scan_i64(&scan, 4),
            .debit = scan_i64(&scan, 5),
            .credit = scan_i64(&scan, 6),
            .count = scan_i64(&scan, 7),
        };

        snprintf(day.currency, sizeof day.currency, "%s", scan_text(&scan, 8));
        add(look, &day, 1);
        worker->n_rows++;
    }
    return scan.has_failed ? -1 : 0;
}

static int find_end(struct worker *worker, int64_t after, int64_t *ret_upto)
{
    struct scan scan;

    *ret_upto = INT64_MAX;
    if (scan_begin(worker->session, MODULE_SETTLEMENT,
                   arena_printf(worker->arena,
                                "SELECT transfer_id FROM bmt_settlement.transfers FORCE INDEX (PRIMARY) WHERE "
                                "transfer_id > %lld ORDER BY transfer_id LIMIT 1 OFFSET %d",
                                (long long)after, SLICE - 1),
                   worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan))
        *ret_upto = scan_i64(&scan, 0);
    return scan.has_failed ? -1 : 0;
}

/* Postings whose transfer is not there are of chain -1, which has no days. */
static int read_postings(struct look *look)
{
    struct worker *worker = look->worker;
    int64_t after = INT64_MIN;
    int64_t upto = 0;
    int rc = 0;

    for (; upto != INT64_MAX && rc == 0; after = upto) {
        struct day_seen *days = NULL;
        size_t n = 0;

        rc = pass_stops(worker->verify) ? -1 : find_end(worker, after, &upto);
        if (rc == 0)
            rc = READ_RANGE(MODULE_SETTLEMENT,
                            "SELECT p.biz_id, p.account, p.subject_id, p.create_time_ms DIV 86400000, "
                            "COALESCE(t.chain, -1), SUM(GREATEST(p.amount_minor, 0)), "
                            "SUM(GREATEST(-p.amount_minor, 0)), COUNT(*), p.currency FROM "
                            "bmt_settlement.postings p FORCE INDEX (PRIMARY) LEFT JOIN "
                            "bmt_settlement.transfers t ON t.transfer_id = p.transfer_id WHERE "
                            "p.transfer_id > %lld AND p.transfer_id <= %lld GROUP BY 1, 2, 3, 4, 5, 9 "
                            "ORDER BY NULL",
                            &day_columns, days, n);
        for (size_t i = 0; i < n && rc == 0; i++)
            add(look, &days[i], -1);
        arena_reset(worker->arena);
    }
    return rc;
}

static int walk(struct look *look)
{
    const int rc = read_days(look);

    return rc == 0 ? read_postings(look) : rc;
}

static bool differs(const struct look *look)
{
    for (size_t i = 0; i < BUCKETS; i++)
        if (look->buckets[i] != 0)
            return true;
    return false;
}

static void tell_days(const struct look *look)
{
    for (size_t i = 0; i < DAYS_MAX; i++) {
        const struct day_seen *d = &look->days[i];

        if (d->debit == 0 && d->credit == 0 && d->count == 0)
            continue;
        found(look->worker, 0, ACCOUNT_DAY, d->biz_id, ID_KIND_COUNT, 0,
              "account %lld of %lld in %s, day %lld, chain %lld: debits differ by %lld, credits by %lld, postings by "
              "%lld",
              (long long)d->account, (long long)d->subject_id, d->currency, (long long)d->day, (long long)d->chain,
              (long long)d->debit, (long long)d->credit, (long long)d->count);
    }
}

int account_days_check(struct worker *worker, struct verify_report *report)
{
    struct arena *own CLEANUP(arena_cleanup) = arena_new(32 << 20);
    struct look look = {.worker = worker, .buckets = arena_array_of(own, uint64_t, BUCKETS)};
    int rc;

    (void)report;
    if (rows_snapshot_begin(worker, MODULE_SETTLEMENT) != 0)
        return -1;
    rc = walk(&look);
    if (rc == 0 && differs(&look)) {
        look.days = arena_array_of(own, struct day_seen, DAYS_MAX);
        rc = walk(&look);
        if (rc == 0)
            tell_days(&look);
    }
    if (rows_snapshot_end(worker, MODULE_SETTLEMENT) != 0)
        return -1;
    return rc;
}

struct account_days {
    int64_t *ends; /* by chain: the number of its last transfer in the snapshot */
    uint64_t *buckets;
    bool has_strays; /* a posting of no transfer was seen */
};

static int read_ends(struct worker *worker, struct account_days *days)
{
    struct scan scan;

    if (scan_begin(worker->session, MODULE_SETTLEMENT, "SELECT chain, seq FROM bmt_settlement.chains ORDER BY chain",
                   worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan))
        days->ends[scan_i64(&scan, 0) - CHAIN_MIN] = scan_i64(&scan, 1);
    return scan.has_failed ? -1 : 0;
}

int account_days_begin(struct worker *worker, struct arena *arena, struct account_days **ret_days)
{
    struct account_days *days = arena_new_of(arena, struct account_days);
    struct look look = {.worker = worker};
    int rc;

    days->ends = arena_array_of(arena, int64_t, CHAINS);
    days->buckets = look.buckets = arena_array_of(arena, uint64_t, BUCKETS);
    for (size_t i = 0; i < CHAINS; i++)
        days->ends[i] = INT64_MIN;
    rc = rows_snapshot_begin(worker, MODULE_SETTLEMENT);
    if (rc == 0)
        rc = read_ends(worker, days);
    if (rc == 0)
        rc = read_days(&look);
    if (rc == 0)
        rc = rows_snapshot_end(worker, MODULE_SETTLEMENT);
    *ret_days = days;
    return rc;
}

void account_days_add(struct account_days *days, const struct transfer_seen *transfer,
                      const struct posting_seen *postings, size_t n)
{
    if (transfer->seq > days->ends[transfer->chain - CHAIN_MIN])
        return;
    for (size_t i = 0; i < n; i++) {
        const struct posting_seen *p = &postings[i];
        struct day_seen day = {.biz_id = p->biz_id,
                               .account = p->account,
                               .subject_id = p->subject_id,
                               .day = p->create_ms / DAY_MS,
                               .chain = transfer->chain,
                               .debit = p->amount > 0 ? p->amount : 0,
                               .credit = p->amount < 0 ? -p->amount : 0,
                               .count = 1};
        uint64_t hash;

        memcpy(day.currency, p->currency, CURRENCY_SIZE);
        hash = hash_of(&day);
        __atomic_fetch_sub(&days->buckets[hash % BUCKETS], value_of(&day, hash), __ATOMIC_RELAXED);
    }
}

void account_days_stray(struct account_days *days)
{
    __atomic_store_n(&days->has_strays, true, __ATOMIC_RELAXED);
}

bool account_days_agree(const struct account_days *days)
{
    const struct look look = {.buckets = days->buckets};

    return !days->has_strays && !differs(&look);
}
