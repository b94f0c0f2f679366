/*
 * From the metadata to a caller: see auth.h.
 */
#include "rpc/auth.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/ed25519.h"
#include "base/id.h"
#include "base/log.h"
#include "rpc/auth_keys.h"
#include "rpc/page.h"
#include "rpc/token.h"

enum { AUTH_ARENA_MAX = 4 * 1024 * 1024, PROVEN_TOKENS = 4096, SEEN_KEYS = 1024, HEADER_MAX = 2048 };

/*
 * Tokens that were proven before, because proving costs ten times a call's other work on the poller. By digest; a
 * newer one takes the place of an older one.
 */
struct proven_token {
    uint8_t digest[SHA256_SIZE];
    int64_t biz_id;
    int64_t expire_time_ms; /* 0: empty */
    char user_id[USER_ID_MAX + 1];
};

/*
 * Keys that were held before, by digest: a HMAC takes some times as long as a digest, and is all that is left out here.
 * Whether the key is good is asked each time.
 */
struct seen_key {
    bool is_set;
    uint8_t digest[SHA256_SIZE];
    uint8_t hash[API_KEY_HASH_SIZE];
};

struct authenticator {
    struct arena *arena;
    struct auth_keys *keys;
    const char *pepper;
    uint8_t admin_hash[API_KEY_HASH_SIZE];
    bool has_admin;
    struct ed25519_key *token_key;
    pthread_mutex_t lock; /* guards what follows */
    struct proven_token *tokens;
    struct seen_key *seen_keys;
};

const char *role_name(enum role role)
{
    static const char *const names[] = {
        [ROLE_UNSPECIFIED] = "unspecified",
        [ROLE_PUBLIC] = "public",
        [ROLE_BROWSER] = "browser",
        [ROLE_MERCHANT] = "merchant",
        [ROLE_SUPPORT] = "support",
        [ROLE_FINANCE] = "finance",
        [ROLE_ADMIN] = "admin",
    };

    return (size_t)role < COUNT_OF(names) ? names[role] : names[ROLE_UNSPECIFIED];
}

bool auth_has_scope(const struct caller *caller, const char *scope)
{
    size_t length = strlen(scope);
    const char *at = caller->scopes;

    if (at == NULL || at[0] == '\0')
        return true;
    while (*at != '\0') {
        size_t word = strcspn(at, " ");

        if (word == length && memcmp(at, scope, length) == 0)
            return true;
        at += word + strspn(at + word, " ");
    }
    return false;
}

void auth_key_hash(const struct authenticator *authenticator, const char *key, uint8_t ret_hash[API_KEY_HASH_SIZE])
{
    crypto_hmac_sha256(authenticator->pepper, strlen(authenticator->pepper), key, strlen(key), ret_hash);
}

/* A stream of bytes out of the pepper and the request: HMAC over a counter and the request. */
struct auth_derivation {
    const struct authenticator *authenticator;
    const char *request;
    unsigned counter;
};

static void auth_derived_bytes(void *context, uint8_t ret_bytes[SHA256_SIZE])
{
    struct auth_derivation *derivation = context;
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(AUTH_ARENA_MAX);

    auth_key_hash(derivation->authenticator,
                  arena_printf(arena, "bmt api key %u %s", derivation->counter++, derivation->request), ret_bytes);
}

void auth_key_derive(const struct authenticator *authenticator, bool is_live, const char *request,
                     char text[API_KEY_TEXT_SIZE])
{
    struct auth_derivation derivation = {.authenticator = authenticator, .request = request};

    auth_key_compose(is_live, auth_derived_bytes, &derivation, text);
}

static int auth_read_secrets(const struct conf *conf, struct authenticator *authenticator, FILE *problems)
{
    const char *admin_key = NULL;

    if (conf->auth_pepper_file[0] == '\0') {
        fprintf(problems, "auth.pepper_file: must be set\n");
        return -1;
    }
    if (conf_read_secret(conf->auth_pepper_file, authenticator->arena, &authenticator->pepper, problems) != 0)
        return -1;
    if (conf->auth_admin_key_file[0] != '\0') {
        if (conf_read_secret(conf->auth_admin_key_file, authenticator->arena, &admin_key, problems) != 0)
            return -1;
        if (!auth_key_is_well_formed(admin_key)) {
            fprintf(problems, "%s: does not hold a well-formed API key\n", conf->auth_admin_key_file);
            return -1;
        }
        auth_key_hash(authenticator, admin_key, authenticator->admin_hash);
        authenticator->has_admin = true;
    }
    if (conf->auth_token_key_file[0] != '\0')
        return ed25519_read_private_key(conf->auth_token_key_file, &authenticator->token_key, problems);
    log_warn("auth.token_key_file is not set, signing client tokens with a key of this process",
             log_text("setting", "auth.token_key_file"));
    authenticator->token_key = ed25519_new_private_key();
    return 0;
}

/* One more secret out of the pepper, so that all replicas have it. */
static void auth_derive_page_key(const struct authenticator *authenticator)
{
    uint8_t key[PAGE_KEY_SIZE];

    auth_key_hash(authenticator, "bmt page tokens", key);
    page_use_key(key);
    crypto_wipe(key, sizeof(key));
}

