/*
 * Transactions over the modules' servers.
 *
 *   tx_begin -> sql_write / sql_select ... -> tx_commit
 *
 * A server joins when a statement first touches one of its modules. A transaction that is left without a commit is
 * rolled back by its CLEANUP. READ COMMITTED; no channel call, no sleeping and no waiting for people inside.
 *
 * `home` is the module whose server decides. Where all modules touched live on it, its COMMIT is all there is;
 * otherwise it commits last, in two phases (xa.h). The resource map decides; the code above never knows.
 */
#ifndef BMT_SQL_TX_H
#define BMT_SQL_TX_H

#include "base/check.h"
#include "base/err.h"
#include "sql/db.h"

struct tx;

int tx_begin(struct session *session, enum module home, struct tx **ret_tx, struct err *err) MUST_CHECK;

/* For reads alone: sees committed rows, takes no locks; commit and rollback are the same. */
int tx_begin_read(struct session *session, struct tx **ret_tx, struct err *err) MUST_CHECK;

/*
 * 0: everything is durable. ERR_COMMIT_UNCERTAIN: the commit was not answered, or by an error that does not
 * prove that nothing was stored; never repeat the business call, read what is true. Any other error: nothing was
 * stored. The transaction is over in every case.
 */
int tx_commit(struct tx *tx, struct err *err) MUST_CHECK;

void tx_rollback(struct tx *tx);

/* Rolls back what was not committed: `struct tx *tx CLEANUP(tx_cleanup) = NULL;` */
void tx_cleanup(struct tx **tx);

#endif
