/*
 * A server that asks who calls, with keys from key_store.h.
 */
#ifndef BMT_TESTS_RPC_KEYS_FIXTURE_H
#define BMT_TESTS_RPC_KEYS_FIXTURE_H

#include "fixture.h"
#include "key_store.h"

typedef Bmt__Test__V1__EchoResponse EchoResponse;

enum { BIZ = 77 };

struct keys_fixture {
    struct fixture *f;
    struct authenticator *authenticator;
    char folder[64];
    char admin_key[API_KEY_TEXT_SIZE];
};

/* Set-up and tear-down of a test; the state is the struct keys_fixture. */
int keys_start(void **state);
int keys_stop(void **state);

/* Puts a key into the store; `text` gets its secret. Returns its place. */
int put_key(struct keys_fixture *k, struct auth_key row, char *text);
int given_key(struct keys_fixture *k, enum role role, int64_t biz_id, char *text);

struct rpc_result call(struct keys_fixture *k, const char *method, const char *credential, const char *business);
/* A call that must succeed. */
const EchoResponse *echo_as(struct keys_fixture *k, const char *credential, const char *business);
void expect(struct rpc_result result, const char *reason);

#endif
