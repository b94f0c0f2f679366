/* Re-opening orders for late money; see reopen_order.h. */
#include "flows/reopen_order.h"

#include "base/failpoint.h"
#include "business/terms.h"
#include "product/ops.h"

static bool may_reopen(const struct order_row *row, const struct order_terms *terms)
{
    return terms->reopens && (row->close_reason == CLOSE_TIMEOUT || row->close_reason == CLOSE_PAYMENT_FAILED);
}

int reopen_orders(struct batch *batch, struct reopen_order *items, size_t n, struct err *err)
{
    struct order_terms *terms = arena_array_of(batch->arena, struct order_terms, n);
    struct stock_rehold *holds = arena_array_of(batch->arena, struct stock_rehold, n);
    struct reopen_order **wanted = arena_array_of(batch->arena, struct reopen_order *, n);
    size_t n_wanted = 0;
    int rc;

    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++)
        terms[i].biz_id = items[i].row->biz_id;
    rc = business_order_terms(batch, terms, n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        items[i].is_reopened = false;
        if (!may_reopen(items[i].row, &terms[i]))
            continue;
        holds[n_wanted].order_id = items[i].row->order_id;
        wanted[n_wanted++] = &items[i];
    }
    if (n_wanted == 0)
        return 0;
    rc = product_rehold(batch, holds, n_wanted, items[0].is_look, err);
    if (rc == 0)
        rc = failpoint_step("reopen_order.held", err);
    for (size_t i = 0; i < n_wanted && rc == 0; i++)
        wanted[i]->is_reopened = holds[i].is_held;
    return rc;
}
