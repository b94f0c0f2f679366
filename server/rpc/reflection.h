/*
 * gRPC reflection (grpc.reflection.v1 and v1alpha), answered from the embedded descriptor set.
 */
#ifndef BMT_RPC_REFLECTION_H
#define BMT_RPC_REFLECTION_H

#include "rpc/service.h"

extern const struct rpc_service reflection_service;
extern const struct rpc_service reflection_alpha_service;

#endif
