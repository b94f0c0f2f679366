/*
 * Arenas: a chain of blocks, each twice as large as the one before, handed out from the front. The newest block stays
 * over a reset, so that a loop settles on one block of the size that it needs. The only user of the system's allocator.
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"

enum { BLOCK_FIRST = 4096, BLOCK_MAX = 1 << 20, ALIGNMENT = 16, PRINTF_ONCE = 128 };

struct block {
    struct block *next; /* the one before, in age */
    size_t size;        /* of data */
    size_t used;
    _Alignas(ALIGNMENT) char data[];
};

struct arena {
    struct block *newest;
    size_t limit;
    size_t used;
};

static _Noreturn void out_of_memory(const char *why, size_t size)
{
    fprintf(stderr, "out of memory: %s, %zu bytes wanted\n", why, size);
    abort();
}

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);

    if (arena == NULL)
        out_of_memory("the system refuses", sizeof *arena);
    arena->limit = limit_bytes;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->newest);
    free(arena);
}

void arena_cleanup(struct arena **arena)
{
    arena_free(*arena);
}

void arena_reset(struct arena *arena)
{
    struct block *newest = arena->newest;

    arena->used = 0;
    if (newest == NULL)
        return;
    free_blocks(newest->next); /* the newest is the largest: keep that one */
    newest->next = NULL;
    newest->used = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

static struct block *add_block(struct arena *arena, size_t size)
{
    size_t room = arena->newest != NULL ? arena->newest->size * 2 : BLOCK_FIRST;

    if (room > BLOCK_MAX)
        room = BLOCK_MAX;
    if (room < size)
        room = size;
    struct block *block = FAILPOINT("arena.grow") ? NULL : malloc(sizeof *block + room);

    if (block == NULL)
        return NULL;
    *block = (struct block){.next = arena->newest, .size = room};
    arena->newest = block;
    return block;
}

void *arena_try_alloc(struct arena *arena, size_t size)
{
    struct block *block = arena->newest;

    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > arena->limit - arena->used)
        return NULL;
    if (block == NULL || block->size - block->used < size)
        block = add_block(arena, size);
    if (block == NULL)
        return NULL;
    void *memory = block->data + block->used;

    block->used += size;
    arena->used += size;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = arena_try_alloc(arena, size);

    if (memory == NULL)
        out_of_memory("an arena's limit is reached", size);
    memset(memory, 0, size);
    return memory;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t product;

    if (__builtin_mul_overflow(count, size, &product))
        out_of_memory("an array's size overflows", count);
    return arena_alloc(arena, product);
}

void *arena_memdup(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc(arena, size);

    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

void *arena_grow(struct arena *arena, void *list, size_t n, size_t *room, size_t size)
{
    PRE(n <= *room);

    if (n < *room)
        return list;
    *room = *room == 0 ? ROOM_FIRST : *room * 2;
    void *longer = arena_calloc(arena, *room, size);

    if (n > 0)
        memcpy(longer, list, n * size);
    return longer;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_memdup(arena, text, strlen(text) + 1);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    char made[PRINTF_ONCE]; /* most texts are short: formatted once, and copied */
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    const int size = vsnprintf(made, sizeof made, format, args);
    va_end(args);
    INVARIANT(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);

    if ((size_t)size < sizeof made)
        memcpy(text, made, (size_t)size);
    else
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}
