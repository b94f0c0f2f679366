/*
 * A server with the test service (protos/bmt/test/v1/test.proto), and what its methods have seen.
 */
#ifndef BMT_TESTS_RPC_FIXTURE_H
#define BMT_TESTS_RPC_FIXTURE_H

#include <stdbool.h>

#include "base/conf.h"
#include "bmt/test/v1/test.pb-c.h"
#include "lib/rpc.h"
#include "rpc/runtime.h"

#define TEST_PATH(method) "/bmt.test.v1.TestService/" method

struct fixture {
    struct arena *arena;
    struct conf conf;
    struct rpc *rpc;
    struct rpc_client *client;
};

/* Defaults of conf.def, no log of calls, port 0. */
struct conf fixture_conf(void);

/* Starts server and client; the authenticator and db may be NULL. */
struct fixture *fixture_start(const struct conf *conf, struct db *db, struct authenticator *authenticator);
void fixture_stop(struct fixture *fixture);

/* The gate that Slow waits at; closed by fixture_start. */
void gate_open(void);
void gate_close(void);
/* Waits until `n` calls of Slow have come to the gate (in batches) since gate_close. */
void gate_await(int n);
/* The largest batch of Slow, and how many calls its handler saw. */
int gate_batch_max(void);
int gate_calls(void);

/* The deadline of the latest command of Store. */
int64_t store_deadline_ns(void);

/* Streams of Watch that are gone, as on_gone told; waits until there are `n`. */
void gone_await(int n);
/* Sends to all open Watch streams until one refuses; how many were taken. */
int watch_flood(int n, int padding);
void watch_await(int n_open);

extern const struct rpc_service test_service;

#endif
