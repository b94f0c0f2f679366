/*
 * Held keys and a small table of misses under one lock, and one thread with its own session.
 */
#include "rpc/auth_keys.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"
#include "rpc/health.h"
#include "rpc/key_table.h"

enum {
    KEYS_ARENA_MAX = 1024 * 1024 * 1024,
    LOOKUP_ARENA_MAX = 64 * 1024 * 1024,
    MISSES = 1024,
    WAITERS_MAX = 4096,
    LOOKUPS_MAX = 256, /* keys of one statement */
};

/* That a hash has no key, or could not be looked up, until some moment. */
struct miss {
    uint8_t hash[API_KEY_HASH_SIZE];
    int64_t until_ns;
    enum err_id id;
};

/* For a key, or for a business: that is held under the hash of its id, beside the keys and like one without rights. */
struct waiter {
    uint8_t hash[API_KEY_HASH_SIZE];
    int64_t biz_id; /* 0: for a key */
    void (*later)(void *context);
    void *context;
};

struct auth_keys {
    struct arena *arena;
    struct db *db;
    const struct auth_source *source;
    int64_t refresh_ns;
    pthread_t thread;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    bool is_stopping;
    struct key_table *held;
    struct miss misses[MISSES];
    struct waiter waiters[WAITERS_MAX];
    size_t n_waiters;
};

/* To be taken before keys are read. */
static uint64_t keys_moment(struct auth_keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    uint64_t moment = key_table_moment(keys->held);
    pthread_mutex_unlock(&keys->lock);
    return moment;
}

static struct miss *keys_miss(struct auth_keys *keys, const uint8_t *hash)
{
    size_t slot; /* the hash is uniform already */

    memcpy(&slot, hash, sizeof(slot));
    return &keys->misses[slot % MISSES];
}

static int keys_fail(enum err_id id, int64_t biz_id, struct err *err)
{
    return id == ERR_BUSINESS_NOT_FOUND ? err_fail(err, id, id_show(ID_BUSINESS, biz_id)) : err_fail(err, id);
}

static int keys_find(struct auth_keys *keys, const struct waiter *asked, struct auth_key *ret_key, struct err *err)
{
    const uint8_t *hash = asked->hash;
    int rc = AUTH_LATER;

    pthread_mutex_lock(&keys->lock);
    const struct auth_key *held = key_table_find(keys->held, hash);
    const struct miss *miss = keys_miss(keys, hash);
    if (held != NULL) {
        *ret_key = *held;
        rc = 0;
    } else if (miss->until_ns > clock_steady_ns() && memcmp(miss->hash, hash, API_KEY_HASH_SIZE) == 0) {
        rc = keys_fail(miss->id, asked->biz_id, err);
    } else if (keys->n_waiters == WAITERS_MAX) {
        rc = err_fail(err, ERR_QUEUE_FULL, "authentication", "authentication");
    } else {
        keys->waiters[keys->n_waiters++] = *asked;
        pthread_cond_signal(&keys->work);
    }
    pthread_mutex_unlock(&keys->lock);
    return rc;
}

int auth_keys_find(struct auth_keys *keys, const uint8_t hash[API_KEY_HASH_SIZE], void (*later)(void *context),
                   void *context, struct auth_key *ret_key, struct err *err)
{
    struct waiter asked = {.later = later, .context = context};

    memcpy(asked.hash, hash, API_KEY_HASH_SIZE);
    return keys_find(keys, &asked, ret_key, err);
}

int auth_keys_find_business(struct auth_keys *keys, int64_t biz_id, void (*later)(void *context), void *context,
                            struct err *err)
{
    struct waiter asked = {.biz_id = biz_id, .later = later, .context = context};
    struct auth_key held;

    if (keys->source->exist == NULL)
        return 0;
    crypto_sha256(&biz_id, sizeof(biz_id), asked.hash);
    return keys_find(keys, &asked, &held, err);
}

