/* Leases of jobs: rows taken by compare-and-set in the database's time, so that clocks of machines do not matter. */
#ifndef BMT_JOBS_LEASE_H
#define BMT_JOBS_LEASE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "sql/db.h"
#include "sql/tx.h"

/* Takes or renews the lease. `ret_held`: whether `owner` has it now. */
int lease_take(struct session *session, const char *name, int64_t owner, int64_t lease_ms, bool *ret_held,
               struct err *err) MUST_CHECK;

/* Gives it back when it is still ours. */
int lease_release(struct session *session, const char *name, int64_t owner, struct err *err) MUST_CHECK;

/*
 * Inside a transaction of the platform module: the lease is still the owner's, and stays so until the end of it, since
 * who would take it waits for the row. ERR_BATCH_CONFLICT: it is another one's by now.
 */
int lease_keep(struct tx *tx, const char *name, int64_t owner, struct arena *arena, struct err *err) MUST_CHECK;

#endif
