/* Booking payments, sales and refunds; see book_money.h. */
#include "flows/book_money.h"

#include <string.h>

#include "settlement/ops_clearing.h"

static struct transfer head_of(int64_t biz_id, enum transfer_kind kind, int64_t source_id, const char *currency)
{
    struct transfer head = {.biz_id = biz_id, .kind = kind, .source_id = source_id};

    memcpy(head.currency, currency, CURRENCY_SIZE);
    return head;
}

int book_payments(struct batch *batch, struct payment_row *const *rows, size_t n, struct err *err)
{
    struct transfers transfers = transfers_begin(n, batch->arena);

    for (size_t i = 0; i < n; i++) {
        const struct transfer head = head_of(rows[i]->biz_id, TRANSFER_PAYMENT, rows[i]->payment_id, rows[i]->currency);
        struct transfer *transfer = transfer_begin(&transfers, &head, 2, batch->arena);

        transfer_debit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, rows[i]->channel_account_id, rows[i]->amount_minor);
        transfer_credit(transfer, ACCOUNT_CUSTOMER_LIABILITY, 0, rows[i]->amount_minor);
    }
    return ledger_post(batch, &transfers, err);
}

int book_sales(struct batch *batch, const struct booked_sale *sales, size_t n, struct err *err)
{
    struct paid_line *lines;
    size_t n_lines = 0;

    for (size_t i = 0; i < n; i++)
        n_lines += sales[i].lines->n;
    lines = arena_array_of(batch->arena, struct paid_line, n_lines);
    n_lines = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < sales[i].lines->n; j++) {
            const struct order_line_row *line = &sales[i].lines->list[j];
            struct paid_line *paid = &lines[n_lines++];

            paid->spu_id = line->spu_id;
            paid->row = (struct clearing_row){
                .order_id = line->order_id,
                .line_no = line->line_no,
                .biz_id = line->biz_id,
                .payment_id = sales[i].order->payment_id,
                .channel_account_id = sales[i].channel_account_id,
                .sku_id = line->sku_id,
                .quantity = line->quantity,
                .amount_minor = line->amount_minor,
            };
            memcpy(paid->row.currency, sales[i].order->currency, CURRENCY_SIZE);
        }
    return clearing_open(batch, lines, n_lines, err);
}

/* Money that came too late was nobody's but the customer's. */
static void return_late(struct batch *batch, const struct refund_row *row, struct transfers *transfers)
{
    struct transfer head = head_of(row->biz_id, TRANSFER_REFUND, row->refund_id, row->currency);
    struct transfer *transfer = transfer_begin(transfers, &head, 2, batch->arena);

    transfer_debit(transfer, ACCOUNT_REFUNDS, 0, row->amount_minor);
    transfer_credit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, row->channel_account_id, row->amount_minor);
    head.kind = TRANSFER_REVERSAL;
    transfer = transfer_begin(transfers, &head, 2, batch->arena);
    transfer_debit(transfer, ACCOUNT_CUSTOMER_LIABILITY, 0, row->amount_minor);
    transfer_credit(transfer, ACCOUNT_REFUNDS, 0, row->amount_minor);
}

static int64_t cost_of(const struct booked_refund *refund, const struct refund_line_row *recall)
{
    for (size_t i = 0; i < refund->lines->n; i++)
        if (refund->lines->list[i].line_no == recall->line_no)
            return refund->lines->list[i].unit_minor * recall->quantity; /* not more than the line's amount */
    return 0;
}

static struct order_refunded refunded_of(struct batch *batch, const struct booked_refund *refund)
{
    struct refunded_line *lines = arena_array_of(batch->arena, struct refunded_line, refund->n_recalls);
    struct order_refunded refunded = {
        .refund_id = refund->row->refund_id,
        .biz_id = refund->row->biz_id,
        .order_id = refund->row->order_id,
        .channel_account_id = refund->row->channel_account_id,
        .amount_minor = refund->row->amount_minor,
        .lines = lines,
        .n_lines = refund->n_recalls,
    };

    memcpy(refunded.currency, refund->row->currency, CURRENCY_SIZE);
    for (size_t i = 0; i < refund->n_recalls; i++)
        lines[i] = (struct refunded_line){.line_no = refund->recalls[i].line_no,
                                          .weight_minor = cost_of(refund, &refund->recalls[i])};
    return refunded;
}

int book_refunds(struct batch *batch, const struct booked_refund *refunds, size_t n, struct err *err)
{
    struct order_refunded *of_orders = arena_array_of(batch->arena, struct order_refunded, n);
    int64_t *ended = arena_array_of(batch->arena, int64_t, n);
    struct transfers transfers;
    size_t n_of_orders = 0;
    size_t n_ended = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        if (refunds[i].lines != NULL)
            of_orders[n_of_orders++] = refunded_of(batch, &refunds[i]);
        if (refunds[i].has_ended)
            ended[n_ended++] = refunds[i].row->order_id;
    }
    transfers = transfers_begin(clearing_refund_transfers_max(of_orders, n_of_orders) + 2 * n, batch->arena);
    for (size_t i = 0; i < n; i++)
        if (refunds[i].lines == NULL)
            return_late(batch, refunds[i].row, &transfers);
    rc = clearing_refund(batch, of_orders, n_of_orders, &transfers, err);
    if (rc == 0)
        rc = clearing_end(batch, ended, n_ended, err);
    if (rc == 0)
        rc = ledger_post(batch, &transfers, err);
    return rc;
}
