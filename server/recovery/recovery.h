/* The recovery module: what operators see of global transactions in doubt. Recovery itself is sql/recovery.h. */
#ifndef BMT_RECOVERY_RECOVERY_H
#define BMT_RECOVERY_RECOVERY_H

#include "rpc/service.h"

extern const struct rpc_service recovery_service;

#endif
