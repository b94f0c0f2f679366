/* Commands on channel accounts; see ops.h. */
#include <string.h>

#include "base/id.h"
#include "payment/ops.h"

static int refuse_taken_codes(struct batch *batch, struct err *err)
{
    struct account_code_key *keys = arena_array_of(batch->arena, struct account_code_key, batch->n);
    struct account_code_key *taken = NULL;
    size_t n_taken = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        keys[i] =
            (struct account_code_key){.biz_id = batch->commands[i]->biz_id,
                                      .code = ((const struct create_account *)(void *)batch->commands[i])->row.code};
    rc = payment_store_find_account_codes(batch->tx, keys, batch->n, batch->arena, &taken, &n_taken, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_account, c, batch)
    {
        bool is_taken = false;

        for (size_t i = 0; i < n_taken; i++)
            is_taken = is_taken || (taken[i].biz_id == c->command.biz_id && strcmp(taken[i].code, c->row.code) == 0);
        for (size_t i = 0; i < c_i; i++) /* an earlier one of this batch */
            is_taken = is_taken || (keys[i].biz_id == c->command.biz_id && strcmp(keys[i].code, c->row.code) == 0);
        if (is_taken)
            command_refuse(&c->command, ERR_CHANNEL_ACCOUNT_CODE_TAKEN, c->row.code);
    }
    return 0;
}

static int create_account_body(struct batch *batch, struct err *err)
{
    struct channel_account_row *rows = arena_array_of(batch->arena, struct channel_account_row, batch->n);
    struct channel_account opened;
    size_t n = 0;
    int rc;

    for_each_command(struct create_account, c, batch) if (channel_open(&c->row, &opened, &c->command.err) != 0)
        c->command.is_done = true;
    rc = refuse_taken_codes(batch, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_account, c, batch)
    {
        c->row.channel_account_id = id_new(0);
        c->row.biz_id = c->command.biz_id;
        c->row.state = CHANNEL_ACCOUNT_ENABLED;
        c->row.version = 1;
        c->row.create_time_ms = batch->now_ms;
        c->row.update_time_ms = batch->now_ms;
        rows[n++] = c->row;
    }
    return payment_store_insert_accounts(batch->tx, rows, n, err);
}

static struct channel_account_row *find(struct channel_account_row *rows, size_t n, int64_t account_id, int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].channel_account_id == account_id && rows[i].biz_id == biz_id)
            return &rows[i];
    return NULL;
}

int payment_load_accounts(struct batch *batch, struct command *const *commands, const int64_t *account_ids, size_t n,
                          struct channel_account_row **ret_rows, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, n);
    struct channel_account_row *rows = NULL;
    size_t n_rows = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] = (struct payment_key){.id = account_ids[i], .biz_id = commands[i]->biz_id};
    rc = payment_store_find_accounts(batch->tx, keys, n, batch->arena, &rows, &n_rows, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        ret_rows[i] = find(rows, n_rows, account_ids[i], commands[i]->biz_id);
        if (ret_rows[i] == NULL && !commands[i]->is_done)
            command_refuse(commands[i], ERR_CHANNEL_ACCOUNT_NOT_FOUND, id_show(ID_CHANNEL_ACCOUNT, account_ids[i]));
    }
    return rc;
}

void payment_check_limits(const struct channel_account_row *row, struct command *command)
{
    if (row->amount_max != 0 && row->amount_max < row->amount_min)
        command_refuse(command, ERR_FIELD_OUT_OF_RANGE, "amount_max", err_i64(row->amount_min),
                       err_i64(MONEY_AMOUNT_MAX));
}

static void set_limits(const struct update_account *c, struct channel_account_row *row)
{
    if (c->fields & ACCOUNT_CURRENCIES)
        row->currencies = c->values.currencies;
    if (c->fields & ACCOUNT_AMOUNT_MIN)
        row->amount_min = c->values.amount_min;
    if (c->fields & ACCOUNT_AMOUNT_MAX)
        row->amount_max = c->values.amount_max;
    if (c->fields & ACCOUNT_PLATFORMS)
        row->platforms = c->values.platforms;
}

static void update(struct update_account *c, struct channel_account_row *stored, int64_t now_ms)
{
    struct channel_account_row changed = *stored;
    struct channel_account_row *row = &changed;

    if (c->version >= 0 && c->version != row->version) {
        command_refuse(&c->command, ERR_ETAG_MISMATCH, "channel account");
        return;
    }
    set_limits(c, row);
    payment_check_limits(row, &c->command);
    if (c->command.is_done)
        return;
    if (c->fields & ACCOUNT_TITLE)
        row->title = c->values.title;
    if (c->fields & ACCOUNT_PRIORITY)
        row->priority = c->values.priority;
    if (c->fields & ACCOUNT_BASE_URL)
        row->base_url = c->values.base_url;
    if (c->fields & ACCOUNT_NOTIFY_URL)
        row->notify_url = c->values.notify_url;
    if (c->fields & ACCOUNT_STATE)
        row->state = c->values.state;
    row->version++;
    row->update_time_ms = now_ms;
    *stored = changed;
    c->row = changed;
}

static int update_account_body(struct batch *batch, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, batch->n);
    struct channel_account_row *rows = NULL;
    size_t n = 0;
    size_t n_changed = 0;
    int rc;

    for_each_command(struct update_account, c, batch) keys[c_i] =
        (struct payment_key){.id = c->account_id, .biz_id = c->command.biz_id};
    rc = payment_store_find_accounts(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        rows[i].version_read = rows[i].version;
    for_each_command(struct update_account, c, batch)
    {
        struct channel_account_row *row = find(rows, n, c->account_id, c->command.biz_id);

        if (row == NULL)
            command_refuse(&c->command, ERR_CHANNEL_ACCOUNT_NOT_FOUND, id_show(ID_CHANNEL_ACCOUNT, c->account_id));
        else
            update(c, row, batch->now_ms);
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].version != rows[i].version_read)
            rows[n_changed++] = rows[i];
    return payment_store_update_accounts(batch->tx, rows, n_changed, err);
}

static int get_account_body(struct batch *batch, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct channel_account_row **rows = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int rc;

    for_each_command(struct get_account, c, batch) ids[c_i] = c->account_id;
    rc = payment_load_accounts(batch, batch->commands, ids, batch->n, rows, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        ((struct get_account *)(void *)batch->commands[i])->row = rows[i];
    return rc;
}

static int list_accounts_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_accounts, c, batch)
    {
        rc = payment_store_list_accounts(batch->tx, c->command.biz_id, &c->list.page, batch->arena, &c->rows, &c->n,
                                         err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan create_account_plan = {
    .name = "payment.create_account", .home = MODULE_PAYMENT, .keeps_replies = true, .body = create_account_body};
struct batch_plan update_account_plan = {
    .name = "payment.update_account", .home = MODULE_PAYMENT, .keeps_replies = true, .body = update_account_body};
struct batch_plan get_account_plan = {
    .name = "payment.get_account", .home = MODULE_PAYMENT, .is_read = true, .body = get_account_body};
struct batch_plan list_accounts_plan = {
    .name = "payment.list_accounts", .home = MODULE_PAYMENT, .is_read = true, .body = list_accounts_body};
