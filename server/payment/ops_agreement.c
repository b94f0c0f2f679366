/*
 * Which agreements a user has yet to accept; see ops_agreement.h. What is kept lives in one arena, which starts anew
 * when it is full: there is no order in which to forget.
 */
#include "payment/ops_agreement.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 4096, SLOTS = 2 * KEPT_MAX, MEMORY_MAX = 16 * 1024 * 1024 };

/* What a business has, under the number of changes that it was read under; never changed once it is kept. */
struct kept {
    int64_t biz_id;
    int64_t version;
    struct agreement *list;
    size_t n;
};

static pthread_rwlock_t door = PTHREAD_RWLOCK_INITIALIZER;
static struct arena *memory;
static struct kept **slots;
static size_t n_kept;

/* Where the business is kept, or could be. */
static struct kept **slot_of(int64_t biz_id)
{
    size_t at = (size_t)((uint64_t)biz_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SLOTS;

    while (slots[at] != NULL && slots[at]->biz_id != biz_id)
        at = (at + 1) % SLOTS;
    return &slots[at];
}

static const struct kept *find_kept(int64_t biz_id, int64_t version)
{
    const struct kept *kept = slots != NULL ? *slot_of(biz_id) : NULL;

    return kept != NULL && kept->version == version ? kept : NULL;
}

/* Copies into another arena, all or those that must be accepted. */
static struct agreement *copy(const struct agreement *list, size_t n, bool only_required, struct arena *arena,
                              size_t *ret_n)
{
    struct agreement *copies = arena_array_of(arena, struct agreement, n);
    size_t n_copies = 0;

    for (size_t i = 0; i < n; i++) {
        if (only_required && list[i].demand != AGREEMENT_REQUIRED)
            continue;
        copies[n_copies] = list[i];
        copies[n_copies].code = arena_strdup(arena, list[i].code);
        copies[n_copies++].subject_ids =
            arena_memdup(arena, list[i].subject_ids, list[i].n_subjects * sizeof *list[i].subject_ids);
    }
    *ret_n = n_copies;
    return copies;
}

/* Makes room for one business more: beside its list, texts and ids of what AGREEMENTS_MAX agreements may have. */
static void make_room(void)
{
    const size_t size = sizeof(struct kept) +
                        AGREEMENTS_MAX * (sizeof(struct agreement) + 80 + AGREEMENT_SUBJECTS_MAX * sizeof(int64_t));

    if (memory != NULL && n_kept < KEPT_MAX && arena_used(memory) + size < MEMORY_MAX)
        return;
    if (memory == NULL)
        memory = arena_new(MEMORY_MAX);
    arena_reset(memory);
    slots = arena_array_of(memory, struct kept *, SLOTS);
    n_kept = 0;
}

static void keep(const struct kept *read)
{
    pthread_rwlock_wrlock(&door);
    make_room();
    struct kept **slot = slot_of(read->biz_id);
    struct kept *kept = arena_new_of(memory, struct kept);

    *kept = *read;
    kept->list = copy(read->list, read->n, false, memory, &kept->n);
    n_kept += *slot == NULL;
    *slot = kept;
    pthread_rwlock_unlock(&door);
}

static int compare_codes(const void *left, const void *right)
{
    const struct agreement *a = left;
    const struct agreement *b = right;

    return strcmp(a->code, b->code);
}

/* What the rows of many businesses say of one. */
static struct kept gather(const struct agreement_look *look, const struct agreement_row *rows, size_t n,
                          const struct agreement_subject_row *subjects, size_t n_subjects, struct arena *arena)
{
    struct kept kept = {
        .biz_id = look->command->biz_id, .version = look->version, .list = arena_array_of(arena, struct agreement, n)};

    for (size_t i = 0; i < n; i++) {
        if (rows[i].biz_id != kept.biz_id || rows[i].demand == AGREEMENT_WITHDRAWN)
            continue;
        struct agreement *agreement = &kept.list[kept.n++];
        int64_t *ids = arena_array_of(arena, int64_t, n_subjects);

        *agreement = (struct agreement){.template_id = rows[i].agreement_template_id,
                                        .code = rows[i].code,
                                        .version = rows[i].version,
                                        .demand = rows[i].demand,
                                        .subject_ids = ids};
        for (size_t j = 0; j < n_subjects; j++)
            if (subjects[j].agreement_template_id == agreement->template_id)
                ids[agreement->n_subjects++] = subjects[j].subject_id;
    }
    if (kept.n > 1)
        qsort(kept.list, kept.n, sizeof *kept.list, compare_codes);
    return kept;
}

static void take(struct agreement_look *look, const struct kept *kept, struct arena *arena)
{
    look->list = copy(kept->list, kept->n, look->only_required, arena, &look->n);
}

/* Reads the agreements of the businesses of these looks, and keeps them. */
static int read_missing(struct batch *batch, struct agreement_look **missing, size_t n, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    struct agreement_row *rows = NULL;
    struct agreement_subject_row *subjects = NULL;
    size_t n_rows = 0;
    size_t n_subjects = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        ids[i] = missing[i]->command->biz_id;
    rc = payment_store_find_newest_agreements(batch->tx, ids, n, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    ids = arena_array_of(batch->arena, int64_t, n_rows);
    for (size_t i = 0; i < n_rows; i++)
        ids[i] = rows[i].agreement_template_id;
    rc = payment_store_find_agreement_subjects(batch->tx, ids, n_rows, batch->arena, &subjects, &n_subjects, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        if (missing[i]->list != NULL) /* by an earlier look of the same business */
            continue;
        const struct kept kept = gather(missing[i], rows, n_rows, subjects, n_subjects, batch->arena);

        keep(&kept);
        for (size_t j = i; j < n; j++)
            if (missing[j]->command->biz_id == kept.biz_id)
                take(missing[j], &kept, batch->arena);
    }
    return rc;
}

int payment_find_agreements(struct batch *batch, struct agreement_look *looks, size_t n, struct err *err)
{
    struct agreement_look **missing = NULL;
    size_t n_missing = 0;
    bool have_any = false;

    for (size_t i = 0; i < n; i++) {
        looks[i].list = NULL;
        looks[i].n = 0;
        have_any = have_any || (!looks[i].command->is_done && looks[i].version != 0);
    }
    if (!have_any)
        return 0;
    missing = arena_array_of(batch->arena, struct agreement_look *, n);
    pthread_rwlock_rdlock(&door);
    for (size_t i = 0; i < n; i++) {
        if (looks[i].command->is_done || looks[i].version == 0)
            continue;
        const struct kept *kept = find_kept(looks[i].command->biz_id, looks[i].version);

        if (kept == NULL)
            missing[n_missing++] = &looks[i];
        else
            take(&looks[i], kept, batch->arena);
    }
    pthread_rwlock_unlock(&door);
    return n_missing == 0 ? 0 : read_missing(batch, missing, n_missing, err);
}

bool payment_agreements_need_products(const struct agreement_look *look)
{
    for (size_t i = 0; i < look->n; i++)
        if (look->list[i].n_subjects > 0)
            return true;
    return false;
}

static bool goes_with(const struct agreement *agreement, const int64_t *product_ids, size_t n)
{
    for (size_t i = 0; i < agreement->n_subjects; i++)
        for (size_t j = 0; j < n; j++)
            if (agreement->subject_ids[i] == product_ids[j])
                return true;
    return agreement->n_subjects == 0;
}

void payment_match_agreements(struct agreement_look *look, const int64_t *product_ids, size_t n)
{
    size_t n_left = 0;

    for (size_t i = 0; i < look->n; i++)
        if (goes_with(&look->list[i], product_ids, n))
            look->list[n_left++] = look->list[i];
    look->n = n_left;
}

static bool is_accepted(const struct agreement_look *look, const struct agreement *agreement,
                        const struct acceptance_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].agreement_template_id == agreement->template_id && strcmp(rows[i].user_id, look->user_id) == 0)
            return true;
    return false;
}

