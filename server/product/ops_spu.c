/* Commands on SPUs; see ops_catalogue.h. ops_sku.c is its twin: both follow the same steps. */
#include <string.h>

#include "base/id.h"
#include "product/ops_catalogue.h"
#include "product/ops_offers.h"

/* Codes are unique in the business: taken ones are found before the insert, races by its unique key. */
static int refuse_taken_codes(struct batch *batch, struct err *err)
{
    struct code_key *keys = arena_array_of(batch->arena, struct code_key, batch->n);
    struct code_key *taken = NULL;
    size_t n_taken = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        const struct create_spu *c = (const void *)batch->commands[i];

        keys[i] = (struct code_key){.biz_id = c->command.biz_id, .code = c->row.code};
    }
    rc = product_store_find_spu_codes(batch->tx, keys, batch->n, batch->arena, &taken, &n_taken, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_spu, c, batch)
    {
        bool is_taken = false;

        for (size_t i = 0; i < n_taken; i++)
            is_taken = is_taken || (taken[i].biz_id == c->command.biz_id && strcmp(taken[i].code, c->row.code) == 0);
        for (size_t i = 0; i < c_i; i++) /* an earlier one of this batch */
            is_taken = is_taken || (keys[i].biz_id == c->command.biz_id && strcmp(keys[i].code, c->row.code) == 0);
        if (is_taken)
            command_refuse(&c->command, ERR_SPU_CODE_TAKEN, c->row.code);
    }
    return 0;
}

static int create_spu_body(struct batch *batch, struct err *err)
{
    struct spu_row *rows = arena_array_of(batch->arena, struct spu_row, batch->n);
    size_t n = 0;
    int rc;

    rc = refuse_taken_codes(batch, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_spu, c, batch)
    {
        c->row.spu_id = id_new(0);
        c->row.biz_id = c->command.biz_id;
        c->row.state = SALE_DRAFT;
        c->row.version = 1;
        c->row.create_time_ms = batch->now_ms;
        c->row.update_time_ms = batch->now_ms;
        rows[n++] = c->row;
    }
    return product_store_insert_spus(batch->tx, rows, n, err);
}

static int load(struct batch *batch, const struct product_key *keys, struct spu_row **ret_rows, size_t *ret_n,
                struct err *err)
{
    return product_store_find_spus(batch->tx, keys, batch->n, batch->arena, ret_rows, ret_n, err);
}

static struct spu_row *find(struct spu_row *rows, size_t n, int64_t spu_id, int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].spu_id == spu_id && rows[i].biz_id == biz_id)
            return &rows[i];
    return NULL;
}

static void edit(struct edit_spu *c, struct spu_row *row, int64_t now_ms)
{
    const struct catalogue_edit *wanted = &c->edit;
    char allowed[96];
    int to = row->state;

    if (wanted->version >= 0 && wanted->version != row->version) {
        command_refuse(&c->command, ERR_ETAG_MISMATCH, "SPU");
        return;
    }
    if (wanted->event != 0 && !fsm_next(&product_sale_fsm, row->state, (int)wanted->event, &to)) {
        command_refuse(&c->command, ERR_SPU_WRONG_STATE, id_show(ID_SPU, row->spu_id),
                       fsm_state_name(&product_sale_fsm, row->state),
                       fsm_allowed(&product_sale_fsm, (int)wanted->event, allowed, sizeof allowed));
        return;
    }
    if (wanted->fields & CATALOGUE_TITLE)
        row->title = wanted->title;
    if (wanted->fields & CATALOGUE_DESCRIPTION)
        row->description = wanted->description;
    row->state = to;
    row->version++;
    row->update_time_ms = now_ms;
    c->row = *row;
}

/* Several edits of one SPU in a batch follow each other on the loaded row, which is written once. */
static int edit_spu_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    int64_t *biz_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct spu_row *rows = NULL;
    size_t n = 0;
    size_t n_changed = 0;
    int rc;

    for_each_command(struct edit_spu, c, batch) keys[c_i] =
        (struct product_key){.id = c->edit.id, .biz_id = c->command.biz_id};
    rc = load(batch, keys, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        rows[i].version_read = rows[i].version;
    for_each_command(struct edit_spu, c, batch)
    {
        struct spu_row *row = find(rows, n, c->edit.id, c->command.biz_id);

        if (row == NULL)
            command_refuse(&c->command, ERR_SPU_NOT_FOUND, id_show(ID_SPU, c->edit.id));
        else
            edit(c, row, batch->now_ms);
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].version != rows[i].version_read)
            rows[n_changed++] = rows[i];
    for (size_t i = 0; i < n_changed; i++)
        biz_ids[i] = rows[i].biz_id;
    rc = product_store_update_spus(batch->tx, rows, n_changed, err);
    return rc != 0 ? rc : product_count_changes(batch, biz_ids, n_changed, err);
}

static int get_spu_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    struct spu_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_spu, c, batch) keys[c_i] =
        (struct product_key){.id = c->spu_id, .biz_id = c->command.biz_id};
    rc = load(batch, keys, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_spu, c, batch)
    {
        const struct spu_row *row = find(rows, n, c->spu_id, c->command.biz_id);

        if (row == NULL)
            command_refuse(&c->command, ERR_SPU_NOT_FOUND, id_show(ID_SPU, c->spu_id));
        else
            c->row = *row;
    }
    return 0;
}

static int list_spus_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_spus, c, batch)
    {
        rc = product_store_list_spus(batch->tx, c->command.biz_id, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan create_spu_plan = {
    .name = "product.create_spu", .home = MODULE_PRODUCT, .keeps_replies = true, .body = create_spu_body};
struct batch_plan edit_spu_plan = {
    .name = "product.edit_spu", .home = MODULE_PRODUCT, .keeps_replies = true, .body = edit_spu_body};
struct batch_plan get_spu_plan = {
    .name = "product.get_spu", .home = MODULE_PRODUCT, .is_read = true, .body = get_spu_body};
struct batch_plan list_spus_plan = {
    .name = "product.list_spus", .home = MODULE_PRODUCT, .is_read = true, .body = list_spus_body};