void auth_keys_forget(struct auth_keys *keys, const uint8_t hash[API_KEY_HASH_SIZE])
{
    pthread_mutex_lock(&keys->lock);
    key_table_forget(keys->held, hash);
    keys_miss(keys, hash)->until_ns = 0;
    pthread_mutex_unlock(&keys->lock);
}

bool auth_keys_is_suspended(struct auth_keys *keys, int64_t biz_id)
{
    pthread_mutex_lock(&keys->lock);
    bool is_suspended = key_table_is_suspended(keys->held, biz_id);
    pthread_mutex_unlock(&keys->lock);
    return is_suspended;
}

/*
 * With the lock held: those that were looked for and not found, or not even asked, are misses for one refresh; one that
 * was forgotten meanwhile is none, it is looked for again.
 */
static void keys_note_misses(struct auth_keys *keys, const struct waiter *waiters, size_t n, uint64_t moment,
                             bool is_reached)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *hash = waiters[i].hash;
        struct miss *miss = keys_miss(keys, hash);

        if (key_table_find(keys->held, hash) != NULL || (is_reached && key_table_forgot(keys->held, hash, moment)))
            continue;
        memcpy(miss->hash, hash, API_KEY_HASH_SIZE);
        miss->until_ns = clock_steady_ns() + keys->refresh_ns;
        miss->id = !is_reached              ? ERR_DATABASE_UNAVAILABLE
                   : waiters[i].biz_id != 0 ? ERR_BUSINESS_NOT_FOUND
                                            : ERR_CREDENTIAL_INVALID;
    }
}

/* Those of the waiters' keys and businesses that exist, as keys to be held. */
static int keys_ask(struct auth_keys *keys, struct session *session, const struct waiter *waiters, size_t n,
                    struct arena *arena, struct auth_key **ret_keys, size_t *ret_n, struct err *err)
{
    uint8_t hashes[LOOKUPS_MAX][API_KEY_HASH_SIZE];
    int64_t biz_ids[LOOKUPS_MAX];
    int64_t *known = NULL;
    struct auth_key *found = NULL;
    size_t n_hashes = 0, n_biz_ids = 0, n_known = 0, n_found = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        if (waiters[i].biz_id != 0)
            biz_ids[n_biz_ids++] = waiters[i].biz_id;
        else
            memcpy(hashes[n_hashes++], waiters[i].hash, API_KEY_HASH_SIZE);
    }
    if (n_hashes > 0)
        rc = keys->source->find(session, (const uint8_t(*)[API_KEY_HASH_SIZE])hashes, n_hashes, arena, &found, &n_found,
                                err);
    if (rc == 0 && n_biz_ids > 0)
        rc = keys->source->exist(session, biz_ids, n_biz_ids, arena, &known, &n_known, err);
    if (rc != 0)
        return rc;
    *ret_keys = arena_array_of(arena, struct auth_key, n_found + n_known);
    for (size_t i = 0; i < n_found; i++)
        (*ret_keys)[i] = found[i];
    for (size_t i = 0; i < n_known; i++)
        crypto_sha256(&known[i], sizeof(known[i]), (*ret_keys)[n_found + i].hash);
    *ret_n = n_found + n_known;
    return 0;
}

static void keys_look_up(struct auth_keys *keys, struct session *session, const struct waiter *waiters, size_t n,
                         struct arena *arena)
{
    struct auth_key *found = NULL;
    size_t n_found = 0;
    struct err err = {0};
    const uint64_t moment = keys_moment(keys);
    int rc = keys_ask(keys, session, waiters, n, arena, &found, &n_found, &err);

    pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; rc == 0 && i < n_found; i++)
        key_table_put(keys->held, &found[i], moment);
    keys_note_misses(keys, waiters, n, moment, rc == 0);
    pthread_mutex_unlock(&keys->lock);
    for (size_t i = 0; i < n; i++)
        waiters[i].later(waiters[i].context);
}

