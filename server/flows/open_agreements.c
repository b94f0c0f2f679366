/* See open_agreements.h. */
#include "flows/open_agreements.h"

static void match(struct agreement_look *look, const struct order_lines *lines, struct arena *arena)
{
    int64_t *ids = arena_array_of(arena, int64_t, 2 * lines->n);

    for (size_t i = 0; i < lines->n; i++) {
        ids[2 * i] = lines->list[i].sku_id;
        ids[2 * i + 1] = lines->list[i].spu_id;
    }
    payment_match_agreements(look, ids, 2 * lines->n);
}

/* What was bought is read only of those orders where it decides. */
static int match_lines(struct batch *batch, struct agreement_look *looks, struct order_row *const *orders, size_t n,
                       struct err *err)
{
    struct order_row **rows = arena_array_of(batch->arena, struct order_row *, n);
    struct order_lines *lines = NULL;
    bool is_needed = false;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (payment_agreements_need_products(&looks[i])) {
            rows[i] = orders[i];
            is_needed = true;
        }
    if (!is_needed)
        return 0;
    lines = arena_array_of(batch->arena, struct order_lines, n);
    rc = order_load_lines(batch, rows, n, lines, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (rows[i] != NULL)
            match(&looks[i], &lines[i], batch->arena);
    return rc;
}

int open_agreements(struct batch *batch, struct agreement_look *looks, struct order_row *const *orders, size_t n,
                    struct err *err)
{
    int rc = payment_find_agreements(batch, looks, n, err);

    if (rc == 0)
        rc = match_lines(batch, looks, orders, n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (looks[i].n > 0)
            looks[i].user_id = orders[i]->user_id;
    return rc != 0 ? rc : payment_drop_accepted(batch, looks, n, err);
}
