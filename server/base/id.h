/*
 * Ids of the platform: 63 bits, time-ordered, unique over all replicas, never 0.
 *
 *   bit 62..22  milliseconds since 2024-01-01 UTC (41 bits, until 2093)
 *   bit 21..16  replica (0 to 63), leased from the database at start
 *   bit 15..6   sequence in the millisecond; when it is used up, the generator borrows the next millisecond
 *   bit  5..0   route: a hash of business and user, so that rows of one user stay together on a distributed engine
 *
 * They follow the wall clock, not the sandbox's clock: an id says when a row was made for real, and must stay unique
 * when the sandbox's clock is set. Outside they are shown as a prefix and 13 characters of Crockford's base 32,
 * `ord_01h8zq3k5m7p9`, which sort like the numbers.
 */
#ifndef BMT_BASE_ID_H
#define BMT_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

enum id_kind {
    ID_BUSINESS,          /* biz_ */
    ID_API_KEY,           /* key_ */
    ID_SPU,               /* spu_ */
    ID_SKU,               /* sku_ */
    ID_PRICE,             /* prc_ */
    ID_QUOTE,             /* quo_ */
    ID_ORDER,             /* ord_ */
    ID_PAYMENT,           /* pay_ */
    ID_REFUND,            /* rfd_ */
    ID_CHANNEL_ACCOUNT,   /* chn_ */
    ID_LOT,               /* lot_ */
    ID_PROMOTION,         /* prm_ */
    ID_ROUTE,             /* rte_ */
    ID_TEMPLATE,          /* tpl_ */
    ID_STATEMENT,         /* stm_ */
    ID_RUN,               /* run_ */
    ID_BREAK,             /* brk_ */
    ID_PARTNER,           /* ptn_ */
    ID_SPLIT_RULE,        /* spl_ */
    ID_ENTRY,             /* ent_ */
    ID_TRANSFER,          /* trf_ */
    ID_PARTNER_STATEMENT, /* pst_ */
    ID_PAYOUT,            /* pyo_ */
    ID_DISPUTE,           /* dsp_ */
    ID_ADJUSTMENT,        /* adj_ */
    ID_ACCEPTANCE,        /* acp_ */
    ID_KIND_COUNT,
};

enum { ID_TEXT_SIZE = 20, ID_REPLICA_MAX = 63 };

/* Sets the replica number of this process; before the first id_new. Without it, ids carry replica 0. */
void id_set_replica(unsigned replica);

/* A new id. Thread-safe. `route` is id_route() of the owner, or 0 where a row has none. */
int64_t id_new(unsigned route);

/* The 6 route bits of a user of a business. */
unsigned id_route(int64_t biz_id, const char *user_id);

/* When the id was drawn, ms since epoch. */
int64_t id_time_ms(int64_t id);

/* The smallest id that can be drawn at that time, INT64_MAX from 2093 on: for ranges of lists. */
int64_t id_first_of(int64_t time_ms);

/* `ord`, without the underscore. */
const char *id_prefix(enum id_kind kind);

/* Writes prefix and characters; text holds ID_TEXT_SIZE bytes. Returns text. */
const char *id_text(enum id_kind kind, int64_t id, char *text);

/* For arguments: `id_show(ID_ORDER, id)` lives until the end of the caller's block. */
#define id_show(kind, id) (id_text((kind), (id), (struct id_buffer){{0}}.text))
struct id_buffer {
    char text[ID_TEXT_SIZE];
};

/* Reads an id of this kind; upper case is accepted. 0 or ERR_FIELD_MALFORMED. */
int id_parse(enum id_kind kind, const char *text, int64_t *ret_id) MUST_CHECK;

/* Which kind a prefix such as `ord` names; false when none. */
bool id_kind_of_prefix(const char *prefix, enum id_kind *ret_kind);

#endif
