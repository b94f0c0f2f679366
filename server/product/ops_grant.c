/* Granting entitlements for flows; see ops.h. */
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "product/ops.h"
#include "product/rules.h"
#include "product/state.h"
#include "product/store.h"

static int compare_user_keys(const void *left, const void *right)
{
    const struct lot_user_key *a = left;
    const struct lot_user_key *b = right;

    if (a->biz_id != b->biz_id)
        return a->biz_id < b->biz_id ? -1 : 1;
    if (a->spu_id != b->spu_id)
        return a->spu_id < b->spu_id ? -1 : 1;
    return strcmp(a->user_id, b->user_id);
}

static int compare_tails(const void *left, const void *right)
{
    return compare_user_keys(&((const struct lot_tail_row *)left)->of, &((const struct lot_tail_row *)right)->of);
}

/* The tails of all users and SPUs of the grants, sorted, one each: what is stored, or an empty one. */
static int load_tails(struct batch *batch, const struct lot_grant *grants, size_t n, struct lot_tail_row **ret_tails,
                      size_t *ret_n, struct err *err)
{
    struct lot_user_key *keys = arena_array_of(batch->arena, struct lot_user_key, n);
    struct lot_tail_row *tails = arena_array_of(batch->arena, struct lot_tail_row, n);
    struct lot_tail_row *stored = NULL;
    size_t n_stored = 0;
    size_t n_tails = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] =
            (struct lot_user_key){.biz_id = grants[i].biz_id, .user_id = grants[i].user_id, .spu_id = grants[i].spu_id};
    qsort(keys, n, sizeof *keys, compare_user_keys);
    rc = product_store_find_lot_tails(batch->tx, keys, n, batch->arena, &stored, &n_stored, err);
    if (rc != 0)
        return rc;

    for (size_t i = 0; i < n; i++)
        if (n_tails == 0 || compare_user_keys(&tails[n_tails - 1].of, &keys[i]) != 0)
            tails[n_tails++].of = keys[i];
    for (size_t i = 0; i < n_stored; i++) {
        struct lot_tail_row *tail = bsearch(&stored[i], tails, n_tails, sizeof *tails, compare_tails);

        INVARIANT(tail != NULL);
        *tail = stored[i];
    }
    *ret_tails = tails;
    *ret_n = n_tails;
    return 0;
}

static const struct sku_row *find_sku(const struct sku_row *skus, size_t n, int64_t sku_id)
{
    for (size_t i = 0; i < n; i++)
        if (skus[i].sku_id == sku_id)
            return &skus[i];
    return NULL;
}

static int load_skus(struct batch *batch, const struct lot_grant *grants, size_t n, struct sku_row **ret_skus,
                     size_t *ret_n, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n);
    size_t n_keys = 0;

    for (size_t i = 0; i < n; i++) {
        bool is_known = false;

        for (size_t j = 0; j < n_keys && !is_known; j++)
            is_known = keys[j].id == grants[i].sku_id;
        if (!is_known)
            keys[n_keys++] = (struct product_key){.id = grants[i].sku_id, .biz_id = grants[i].biz_id};
    }
    return product_store_find_skus(batch->tx, keys, n_keys, batch->arena, ret_skus, ret_n, err);
}

/* The lot of one line, which the user's next lot of the SPU then follows. */
static struct lot_row make_lot(const struct lot_grant *grant, const struct sku_row *sku, struct lot_tail_row *tail,
                               int64_t now_ms)
{
    const struct lot_terms terms =
        product_lot_terms(sku->grant_kind, sku->grant_amount, grant->quantity, now_ms, tail->end_time_ms);

    tail->last_seq++;
    if (sku->grant_kind == GRANT_DURATION)
        tail->end_time_ms = terms.end_time_ms;
    return (struct lot_row){
        .lot_id = id_new(id_route(grant->biz_id, grant->user_id)),
        .biz_id = grant->biz_id,
        .user_id = grant->user_id,
        .spu_id = grant->spu_id,
        .sku_id = grant->sku_id,
        .order_id = grant->order_id,
        .line_no = grant->line_no,
        .grant_kind = sku->grant_kind,
        .quantity = grant->quantity,
        .granted = terms.granted,
        .remaining = terms.granted,
        .start_time_ms = terms.start_time_ms,
        .end_time_ms = terms.end_time_ms,
        .state = LOT_ACTIVE,
        .seq = tail->last_seq,
        .create_time_ms = now_ms,
        .update_time_ms = now_ms,
    };
}

int product_grant_lots(struct batch *batch, const struct lot_grant *grants, size_t n, struct err *err)
{
    struct lot_row *lots = arena_array_of(batch->arena, struct lot_row, n);
    struct lot_tail_row *tails = NULL;
    struct sku_row *skus = NULL;
    size_t n_tails = 0;
    size_t n_skus = 0;
    int rc;

    if (n == 0)
        return 0;
    rc = load_skus(batch, grants, n, &skus, &n_skus, err);
    if (rc == 0)
        rc = load_tails(batch, grants, n, &tails, &n_tails, err);
    if (rc != 0)
        return rc;

    for (size_t i = 0; i < n; i++) {
        const struct lot_tail_row wanted = {
            .of = {.biz_id = grants[i].biz_id, .user_id = grants[i].user_id, .spu_id = grants[i].spu_id}};
        struct lot_tail_row *tail = bsearch(&wanted, tails, n_tails, sizeof *tails, compare_tails);
        const struct sku_row *sku = find_sku(skus, n_skus, grants[i].sku_id);

        INVARIANT(tail != NULL && sku != NULL); /* SKUs are never deleted */
        lots[i] = make_lot(&grants[i], sku, tail, batch->now_ms);
    }
    return product_store_insert_lots(batch->tx, lots, n, err);
}
