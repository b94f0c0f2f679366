/* Commands on partners; see ops_partner.h. */
#include "settlement/ops_partner.h"

#include <string.h>

#include "base/id.h"
#include "settlement/rules.h"

static void refuse_account(struct command *command, int64_t account_id)
{
    command_refuse(command, ERR_CHANNEL_ACCOUNT_NOT_FOUND, id_show(ID_CHANNEL_ACCOUNT, account_id));
}

static bool is_code_among(const struct partner_code_key *taken, size_t n, const struct create_partner *c)
{
    for (size_t i = 0; i < n; i++)
        if (taken[i].biz_id == c->command.biz_id && strcmp(taken[i].code, c->row.code) == 0)
            return true;
    return false;
}

/* What the caller has not given. */
static void begin(struct create_partner *c, int64_t now_ms)
{
    struct partner_row *row = &c->row;

    row->partner_id = id_new(0);
    row->biz_id = c->command.biz_id;
    row->state = PARTNER_ACTIVE;
    row->payout_account_time_ms = row->payout_account[0] != '\0' ? now_ms : 0;
    row->due_time_ms = period_end_after(row, now_ms);
    row->version = 1;
    row->create_time_ms = now_ms;
    row->update_time_ms = now_ms;
}

/* Codes are unique in the business: taken ones are found before the insert, races by its unique key. */
int settlement_create_partners(struct batch *batch, struct err *err)
{
    struct partner_row *rows = arena_array_of(batch->arena, struct partner_row, batch->n);
    struct partner_code_key *keys = arena_array_of(batch->arena, struct partner_code_key, batch->n);
    struct partner_code_key *made = arena_array_of(batch->arena, struct partner_code_key, batch->n);
    struct partner_code_key *taken = NULL;
    size_t n_taken = 0;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        const struct create_partner *c = (const void *)batch->commands[i];

        keys[i] = (struct partner_code_key){.biz_id = c->command.biz_id, .code = c->row.code};
    }
    rc = settlement_store_find_partner_codes(batch->tx, keys, batch->n, batch->arena, &taken, &n_taken, err);
    if (rc != 0)
        return rc;
    for_each_command(struct create_partner, c, batch)
    {
        if (c->row.payout_channel_account_id != 0 && !c->has_channel_account) {
            refuse_account(&c->command, c->row.payout_channel_account_id);
        } else if (is_code_among(taken, n_taken, c) || is_code_among(made, n, c)) {
            command_refuse(&c->command, ERR_PARTNER_CODE_TAKEN, c->row.code);
        } else {
            begin(c, batch->now_ms);
            made[n] = keys[c_i];
            rows[n++] = c->row;
        }
    }
    return settlement_store_insert_partners(batch->tx, rows, n, err);
}

static struct partner_row *find(struct partner_row *rows, size_t n, int64_t partner_id, int64_t biz_id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].partner_id == partner_id && rows[i].biz_id == biz_id)
            return &rows[i];
    return NULL;
}

/* A payout account counts as changed only when it is another one: the hold-back begins anew. */
static void set_payout_account(struct partner_row *row, const char *payout_account, int64_t now_ms)
{
    if (strcmp(row->payout_account, payout_account) == 0)
        return;
    row->payout_account = payout_account;
    row->payout_account_time_ms = now_ms;
}

/*
 * A change of what ends periods counts for the period under way. One that is over, and only waits for its statement,
 * keeps its end.
 */
static void set_periods(struct partner_row *row, const struct update_partner *c, int64_t now_ms)
{
    const struct partner_row old = *row;

    if (c->fields & PARTNER_SCHEDULE)
        row->schedule = c->values.schedule;
    if (c->fields & PARTNER_TIME_ZONE)
        row->time_zone = c->values.time_zone;
    if (c->fields & PARTNER_CUTOFF)
        row->cutoff_minutes = c->values.cutoff_minutes;
    if (row->schedule == old.schedule && row->cutoff_minutes == old.cutoff_minutes &&
        strcmp(row->time_zone, old.time_zone) == 0)
        return;
    if (row->due_time_ms > now_ms)
        row->due_time_ms = period_end_after(row, now_ms);
}

static void update(struct update_partner *c, struct partner_row *row, int64_t now_ms)
{
    const struct partner_row *values = &c->values;

    if (c->version >= 0 && c->version != row->version) {
        command_refuse(&c->command, ERR_ETAG_MISMATCH, "partner");
        return;
    }
    if (c->fields & PARTNER_PAYOUT_CHANNEL && values->payout_channel_account_id != 0 && !c->has_channel_account) {
        refuse_account(&c->command, values->payout_channel_account_id);
        return;
    }
    if (c->fields & PARTNER_TITLE)
        row->title = values->title;
    if (c->fields & PARTNER_PAYOUT_CHANNEL)
        row->payout_channel_account_id = values->payout_channel_account_id;
    if (c->fields & PARTNER_PAYOUT_ACCOUNT)
        set_payout_account(row, values->payout_account, now_ms);
    set_periods(row, c, now_ms);
    if (c->fields & PARTNER_THRESHOLD)
        row->threshold_minor = values->threshold_minor;
    if (c->fields & PARTNER_HOLD_BACK)
        row->hold_back_s = values->hold_back_s;
    if (c->fields & PARTNER_STATE)
        row->state = values->state;
    row->version++;
    row->update_time_ms = now_ms;
    c->row = *row;
}

/* Several updates of one partner in a batch follow each other on the loaded row, which is written once. */
int settlement_update_partners(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    struct partner_row *rows = NULL;
    size_t n = 0;
    size_t n_changed = 0;
    int rc;

    for_each_command(struct update_partner, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->partner_id, .biz_id = c->command.biz_id};
    rc = settlement_store_find_partners(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        rows[i].version_read = rows[i].version;
    for_each_command(struct update_partner, c, batch)
    {
        struct partner_row *row = find(rows, n, c->partner_id, c->command.biz_id);

        if (row == NULL)
            command_refuse(&c->command, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, c->partner_id));
        else
            update(c, row, batch->now_ms);
    }
    for (size_t i = 0; i < n; i++)
        if (rows[i].version != rows[i].version_read)
            rows[n_changed++] = rows[i];
    return settlement_store_update_partners(batch->tx, rows, n_changed, err);
}

static int get_partner_body(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    struct partner_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_partner, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->partner_id, .biz_id = c->command.biz_id};
    rc = settlement_store_find_partners(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_partner, c, batch)
    {
        const struct partner_row *row = find(rows, n, c->partner_id, c->command.biz_id);

        if (row == NULL)
            command_refuse(&c->command, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, c->partner_id));
        else
            c->row = *row;
    }
    return 0;
}

static int list_partners_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_partners, c, batch)
    {
        rc = settlement_store_list_partners(batch->tx, c->command.biz_id, &c->list.page, batch->arena, &c->rows, &c->n,
                                            err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan get_partner_plan = {
    .name = "settlement.get_partner", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_partner_body};
struct batch_plan list_partners_plan = {
    .name = "settlement.list_partners", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_partners_body};
