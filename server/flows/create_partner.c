/* Creating and updating partners; see create_partner.h. */
#include "flows/create_partner.h"

#include "base/failpoint.h"
#include "payment/ops.h"

/* Payment is asked in other commands' names: whether a refusal comes first is settlement's to say. */
int look_for_accounts(struct batch *batch, const int64_t *account_ids, bool *ret_found, struct err *err)
{
    struct command **askers = arena_array_of(batch->arena, struct command *, batch->n);
    struct channel_account_row **rows = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int64_t *wanted = arena_array_of(batch->arena, int64_t, batch->n);
    size_t *of = arena_array_of(batch->arena, size_t, batch->n);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        if (account_ids[i] == 0)
            continue;
        askers[n] = arena_new_of(batch->arena, struct command);
        askers[n]->biz_id = batch->commands[i]->biz_id;
        wanted[n] = account_ids[i];
        of[n++] = i;
    }
    if (n == 0)
        return 0;
    rc = payment_load_accounts(batch, askers, wanted, n, rows, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        ret_found[of[i]] = rows[i] != NULL;
    return rc;
}

static int create_partner_body(struct batch *batch, struct err *err)
{
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    bool *found = arena_array_of(batch->arena, bool, batch->n);
    int rc;

    for_each_command(struct create_partner, c, batch) account_ids[c_i] = c->row.payout_channel_account_id;
    rc = look_for_accounts(batch, account_ids, found, err);
    if (rc == 0)
        rc = failpoint_step("create_partner.looked", err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_partner, c, batch) c->has_channel_account = found[c_i];
    return settlement_create_partners(batch, err);
}

static int update_partner_body(struct batch *batch, struct err *err)
{
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    bool *found = arena_array_of(batch->arena, bool, batch->n);
    int rc;

    for_each_command(struct update_partner, c, batch) if (c->fields & PARTNER_PAYOUT_CHANNEL) account_ids[c_i] =
        c->values.payout_channel_account_id;
    rc = look_for_accounts(batch, account_ids, found, err);
    if (rc != 0)
        return rc;
    for_each_command(struct update_partner, c, batch) c->has_channel_account = found[c_i];
    return settlement_update_partners(batch, err);
}

struct batch_plan create_partner_plan = {
    .name = "settlement.create_partner", .home = MODULE_SETTLEMENT, .keeps_replies = true, .body = create_partner_body};
struct batch_plan update_partner_plan = {
    .name = "settlement.update_partner", .home = MODULE_SETTLEMENT, .keeps_replies = true, .body = update_partner_body};
