/* Recovery of global transactions as jobs; see sql/recovery.h. */
#ifndef BMT_JOBS_RECOVER_H
#define BMT_JOBS_RECOVER_H

#include "jobs/jobs.h"

/* Finishes what is in doubt, in every replica; and, in one, forgets old fates. */
extern const struct job recover_job, forget_fates_job;

#endif
