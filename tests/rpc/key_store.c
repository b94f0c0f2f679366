/*
 * The store's two questions.
 */
#include "key_store.h"

#include <string.h>

struct key_store store = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int store_find(struct session *session, const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n,
                      struct arena *arena, struct auth_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct auth_key *found = arena_array_of(arena, struct auth_key, KEYS_MAX);
    size_t n_found = 0;

    (void)session;
    pthread_mutex_lock(&store.lock);
    store.n_finds += (int)n;
    store.n_held += store.is_held;
    pthread_cond_broadcast(&store.changed);
    while (store.is_held)
        pthread_cond_wait(&store.changed, &store.lock);
    for (size_t k = 0; k < store.n; k++) {
        for (size_t i = 0; i < n; i++) {
            if (memcmp(store.keys[k].hash, hashes[i], API_KEY_HASH_SIZE) == 0 && n_found < KEYS_MAX)
                found[n_found++] = store.keys[k];
        }
    }
    bool is_down = store.is_down;
    pthread_mutex_unlock(&store.lock);
    if (is_down)
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    *ret_keys = found;
    *ret_n = n_found;
    return 0;
}

static int store_changed(struct session *session, int64_t version, struct arena *arena, struct auth_key **ret_keys,
                         size_t *ret_n, int64_t *ret_version, struct err *err)
{
    struct auth_key *found = arena_array_of(arena, struct auth_key, KEYS_MAX);
    size_t n = 0;

    (void)session;
    pthread_mutex_lock(&store.lock);
    store.n_refreshes++;
    pthread_cond_broadcast(&store.changed);
    bool is_down = store.is_down;
    for (size_t k = 0; k < store.n; k++) {
        if (store.versions[k] >= version)
            found[n++] = store.keys[k];
    }
    *ret_version = store.version + 1;
    pthread_mutex_unlock(&store.lock);
    if (is_down)
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    *ret_keys = found;
    *ret_n = n;
    return 0;
}

const struct auth_source key_source = {.find = store_find, .changed = store_changed};
