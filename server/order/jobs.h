/* Timers of orders: closing those not paid in time, completing those fulfilled long enough. */
#ifndef BMT_ORDER_JOBS_H
#define BMT_ORDER_JOBS_H

#include "jobs/jobs.h"

extern const struct job order_close_expired_job;
extern const struct job order_confirm_due_job;

#endif
