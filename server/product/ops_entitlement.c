/* Questions about entitlements; see ops_inventory.h. */
#include <string.h>

#include "base/id.h"
#include "product/ops_inventory.h"
#include "product/state.h"

/* A browser asks for its own user only; what belongs to others does not exist for it. */
static bool may_ask(struct command *command, const char *user_id)
{
    if (command->user_id == NULL || strcmp(command->user_id, user_id) == 0)
        return true;
    command_refuse(command, ERR_ENTITLEMENT_NOT_FOUND, user_id);
    return false;
}

static int get_entitlement_body(struct batch *batch, struct err *err)
{
    struct product_key *keys = arena_array_of(batch->arena, struct product_key, batch->n);
    struct lot_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_entitlement, c, batch) keys[c_i] =
        (struct product_key){.id = c->row.lot_id, .biz_id = c->command.biz_id};
    rc = product_store_find_lots(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_entitlement, c, batch)
    {
        const struct lot_row *found = NULL;

        for (size_t i = 0; i < n; i++)
            if (rows[i].lot_id == c->row.lot_id && rows[i].biz_id == c->command.biz_id &&
                (c->command.user_id == NULL || strcmp(c->command.user_id, rows[i].user_id) == 0))
                found = &rows[i];
        if (found == NULL)
            command_refuse(&c->command, ERR_ENTITLEMENT_NOT_FOUND, id_show(ID_LOT, c->row.lot_id));
        else
            c->row = *found;
    }
    return 0;
}

static int list_entitlements_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_entitlements, c, batch)
    {
        const struct lot_user_key of = {.biz_id = c->command.biz_id, .user_id = c->user_id, .spu_id = c->spu_id};

        if (!may_ask(&c->command, c->user_id))
            continue;
        rc = product_store_list_lots(batch->tx, &of, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static bool is_of(const struct lot_row *lot, const struct check_entitlement *c)
{
    return lot->biz_id == c->command.biz_id && lot->spu_id == c->spu_id && strcmp(lot->user_id, c->user_id) == 0;
}

/* Lots that follow each other count as one span: the answer's end is that of the last one. */
static void judge(struct check_entitlement *c, const struct lot_row *lots, size_t n, int64_t now_ms)
{
    bool has_no_end = false;

    c->is_entitled = false;
    c->end_time_ms = 0;
    c->remaining = 0;
    for (size_t i = 0; i < n; i++) {
        const struct lot_row *lot = &lots[i];

        if (!is_of(lot, c) || (lot->grant_kind == GRANT_COUNT && lot->remaining == 0))
            continue;
        c->is_entitled = c->is_entitled || lot->start_time_ms <= now_ms;
        c->remaining += lot->remaining;
        has_no_end = has_no_end || lot->end_time_ms == 0;
        if (lot->end_time_ms > c->end_time_ms)
            c->end_time_ms = lot->end_time_ms;
    }
    if (has_no_end || !c->is_entitled)
        c->end_time_ms = 0;
}

static int check_entitlement_body(struct batch *batch, struct err *err)
{
    struct lot_user_key *keys = arena_array_of(batch->arena, struct lot_user_key, batch->n);
    struct lot_row *lots = NULL;
    size_t n_lots = 0;
    size_t n = 0;
    int rc;

    for_each_command(struct check_entitlement, c, batch) if (may_ask(&c->command, c->user_id)) keys[n++] =
        (struct lot_user_key){.biz_id = c->command.biz_id, .user_id = c->user_id, .spu_id = c->spu_id};
    rc = product_store_find_live_lots(batch->tx, keys, n, batch->now_ms, batch->arena, &lots, &n_lots, err);
    if (rc != 0)
        return rc;
    for_each_command(struct check_entitlement, c, batch) judge(c, lots, n_lots, batch->now_ms);
    return 0;
}

struct batch_plan get_entitlement_plan = {
    .name = "product.get_entitlement", .home = MODULE_PRODUCT, .is_read = true, .body = get_entitlement_body};
struct batch_plan list_entitlements_plan = {
    .name = "product.list_entitlements", .home = MODULE_PRODUCT, .is_read = true, .body = list_entitlements_body};
struct batch_plan check_entitlement_plan = {
    .name = "product.check_entitlement", .home = MODULE_PRODUCT, .is_read = true, .body = check_entitlement_body};
