/* Moving money by hand; see create_adjustment.h. */
#include "flows/create_adjustment.h"

#include "flows/create_partner.h"

static int create_adjustment_body(struct batch *batch, struct err *err)
{
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    bool *found = arena_array_of(batch->arena, bool, batch->n);
    int rc;

    for_each_command(struct create_adjustment, c, batch) account_ids[c_i] = c->row.channel_account_id;
    rc = look_for_accounts(batch, account_ids, found, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_adjustment, c, batch) c->has_channel_account = found[c_i];
    return settlement_adjust(batch, err);
}

struct batch_plan create_adjustment_plan = {
    .name = "settlement.adjust", .home = MODULE_SETTLEMENT, .keeps_replies = true, .body = create_adjustment_body};
