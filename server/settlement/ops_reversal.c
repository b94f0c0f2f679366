/*
 * Money that goes back; see ops_clearing.h. Before its line is cleared, a refund leaves less to divide. After it, those
 * who had the money give it back in the proportions of what they have left of the line, or as it was said; the
 * channel's fee, which nobody gives back, is the platform's loss.
 */
#include <string.h>

#include "base/id.h"
#include "settlement/ops_clearing.h"
#include "settlement/rules_line.h"

static void add_entry(struct batch *batch, const struct line_reversal *reversal, const struct line_holder *holder,
                      int64_t amount_minor, struct new_entries *entries)
{
    struct clearing_entry_row *entry = &entries->list[entries->n++];

    *entry = (struct clearing_entry_row){
        .entry_id = id_new(id_route(reversal->row->biz_id, "")),
        .biz_id = reversal->row->biz_id,
        .partner_id = holder->partner_id,
        .order_id = reversal->row->order_id,
        .line_no = reversal->row->line_no,
        .kind = (int32_t)reversal->entry_kind,
        .state = ENTRY_CLEARED,
        .amount_minor = -amount_minor,
        .source_id = reversal->source_id,
        .reverses_entry_id = holder->sale != NULL ? holder->sale->entry_id : 0,
        .payable_time_ms = batch->now_ms,
        .create_time_ms = batch->now_ms,
    };
    memcpy(entry->currency, reversal->row->currency, CURRENCY_SIZE);
}

int line_reverse(struct batch *batch, const struct line_reversal *reversal, struct transfers *transfers,
                 struct new_entries *entries, struct err *err)
{
    struct line_holder holders[REVERSAL_PARTS_MAX] = {0};
    int64_t parts[REVERSAL_PARTS_MAX];
    const size_t n = line_holders(reversal->row, reversal->entries, reversal->n_entries, holders);
    struct transfer *transfer = transfer_begin(transfers, &reversal->head, n + 1, batch->arena);

    PRE(reversal->row->state == CLEARING_CLEARED);
    if (line_bear(reversal->row, holders, n, reversal->amount_minor, reversal->bearers, reversal->n_bearers, parts) !=
        0)
        return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies: more went back than there was */
    transfer_credit(transfer, reversal->from, reversal->from_subject_id, reversal->amount_minor);
    transfer_debit(transfer, ACCOUNT_PLATFORM_REVENUE, 0, parts[HOLDER_FEE] + parts[HOLDER_PLATFORM]);
    for (size_t i = HOLDERS_BEFORE_PARTNERS; i < n; i++) {
        transfer_debit(transfer, ACCOUNT_PARTNER_PAYABLE, holders[i].partner_id, parts[i]);
        if (parts[i] > 0)
            add_entry(batch, reversal, &holders[i], parts[i], entries);
    }
    return 0;
}

/* The rows of one order among those of many, which stand in order. */
struct order_rows {
    struct clearing_row *lines;
    size_t n_lines;
};

static struct order_rows rows_of(struct clearing_row *rows, size_t n, int64_t order_id)
{
    struct order_rows of = {0};

    for (size_t i = 0; i < n; i++)
        if (rows[i].order_id == order_id) {
            of.lines = of.n_lines == 0 ? &rows[i] : of.lines;
            of.n_lines++;
        }
    return of;
}

static struct clearing_row *line_of(const struct order_rows *rows, int32_t line_no)
{
    for (size_t i = 0; i < rows->n_lines; i++)
        if (rows->lines[i].line_no == line_no)
            return &rows->lines[i];
    return NULL;
}

