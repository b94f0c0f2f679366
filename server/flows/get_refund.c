/* GetRefund reads both sides of refunds: where the money is from payment, what is recalled from order. */
#include <string.h>

#include "base/id.h"
#include "flows/refund_order.h"

/* A browser sees the refunds of its own user's payments. */
static int hide_others(struct batch *batch, const struct refund_ref *refs, struct err *err)
{
    struct payment_ref *payments = arena_array_of(batch->arena, struct payment_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        payments[i].command = arena_new_of(batch->arena, struct command);
        *payments[i].command = (struct command){.biz_id = batch->commands[i]->biz_id,
                                                .user_id = batch->commands[i]->user_id,
                                                .is_done = batch->commands[i]->is_done};
        payments[i].payment_id = refs[i].row != NULL ? refs[i].row->payment_id : 0;
    }
    rc = payment_load(batch, payments, batch->n, err);
    for_each_command(struct get_refund, c, batch) if (rc == 0 && payments[c_i].row == NULL)
        command_refuse(&c->command, ERR_REFUND_NOT_FOUND, id_show(ID_REFUND, c->refund_id));
    return rc;
}

static int load_order_side(struct batch *batch, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct order_refund_row *rows = NULL;
    struct refund_line_row *lines = NULL;
    size_t n_rows = 0;
    size_t n_lines = 0;
    int rc;

    for_each_command(struct get_refund, c, batch) ids[c_i] = c->refund_id;
    rc = order_store_find_refunds(batch->tx, ids, batch->n, batch->arena, &rows, &n_rows, err);
    if (rc == 0)
        rc = order_store_find_refund_lines(batch->tx, ids, batch->n, batch->arena, &lines, &n_lines, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_refund, c, batch)
    {
        for (size_t i = 0; i < n_rows; i++)
            if (rows[i].refund_id == c->refund_id)
                c->of_order = &rows[i];
        for (size_t i = 0; i < n_lines; i++)
            if (lines[i].refund_id == c->refund_id) {
                c->lines = c->lines == NULL ? &lines[i] : c->lines;
                c->n_lines++;
            }
    }
    return 0;
}

/*
 * A refund that its order knows of and whose payment's side cannot be seen: that branch is still being committed. It is
 * not "not found", since it will be.
 */
static void tell_unseen(struct batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct get_refund *c = (void *)batch->commands[i];

        if (c->command.err.id != ERR_REFUND_NOT_FOUND || c->of_order == NULL ||
            c->of_order->biz_id != c->command.biz_id || c->command.user_id != NULL)
            continue;
        c->command.err = (struct err){0};
        command_refuse(&c->command, ERR_COMMIT_UNCERTAIN);
    }
}

static int get_refund_body(struct batch *batch, struct err *err)
{
    struct refund_ref *refs = arena_array_of(batch->arena, struct refund_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        struct get_refund *c = (void *)batch->commands[i];

        c->of_order = NULL;
        c->lines = NULL;
        c->n_lines = 0;
        refs[i] = (struct refund_ref){.command = &c->command, .refund_id = c->refund_id};
    }
    rc = load_order_side(batch, err);
    if (rc == 0)
        rc = refund_load(batch, refs, batch->n, err);
    if (rc == 0)
        rc = hide_others(batch, refs, err);
    for_each_command(struct get_refund, c, batch) c->row = refs[c_i].row;
    if (rc == 0)
        tell_unseen(batch);
    return rc;
}

struct batch_plan get_refund_plan = {
    .name = "order.get_refund", .home = MODULE_ORDER, .is_read = true, .body = get_refund_body};
