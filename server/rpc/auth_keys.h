/*
 * The API keys that the authenticator holds in memory, and the thread that keeps them true.
 *
 * All keys that the source knows are read at start; changed ones every refresh. A key that is not held is looked up
 * once, together with the others that wait; that nobody has it is remembered for one refresh, so that a flood of
 * unknown keys does not become a flood of statements. Thread-safe.
 */
#ifndef BMT_RPC_AUTH_KEYS_H
#define BMT_RPC_AUTH_KEYS_H

#include "rpc/auth.h"

struct auth_keys;

struct auth_keys *auth_keys_start(struct db *db, const struct auth_source *source, int64_t refresh_ms);
void auth_keys_stop(struct auth_keys *keys);

/*
 * 0 with `ret_key`, ERR_CREDENTIAL_INVALID when nobody has it, ERR_DATABASE_UNAVAILABLE, or AUTH_LATER: then
 * `later(context)` is called once the key has been looked up.
 */
int auth_keys_find(struct auth_keys *keys, const uint8_t hash[API_KEY_HASH_SIZE], void (*later)(void *context),
                   void *context, struct auth_key *ret_key, struct err *err) MUST_CHECK;

/* 0 when the business exists, ERR_BUSINESS_NOT_FOUND, or as auth_keys_find. Businesses are never deleted. */
int auth_keys_find_business(struct auth_keys *keys, int64_t biz_id, void (*later)(void *context), void *context,
                            struct err *err) MUST_CHECK;

void auth_keys_forget(struct auth_keys *keys, const uint8_t hash[API_KEY_HASH_SIZE]);

/* Whether the business is known to be suspended: for tokens, which say nothing of that. */
bool auth_keys_is_suspended(struct auth_keys *keys, int64_t biz_id);

#endif