int auth_start(const struct conf *conf, struct db *db, const struct auth_source *source,
               struct authenticator **ret_authenticator, FILE *problems)
{
    struct arena *arena = arena_new(AUTH_ARENA_MAX);
    struct authenticator *authenticator = arena_new_of(arena, struct authenticator);

    authenticator->arena = arena;
    if (auth_read_secrets(conf, authenticator, problems) != 0) {
        arena_free(arena);
        return -1;
    }
    auth_derive_page_key(authenticator);
    pthread_mutex_init(&authenticator->lock, NULL);
    authenticator->tokens = arena_array_of(arena, struct proven_token, PROVEN_TOKENS);
    authenticator->seen_keys = arena_array_of(arena, struct seen_key, SEEN_KEYS);
    authenticator->keys = auth_keys_start(db, source, conf->auth_refresh_ms);
    *ret_authenticator = authenticator;
    return 0;
}

void auth_stop(struct authenticator *authenticator)
{
    auth_keys_stop(authenticator->keys);
    pthread_mutex_destroy(&authenticator->lock);
    ed25519_key_free(authenticator->token_key);
    crypto_wipe((char *)(uintptr_t)authenticator->pepper, strlen(authenticator->pepper));
    arena_free(authenticator->arena);
}

void auth_key_forget(struct authenticator *authenticator, const uint8_t hash[API_KEY_HASH_SIZE])
{
    auth_keys_forget(authenticator->keys, hash);
}

const char *auth_token_issue(const struct authenticator *authenticator, int64_t biz_id, const char *user_id,
                             int64_t expire_time_ms, struct arena *arena)
{
    struct token_claims claims = {.biz_id = biz_id, .user_id = user_id, .expire_time_ms = expire_time_ms};

    return token_issue(authenticator->token_key, &claims, arena);
}

/* A business named by staff: what is asked for a business that does not exist must not leave rows of it. */
static int auth_business(struct authenticator *authenticator, const char *business, void (*later)(void *context),
                         void *context, int64_t *ret_biz_id, struct err *err)
{
    if (business == NULL)
        return 0;
    if (id_parse(ID_BUSINESS, business, ret_biz_id) != 0)
        return err_fail(err, ERR_FIELD_MALFORMED, "bmt-business", "an id with prefix biz_");
    return auth_keys_find_business(authenticator->keys, *ret_biz_id, later, context, err);
}

/* Whether a key that exists is good now. */
static int auth_key_check(const struct auth_key *key, struct err *err)
{
    if (key->is_revoked)
        return err_fail(err, ERR_CREDENTIAL_REVOKED);
    if (key->expire_time_ms != 0 && clock_now_ms() >= key->expire_time_ms)
        return err_fail(err, ERR_CREDENTIAL_EXPIRED);
    if (key->is_suspended && key->biz_id != 0)
        return err_fail(err, ERR_BUSINESS_SUSPENDED, id_show(ID_BUSINESS, key->biz_id));
    return 0;
}

static struct seen_key *auth_seen_key(const struct authenticator *authenticator, const uint8_t digest[SHA256_SIZE])
{
    return &authenticator->seen_keys[(digest[0] << 8 | digest[1]) % SEEN_KEYS];
}

/* The HMAC of a well-formed key; from memory when the key was held before. */
static int auth_hash_of_key(struct authenticator *authenticator, const char *text, const uint8_t digest[SHA256_SIZE],
                            uint8_t ret_hash[API_KEY_HASH_SIZE], bool *ret_was_seen, struct err *err)
{
    const struct seen_key *seen = auth_seen_key(authenticator, digest);

    pthread_mutex_lock(&authenticator->lock);
    const bool was_seen = seen->is_set && memcmp(seen->digest, digest, SHA256_SIZE) == 0;
    if (was_seen)
        memcpy(ret_hash, seen->hash, API_KEY_HASH_SIZE);
    pthread_mutex_unlock(&authenticator->lock);
    if (!was_seen && !auth_key_is_well_formed(text))
        return err_fail(err, ERR_CREDENTIAL_INVALID);
    if (!was_seen)
        auth_key_hash(authenticator, text, ret_hash);
    *ret_was_seen = was_seen;
    return 0;
}

static void auth_note_seen(struct authenticator *authenticator, const uint8_t digest[SHA256_SIZE],
                           const uint8_t hash[API_KEY_HASH_SIZE])
{
    struct seen_key *seen = auth_seen_key(authenticator, digest);

    pthread_mutex_lock(&authenticator->lock);
    seen->is_set = true;
    memcpy(seen->digest, digest, SHA256_SIZE);
    memcpy(seen->hash, hash, API_KEY_HASH_SIZE);
    pthread_mutex_unlock(&authenticator->lock);
}

