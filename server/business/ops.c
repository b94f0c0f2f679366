/* Commands on businesses; see ops.h. */
#include "business/ops.h"

#include <string.h>

#include "base/id.h"

static int refuse_taken_codes(struct batch *batch, struct err *err)
{
    const char **codes = arena_array_of(batch->arena, const char *, batch->n);
    struct business_row *taken = NULL;
    size_t n_taken = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        codes[i] = ((const struct register_business *)(void *)batch->commands[i])->row.code;
    rc = business_store_find_codes(batch->tx, codes, batch->n, batch->arena, &taken, &n_taken, err);
    if (rc != 0)
        return rc;
    for_each_command(struct register_business, c, batch)
    {
        bool is_taken = false;

        for (size_t i = 0; i < n_taken; i++)
            is_taken = is_taken || strcmp(taken[i].code, c->row.code) == 0;
        for (size_t i = 0; i < c_i; i++) /* an earlier one of this batch */
            is_taken = is_taken || strcmp(codes[i], c->row.code) == 0;
        if (is_taken)
            command_refuse(&c->command, ERR_BUSINESS_CODE_TAKEN, c->row.code);
    }
    return 0;
}

static int register_business_body(struct batch *batch, struct err *err)
{
    struct business_row *rows = arena_array_of(batch->arena, struct business_row, batch->n);
    size_t n = 0;
    int rc;

    rc = refuse_taken_codes(batch, err);
    if (rc != 0)
        return rc;
    for_each_command(struct register_business, c, batch)
    {
        c->row.biz_id = id_new(0);
        c->row.state = BUSINESS_ACTIVE;
        c->row.version = 1;
        c->row.create_time_ms = batch->now_ms;
        c->row.update_time_ms = batch->now_ms;
        rows[n++] = c->row;
    }
    return business_store_insert(batch->tx, rows, n, err);
}

static struct business_row *find(struct business_row *rows, size_t n, int64_t biz_id, const struct command *command)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].biz_id == biz_id && (command->biz_id == 0 || command->biz_id == biz_id))
            return &rows[i];
    return NULL;
}

static int get_business_body(struct batch *batch, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct business_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_business, c, batch) ids[c_i] = c->biz_id;
    rc = business_store_find(batch->tx, ids, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_business, c, batch)
    {
        const struct business_row *row = find(rows, n, c->biz_id, &c->command);

        if (row == NULL)
            command_refuse(&c->command, ERR_BUSINESS_NOT_FOUND, id_show(ID_BUSINESS, c->biz_id));
        else
            c->row = *row;
    }
    return 0;
}

static int list_businesses_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_businesses, c, batch)
    {
        rc = business_store_list(batch->tx, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static void update(struct update_business *c, struct business_row *row, int64_t now_ms)
{
    if (c->version >= 0 && c->version != row->version) {
        command_refuse(&c->command, ERR_ETAG_MISMATCH, "business");
        return;
    }
    if (c->fields & BUSINESS_NAME)
        row->name = c->values.name;
    if (c->fields & BUSINESS_CONTACT_EMAIL)
        row->contact_email = c->values.contact_email;
    if (c->fields & BUSINESS_ORDER_EXPIRES)
        row->order_expires_in_s = c->values.order_expires_in_s;
    if (c->fields & BUSINESS_ORDER_CONFIRM)
        row->order_confirm_after_s = c->values.order_confirm_after_s;
    if (c->fields & BUSINESS_LATE_MONEY)
        row->late_money = c->values.late_money;
    if (c->fields & BUSINESS_FAILED_PAYMENT)
        row->failed_payment = c->values.failed_payment;
    if (c->fields & BUSINESS_STATE)
        row->state = c->values.state;
    row->version++;
    row->update_time_ms = now_ms;
    c->row = *row;
}

static int update_business_body(struct batch *batch, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct business_row *rows = NULL;
    size_t n = 0;
    size_t n_changed = 0;
    int rc;

    for_each_command(struct update_business, c, batch) ids[c_i] = c->biz_id;
    rc = business_store_find(batch->tx, ids, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        rows[i].version_read = rows[i].version;
    for_each_command(struct update_business, c, batch)
    {
        struct business_row *row = find(rows, n, c->biz_id, &c->command);

        if (row == NULL)
            command_refuse(&c->command, ERR_BUSINESS_NOT_FOUND, id_show(ID_BUSINESS, c->biz_id));
        else
            update(c, row, batch->now_ms);
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].version != rows[i].version_read)
            rows[n_changed++] = rows[i];
    return business_store_update(batch->tx, rows, n_changed, err);
}

struct batch_plan register_business_plan = {
    .name = "business.register", .home = MODULE_BUSINESS, .keeps_replies = true, .body = register_business_body};
struct batch_plan get_business_plan = {
    .name = "business.get", .home = MODULE_BUSINESS, .is_read = true, .body = get_business_body};
struct batch_plan list_businesses_plan = {
    .name = "business.list", .home = MODULE_BUSINESS, .is_read = true, .body = list_businesses_body};
struct batch_plan update_business_plan = {
    .name = "business.update", .home = MODULE_BUSINESS, .keeps_replies = true, .body = update_business_body};
