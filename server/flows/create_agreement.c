/*
 * Creating versions of agreements; see create_agreement.h. In the order of the steps:
 *
 *   look      product: the SPUs and SKUs are the business's
 *   create    payment: the version, its texts, what it goes with; the business's number of changes
 */
#include "flows/create_agreement.h"

#include "product/ops.h"

static int look_for_products(struct batch *batch, struct err *err)
{
    struct catalogue_ref *refs = arena_array_of(batch->arena, struct catalogue_ref, batch->n * AGREEMENT_SUBJECTS_MAX);
    size_t n = 0;

    for_each_command(struct create_agreement, c, batch) for (size_t i = 0; i < c->n_subjects; i++) refs[n++] =
        (struct catalogue_ref){.command = &c->command,
                               .spu_id = c->subjects[i].kind == AGREEMENT_OF_SPU ? c->subjects[i].subject_id : 0,
                               .sku_id = c->subjects[i].kind == AGREEMENT_OF_SKU ? c->subjects[i].subject_id : 0};
    return n == 0 ? 0 : product_require(batch, refs, n, err);
}

static int create_agreement_body(struct batch *batch, struct err *err)
{
    int rc = look_for_products(batch, err);

    return rc != 0 ? rc : payment_create_agreements(batch, err);
}

struct batch_plan create_agreement_plan = {
    .name = "payment.create_agreement", .home = MODULE_PAYMENT, .keeps_replies = true, .body = create_agreement_body};
