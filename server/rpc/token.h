/*
 * Client tokens: JSON Web Tokens (RFC 7519) signed with Ed25519 (alg EdDSA, RFC 8037), for one user of one business.
 *
 * Nothing else is accepted: no other algorithm, whatever the header says; issuer and audience are `bmt`.
 */
#ifndef BMT_RPC_TOKEN_H
#define BMT_RPC_TOKEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/ed25519.h"
#include "base/err.h"

enum { TOKEN_TEXT_MAX = 1024 };

struct token_claims {
    int64_t biz_id;
    const char *user_id;
    int64_t expire_time_ms; /* whole seconds in the token */
};

/* The token as text, in the arena. */
const char *token_issue(const struct ed25519_key *key, const struct token_claims *claims, struct arena *arena);

/* Proves the token. 0, ERR_CREDENTIAL_INVALID or ERR_CREDENTIAL_EXPIRED. */
int token_read(const struct ed25519_key *key, const char *token, int64_t now_ms, struct arena *arena,
               struct token_claims *ret_claims, struct err *err) MUST_CHECK;

#endif
