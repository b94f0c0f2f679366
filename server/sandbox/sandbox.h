/* The sandbox module: the clock that can be moved, shared by all replicas through one row. */
#ifndef BMT_SANDBOX_SANDBOX_H
#define BMT_SANDBOX_SANDBOX_H

#include "jobs/jobs.h"
#include "rpc/service.h"

extern const struct rpc_service sandbox_service;

/* Follows the row in every replica, at every tick. Does nothing in production mode. */
extern const struct job sandbox_clock_job;

/* Whether the server runs in sandbox mode. Once, before the service starts. */
void sandbox_enable(bool is_sandbox);

/* Takes over the stored offset. At start, in sandbox mode. */
int sandbox_load_clock(struct session *session, struct err *err) MUST_CHECK;

#endif
