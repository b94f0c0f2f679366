/* Closing disputes; see ops_dispute.h. What that moves: ops_dispute_book.c. */
#include <string.h>

#include "base/id.h"
#include "settlement/ops_dispute.h"

static void bind(struct close_dispute *c, struct dispute_row *rows, size_t n)
{
    c->row = NULL;
    for (size_t i = 0; i < n; i++)
        if (rows[i].dispute_id == c->dispute_id && rows[i].biz_id == c->command.biz_id)
            c->row = &rows[i];
    if (c->row == NULL)
        command_refuse(&c->command, ERR_DISPUTE_NOT_FOUND, id_show(ID_DISPUTE, c->dispute_id));
}

int disputes_lock(struct batch *batch, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, batch->n);
    struct dispute_row *rows = NULL;
    size_t n_keys = 0;
    size_t n = 0;
    int rc;

    for_each_command(struct close_dispute, c, batch) keys[n_keys++] =
        (struct settlement_key){.id = c->dispute_id, .biz_id = c->command.biz_id};
    rc = dispute_store_lock(batch->tx, keys, n_keys, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        rows[i].state_read = rows[i].state;
        rows[i].version_read = rows[i].version;
    }
    for_each_command(struct close_dispute, c, batch) bind(c, rows, n);
    return 0;
}

static bool allows(struct close_dispute *c)
{
    const struct dispute_row *row = c->row;
    char allowed[160];
    char fee[MONEY_TEXT_SIZE];
    int to;

    if (c->fee_returned.amount_minor != 0 && strcmp(c->fee_returned.currency, row->currency) != 0)
        command_refuse(&c->command, ERR_CURRENCY_MISMATCH, c->fee_returned.currency, row->currency);
    else if (!fsm_next(&dispute_fsm, row->state, (int)c->event, &to))
        command_refuse(&c->command, ERR_DISPUTE_WRONG_STATE, id_show(ID_DISPUTE, c->dispute_id),
                       fsm_state_name(&dispute_fsm, row->state),
                       fsm_allowed(&dispute_fsm, (int)c->event, allowed, sizeof allowed));
    else if (c->fee_returned.amount_minor > row->fee_minor)
        command_refuse(&c->command, ERR_DISPUTE_FEE_TOO_LARGE, id_show(ID_DISPUTE, c->dispute_id),
                       money_text(money_of(row->fee_minor, row->currency), fee));
    return !c->command.is_done;
}

/* The line's entries, those of this batch among them: what they took is not there to be taken again. */
static struct dispute_line with_entries(struct batch *batch, const struct dispute_work *work, struct clearing_row *line)
{
    struct clearing_entry_row *entries =
        arena_array_of(batch->arena, struct clearing_entry_row, work->n_entries + work->made.n);
    size_t n = 0;

    for (size_t i = 0; i < work->n_entries + work->made.n; i++) {
        const struct clearing_entry_row *entry =
            i < work->n_entries ? &work->entries[i] : &work->made.list[i - work->n_entries];

        if (entry->order_id == line->order_id && entry->line_no == line->line_no)
            entries[n++] = *entry;
    }
    return (struct dispute_line){.row = line, .entries = entries, .n_entries = n};
}

static void move(struct close_dispute *c, struct dispute_work *work, int64_t now_ms)
{
    struct dispute_row *row = c->row;
    const int from = row->state;
    int to = 0;

    INVARIANT(fsm_next(&dispute_fsm, from, (int)c->event, &to));
    row->state = to;
    row->version++;
    row->update_time_ms = now_ms;
    work->rows[work->n] = *row;
    work->events[work->n++] = dispute_event_of(row, c->event, from, &c->command, c->reason);
}

static int close_one(struct batch *batch, struct close_dispute *c, struct dispute_work *work, struct err *err)
{
    struct dispute_row *row = c->row;
    struct clearing_row *line = dispute_line_of(work, row->order_id, row->line_no, row->biz_id);
    struct dispute_line on;
    int rc;

    if (line == NULL || line->disputed_minor < row->amount_minor)
        return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies */
    on = with_entries(batch, work, line);
    row->fee_returned_minor = c->fee_returned.amount_minor;
    rc = dispute_book(batch, row, c->event, c->reason, &on, &work->transfers, &work->made, err);
    if (rc == 0)
        move(c, work, batch->now_ms);
    return rc;
}

int disputes_decide_closing(struct batch *batch, struct dispute_work *work, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    size_t n = 0;
    int rc;

    *work = (struct dispute_work){.rows = arena_array_of(batch->arena, struct dispute_row, batch->n),
                                  .events = arena_array_of(batch->arena, struct dispute_event_row, batch->n),
                                  .transfers = transfers_begin(batch->n * DISPUTE_TRANSFERS_MAX, batch->arena)};
    for_each_command(struct close_dispute, c, batch) order_ids[n++] = c->row->order_id;
    rc = clearing_store_lock_of_orders(batch->tx, order_ids, n, batch->arena, &work->lines, &work->n_lines, err);
    if (rc == 0)
        rc = clearing_store_find_entries(batch->tx, order_ids, n, batch->arena, &work->entries, &work->n_entries, err);
    if (rc != 0)
        return rc;
    work->made.list = arena_array_of(batch->arena, struct clearing_entry_row, work->n_entries * (n + 1));
    for_each_command(struct close_dispute, c, batch)
    {
        if (allows(c))
            rc = close_one(batch, c, work, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int disputes_write_closed(struct batch *batch, struct dispute_work *work, struct err *err)
{
    int rc = dispute_store_move(batch->tx, work->rows, work->events, work->n, err);

    if (rc == 0)
        rc = disputes_write_lines(batch, work, err);
    if (rc == 0)
        rc = clearing_link_claw_backs(batch, work->entries, work->n_entries, &work->made, err);
    if (rc == 0)
        rc = clearing_store_insert_entries(batch->tx, work->made.list, work->made.n, err);
    if (rc == 0)
        rc = ledger_post(batch, &work->transfers, err);
    return rc;
}
