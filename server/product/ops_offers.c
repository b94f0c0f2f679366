/*
 * Offers kept in memory; see ops_offers.h.
 *
 * The version is read before what is missing: a copy may be newer than the version it is kept under, never older.
 * What is kept lives in one arena, which starts anew when it is full: there is no order in which to forget.
 */
#include "product/ops_offers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Some 300 bytes an offer: room for every SKU of a catalogue of 100,000. */
enum { KEPT_MAX = 131072, SLOTS = 2 * KEPT_MAX, MEMORY_MAX = 64 * 1024 * 1024, TITLE_ROOM = 1024, ROWS_MAX = 32 };

/* All that was found of one SKU, ordered by currency and time; never changed once it is kept. */
struct kept {
    struct product_key key;
    int64_t version;
    int64_t read_time_ms; /* prices that ended before are not there */
    size_t n;
    struct offer_row rows[];
};

static pthread_rwlock_t door = PTHREAD_RWLOCK_INITIALIZER;
static struct arena *memory;
static struct kept **slots;
static size_t n_kept;

int product_compare_keys(const void *left, const void *right)
{
    const struct product_key *a = left;
    const struct product_key *b = right;

    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return (a->biz_id > b->biz_id) - (a->biz_id < b->biz_id);
}

static struct product_key key_of(const struct offer_row *row)
{
    return (struct product_key){.id = row->sku_id, .biz_id = row->biz_id};
}

static int compare_rows(const void *left, const void *right)
{
    const struct offer_row *a = left;
    const struct offer_row *b = right;
    const struct product_key of_a = key_of(a);
    const struct product_key of_b = key_of(b);
    int order = product_compare_keys(&of_a, &of_b);

    if (order == 0)
        order = strcmp(a->currency, b->currency);
    if (order == 0)
        order = (a->effective_time_ms > b->effective_time_ms) - (a->effective_time_ms < b->effective_time_ms);
    return order;
}

