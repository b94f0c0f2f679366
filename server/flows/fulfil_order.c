/* What fulfilment gives; see fulfil_order.h. */
#include "flows/fulfil_order.h"

#include "business/terms.h"
#include "product/ops.h"

int fulfil_set_times(struct batch *batch, struct order_moves *moves, struct err *err)
{
    struct order_terms *terms = arena_array_of(batch->arena, struct order_terms, moves->n_rows);
    int rc;

    for (size_t i = 0; i < moves->n_rows; i++)
        terms[i].biz_id = moves->rows[i]->biz_id;
    rc = business_order_terms(batch, terms, moves->n_rows, err);
    for (size_t i = 0; i < moves->n_rows && rc == 0; i++)
        moves->rows[i]->due_time_ms = batch->now_ms + terms[i].confirm_after_ms;
    return rc;
}

int fulfil_grant(struct batch *batch, struct order_row *const *rows, const struct order_lines *lines, size_t n,
                 struct err *err)
{
    size_t n_grants = 0;

    for (size_t i = 0; i < n; i++)
        n_grants += lines[i].n;
    struct lot_grant *grants = arena_array_of(batch->arena, struct lot_grant, n_grants);

    n_grants = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < lines[i].n; j++)
            grants[n_grants++] = (struct lot_grant){
                .biz_id = rows[i]->biz_id,
                .user_id = rows[i]->user_id,
                .order_id = rows[i]->order_id,
                .line_no = lines[i].list[j].line_no,
                .sku_id = lines[i].list[j].sku_id,
                .spu_id = lines[i].list[j].spu_id,
                .quantity = lines[i].list[j].quantity,
            };
    return product_grant_lots(batch, grants, n_grants, err);
}
