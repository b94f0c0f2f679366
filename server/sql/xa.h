/*
 * Two-phase commit over the modules' servers; the inside of tx.h, for this room alone.
 *
 * A global transaction lives like this:
 *   1. begin     a name is drawn (gtid.h); nothing is stored yet.
 *   2. branch    each server but the home module's opens a branch when a statement first touches it; its first write
 *                is a row in txn_branches, which makes it a writer and proves its fate.
 *   3. prepare   every branch that wrote is PREPAREd. One that only read stays as it is and is rolled back at the end.
 *   4. decide    the home module's own, local transaction commits its rows and ONE decision row. That COMMIT is the
 *                decision.
 *   5. finish    the branches are committed.
 *
 * If we die before 4, recovery writes a tombstone in place of the decision and then rolls back; the table's primary key
 * settles a race with us without any clock. If we die after it, recovery commits what is left (recovery.h). Nothing
 * may refuse after 4. When the answer to the COMMIT in 4 is lost, nobody here knows: the branches stay prepared, the
 * caller is told COMMIT_UNCERTAIN, recovery reads the decision.
 *
 * Modules on one server share one branch. Where all modules of a transaction live on the home module's server, none of
 * this happens: it is an ordinary transaction. `XA COMMIT ... ONE PHASE` is never used (MDEV-31921).
 *
 * Not here: what a branch does (flows), who commits when (tx.c).
 */
#ifndef BMT_SQL_XA_H
#define BMT_SQL_XA_H

#include "base/conf.h"
#include "base/err.h"
#include "sql/gtid.h"
#include "sql/module.h"

struct tx;
struct connection;
struct db;
struct session;

enum branch_state { BRANCH_NONE, BRANCH_READING, BRANCH_WRITING, BRANCH_PREPARED };

struct branch {
    enum branch_state state;
    enum module module; /* whose schema holds the branch row */
    char bqual[BQUAL_SIZE];
};

/* A transaction's branches, by server. Zeroed: there is none. */
struct xa {
    char gtid[GTID_SIZE]; /* empty until the first branch */
    int64_t begin_ns;
    struct branch branches[CONF_SERVERS_MAX];
};

/* Opens the server's branch on its connection. */
int xa_join(struct tx *tx, size_t server, enum module module, struct connection *connection,
            struct err *err) MUST_CHECK;

/* Before the first write on the server: the branch row. */
int xa_before_write(struct tx *tx, size_t server, struct err *err) MUST_CHECK;

/* Whether any branch has written, so that the commit has two phases. */
bool xa_has_written(const struct tx *tx);

/* Steps 3 to 5. The errors of tx_commit; the transaction is over in every case. */
int xa_commit(struct tx *tx, struct err *err) MUST_CHECK;

/* Rolls back every branch; those that cannot be reached are recovery's. */
void xa_rollback(struct tx *tx);

/* Whether the server can take part: 0, or -1 with a line in `problems`. */
int xa_probe(struct session *session, size_t server, FILE *problems) MUST_CHECK;

/* A transaction of this process that nobody works on any more: recovery need not wait for its age. */
void xa_abandon(struct db *db, const char *gtid);
bool xa_is_abandoned(struct db *db, const char *gtid);
/* Somebody works on it now. */
void xa_take_abandoned(struct db *db, const char *gtid);

#endif
