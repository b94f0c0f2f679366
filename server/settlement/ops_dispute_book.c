/* What a dispute's events move; see ops_dispute.h. */
#include <string.h>

#include "settlement/ops_dispute.h"
#include "settlement/rules_line.h"

static struct transfer head_of(const struct dispute_row *row, enum transfer_kind kind, const char *note)
{
    struct transfer head = {
        .biz_id = row->biz_id, .kind = kind, .source_id = row->dispute_id, .source_no = row->line_no, .note = note};

    memcpy(head.currency, row->currency, CURRENCY_SIZE);
    return head;
}

/* Between two accounts of the channel, or of no subject. */
static void move(struct batch *batch, const struct dispute_row *row, const struct transfer *head, enum account debit,
                 enum account credit, struct transfers *transfers)
{
    struct transfer *transfer = transfer_begin(transfers, head, 2, batch->arena);

    transfer_debit(transfer, debit, debit == ACCOUNT_REFUNDS ? 0 : row->channel_account_id, row->amount_minor);
    transfer_credit(transfer, credit, row->channel_account_id, row->amount_minor);
}

/* What the channel charged, or gave back: the platform's, whoever shares in the line. */
static void book_fee(struct batch *batch, const struct dispute_row *row, enum dispute_event event, const char *note,
                     struct transfers *transfers)
{
    const bool is_charged = event == DISPUTE_EVENT_OPEN;
    const struct transfer head = head_of(row, is_charged ? TRANSFER_DISPUTE_FEE : TRANSFER_DISPUTE_FEE_RETURNED, note);
    const int64_t charged_minor = is_charged ? row->fee_minor : -row->fee_returned_minor;
    struct transfer *transfer;

    if (charged_minor == 0)
        return;
    transfer = transfer_begin(transfers, &head, 2, batch->arena);
    transfer_debit(transfer, ACCOUNT_PLATFORM_REVENUE, 0, charged_minor);
    transfer_credit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, row->channel_account_id, charged_minor);
}

/* A line that waits has less to divide; of one that was cleared they give back who had it. */
static int lose(struct batch *batch, const struct dispute_row *row, const struct transfer *head,
                struct dispute_line *on, struct transfers *transfers, struct new_entries *made, struct err *err)
{
    const struct line_reversal reversal = {.row = on->row,
                                           .entries = on->entries,
                                           .n_entries = on->n_entries,
                                           .amount_minor = row->amount_minor,
                                           .source_id = row->dispute_id,
                                           .entry_kind = ENTRY_DISPUTE,
                                           .head = *head,
                                           .from = ACCOUNT_DISPUTES,
                                           .from_subject_id = row->channel_account_id};

    line_lose(on->row, row->amount_minor);
    if (on->row->state == CLEARING_CLEARED)
        return line_reverse(batch, &reversal, transfers, made, err);
    move(batch, row, head, ACCOUNT_REFUNDS, ACCOUNT_DISPUTES, transfers);
    return 0;
}

int dispute_book(struct batch *batch, const struct dispute_row *row, enum dispute_event event, const char *note,
                 struct dispute_line *on, struct transfers *transfers, struct new_entries *made, struct err *err)
{
    static const enum transfer_kind kinds[] = {[DISPUTE_EVENT_OPEN] = TRANSFER_DISPUTE,
                                               [DISPUTE_EVENT_WIN] = TRANSFER_DISPUTE_WON,
                                               [DISPUTE_EVENT_LOSE] = TRANSFER_DISPUTE_LOST};
    const struct transfer head = head_of(row, kinds[event], note);

    book_fee(batch, row, event, note, transfers);
    if (event == DISPUTE_EVENT_LOSE)
        return lose(batch, row, &head, on, transfers, made, err);
    if (event == DISPUTE_EVENT_WIN) {
        line_win(on->row, row->amount_minor);
        move(batch, row, &head, ACCOUNT_CHANNEL_RECEIVABLE, ACCOUNT_DISPUTES, transfers);
        return 0;
    }
    line_dispute(on->row, row->amount_minor);
    move(batch, row, &head, ACCOUNT_DISPUTES, ACCOUNT_CHANNEL_RECEIVABLE, transfers);
    return 0;
}
