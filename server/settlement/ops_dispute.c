/* Opening disputes, and reads; see ops_dispute.h. Closing: ops_dispute_close.c. */
#include "settlement/ops_dispute.h"

#include <string.h>

#include "base/id.h"
#include "settlement/rules_line.h"

struct clearing_row *dispute_line_of(const struct dispute_work *work, int64_t order_id, int32_t line_no, int64_t biz_id)
{
    for (size_t i = 0; i < work->n_lines; i++)
        if (work->lines[i].order_id == order_id && work->lines[i].line_no == line_no && work->lines[i].biz_id == biz_id)
            return &work->lines[i];
    return NULL;
}

struct dispute_event_row dispute_event_of(const struct dispute_row *row, enum dispute_event event, int from,
                                          const struct command *command, const char *detail)
{
    return (struct dispute_event_row){.dispute_id = row->dispute_id,
                                      .version = row->version,
                                      .biz_id = row->biz_id,
                                      .event = (int32_t)event,
                                      .from_state = from,
                                      .to_state = row->state,
                                      .actor = command->actor,
                                      .detail = detail,
                                      .create_time_ms = row->update_time_ms};
}

static bool is_touched(const struct dispute_work *work, const struct clearing_row *line)
{
    for (size_t i = 0; i < work->n; i++)
        if (work->rows[i].order_id == line->order_id && work->rows[i].line_no == line->line_no)
            return true;
    return false;
}

int disputes_write_lines(struct batch *batch, const struct dispute_work *work, struct err *err)
{
    struct clearing_row *lines = arena_array_of(batch->arena, struct clearing_row, work->n_lines);
    size_t n = 0;

    for (size_t i = 0; i < work->n_lines; i++)
        if (is_touched(work, &work->lines[i]))
            lines[n++] = work->lines[i];
    return clearing_store_move(batch->tx, lines, n, err);
}

/* What the units of the line that a refund under way recalls had cost. */
static int64_t cost_of(const struct open_dispute *c, int32_t line_no)
{
    for (size_t i = 0; i < c->n_refunded; i++)
        if (c->refunded[i].line_no == line_no)
            return c->refunded[i].weight_minor;
    return 0;
}

static int64_t left_to_dispute(struct batch *batch, const struct open_dispute *c, const struct dispute_work *work)
{
    int64_t *left = arena_array_of(batch->arena, int64_t, work->n_lines);
    int64_t *costs = arena_array_of(batch->arena, int64_t, work->n_lines);
    size_t at = 0;
    size_t n = 0;

    for (size_t i = 0; i < work->n_lines; i++) {
        const struct clearing_row *line = &work->lines[i];

        if (line->order_id != c->order_id)
            continue;
        if (line->line_no == c->line_no)
            at = n;
        left[n] = line_left(line);
        costs[n++] = cost_of(c, line->line_no);
    }
    return line_disputable(left, costs, n, at, c->refund_minor);
}

static bool is_same(const struct dispute_row *row, const struct dispute_row *other)
{
    return row->biz_id == other->biz_id && row->channel_account_id == other->channel_account_id &&
           row->order_id == other->order_id && row->line_no == other->line_no &&
           strcmp(row->channel_dispute, other->channel_dispute) == 0;
}

static const struct dispute_row *find_same(const struct dispute_row *rows, size_t n, const struct dispute_row *row)
{
    for (size_t i = 0; i < n; i++)
        if (is_same(&rows[i], row))
            return &rows[i];
    return NULL;
}

static struct dispute_row row_of(const struct open_dispute *c, const struct clearing_row *line, int64_t now_ms)
{
    struct dispute_row row = {
        .biz_id = c->command.biz_id,
        .order_id = c->order_id,
        .line_no = c->line_no,
        .channel_account_id = line->channel_account_id,
        .state = DISPUTE_OPEN,
        .version = 1,
        .amount_minor = c->amount.amount_minor,
        .fee_minor = c->fee.amount_minor,
        .channel_dispute = c->channel_dispute,
        .reason = c->reason,
        .create_time_ms = now_ms,
        .update_time_ms = now_ms,
    };

    memcpy(row.currency, line->currency, CURRENCY_SIZE);
    return row;
}

/* The lines of the commands; refuses those that name none, or other money. */
static void find_lines(struct batch *batch, const struct dispute_work *work, struct clearing_row **ret_lines)
{
    for_each_command(struct open_dispute, c, batch)
    {
        bool has_lines = false;

        for (size_t i = 0; i < work->n_lines; i++)
            has_lines =
                has_lines || (work->lines[i].order_id == c->order_id && work->lines[i].biz_id == c->command.biz_id);
        ret_lines[c_i] = dispute_line_of(work, c->order_id, c->line_no, c->command.biz_id);
        if (!has_lines)
            command_refuse(&c->command, ERR_CLEARING_NOT_FOUND, id_show(ID_ORDER, c->order_id));
        else if (ret_lines[c_i] == NULL)
            command_refuse(&c->command, ERR_ORDER_LINE_NOT_FOUND, id_show(ID_ORDER, c->order_id), err_i64(c->line_no));
        else if (strcmp(c->amount.currency, ret_lines[c_i]->currency) != 0)
            command_refuse(&c->command, ERR_CURRENCY_MISMATCH, c->amount.currency, ret_lines[c_i]->currency);
        else if (c->fee.amount_minor != 0 && strcmp(c->fee.currency, ret_lines[c_i]->currency) != 0)
            command_refuse(&c->command, ERR_CURRENCY_MISMATCH, c->fee.currency, ret_lines[c_i]->currency);
    }
}

