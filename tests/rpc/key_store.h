/*
 * A store of API keys in memory, in the place of the business module.
 */
#ifndef BMT_TESTS_RPC_KEY_STORE_H
#define BMT_TESTS_RPC_KEY_STORE_H

#include <stdbool.h>

#include "rpc/auth.h"

enum { KEYS_MAX = 8 };

/* Empty, up, with its counts at 0. */
void key_store_reset(void);

/* The server's threads see the row from now on, and never before; its key_id is 1000 and up. Returns its place. */
int key_store_put(struct auth_key row);
int64_t key_store_id(int place);

void key_store_revoke(int place);
/* No refresh brings the row from now on: only who looks for it finds it. */
void key_store_hide(int place);
/* The row has changed: the next refresh brings it. */
void key_store_touch(int place);
/* While it is down, every question is answered with DATABASE_UNAVAILABLE. */
void key_store_set_down(bool is_down);

/* While it is held, whoever looks for keys waits with what it found; key_store_await_held waits until somebody does. */
void key_store_hold(bool is_held);
void key_store_await_held(void);

/* How many keys were looked for. */
int key_store_finds(void);
/* Waits until a whole refresh has begun and ended. */
void key_store_await_refresh(void);

extern const struct auth_source key_source;

#endif
