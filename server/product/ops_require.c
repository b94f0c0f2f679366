/* That SPUs and SKUs exist which commands name; see ops.h. */
#include "base/id.h"
#include "product/ops.h"
#include "product/store.h"

static int require_spus(struct batch *batch, const struct catalogue_ref *refs, size_t n, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n);
    struct spu_row *rows = NULL;
    size_t n_rows = 0;
    size_t n_keys = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (refs[i].spu_id != 0 && !refs[i].command->is_done)
            keys[n_keys++] = (struct product_key){.id = refs[i].spu_id, .biz_id = refs[i].command->biz_id};
    rc = product_store_find_spus(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        bool is_known = refs[i].spu_id == 0 || refs[i].command->is_done;

        for (size_t j = 0; j < n_rows && !is_known; j++)
            is_known = rows[j].spu_id == refs[i].spu_id && rows[j].biz_id == refs[i].command->biz_id;
        if (!is_known)
            command_refuse(refs[i].command, ERR_SPU_NOT_FOUND, id_show(ID_SPU, refs[i].spu_id));
    }
    return 0;
}

static int require_skus(struct batch *batch, const struct catalogue_ref *refs, size_t n, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, n);
    struct sku_row *rows = NULL;
    size_t n_rows = 0;
    size_t n_keys = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (refs[i].sku_id != 0 && !refs[i].command->is_done)
            keys[n_keys++] = (struct product_key){.id = refs[i].sku_id, .biz_id = refs[i].command->biz_id};
    rc = product_store_find_skus(batch->tx, keys, n_keys, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        bool is_known = refs[i].sku_id == 0 || refs[i].command->is_done;

        for (size_t j = 0; j < n_rows && !is_known; j++)
            is_known = rows[j].sku_id == refs[i].sku_id && rows[j].biz_id == refs[i].command->biz_id;
        if (!is_known)
            command_refuse(refs[i].command, ERR_SKU_NOT_FOUND, id_show(ID_SKU, refs[i].sku_id));
    }
    return 0;
}

int product_require(struct batch *batch, const struct catalogue_ref *refs, size_t n, struct err *err)
{
    int rc = require_spus(batch, refs, n, err);

    return rc != 0 ? rc : require_skus(batch, refs, n, err);
}
