/*
 * Ids; see id.h. Time and sequence are one number of 51 bits (41 ms, 10 sequence) that only grows: a CAS takes the
 * next one, or the present millisecond's first when that is larger.
 */
#include "base/id.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

#define EPOCH_MS INT64_C(1704067200000) /* 2024-01-01 */

enum { ROUTE_BITS = 6, SEQUENCE_BITS = 10, REPLICA_BITS = 6, TIME_SHIFT = ROUTE_BITS + SEQUENCE_BITS + REPLICA_BITS };
enum { TEXT_DIGITS = 13 };

static _Atomic unsigned replica_number;
static _Atomic int64_t last_stamp; /* ms << SEQUENCE_BITS | sequence */

void id_set_replica(unsigned replica)
{
    PRE(replica <= ID_REPLICA_MAX);

    atomic_store(&replica_number, replica);
}

int64_t id_new(unsigned route)
{
    const int64_t first_now = (clock_wall_ms() - EPOCH_MS) << SEQUENCE_BITS;
    int64_t last = atomic_load(&last_stamp);
    int64_t stamp;

    PRE(route < 1u << ROUTE_BITS);
    do
        stamp = last + 1 > first_now ? last + 1 : first_now;
    while (!atomic_compare_exchange_weak(&last_stamp, &last, stamp));

    const int64_t ms = stamp >> SEQUENCE_BITS;
    const int64_t sequence = stamp & ((1 << SEQUENCE_BITS) - 1);

    return ms << TIME_SHIFT | (int64_t)atomic_load(&replica_number) << (ROUTE_BITS + SEQUENCE_BITS) |
           sequence << ROUTE_BITS | (int64_t)route;
}

/* FNV-1a, 64 bits (draft-eastlake-fnv), folded. */
unsigned id_route(int64_t biz_id, const char *user_id)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (int i = 0; i < 64; i += 8)
        hash = (hash ^ ((uint64_t)biz_id >> i & 0xFF)) * UINT64_C(1099511628211);
    for (const char *at = user_id; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
    return (unsigned)((hash >> 58 ^ hash >> 29 ^ hash) & ((1u << ROUTE_BITS) - 1));
}

int64_t id_time_ms(int64_t id)
{
    return (id >> TIME_SHIFT) + EPOCH_MS;
}

int64_t id_first_of(int64_t time_ms)
{
    if (time_ms <= EPOCH_MS)
        return 0;
    return time_ms - EPOCH_MS > INT64_MAX >> TIME_SHIFT ? INT64_MAX : (time_ms - EPOCH_MS) << TIME_SHIFT;
}

static const char *const prefixes[ID_KIND_COUNT] = {
    [ID_BUSINESS] = "biz",   [ID_API_KEY] = "key",
    [ID_SPU] = "spu",        [ID_SKU] = "sku",
    [ID_PRICE] = "prc",      [ID_QUOTE] = "quo",
    [ID_ORDER] = "ord",      [ID_PAYMENT] = "pay",
    [ID_REFUND] = "rfd",     [ID_CHANNEL_ACCOUNT] = "chn",
    [ID_LOT] = "lot",        [ID_PROMOTION] = "prm",
    [ID_ROUTE] = "rte",      [ID_TEMPLATE] = "tpl",
    [ID_STATEMENT] = "stm",  [ID_RUN] = "run",
    [ID_BREAK] = "brk",      [ID_PARTNER] = "ptn",
    [ID_SPLIT_RULE] = "spl", [ID_ENTRY] = "ent",
    [ID_TRANSFER] = "trf",   [ID_PARTNER_STATEMENT] = "pst",
    [ID_PAYOUT] = "pyo",     [ID_DISPUTE] = "dsp",
    [ID_ADJUSTMENT] = "adj", [ID_ACCEPTANCE] = "acp",
};

const char *id_prefix(enum id_kind kind)
{
    PRE(kind < ID_KIND_COUNT);

    return prefixes[kind];
}

/* Crockford's base 32: no I, L, O, U. */
static const char digits[33] = "0123456789abcdefghjkmnpqrstvwxyz";

const char *id_text(enum id_kind kind, int64_t id, char *text)
{
    uint64_t rest = (uint64_t)id;

    PRE(id > 0);
    memcpy(text, id_prefix(kind), 3);
    text[3] = '_';
    for (int i = TEXT_DIGITS - 1; i >= 0; i--, rest >>= 5)
        text[4 + i] = digits[rest & 31];
    text[4 + TEXT_DIGITS] = '\0';
    return text;
}

int id_parse(enum id_kind kind, const char *text, int64_t *ret_id)
{
    uint64_t id = 0;

    if (strncmp(text, id_prefix(kind), 3) != 0 || text[3] != '_' || strlen(text) != 4 + TEXT_DIGITS)
        return ERR_FIELD_MALFORMED;
    for (int i = 0; i < TEXT_DIGITS; i++) {
        const char c = text[4 + i];
        const char *digit = strchr(digits, c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);

        if (digit == NULL)
            return ERR_FIELD_MALFORMED;
        if (i == 0 && digit - digits > 7) /* 13 x 5 = 65 bits: more than 63 would wrap */
            return ERR_FIELD_MALFORMED;
        id = id << 5 | (uint64_t)(digit - digits);
    }
    if (id == 0)
        return ERR_FIELD_MALFORMED;
    *ret_id = (int64_t)id;
    return 0;
}

bool id_kind_of_prefix(const char *prefix, enum id_kind *ret_kind)
{
    for (int i = 0; i < ID_KIND_COUNT; i++)
        if (strcmp(prefixes[i], prefix) == 0) {
            *ret_kind = (enum id_kind)i;
            return true;
        }
    return false;
}
