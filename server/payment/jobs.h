/* Timers of payments and refunds: channels are asked about what is open, until they have given their word. */
#ifndef BMT_PAYMENT_JOBS_H
#define BMT_PAYMENT_JOBS_H

#include "jobs/jobs.h"

extern const struct job payment_ask_channel_job, payment_ask_refund_job;

#endif
