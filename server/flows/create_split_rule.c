/*
 * Creating split rules; see create_split_rule.h. In the order of the steps:
 *
 *   check     settlement: the parts add up, the partners take part
 *   look      product: the SPU or SKU is the business's
 *   create    settlement: the times, no other rule of the scope at the same time; the rows
 */
#include "flows/create_split_rule.h"

#include "base/failpoint.h"
#include "product/ops.h"

static int look_for_products(struct batch *batch, struct err *err)
{
    struct catalogue_ref *refs = arena_array_of(batch->arena, struct catalogue_ref, batch->n);
    size_t n = 0;

    for_each_command(struct create_rule, c, batch) refs[n++] =
        (struct catalogue_ref){.command = &c->command,
                               .spu_id = c->scope == SCOPE_SPU ? c->scope_id : 0,
                               .sku_id = c->scope == SCOPE_SKU ? c->scope_id : 0};
    return product_require(batch, refs, n, err);
}

static int create_rule_body(struct batch *batch, struct err *err)
{
    int rc = settlement_check_rules(batch, err);

    if (rc == 0)
        rc = failpoint_step("create_split_rule.checked", err);
    if (rc == 0)
        rc = look_for_products(batch, err);
    if (rc == 0)
        rc = failpoint_step("create_split_rule.looked", err);
    if (rc == 0)
        rc = settlement_create_rules(batch, err);
    return rc;
}

struct batch_plan create_rule_plan = {
    .name = "settlement.create_rule", .home = MODULE_SETTLEMENT, .keeps_replies = true, .body = create_rule_body};
