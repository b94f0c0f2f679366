/*
 * Who calls: from the metadata of a call to a caller, on the poller, without waiting.
 *
 * Known API keys are held in memory by their HMAC; changed ones are read every auth.refresh_ms, so that a revoked key
 * dies on every replica. A key not yet known is looked up once by the authenticator's own thread while the call is
 * parked. Client tokens (JWT, EdDSA) are proven by their signature alone. Where keys are stored is the business
 * module's affair: it gives a struct auth_source, wired in modules.c.
 */
#ifndef BMT_RPC_AUTH_H
#define BMT_RPC_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "sql/db.h"

/* The numbers of bmt.common.v1.Role. */
enum role {
    ROLE_UNSPECIFIED = 0,
    ROLE_PUBLIC = 1,
    ROLE_BROWSER = 2,
    ROLE_MERCHANT = 3,
    ROLE_SUPPORT = 4,
    ROLE_FINANCE = 5,
    ROLE_ADMIN = 6,
};

const char *role_name(enum role role); /* `merchant` */

enum { API_KEY_HASH_SIZE = 32, API_KEY_SCOPES_MAX = 256, USER_ID_MAX = 64 };

/* Who calls, as a handler sees it. */
struct caller {
    enum role role;
    int64_t biz_id;      /* the credential's business, or for staff the one named in metadata bmt-business; 0: none */
    int64_t key_id;      /* the API key; 0 for others */
    const char *user_id; /* a browser's user; NULL for others */
    const char *actor;   /* for histories: `merchant key_...`, `browser <user>`, `public` */
    const char *scopes;  /* space-separated; empty: no limit */
    const uint8_t *token_sha256; /* of a browser's token, SHA256_SIZE bytes; NULL for others */
};

/* Whether the credential carries the scope, or no limit of scopes. */
bool auth_has_scope(const struct caller *caller, const char *scope);

/* A stored API key, as the authenticator holds it. */
struct auth_key {
    uint8_t hash[API_KEY_HASH_SIZE]; /* HMAC-SHA256(pepper, whole key) */
    int64_t key_id;
    int64_t biz_id; /* 0: staff of the platform */
    enum role role;
    int64_t expire_time_ms; /* 0: never */
    bool is_revoked;
    bool is_suspended; /* the business is suspended: merchants and browsers are refused */
    char scopes[API_KEY_SCOPES_MAX];
};

/* Where keys come from; functions of the business module. They run on the authenticator's thread. */
struct auth_source {
    /* Keys among `hashes`. */
    int (*find)(struct session *session, const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n, struct arena *arena,
                struct auth_key **ret_keys, size_t *ret_n, struct err *err) MUST_CHECK;
    /* Keys changed at or after `version` (a counter of the table, 0 for all), and the version to ask from next. */
    int (*changed)(struct session *session, int64_t version, struct arena *arena, struct auth_key **ret_keys,
                   size_t *ret_n, int64_t *ret_version, struct err *err) MUST_CHECK;
    /* Which of these businesses exist. NULL: all that staff may name do. */
    int (*exist)(struct session *session, const int64_t *biz_ids, size_t n, struct arena *arena, int64_t **ret_biz_ids,
                 size_t *ret_n, struct err *err) MUST_CHECK;
};

/*
 * API keys look like `bmt_test_` or `bmt_live_`, 30 characters of base 62, and a checksum of 6 (CRC-32 of what stands
 * before it, base 62), after GitHub's format; a garbled one is refused without a look-up.
 */
enum { API_KEY_TEXT_SIZE = 46 };
void auth_key_generate(bool is_live, char text[API_KEY_TEXT_SIZE]);

/* Bytes for the 30 characters; called until there are enough of them. */
typedef void auth_key_bytes(void *context, uint8_t ret_bytes[32]);
void auth_key_compose(bool is_live, auth_key_bytes *bytes, void *context, char text[API_KEY_TEXT_SIZE]);
bool auth_key_is_well_formed(const char *text);

struct authenticator;

/* Reads the secrets that conf names. 0 or -1 with lines in `problems`. Starts the thread. */
int auth_start(const struct conf *conf, struct db *db, const struct auth_source *source,
               struct authenticator **ret_authenticator, FILE *problems) MUST_CHECK;
void auth_stop(struct authenticator *authenticator);

/* HMAC of a key, as it is stored. */
void auth_key_hash(const struct authenticator *authenticator, const char *key, uint8_t ret_hash[API_KEY_HASH_SIZE]);

/*
 * The key that belongs to a request: the same text for the same request for ever, and no way to it without the pepper.
 * So a repeated request gets its key again, although keys are never stored.
 */
void auth_key_derive(const struct authenticator *authenticator, bool is_live, const char *request,
                     char text[API_KEY_TEXT_SIZE]);

/* The key changed in this process: forget what is held, so that the next call looks it up. */
void auth_key_forget(struct authenticator *authenticator, const uint8_t hash[API_KEY_HASH_SIZE]);

/* A client token for one user of one business, good until `expire_time_ms`. Text lives in the arena. */
const char *auth_token_issue(const struct authenticator *authenticator, int64_t biz_id, const char *user_id,
                             int64_t expire_time_ms, struct arena *arena);

/*
 * Decides who calls from `authorization` and `bmt-business` (NULL when absent). 0 with `ret_caller` (strings in the
 * arena), an ERR_ of errors.def, or AUTH_LATER: `later(context)` is called once from the authenticator's thread, and
 * then the same question is to be asked again; it waits at most for the key and for the business.
 */
enum { AUTH_LATER = -1 };
int auth_caller(struct authenticator *authenticator, const char *authorization, const char *business,
                struct arena *arena, void (*later)(void *context), void *context, struct caller *ret_caller,
                struct err *err) MUST_CHECK;

#endif