/* Reads what changed; says whether the database could be reached. */
static void keys_refresh(struct auth_keys *keys, struct session *session, int64_t *version, struct arena *arena)
{
    for (bool goes_on = true; goes_on;) {
        struct auth_key *changed = NULL;
        size_t n = 0;
        int64_t next = *version;
        struct err err = {0};
        const uint64_t moment = keys_moment(keys);

        int rc = keys->source->changed(session, *version, arena, &changed, &n, &next, &err);
        health_database(rc != ERR_DATABASE_UNAVAILABLE);
        if (rc != 0) {
            log_warn("could not read changed keys, trying again",
                     log_text("reason", err_info((enum err_id)rc)->reason));
            return;
        }
        pthread_mutex_lock(&keys->lock);
        for (size_t i = 0; i < n; i++)
            key_table_put(keys->held, &changed[i], moment);
        pthread_mutex_unlock(&keys->lock);
        goes_on = n > 0 && next != *version;
        *version = next;
        arena_reset(arena);
    }
}

/* Waits for waiters or for the time of the next refresh, and takes waiters. False at the end, with none left. */
static bool keys_wait(struct auth_keys *keys, int64_t refresh_at_ns, struct waiter *waiters, size_t *ret_n)
{
    struct timespec until = {.tv_sec = refresh_at_ns / 1000000000, .tv_nsec = refresh_at_ns % 1000000000};

    pthread_mutex_lock(&keys->lock);
    while (keys->n_waiters == 0 && !keys->is_stopping) {
        if (pthread_cond_timedwait(&keys->work, &keys->lock, &until) != 0)
            break;
    }
    size_t n = keys->n_waiters < LOOKUPS_MAX ? keys->n_waiters : LOOKUPS_MAX;
    memcpy(waiters, keys->waiters, n * sizeof(*waiters));
    memmove(keys->waiters, keys->waiters + n, (keys->n_waiters - n) * sizeof(*waiters));
    keys->n_waiters -= n;
    bool goes_on = n > 0 || !keys->is_stopping;
    pthread_mutex_unlock(&keys->lock);
    *ret_n = n;
    return goes_on;
}

static void *keys_run(void *context)
{
    struct auth_keys *keys = context;
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(LOOKUP_ARENA_MAX);
    struct waiter *waiters = arena_array_of(keys->arena, struct waiter, LOOKUPS_MAX);
    int64_t version = 0;
    size_t n = 0;

    db_thread_begin();
    struct session *session = keys->db != NULL ? session_new(keys->db) : NULL;
    int64_t refresh_at_ns = clock_steady_ns();
    while (keys_wait(keys, refresh_at_ns, waiters, &n)) {
        if (n > 0)
            keys_look_up(keys, session, waiters, n, arena);
        arena_reset(arena);
        if (clock_steady_ns() >= refresh_at_ns) {
            keys_refresh(keys, session, &version, arena);
            refresh_at_ns = clock_steady_ns() + keys->refresh_ns;
        }
    }
    if (session != NULL)
        session_free(session);
    db_thread_end();
    return NULL;
}

struct auth_keys *auth_keys_start(struct db *db, const struct auth_source *source, int64_t refresh_ms)
{
    struct arena *arena = arena_new(KEYS_ARENA_MAX);
    struct auth_keys *keys = arena_new_of(arena, struct auth_keys);
    pthread_condattr_t attributes;

    keys->arena = arena;
    keys->db = db;
    keys->source = source;
    keys->refresh_ns = refresh_ms * 1000000;
    keys->held = key_table_new(arena);
    pthread_mutex_init(&keys->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&keys->work, &attributes);
    pthread_condattr_destroy(&attributes);
    int rc = pthread_create(&keys->thread, NULL, keys_run, keys);
    INVARIANT(rc == 0);
    return keys;
}

void auth_keys_stop(struct auth_keys *keys)
{
    pthread_mutex_lock(&keys->lock);
    keys->is_stopping = true;
    pthread_cond_signal(&keys->work);
    pthread_mutex_unlock(&keys->lock);
    pthread_join(keys->thread, NULL);
    pthread_cond_destroy(&keys->work);
    pthread_mutex_destroy(&keys->lock);
    arena_free(keys->arena);
}
