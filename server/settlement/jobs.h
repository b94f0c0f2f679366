/*
 * What settlement does by itself: lines of orders that have ended are divided, periods that are over closed, channels
 * asked about payouts.
 */
#ifndef BMT_SETTLEMENT_JOBS_H
#define BMT_SETTLEMENT_JOBS_H

#include "jobs/jobs.h"

extern const struct job settlement_clear_job, settlement_open_periods_job, settlement_gather_job,
    settlement_ask_payout_job;

#endif