static int find_taken(struct batch *batch, struct clearing_row *const *lines, struct dispute_row **ret_rows,
                      size_t *ret_n, struct err *err)
{
    struct dispute_channel_key *keys = arena_array_of(batch->arena, struct dispute_channel_key, batch->n);
    size_t n = 0;

    for_each_command(struct open_dispute, c, batch) keys[n++] =
        (struct dispute_channel_key){.biz_id = c->command.biz_id,
                                     .channel_account_id = lines[c_i]->channel_account_id,
                                     .channel_dispute = c->channel_dispute,
                                     .order_id = c->order_id,
                                     .line_no = c->line_no};
    return dispute_store_find_of_channels(batch->tx, keys, n, batch->arena, ret_rows, ret_n, err);
}

static int open_one(struct batch *batch, struct open_dispute *c, struct clearing_row *line, struct dispute_work *work,
                    struct err *err)
{
    struct dispute_line on = {.row = line};

    work->rows[work->n] = c->row;
    work->events[work->n++] = dispute_event_of(&c->row, DISPUTE_EVENT_OPEN, DISPUTE_NONE, &c->command, c->reason);
    return dispute_book(batch, &c->row, DISPUTE_EVENT_OPEN, c->reason, &on, &work->transfers, &work->made, err);
}

static int decide(struct batch *batch, struct clearing_row *const *lines, const struct dispute_row *taken,
                  size_t n_taken, struct dispute_work *work, struct err *err)
{
    char money[MONEY_TEXT_SIZE];
    int rc = 0;

    for_each_command(struct open_dispute, c, batch)
    {
        const struct dispute_row row = row_of(c, lines[c_i], batch->now_ms);
        const struct dispute_row *same = find_same(taken, n_taken, &row);
        const int64_t left_minor = left_to_dispute(batch, c, work);

        if (same == NULL)
            same = find_same(work->rows, work->n, &row);
        if (same != NULL) {
            command_refuse(&c->command, ERR_DISPUTE_TAKEN, row.channel_dispute, id_show(ID_DISPUTE, same->dispute_id));
        } else if (row.amount_minor > left_minor) {
            command_refuse(&c->command, ERR_DISPUTE_TOO_LARGE, id_show(ID_ORDER, row.order_id), err_i64(row.line_no),
                           money_text(money_of(left_minor, row.currency), money));
        } else {
            c->row = row;
            c->row.dispute_id = id_new(id_route(row.biz_id, ""));
            rc = open_one(batch, c, lines[c_i], work, err);
        }
        if (rc != 0)
            return rc;
    }
    return 0;
}

int disputes_decide_opening(struct batch *batch, struct dispute_work *work, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct clearing_row **lines = arena_array_of(batch->arena, struct clearing_row *, batch->n);
    struct dispute_row *taken = NULL;
    size_t n_taken = 0;
    size_t n = 0;
    int rc;

    *work = (struct dispute_work){.rows = arena_array_of(batch->arena, struct dispute_row, batch->n),
                                  .events = arena_array_of(batch->arena, struct dispute_event_row, batch->n),
                                  .transfers = transfers_begin(batch->n * DISPUTE_TRANSFERS_MAX, batch->arena)};
    for_each_command(struct open_dispute, c, batch)
    {
        c->row = (struct dispute_row){0};
        order_ids[n++] = c->order_id;
    }
    rc = clearing_store_lock_of_orders(batch->tx, order_ids, n, batch->arena, &work->lines, &work->n_lines, err);
    if (rc != 0)
        return rc;
    find_lines(batch, work, lines);
    rc = find_taken(batch, lines, &taken, &n_taken, err);
    if (rc == 0)
        rc = decide(batch, lines, taken, n_taken, work, err);
    return rc;
}

int disputes_write_opened(struct batch *batch, struct dispute_work *work, struct err *err)
{
    int rc = dispute_store_insert(batch->tx, work->rows, work->events, work->n, err);

    if (rc == 0)
        rc = disputes_write_lines(batch, work, err);
    if (rc == 0)
        rc = ledger_post(batch, &work->transfers, err);
    return rc;
}

static int get_dispute_body(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    struct dispute_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct get_dispute, c, batch) keys[c_i] =
        (struct settlement_key){.id = c->dispute_id, .biz_id = c->command.biz_id};
    rc = dispute_store_find(batch->tx, keys, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct get_dispute, c, batch)
    {
        for (size_t i = 0; i < n; i++)
            if (rows[i].dispute_id == c->dispute_id && rows[i].biz_id == c->command.biz_id)
                c->row = rows[i];
        if (c->row.dispute_id == 0)
            command_refuse(&c->command, ERR_DISPUTE_NOT_FOUND, id_show(ID_DISPUTE, c->dispute_id));
    }
    return 0;
}

static int list_disputes_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_disputes, c, batch)
    {
        const struct dispute_filter filter = {.biz_id = c->command.biz_id, .order_id = c->order_id, .state = c->state};

        rc = dispute_store_list(batch->tx, &filter, &c->list.page, batch->arena, &c->rows, &c->n, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan get_dispute_plan = {
    .name = "settlement.get_dispute", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_dispute_body};
struct batch_plan list_disputes_plan = {
    .name = "settlement.list_disputes", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_disputes_body};
