/*
 * grpc.health.v1.Health: what balancers ask. NOT_SERVING while draining, or when the database could not be reached
 * at its last use (lanes and the authenticator's refresh tell).
 */
#ifndef BMT_RPC_HEALTH_H
#define BMT_RPC_HEALTH_H

#include <stdbool.h>

#include "rpc/service.h"

extern const struct rpc_service health_service;

void health_start(void);
void health_drain(void);
void health_database(bool is_reachable);

/* What Check answers. */
bool health_is_serving(void);

#endif
