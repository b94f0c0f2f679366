/*
 * Open addressing by hash; a list of the suspended businesses, which are few.
 */
#include "rpc/key_table.h"

#include <string.h>

enum { KEYS_FIRST = 1024, SUSPENDED_FIRST = 64 };

/* Forgotten ones are looked up again and then replaced in place. */
struct held_key {
    struct auth_key key;
    bool is_stale;
    uint64_t forgotten; /* the table's moment when it was forgotten last; 0: never */
};

struct key_table {
    struct arena *arena;
    struct held_key **places;
    size_t size; /* a power of two, at least twice n */
    size_t n;
    uint64_t moment; /* grows with each key that is forgotten */
    int64_t *suspended;
    size_t n_suspended;
    size_t suspended_size;
};

/* The place of the hash: its entry, or the free place for it. The hash is uniform already. */
static struct held_key **table_place(struct held_key **places, size_t size, const uint8_t *hash)
{
    size_t slot;

    memcpy(&slot, hash, sizeof(slot));
    for (slot &= size - 1; places[slot] != NULL; slot = (slot + 1) & (size - 1))
        if (memcmp(places[slot]->key.hash, hash, API_KEY_HASH_SIZE) == 0)
            break;
    return &places[slot];
}

static void table_grow(struct key_table *table)
{
    size_t size = table->size * 2;
    struct held_key **places = arena_array_of(table->arena, struct held_key *, size);

    for (size_t i = 0; i < table->size; i++) {
        if (table->places[i] != NULL)
            *table_place(places, size, table->places[i]->key.hash) = table->places[i];
    }
    table->places = places;
    table->size = size;
}

static const struct held_key *table_held(const struct key_table *table, const uint8_t *hash)
{
    return *table_place(table->places, table->size, hash);
}

/* The entry of the hash, a stale one when it is new. */
static struct held_key *table_entry(struct key_table *table, const uint8_t *hash)
{
    struct held_key **place = table_place(table->places, table->size, hash);
    struct held_key *held = *place;

    if (held != NULL)
        return held;
    held = *place = arena_new_of(table->arena, struct held_key);
    memcpy(held->key.hash, hash, API_KEY_HASH_SIZE);
    held->is_stale = true;
    if (++table->n * 2 > table->size)
        table_grow(table);
    return held;
}

static int64_t *table_suspended(const struct key_table *table, int64_t biz_id)
{
    for (size_t i = 0; i < table->n_suspended; i++) {
        if (table->suspended[i] == biz_id)
            return &table->suspended[i];
    }
    return NULL;
}

static void table_note_business(struct key_table *table, int64_t biz_id, bool is_suspended)
{
    int64_t *entry = table_suspended(table, biz_id);

    if (biz_id == 0 || (entry != NULL) == is_suspended)
        return;
    if (!is_suspended) {
        *entry = table->suspended[--table->n_suspended];
        return;
    }
    if (table->n_suspended == table->suspended_size) {
        size_t size = table->suspended_size == 0 ? SUSPENDED_FIRST : table->suspended_size * 2;
        int64_t *grown = arena_array_of(table->arena, int64_t, size);

        for (size_t i = 0; i < table->n_suspended; i++)
            grown[i] = table->suspended[i];
        table->suspended = grown;
        table->suspended_size = size;
    }
    table->suspended[table->n_suspended++] = biz_id;
}

struct key_table *key_table_new(struct arena *arena)
{
    struct key_table *table = arena_new_of(arena, struct key_table);

    table->arena = arena;
    table->size = KEYS_FIRST;
    table->places = arena_array_of(arena, struct held_key *, table->size);
    return table;
}

const struct auth_key *key_table_find(const struct key_table *table, const uint8_t hash[API_KEY_HASH_SIZE])
{
    const struct held_key *held = table_held(table, hash);

    return held != NULL && !held->is_stale ? &held->key : NULL;
}

void key_table_put(struct key_table *table, const struct auth_key *key, uint64_t moment)
{
    struct held_key *held = table_entry(table, key->hash);

    if (held->forgotten > moment)
        return;
    held->key = *key;
    held->is_stale = false;
    table_note_business(table, key->biz_id, key->is_suspended);
}

uint64_t key_table_moment(const struct key_table *table)
{
    return table->moment;
}

void key_table_forget(struct key_table *table, const uint8_t hash[API_KEY_HASH_SIZE])
{
    struct held_key *held = table_entry(table, hash);

    held->is_stale = true;
    held->forgotten = ++table->moment;
}

bool key_table_forgot(const struct key_table *table, const uint8_t hash[API_KEY_HASH_SIZE], uint64_t moment)
{
    const struct held_key *held = table_held(table, hash);

    return held != NULL && held->forgotten > moment;
}

bool key_table_is_suspended(const struct key_table *table, int64_t biz_id)
{
    return table_suspended(table, biz_id) != NULL;
}