/* Money that goes back leaves the channel at once; who bears it is known when the line is cleared. */
static int take_off(struct batch *batch, const struct order_refunded *refund, struct clearing_row *row,
                    int64_t amount_minor, struct refund_work *work, struct transfers *transfers, struct err *err)
{
    struct transfer head = {
        .biz_id = refund->biz_id, .kind = TRANSFER_REFUND, .source_id = refund->refund_id, .source_no = row->line_no};
    struct line_reversal reversal = {.row = row,
                                     .amount_minor = amount_minor,
                                     .source_id = refund->refund_id,
                                     .entry_kind = ENTRY_REVERSAL,
                                     .head = head,
                                     .from = ACCOUNT_REFUNDS};
    struct transfer *transfer;

    if (amount_minor == 0)
        return 0;
    memcpy(head.currency, row->currency, CURRENCY_SIZE);
    transfer = transfer_begin(transfers, &head, 2, batch->arena);
    transfer_debit(transfer, ACCOUNT_REFUNDS, 0, amount_minor);
    transfer_credit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, refund->channel_account_id, amount_minor);
    row->refunded_minor += amount_minor;
    if (row->state != CLEARING_CLEARED)
        return 0;
    reversal.head = head;
    reversal.head.kind = TRANSFER_REVERSAL;
    for (size_t i = 0; i < work->n_entries; i++)
        if (work->entries[i].order_id == row->order_id && work->entries[i].line_no == row->line_no) {
            reversal.entries = reversal.n_entries == 0 ? &work->entries[i] : reversal.entries;
            reversal.n_entries++;
        }
    for (size_t i = 0; i < work->n_bearers; i++)
        if (work->bearers[i].refund_id == refund->refund_id) {
            reversal.bearers = reversal.n_bearers == 0 ? &work->bearers[i] : reversal.bearers;
            reversal.n_bearers++;
        }
    return line_reverse(batch, &reversal, transfers, &work->made, err);
}

int clearing_take_off(struct batch *batch, const struct order_refunded *refund, struct refund_work *work,
                      struct transfers *transfers, struct err *err)
{
    const struct order_rows rows = rows_of(work->rows, work->n_rows, refund->order_id);
    int64_t weights[REVERSAL_PARTS_MAX];
    int64_t left[REVERSAL_PARTS_MAX];
    int64_t parts[REVERSAL_PARTS_MAX];
    int rc = 0;

    if (rows.n_lines == 0)
        return 0;
    PRE(refund->n_lines > 0 && refund->n_lines <= REVERSAL_PARTS_MAX);
    for (size_t i = 0; i < refund->n_lines; i++) {
        const struct clearing_row *row = line_of(&rows, refund->lines[i].line_no);

        if (row == NULL)
            return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies */
        weights[i] = refund->lines[i].weight_minor;
        left[i] = line_left(row);
    }
    if (refund_lines(refund->amount_minor, weights, left, refund->n_lines, parts) != 0)
        return err_fail(err, ERR_INTERNAL_ERROR);
    for (size_t i = 0; i < refund->n_lines && rc == 0; i++)
        rc = take_off(batch, refund, line_of(&rows, refund->lines[i].line_no), parts[i], work, transfers, err);
    return rc;
}

size_t clearing_refund_transfers_max(const struct order_refunded *refunds, size_t n)
{
    size_t n_max = 0;

    for (size_t i = 0; i < n; i++)
        n_max += refunds[i].n_lines * 2;
    return n_max;
}

int clearing_refund(struct batch *batch, const struct order_refunded *refunds, size_t n, struct transfers *transfers,
                    struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, n);
    int64_t *refund_ids = arena_array_of(batch->arena, int64_t, n);
    struct refund_work work = {0};
    int rc;

    for (size_t i = 0; i < n; i++) {
        order_ids[i] = refunds[i].order_id;
        refund_ids[i] = refunds[i].refund_id;
    }
    rc = clearing_store_lock_of_orders(batch->tx, order_ids, n, batch->arena, &work.rows, &work.n_rows, err);
    if (rc == 0)
        rc = clearing_store_find_entries(batch->tx, order_ids, n, batch->arena, &work.entries, &work.n_entries, err);
    if (rc == 0)
        rc = clearing_store_find_bearers(batch->tx, refund_ids, n, batch->arena, &work.bearers, &work.n_bearers, err);
    if (rc != 0)
        return rc;
    work.made.list = arena_array_of(batch->arena, struct clearing_entry_row, work.n_entries * (n + 1));
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = clearing_take_off(batch, &refunds[i], &work, transfers, err);
    if (rc == 0)
        rc = clearing_store_move(batch->tx, work.rows, work.n_rows, err);
    if (rc == 0)
        rc = clearing_link_claw_backs(batch, work.entries, work.n_entries, &work.made, err);
    if (rc == 0)
        rc = clearing_store_insert_entries(batch->tx, work.made.list, work.made.n, err);
    return rc;
}
