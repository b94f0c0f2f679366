/*
 * Recovery: finishes global transactions that nobody else finishes. Every replica runs it all the time; two at once
 * do no harm.
 *
 *   1. list     XA RECOVER on every server; names of others are counted and never touched.
 *   2. decide   what is old enough (xa.in_doubt_ms), or was left by this process: its decision row is read in the home
 *               module's schema. Where there is none, the tombstone ('A') is inserted: the primary key settles the race
 *               with a slow coordinator, and fences it off.
 *   3. finish   branches of 'C' are committed, those of 'A' rolled back. A branch whose owner's connection still lives
 *               cannot be finished by others (1397, though it stays listed): the connection is ended, and the next
 *               round finishes it. Connections are counted anew when a server starts, so that one which is younger
 *               than the transaction is left alone.
 *
 * Nothing here can contradict a decision row. Fates are kept as proof for xa.keep_s, then forgotten, once no
 * prepared branch is as old. A coordinator that slept for that long cannot decide any more: it gives up by itself
 * after a minute (xa.c), and its sleeping connections end after an hour (db.c).
 */
#ifndef BMT_SQL_RECOVERY_H
#define BMT_SQL_RECOVERY_H

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "sql/db.h"
#include "sql/gtid.h"

/* A prepared branch, as a server lists it. */
struct in_doubt_branch {
    size_t server;
    enum module module;
    unsigned long connection_id; /* of its owner */
    char bqual[BQUAL_SIZE];
};

enum fate { FATE_OPEN = 0, FATE_COMMIT = 'C', FATE_ABORT = 'A' };

/* A global transaction with prepared branches. */
struct in_doubt {
    char gtid[GTID_SIZE];
    struct gtid parts;
    int64_t age_ms;
    bool is_due;        /* old enough to be finished by recovery */
    enum fate fate;     /* as the home module's schema tells */
    bool is_fate_known; /* false: the home module's server could not be asked */
    size_t n_branches;
    struct in_doubt_branch branches[CONF_SERVERS_MAX];
};

struct in_doubt_list {
    struct in_doubt *items; /* oldest first */
    size_t n;
    size_t n_foreign;     /* prepared branches of other programs */
    size_t n_unreachable; /* servers that could not be asked */
    bool is_cut;          /* there were more than IN_DOUBT_MAX; which ones are missing is the servers' choice */
    bool is_whole;        /* what is not in the list is not in doubt; on one server nothing ever is */
};

enum { IN_DOUBT_MAX = 2048 }; /* more are found by the next round */

/* What is in doubt now, with its fate. Servers that do not answer are counted, not fatal. */
struct in_doubt_list recovery_list(struct session *session, struct arena *arena);

/* One round over everything that is due, or over `only` whatever its age (NULL: all). Returns how many were finished.
 */
size_t recovery_run(struct session *session, struct arena *arena, const char *only);

/* The fate of a transaction that has no prepared branch; false when none is kept. */
bool recovery_find_fate(struct session *session, const char *gtid, struct in_doubt *ret_item);

/* Deletes old fates, a bounded number; returns how many rows. */
size_t recovery_forget(struct session *session, struct arena *arena);

#endif
