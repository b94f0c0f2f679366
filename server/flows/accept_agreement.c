/*
 * Accepting agreements; see accept_agreement.h. In the order of the steps:
 *
 *   find      payment: the version and the text that was shown
 *   look      order: the order that it was shown for is the user's
 *   record    payment: the acceptance, unless there is one
 *
 * Only payment's rows are written: who is told that an agreement is accepted can pay at once, wherever orders are.
 */
#include "flows/accept_agreement.h"

#include <string.h>

#include "base/id.h"
#include "order/ops.h"

static int look_for_orders(struct batch *batch, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    size_t n = 0;
    int rc;

    for_each_command(struct accept_agreement, c, batch) if (c->order_id != 0) refs[n++] =
        (struct order_ref){.command = &c->command, .order_id = c->order_id};
    rc = n == 0 ? 0 : order_load(batch, refs, n, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct accept_agreement *c = (const void *)refs[i].command;

        if (refs[i].row != NULL && strcmp(refs[i].row->user_id, c->user_id) != 0)
            command_refuse(refs[i].command, ERR_ORDER_NOT_FOUND, id_show(ID_ORDER, c->order_id));
    }
    return rc;
}

static int accept_agreement_body(struct batch *batch, struct err *err)
{
    int rc = payment_find_accepted(batch, err);

    if (rc == 0)
        rc = look_for_orders(batch, err);
    if (rc == 0)
        rc = payment_record_acceptances(batch, err);
    return rc;
}

struct batch_plan accept_agreement_plan = {
    .name = "payment.accept_agreement", .home = MODULE_PAYMENT, .keeps_replies = true, .body = accept_agreement_body};
