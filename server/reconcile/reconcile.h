/*
 * The reconcile module: runs of verify beside the live system, the breaks that they find, and their repairs.
 *
 * A run is a row; the replica that holds the lease `reconcile.run` works it (runner.h). What disagrees at its end
 * becomes a break, one a subject; a repair is a flow (flows/repair_order.h, repair_payment.h) between two looks.
 */
#ifndef BMT_RECONCILE_RECONCILE_H
#define BMT_RECONCILE_RECONCILE_H

#include "jobs/jobs.h"
#include "rpc/service.h"

extern const struct rpc_service reconcile_service;

/* Sets the metric of open breaks, in every replica. */
extern const struct job reconcile_count_job;

/* Starts the thread that works runs. Both must outlive it. */
void reconcile_start(const struct conf *conf, struct db *db);
/* Ends it; a run at hand is begun again by the next replica that finds it. */
void reconcile_stop(void);

#endif
