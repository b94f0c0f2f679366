/*
 * The keys that are held in memory, by hash, and the businesses that are suspended. Not thread-safe: auth_keys.c has
 * the lock.
 *
 * A key may be forgotten while somebody reads its row: what was read before that is not put back. Whoever reads takes
 * the moment first and puts with it.
 */
#ifndef BMT_RPC_KEY_TABLE_H
#define BMT_RPC_KEY_TABLE_H

#include "rpc/auth.h"

struct key_table;

struct key_table *key_table_new(struct arena *arena); /* lives as long as the arena */

/* NULL: not held, or forgotten. Good until the next put. */
const struct auth_key *key_table_find(const struct key_table *table, const uint8_t hash[API_KEY_HASH_SIZE]);

/* A key as it was read after `moment` was taken; leaves the table as it is when the key was forgotten since. */
void key_table_put(struct key_table *table, const struct auth_key *key, uint64_t moment);
uint64_t key_table_moment(const struct key_table *table);

void key_table_forget(struct key_table *table, const uint8_t hash[API_KEY_HASH_SIZE]);
bool key_table_forgot(const struct key_table *table, const uint8_t hash[API_KEY_HASH_SIZE], uint64_t moment);

bool key_table_is_suspended(const struct key_table *table, int64_t biz_id);

#endif
