/*
 * The gRPC runtime: completion queue, pollers, lanes, health, reflection; only this room and clients/lib know gRPC.
 *
 *   rpc_start -> serving -> rpc_drain (health says NOT_SERVING, new calls are refused, running ones end) -> rpc_stop
 */
#ifndef BMT_RPC_RUNTIME_H
#define BMT_RPC_RUNTIME_H

#include <stdio.h>

#include "base/conf.h"
#include "rpc/auth.h"
#include "rpc/service.h"
#include "sql/db.h"

struct rpc;

/*
 * Checks every table against the contract, binds the port, starts pollers and lanes. 0, or -1 with every
 * disagreement as a line in `problems`, or RPC_PORT_TAKEN with one line when the address could not be bound.
 * `authenticator` may be NULL in tests: every call is then an admin's, of the business named in bmt-business.
 */
enum { RPC_PORT_TAKEN = -2 };
int rpc_start(const struct conf *conf, struct db *db, struct authenticator *authenticator,
              const struct rpc_service *const *services, size_t n_services, struct rpc **ret_rpc,
              FILE *problems) MUST_CHECK;

/* The port that was bound. */
int rpc_port(const struct rpc *rpc);

/* Ends in order: see above; returns when every call is answered and every thread has ended. */
void rpc_stop(struct rpc *rpc);

#endif
