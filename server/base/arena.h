/*
 * Memory that belongs to an activity: a call, a batch, a job item, a test.
 *
 * Everything taken from an arena is given back at once by arena_reset or arena_free; nobody frees single pieces.
 * The server is crash-only for memory: running into the limit with the functions that cannot fail stops the
 * process with a message (what was not committed did not happen). Where input from outside decides the size, use
 * arena_try_alloc and refuse.
 *
 * An arena belongs to one thread at a time.
 */
#ifndef BMT_BASE_ARENA_H
#define BMT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct arena;

/* Makes an arena that hands out at most `limit_bytes`. Never NULL. */
struct arena *arena_new(size_t limit_bytes);

/* Gives everything back; NULL is ignored. */
void arena_free(struct arena *arena);

/* For CLEANUP(arena_cleanup). */
void arena_cleanup(struct arena **arena);

/* Gives everything back but one block (the newest, so a large one), so that a loop does not touch the system's
 * allocator. */
void arena_reset(struct arena *arena);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* Zeroed memory, aligned to 16 bytes. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, but NULL when the limit would be passed or the system refuses. Not zeroed. */
void *arena_try_alloc(struct arena *arena, size_t size) MUST_CHECK;

/* `count` zeroed elements of `size` bytes; stops the process when the product overflows. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);

/*
 * Room for one more element: `list` when it has it, otherwise a copy in a list twice as long, of ROOM_FIRST elements at
 * least. `n` elements are in use of `*room`; begins with NULL and 0.
 */
enum { ROOM_FIRST = 64 };
void *arena_grow(struct arena *arena, void *list, size_t n, size_t *room, size_t size) MUST_CHECK;

char *arena_strdup(struct arena *arena, const char *text);
void *arena_memdup(struct arena *arena, const void *data, size_t size);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define arena_new_of(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, type, count) ((type *)arena_calloc((arena), (count), sizeof(type)))

#endif
