/* Booking payments, sales and refunds; see book_money.h. */
#include "flows/book_money.h"

#include <string.h>

#include "base/failpoint.h"
#include "settlement/rules.h"

static struct transfer head_of(int64_t biz_id, enum transfer_kind kind, int64_t source_id, const char *currency)
{
    struct transfer head = {.biz_id = biz_id, .kind = kind, .source_id = source_id};

    memcpy(head.currency, currency, CURRENCY_SIZE);
    return head;
}

void book_payment(struct transfers *transfers, const struct payment_row *row, struct arena *arena)
{
    const struct transfer head = head_of(row->biz_id, TRANSFER_PAYMENT, row->payment_id, row->currency);
    struct transfer *transfer = transfer_begin(transfers, &head, 3, arena);

    transfer_debit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, row->channel_account_id, row->amount_minor - row->fee_minor);
    transfer_debit(transfer, ACCOUNT_CHANNEL_FEES, row->channel_account_id, row->fee_minor);
    transfer_credit(transfer, ACCOUNT_CUSTOMER_LIABILITY, 0, row->amount_minor);
}

int book_payments(struct batch *batch, struct payment_row *const *rows, size_t n, struct err *err)
{
    struct transfers transfers = transfers_begin(n, batch->arena);

    for (size_t i = 0; i < n; i++)
        book_payment(&transfers, rows[i], batch->arena);
    return ledger_post(batch, &transfers, err);
}

int book_fee(struct paid_line *lines, size_t n, int64_t fee_minor, struct err *err)
{
    int64_t amounts[REVERSAL_PARTS_MAX];
    int64_t parts[REVERSAL_PARTS_MAX];

    PRE(n > 0 && n <= REVERSAL_PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        amounts[i] = lines[i].row.amount_minor;
    if (share_reverse(fee_minor, amounts, n, parts) != 0)
        return err_fail(err, ERR_INTERNAL_ERROR); /* a row that lies: a fee above what was paid */
    for (size_t i = 0; i < n; i++)
        lines[i].row.fee_minor = parts[i];
    return 0;
}

static void begin_line(struct paid_line *paid, const struct booked_sale *sale, const struct order_line_row *line)
{
    paid->spu_id = line->spu_id;
    paid->row = (struct clearing_row){
        .order_id = line->order_id,
        .line_no = line->line_no,
        .biz_id = line->biz_id,
        .payment_id = sale->order->payment_id,
        .channel_account_id = sale->channel_account_id,
        .sku_id = line->sku_id,
        .quantity = line->quantity,
        .amount_minor = line->amount_minor,
    };
    memcpy(paid->row.currency, sale->order->currency, CURRENCY_SIZE);
}

int book_sales(struct batch *batch, const struct booked_sale *sales, size_t n, struct err *err)
{
    struct paid_line *lines;
    size_t n_lines = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++)
        n_lines += sales[i].lines->n;
    lines = arena_array_of(batch->arena, struct paid_line, n_lines);
    n_lines = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        for (size_t j = 0; j < sales[i].lines->n; j++)
            begin_line(&lines[n_lines + j], &sales[i], &sales[i].lines->list[j]);
        rc = book_fee(lines + n_lines, sales[i].lines->n, sales[i].fee_minor, err);
        n_lines += sales[i].lines->n;
    }
    return rc == 0 ? clearing_open(batch, lines, n_lines, err) : rc;
}

/* Money that no order has was nobody's but the customer's; its fee is the platform's loss, once all has gone back. */
static void return_unsold(struct batch *batch, const struct refund_row *row, int64_t fee_minor,
                          struct transfers *transfers)
{
    struct transfer head = head_of(row->biz_id, TRANSFER_REFUND, row->refund_id, row->currency);
    struct transfer *transfer = transfer_begin(transfers, &head, 2, batch->arena);

    transfer_debit(transfer, ACCOUNT_REFUNDS, 0, row->amount_minor);
    transfer_credit(transfer, ACCOUNT_CHANNEL_RECEIVABLE, row->channel_account_id, row->amount_minor);
    head.kind = TRANSFER_REVERSAL;
    transfer = transfer_begin(transfers, &head, 4, batch->arena);
    transfer_debit(transfer, ACCOUNT_CUSTOMER_LIABILITY, 0, row->amount_minor);
    transfer_credit(transfer, ACCOUNT_REFUNDS, 0, row->amount_minor);
    transfer_debit(transfer, ACCOUNT_PLATFORM_REVENUE, 0, fee_minor);
    transfer_credit(transfer, ACCOUNT_CHANNEL_FEES, row->channel_account_id, fee_minor);
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

/* The fee of a payment of which nothing is left; 0 while something is. */
static int64_t lost_fee(const struct payment_row *payment, const struct refunded_sum *sums, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sums[i].payment_id == payment->payment_id && sums[i].amount_minor == payment->amount_minor)
            return payment->fee_minor;
    return 0;
}

static int return_all_unsold(struct batch *batch, const struct booked_refund *refunds, size_t n,
                             struct transfers *transfers, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, n);
    struct payment_row *payments = NULL;
    struct refunded_sum *sums = NULL;
    size_t n_payments = 0;
    size_t n_sums = 0;
    size_t n_keys = 0;
    int rc;

    for (size_t i = 0; i < n; i++)
        if (refunds[i].lines == NULL)
            keys[n_keys++] = (struct payment_key){.id = refunds[i].row->payment_id, .biz_id = refunds[i].row->biz_id};
    rc = payment_store_find(batch->tx, keys, n_keys, batch->arena, &payments, &n_payments, err);
    if (rc == 0)
        rc = payment_store_sum_refunded(batch->tx, keys, n_keys, batch->arena, &sums, &n_sums, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        for (size_t j = 0; j < n_payments && refunds[i].lines == NULL; j++)
            if (payments[j].payment_id == refunds[i].row->payment_id) {
                return_unsold(batch, refunds[i].row, lost_fee(&payments[j], sums, n_sums), transfers);
                payments[j].fee_minor = 0; /* it is lost once, though this batch may end several refunds of it */
            }
    return rc;
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
    rc = return_all_unsold(batch, refunds, n, &transfers, err);
    if (rc == 0)
        rc = clearing_refund(batch, of_orders, n_of_orders, &transfers, err);
    if (rc == 0)
        rc = failpoint_step("book_money.reversed", err);
    if (rc == 0)
        rc = clearing_end(batch, ended, n_ended, err);
    if (rc == 0)
        rc = ledger_post(batch, &transfers, err);
    return rc;
}
