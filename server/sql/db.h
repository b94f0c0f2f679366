/*
 * The database servers, which schemas they hold, and sessions on them.
 *
 * A session is one lane's (or job's, or test's) set of connections, at most one to each server, opened when first
 * needed and again after a loss. It belongs to one thread at a time.
 */
#ifndef BMT_SQL_DB_H
#define BMT_SQL_DB_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "sql/module.h"

struct db;
struct session;

/*
 * Reads the resource map. 0, or -1 with a line in `problems`: unknown module or server, a module without a server,
 * several servers with commit_mode `one`, or in production with the default cluster name, a commit_mode that this build
 * does not know.
 */
int db_open(const struct conf *conf, struct arena *arena, struct db **ret_db, FILE *problems) MUST_CHECK;
void db_close(struct db *db);

/* Connects once to every server: 0, or ERR_DATABASE_UNAVAILABLE; `problems` says which server and why. */
int db_ping(struct db *db, FILE *problems) MUST_CHECK;

struct session *session_new(struct db *db);
void session_free(struct session *session);
void session_cleanup(struct session **session);

/* The settings that the session's servers come from. */
const struct conf *session_conf(const struct session *session);

/*
 * Whether the session's statements wait for rows that others have locked, as long as database.lock_wait_s, or end at
 * once. They wait until told otherwise; may be told between transactions alone.
 */
void session_wait_for_locks(struct session *session, bool waits);
bool session_waits_for_locks(const struct session *session);

/* Whether a statement of the last transaction met a lock that was not released in time. */
bool session_met_lock(const struct session *session);

/* Each thread that uses sessions brackets its life with these. */
void db_thread_begin(void);
void db_thread_end(void);

#endif
