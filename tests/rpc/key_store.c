/*
 * The store's two questions, and what a test does to it; all of it under its lock.
 */
#include "key_store.h"

#include <pthread.h>
#include <string.h>

static struct {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct auth_key keys[KEYS_MAX];
    int64_t versions[KEYS_MAX]; /* the version of each key's last change */
    size_t n;
    int64_t version;
    int n_finds;     /* keys looked for */
    int n_refreshes; /* questions for changes */
    bool is_down;
    bool is_held; /* questions for keys wait with their answer until it is false again */
    int n_held;   /* those that wait or have waited */
} store = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int store_find(struct session *session, const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n,
                      struct arena *arena, struct auth_key **ret_keys, size_t *ret_n, struct err *err)
{
    struct auth_key *found = arena_array_of(arena, struct auth_key, KEYS_MAX);
    size_t n_found = 0;

    (void)session;
    pthread_mutex_lock(&store.lock);
    store.n_finds += (int)n;
    for (size_t k = 0; k < store.n; k++) {
        for (size_t i = 0; i < n; i++) {
            if (memcmp(store.keys[k].hash, hashes[i], API_KEY_HASH_SIZE) == 0 && n_found < KEYS_MAX)
                found[n_found++] = store.keys[k];
        }
    }
    store.n_held += store.is_held;
    pthread_cond_broadcast(&store.changed);
    while (store.is_held)
        pthread_cond_wait(&store.changed, &store.lock);
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

void key_store_reset(void)
{
    pthread_mutex_lock(&store.lock);
    store.n = 0;
    store.version = 0;
    store.n_finds = store.n_refreshes = 0;
    store.is_down = false;
    pthread_mutex_unlock(&store.lock);
}

int key_store_put(struct auth_key row)
{
    pthread_mutex_lock(&store.lock);
    int place = (int)store.n++;
    row.key_id = key_store_id(place);
    store.keys[place] = row;
    store.versions[place] = ++store.version;
    pthread_mutex_unlock(&store.lock);
    return place;
}

int64_t key_store_id(int place)
{
    return 1000 + place;
}

void key_store_revoke(int place)
{
    pthread_mutex_lock(&store.lock);
    store.keys[place].is_revoked = true;
    pthread_mutex_unlock(&store.lock);
}

void key_store_hide(int place)
{
    pthread_mutex_lock(&store.lock);
    store.versions[place] = -1;
    pthread_mutex_unlock(&store.lock);
}

void key_store_touch(int place)
{
    pthread_mutex_lock(&store.lock);
    store.versions[place] = ++store.version;
    pthread_mutex_unlock(&store.lock);
}

void key_store_set_down(bool is_down)
{
    pthread_mutex_lock(&store.lock);
    store.is_down = is_down;
    pthread_mutex_unlock(&store.lock);
}

void key_store_hold(bool is_held)
{
    pthread_mutex_lock(&store.lock);
    store.is_held = is_held;
    store.n_held = 0;
    pthread_cond_broadcast(&store.changed);
    pthread_mutex_unlock(&store.lock);
}

void key_store_await_held(void)
{
    pthread_mutex_lock(&store.lock);
    while (store.n_held == 0)
        pthread_cond_wait(&store.changed, &store.lock);
    pthread_mutex_unlock(&store.lock);
}

int key_store_finds(void)
{
    pthread_mutex_lock(&store.lock);
    int n = store.n_finds;
    pthread_mutex_unlock(&store.lock);
    return n;
}

/* The one that runs now may have looked before what the test did; the next one has not. */
void key_store_await_refresh(void)
{
    pthread_mutex_lock(&store.lock);
    int seen = store.n_refreshes;
    while (store.n_refreshes < seen + 2)
        pthread_cond_wait(&store.changed, &store.lock);
    pthread_mutex_unlock(&store.lock);
}