static int auth_by_key(struct authenticator *authenticator, const char *text, const char *business, struct arena *arena,
                       void (*later)(void *context), void *context, struct caller *ret_caller, struct err *err)
{
    const size_t size = strlen(text);
    uint8_t digest[SHA256_SIZE];
    uint8_t hash[API_KEY_HASH_SIZE];
    bool was_seen = false;
    struct auth_key key;
    int rc;

    if (size != API_KEY_TEXT_SIZE - 1)
        return err_fail(err, ERR_CREDENTIAL_INVALID);
    crypto_sha256(text, size, digest);
    rc = auth_hash_of_key(authenticator, text, digest, hash, &was_seen, err);
    if (rc != 0)
        return rc;
    if (authenticator->has_admin && crypto_equal(hash, authenticator->admin_hash, sizeof(hash))) {
        *ret_caller = (struct caller){.role = ROLE_ADMIN, .actor = "admin operator", .scopes = ""};
        return auth_business(authenticator, business, later, context, &ret_caller->biz_id, err);
    }
    rc = auth_keys_find(authenticator->keys, hash, later, context, &key, err);
    if (rc == 0 && !was_seen)
        auth_note_seen(authenticator, digest, hash);
    if (rc == 0)
        rc = auth_key_check(&key, err);
    if (rc != 0)
        return rc;

    *ret_caller = (struct caller){.role = key.role, .biz_id = key.biz_id, .key_id = key.key_id};
    ret_caller->actor = arena_printf(arena, "%s %s", role_name(key.role), id_show(ID_API_KEY, key.key_id));
    ret_caller->scopes = arena_strdup(arena, key.scopes);
    if (key.biz_id != 0)
        return 0;
    return auth_business(authenticator, business, later, context, &ret_caller->biz_id, err);
}

/* What was proven before, if it was this very token; its claims with the user in the arena. */
static bool auth_is_proven(struct authenticator *authenticator, const uint8_t digest[SHA256_SIZE], struct arena *arena,
                           struct token_claims *ret_claims)
{
    struct proven_token *slot = &authenticator->tokens[(digest[0] << 8 | digest[1]) % PROVEN_TOKENS];

    pthread_mutex_lock(&authenticator->lock);
    bool is_proven = slot->expire_time_ms != 0 && memcmp(slot->digest, digest, SHA256_SIZE) == 0;
    if (is_proven) {
        *ret_claims = (struct token_claims){.biz_id = slot->biz_id, .expire_time_ms = slot->expire_time_ms};
        ret_claims->user_id = arena_strdup(arena, slot->user_id);
    }
    pthread_mutex_unlock(&authenticator->lock);
    return is_proven;
}

static void auth_note_proven(struct authenticator *authenticator, const uint8_t digest[SHA256_SIZE],
                             const struct token_claims *claims)
{
    struct proven_token *slot = &authenticator->tokens[(digest[0] << 8 | digest[1]) % PROVEN_TOKENS];

    pthread_mutex_lock(&authenticator->lock);
    memcpy(slot->digest, digest, SHA256_SIZE);
    slot->biz_id = claims->biz_id;
    slot->expire_time_ms = claims->expire_time_ms;
    snprintf(slot->user_id, sizeof(slot->user_id), "%s", claims->user_id);
    pthread_mutex_unlock(&authenticator->lock);
}

static int auth_by_token(struct authenticator *authenticator, const char *token, struct arena *arena,
                         struct caller *ret_caller, struct err *err)
{
    struct token_claims claims;
    uint8_t digest[SHA256_SIZE];
    int64_t now_ms = clock_now_ms();

    crypto_sha256(token, strlen(token), digest);
    if (!auth_is_proven(authenticator, digest, arena, &claims)) {
        int rc = token_read(authenticator->token_key, token, now_ms, arena, &claims, err);
        if (rc != 0)
            return rc;
        auth_note_proven(authenticator, digest, &claims);
    }
    if (now_ms >= claims.expire_time_ms)
        return err_fail(err, ERR_CREDENTIAL_EXPIRED);
    if (auth_keys_is_suspended(authenticator->keys, claims.biz_id))
        return err_fail(err, ERR_BUSINESS_SUSPENDED, id_show(ID_BUSINESS, claims.biz_id));
    *ret_caller = (struct caller){.role = ROLE_BROWSER, .biz_id = claims.biz_id, .user_id = claims.user_id};
    ret_caller->actor = arena_printf(arena, "browser %s", claims.user_id);
    ret_caller->token_sha256 = arena_memdup(arena, digest, sizeof digest);
    ret_caller->scopes = "";
    return 0;
}

int auth_caller(struct authenticator *authenticator, const char *authorization, const char *business,
                struct arena *arena, void (*later)(void *context), void *context, struct caller *ret_caller,
                struct err *err)
{
    if (authorization == NULL)
        return err_fail(err, ERR_CREDENTIAL_MISSING);
    if (strncasecmp(authorization, "Bearer ", 7) != 0 || strlen(authorization) > HEADER_MAX)
        return err_fail(err, ERR_CREDENTIAL_INVALID);
    const char *credential = authorization + 7;
    if (strncmp(credential, "bmt_", 4) == 0)
        return auth_by_key(authenticator, credential, business, arena, later, context, ret_caller, err);
    return auth_by_token(authenticator, credential, arena, ret_caller, err);
}