/* Where the SKU is kept, or could be. */
static struct kept **slot_of(const struct product_key *key)
{
    size_t at = (size_t)((uint64_t)key->id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SLOTS;

    while (slots[at] != NULL && product_compare_keys(&slots[at]->key, key) != 0)
        at = (at + 1) % SLOTS;
    return &slots[at];
}

/* Makes room for one more. */
static void make_room(size_t n_rows)
{
    const size_t size = sizeof(struct kept) + n_rows * (sizeof(struct offer_row) + TITLE_ROOM);

    if (memory != NULL && n_kept < KEPT_MAX && arena_used(memory) + size < MEMORY_MAX)
        return;
    if (memory == NULL)
        memory = arena_new(MEMORY_MAX);
    arena_reset(memory);
    slots = arena_array_of(memory, struct kept *, SLOTS);
    n_kept = 0;
}

/* Many prices to come, or a title beyond all measure, are not worth the room: they are read each time. */
static void keep(const struct offer_row *rows, size_t n, int64_t version, int64_t now_ms)
{
    const struct product_key key = key_of(rows);

    if (n > ROWS_MAX || strlen(rows->title) >= TITLE_ROOM)
        return;
    make_room(n);
    struct kept **slot = slot_of(&key);
    struct kept *kept = arena_alloc(memory, sizeof *kept + n * sizeof *rows);
    const char *title = arena_strdup(memory, rows->title);

    *kept = (struct kept){.key = key, .version = version, .read_time_ms = now_ms, .n = n};
    memcpy(kept->rows, rows, n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        kept->rows[i].title = title;
    n_kept += *slot == NULL;
    *slot = kept;
}

static const struct kept *find_kept(const struct product_key *key, int64_t version, int64_t now_ms)
{
    const struct kept *kept = slots != NULL ? *slot_of(key) : NULL;

    return kept != NULL && kept->version == version && kept->read_time_ms <= now_ms ? kept : NULL;
}

/* What holds now of one SKU's rows: the last price of each currency that has begun. Returns how many were written. */
static size_t choose(const struct offer_row *rows, size_t n, int64_t now_ms, struct offer_row *chosen)
{
    size_t n_chosen = 0;

    for (size_t i = 0; i < n; i++) {
        const bool has_begun = rows[i].effective_time_ms <= now_ms;
        const bool is_last =
            i + 1 == n || strcmp(rows[i].currency, rows[i + 1].currency) != 0 || rows[i + 1].effective_time_ms > now_ms;

        if (has_begun && is_last)
            chosen[n_chosen++] = rows[i];
    }
    if (n_chosen > 0)
        return n_chosen;
    chosen[0] = rows[0]; /* on sale, perhaps, but not yet for any money */
    chosen[0].currency[0] = '\0';
    return 1;
}

static int64_t version_of(const struct catalogue_version *versions, size_t n, int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (versions[i].biz_id == biz_id)
            return versions[i].version;
    return 0;
}

static int compare_ids(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;

    return (*a > *b) - (*a < *b);
}

static size_t sort_ids(int64_t *ids, size_t n)
{
    size_t n_distinct = 0;

    if (n > 1)
        qsort(ids, n, sizeof *ids, compare_ids);
    for (size_t i = 0; i < n; i++)
        if (n_distinct == 0 || ids[n_distinct - 1] != ids[i])
            ids[n_distinct++] = ids[i];
    return n_distinct;
}

static int find_versions(struct batch *batch, const struct product_key *keys, size_t n,
                         struct catalogue_version **ret_versions, size_t *ret_n, struct err *err)
{
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, n);

    for (size_t i = 0; i < n; i++)
        biz_ids[i] = keys[i].biz_id;
    return product_store_find_versions(batch->tx, biz_ids, sort_ids(biz_ids, n), batch->arena, ret_versions, ret_n,
                                       err);
}

/* One sale's look at the offers. */
struct look {
    const struct catalogue_version *versions;
    size_t n_versions;
    struct product_key *missing;
    size_t n_missing;
    struct offer_row *offers;
    size_t n;
};

/* Copies what is kept and fresh, its titles too: what is kept may go once the door is open. */
static void take_kept(struct batch *batch, const struct product_key *keys, size_t n, struct look *look)
{
    const struct kept **found = arena_array_of(batch->arena, const struct kept *, n);
    size_t n_rows = 0;

    look->missing = arena_array_of(batch->arena, struct product_key, n);
    pthread_rwlock_rdlock(&door);
    for (size_t i = 0; i < n; i++) {
        found[i] = find_kept(&keys[i], version_of(look->versions, look->n_versions, keys[i].biz_id), batch->now_ms);
        if (found[i] == NULL)
            look->missing[look->n_missing++] = keys[i];
        else
            n_rows += found[i]->n;
    }
    look->offers = arena_array_of(batch->arena, struct offer_row, n_rows);
    for (size_t i = 0; i < n; i++) {
        if (found[i] == NULL)
            continue;
        struct offer_row *chosen = look->offers + look->n;
        const size_t n_chosen = choose(found[i]->rows, found[i]->n, batch->now_ms, chosen);
        const char *title = arena_strdup(batch->arena, chosen->title);

        for (size_t j = 0; j < n_chosen; j++)
            chosen[j].title = title;
        look->n += n_chosen;
    }
    pthread_rwlock_unlock(&door);
}

/* Reads what was missing, and keeps it. */
static int read_missing(struct batch *batch, struct look *look, struct err *err)
{
    struct offer_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    rc = product_store_find_offers(batch->tx, look->missing, look->n_missing, batch->now_ms, batch->arena, &rows,
                                   &n_rows, err);
    if (rc != 0 || n_rows == 0)
        return rc;
    qsort(rows, n_rows, sizeof *rows, compare_rows);
    struct offer_row *offers = arena_array_of(batch->arena, struct offer_row, look->n + n_rows);

    if (look->n > 0)
        memcpy(offers, look->offers, look->n * sizeof *offers);
    look->offers = offers;
    pthread_rwlock_wrlock(&door);
    for (size_t at = 0, n = 1; at < n_rows; at += n, n = 1) {
        while (at + n < n_rows && rows[at + n].sku_id == rows[at].sku_id && rows[at + n].biz_id == rows[at].biz_id)
            n++;
        keep(rows + at, n, version_of(look->versions, look->n_versions, rows[at].biz_id), batch->now_ms);
        look->n += choose(rows + at, n, batch->now_ms, offers + look->n);
    }
    pthread_rwlock_unlock(&door);
    qsort(offers, look->n, sizeof *offers, compare_rows);
    return 0;
}

int product_find_offers(struct batch *batch, const struct product_key *keys, size_t n, struct offer_row **ret_offers,
                        size_t *ret_n, struct err *err)
{
    struct look look = {0};
    struct catalogue_version *versions = NULL;
    int rc;

    rc = find_versions(batch, keys, n, &versions, &look.n_versions, err);
    if (rc != 0)
        return rc;
    look.versions = versions;
    take_kept(batch, keys, n, &look);
    if (look.n_missing > 0)
        rc = read_missing(batch, &look, err);
    if (rc != 0)
        return rc;
    *ret_offers = look.offers;
    *ret_n = look.n;
    return 0;
}

int product_count_changes(struct batch *batch, int64_t *biz_ids, size_t n, struct err *err)
{
    return product_store_count_changes(batch->tx, biz_ids, sort_ids(biz_ids, n), err);
}
