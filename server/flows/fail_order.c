/* Closing orders for a failed payment; see fail_order.h. */
#include "flows/fail_order.h"

#include "base/id.h"
#include "business/terms.h"
#include "product/ops.h"

/* Which of the items' businesses want it. */
static int find_wanted(struct batch *batch, struct fail_order *items, size_t n, struct fail_order **wanted,
                       size_t *ret_n, struct err *err)
{
    struct order_terms *terms = arena_array_of(batch->arena, struct order_terms, n);
    int rc;

    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        items[i].is_closed = false;
        terms[i].biz_id = items[i].payment->biz_id;
    }
    rc = business_order_terms(batch, terms, n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (terms[i].closes_failed)
            wanted[(*ret_n)++] = &items[i];
    return rc;
}

static struct order_row *order_of(const struct order_ref *refs, size_t n, int64_t order_id)
{
    for (size_t i = 0; i < n; i++)
        if (refs[i].order_id == order_id)
            return refs[i].row; /* NULL: no such order */
    return NULL;
}

static void close_one(struct batch *batch, struct fail_order *item, struct order_row *row, struct order_moves *moves)
{
    const struct payment_row *payment = item->payment;

    if (row == NULL || row->state != ORDER_PENDING_PAYMENT || row->payment_id != payment->payment_id)
        return;
    order_move_add(moves,
                   &(struct order_move){
                       .row = row,
                       .event = ORDER_EVENT_FAIL_PAYMENT,
                       .close_reason = CLOSE_PAYMENT_FAILED,
                       .payment_id = payment->payment_id,
                       .actor = arena_printf(batch->arena, "payment %s", id_show(ID_PAYMENT, payment->payment_id)),
                       .detail = payment->failure},
                   batch->now_ms);
    item->is_closed = true;
}

int fail_orders(struct batch *batch, struct fail_order *items, size_t n, struct payment_row *const *all, size_t n_all,
                struct err *err)
{
    struct fail_order **wanted = arena_array_of(batch->arena, struct fail_order *, n);
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, n_all);
    struct command *commands = arena_array_of(batch->arena, struct command, n_all);
    int64_t *closed = arena_array_of(batch->arena, int64_t, n);
    struct order_moves moves = order_moves_begin(n, batch->arena);
    size_t n_wanted = 0;
    int rc;

    if (n == 0)
        return 0;
    rc = find_wanted(batch, items, n, wanted, &n_wanted, err);
    if (rc != 0 || n_wanted == 0)
        return rc;
    for (size_t i = 0; i < n_all; i++) {
        commands[i].biz_id = all[i]->biz_id;
        refs[i] = (struct order_ref){.command = &commands[i], .order_id = all[i]->order_id};
    }
    rc = order_lock(batch, refs, n_all, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n_wanted; i++)
        close_one(batch, wanted[i], order_of(refs, n_all, wanted[i]->payment->order_id), &moves);
    for (size_t i = 0; i < moves.n_rows; i++)
        closed[i] = moves.rows[i]->order_id;
    rc = order_moves_write(batch, &moves, err);
    if (rc == 0)
        rc = product_release_holds(batch, closed, moves.n_rows, err);
    return rc;
}