int payment_drop_accepted(struct batch *batch, struct agreement_look *looks, size_t n, struct err *err)
{
    struct acceptance_key *keys;
    struct acceptance_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        n_keys += looks[i].n;
    if (n_keys == 0)
        return 0;
    keys = arena_array_of(batch->arena, struct acceptance_key, n_keys);
    n_keys = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < looks[i].n; j++)
            keys[n_keys++] = (struct acceptance_key){.biz_id = looks[i].command->biz_id,
                                                     .user_id = looks[i].user_id,
                                                     .agreement_template_id = looks[i].list[j].template_id};
    rc = payment_store_find_acceptances(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        size_t n_left = 0;

        for (size_t j = 0; j < looks[i].n; j++)
            if (!is_accepted(&looks[i], &looks[i].list[j], rows, n_rows))
                looks[i].list[n_left++] = looks[i].list[j];
        looks[i].n = n_left;
    }
    return rc;
}

int payment_find_agreement_versions(struct batch *batch, struct agreement_look *looks, size_t n, struct err *err)
{
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, n);
    struct agreement_version *versions = NULL;
    size_t n_versions = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        biz_ids[i] = looks[i].command->biz_id;
    rc = payment_store_find_agreement_versions(batch->tx, biz_ids, n, batch->arena, &versions, &n_versions, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        looks[i].version = 0;
        for (size_t j = 0; j < n_versions; j++)
            if (versions[j].biz_id == looks[i].command->biz_id)
                looks[i].version = versions[j].version;
    }
    return rc;
}
