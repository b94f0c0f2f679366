/* Reads of orders; see ops.h. */
#include <string.h>

#include "base/id.h"
#include "order/ops.h"

static int get_order_body(struct batch *batch, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    struct order_row **rows = arena_array_of(batch->arena, struct order_row *, batch->n);
    struct order_lines *lines = arena_array_of(batch->arena, struct order_lines, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct order_ref){.command = batch->commands[i],
                                     .order_id = ((struct get_order *)(void *)batch->commands[i])->order_id};
    rc = order_load(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++)
        rows[i] = refs[i].row;
    rc = order_load_lines(batch, rows, batch->n, lines, err);
    for_each_command(struct get_order, c, batch)
    {
        c->row = rows[c_i];
        c->lines = lines[c_i];
    }
    return rc;
}

/* Ids that do not exist, or not for this caller, are no refusal here: their row stays NULL. */
static void pick(struct get_orders *c, struct order_row *rows, size_t n)
{
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < n; j++)
            if (rows[j].order_id == c->order_ids[i] && rows[j].biz_id == c->command.biz_id)
                c->rows[i] = &rows[j];
}

static int get_orders_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct get_orders, c, batch)
    {
        struct order_key *keys = arena_array_of(batch->arena, struct order_key, c->n);
        struct order_row *rows = NULL;
        size_t n = 0;

        for (size_t i = 0; i < c->n; i++)
            keys[i] = (struct order_key){.order_id = c->order_ids[i], .biz_id = c->command.biz_id};
        rc = order_store_find(batch->tx, keys, c->n, batch->arena, &rows, &n, err);
        if (rc != 0)
            return rc;
        c->rows = arena_array_of(batch->arena, struct order_row *, c->n);
        c->lines = arena_array_of(batch->arena, struct order_lines, c->n);
        pick(c, rows, n);
        rc = order_load_lines(batch, c->rows, c->n, c->lines, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static int list_one(struct batch *batch, struct list_orders *c, struct err *err)
{
    struct order_row **rows;
    int rc;

    if (c->command.user_id != NULL && strcmp(c->command.user_id, c->filter.user_id) != 0) {
        command_refuse(&c->command, ERR_ORDER_NOT_FOUND, c->filter.user_id);
        return 0;
    }
    rc = order_store_list(batch->tx, &c->filter, &c->list.page, batch->arena, &c->rows, &c->n, err);
    if (rc != 0)
        return rc;
    rows = arena_array_of(batch->arena, struct order_row *, c->n);
    c->lines = arena_array_of(batch->arena, struct order_lines, c->n);
    for (size_t i = 0; i < c->n; i++)
        rows[i] = &c->rows[i];
    return order_load_lines(batch, rows, c->n, c->lines, err);
}

static int list_orders_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_orders, c, batch)
    {
        rc = list_one(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct order_event_row order_creation(const struct order_row *row)
{
    return (struct order_event_row){
        .order_id = row->order_id,
        .version = 1,
        .biz_id = row->biz_id,
        .event = ORDER_EVENT_CREATE,
        .to_state = ORDER_PENDING_PAYMENT,
        .actor = row->created_by,
        .detail = "",
        .create_time_ms = row->create_time_ms,
    };
}

/* One more row than the page shows, the derived first event included. */
static int list_events(struct batch *batch, struct list_order_events *c, struct err *err)
{
    const struct order_key key = {.order_id = c->order_id, .biz_id = c->command.biz_id};
    const bool is_first_page = c->list.page.after_id == 0;
    const int32_t wanted = c->list.page.size + 1;
    struct order_event_row *stored = NULL;
    size_t n_stored = 0;
    int rc;

    rc = order_store_list_events(batch->tx, &key, (int32_t)c->list.page.after_id, wanted, batch->arena, &stored,
                                 &n_stored, err);
    if (rc != 0)
        return rc;
    c->n = 0;
    c->rows = arena_array_of(batch->arena, struct order_event_row, n_stored + 1);
    if (is_first_page)
        c->rows[c->n++] = order_creation(c->row);
    for (size_t i = 0; i < n_stored && c->n < (size_t)wanted; i++)
        c->rows[c->n++] = stored[i];
    return 0;
}

static int list_order_events_body(struct batch *batch, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct order_ref){.command = batch->commands[i],
                                     .order_id = ((struct list_order_events *)(void *)batch->commands[i])->order_id};
    rc = order_load(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct list_order_events, c, batch)
    {
        c->row = refs[c_i].row;
        rc = list_events(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

struct batch_plan get_order_plan = {.name = "order.get", .home = MODULE_ORDER, .is_read = true, .body = get_order_body};
struct batch_plan get_orders_plan = {
    .name = "order.get_many", .home = MODULE_ORDER, .is_read = true, .body = get_orders_body};
struct batch_plan list_orders_plan = {
    .name = "order.list", .home = MODULE_ORDER, .is_read = true, .body = list_orders_body};
struct batch_plan list_order_events_plan = {
    .name = "order.list_events", .home = MODULE_ORDER, .is_read = true, .body = list_order_events_body};
