/*
 * The number of this replica, which ids carry (base/id.h): leased from the database, so that no two living processes
 * share one. A process whose lease was taken by another one must draw a new number before it makes further ids.
 */
#ifndef BMT_JOBS_REPLICA_H
#define BMT_JOBS_REPLICA_H

#include "base/err.h"
#include "jobs/jobs.h"
#include "sql/db.h"

/* Leases a free number and gives it to id_set_replica. ERR_INTERNAL_ERROR when all 64 are taken. */
int replica_join(struct session *session, struct err *err) MUST_CHECK;

/* Gives the number back. */
int replica_leave(struct session *session, struct err *err) MUST_CHECK;

/* Renews the lease in time, in every replica. */
extern const struct job replica_renew_job;

#endif
