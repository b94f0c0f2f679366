/*
 * A store of API keys in memory, in the place of the business module.
 */
#ifndef BMT_TESTS_RPC_KEY_STORE_H
#define BMT_TESTS_RPC_KEY_STORE_H

#include <pthread.h>
#include <stdbool.h>

#include "rpc/auth.h"

enum { KEYS_MAX = 8 };

struct key_store {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct auth_key keys[KEYS_MAX];
    int64_t versions[KEYS_MAX]; /* the version of each key's last change */
    size_t n;
    int64_t version;
    int n_finds;     /* keys looked for */
    int n_refreshes; /* questions for changes */
    bool is_down;
    bool is_held; /* questions for keys wait until it is false again */
    int n_held;   /* those that wait or have waited */
};

extern struct key_store store;
extern const struct auth_source key_source;

#endif
