/*
 * Page tokens: where a list goes on, bound to the query that it belongs to.
 *
 * A token carries the last row's key, and a MAC over it together with the query's own parameters (business, filters,
 * order), so that a token of another query or a changed one is refused with PAGE_TOKEN_INVALID.
 */
#ifndef BMT_RPC_PAGE_H
#define BMT_RPC_PAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

enum { PAGE_SIZE_DEFAULT = 50, PAGE_SIZE_MAX = 200 };

/* What a list asks for. */
struct page {
    int32_t size;     /* rows to show; read size + 1 to know whether there are more */
    int64_t after_id; /* rows after (or, newest first, before) this key; 0 from the start */
};

/*
 * Reads page_size and page_token. `query` is a text that is the same for all pages of one query and differs for any
 * other: build it from method, business and every filter. 0 or ERR_PAGE_TOKEN_INVALID.
 */
int page_read(int32_t page_size, const char *page_token, const char *query, struct page *ret_page,
              struct err *err) MUST_CHECK;

/* The key of the MACs; set once before the first use, the same for all replicas (derived from the pepper). */
enum { PAGE_KEY_SIZE = 32 };
void page_use_key(const uint8_t key[PAGE_KEY_SIZE]);

/* The token of the page after the row with this key. */
const char *page_next(int64_t last_id, const char *query, struct arena *arena);

#endif
