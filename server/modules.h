/* THE list of what this server serves and runs; modules.c. */
#ifndef BMT_MODULES_H
#define BMT_MODULES_H

#include "jobs/jobs.h"
#include "rpc/service.h"

extern const struct rpc_service *const modules_services[];
extern const size_t modules_services_count;

extern const struct job *const modules_jobs[];
extern const size_t modules_jobs_count;

#endif
