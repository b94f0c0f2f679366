/* The rows of a range of orders; see orders.h. Each module is read by itself. */
#include "verify/history.h"
#include "verify/orders.h"

static const struct seen_column order_list[] = {
    SEEN(order_seen, id),        SEEN(order_seen, biz_id),     SEEN(order_seen, state),    SEEN(order_seen, version),
    SEEN(order_seen, amount),    SEEN(order_seen, line_count), SEEN(order_seen, quote_id), SEEN(order_seen, payment_id),
    SEEN(order_seen, refund_id), SEEN(order_seen, refunded),   SEEN(order_seen, pay_ms),   SEEN_CURRENCY(order_seen),
};
static const struct seen_column line_list[] = {
    SEEN(line_seen, order_id), SEEN(line_seen, line_no), SEEN(line_seen, sku_id),   SEEN(line_seen, quantity),
    SEEN(line_seen, unit),     SEEN(line_seen, amount),  SEEN(line_seen, refunded), SEEN(line_seen, disputed),
};
static const struct seen_column payment_list[] = {
    SEEN(payment_seen, id),         SEEN(payment_seen, biz_id), SEEN(payment_seen, order_id),
    SEEN(payment_seen, state),      SEEN(payment_seen, amount), SEEN(payment_seen, is_late),
    SEEN(payment_seen, account_id), SEEN(payment_seen, fee),    SEEN_CURRENCY(payment_seen),
};
static const struct seen_column refund_list[] = {
    SEEN(refund_seen, id),    SEEN(refund_seen, order_id), SEEN(refund_seen, purpose),
    SEEN(refund_seen, state), SEEN(refund_seen, amount),
};
static const struct seen_column refund_line_list[] = {
    SEEN(refund_line_seen, refund_id), SEEN(refund_line_seen, line_no), SEEN(refund_line_seen, quantity)};
static const struct seen_column hold_list[] = {
    SEEN(hold_seen, order_id), SEEN(hold_seen, sku_id),   SEEN(hold_seen, biz_id),
    SEEN(hold_seen, quantity), SEEN(hold_seen, returned), SEEN(hold_seen, state),
};
static const struct seen_column lot_list[] = {
    SEEN(lot_seen, id),       SEEN(lot_seen, biz_id),   SEEN(lot_seen, order_id), SEEN(lot_seen, line_no),
    SEEN(lot_seen, quantity), SEEN(lot_seen, recalled), SEEN(lot_seen, state),
};
static const struct seen_column quote_list[] = {SEEN(quote_seen, id), SEEN(quote_seen, order_id),
                                                SEEN(quote_seen, amount)};

#define RANGE_OF(key) " WHERE " key " > %lld AND " key " <= %lld ORDER BY " key

static int read_lists(struct worker *worker, struct range *range)
{
    int64_t *refund_ids = arena_array_of(worker->arena, int64_t, range->n_refunds);
    int64_t *quote_ids = arena_array_of(worker->arena, int64_t, range->n_orders);
    size_t n_quotes = 0;
    int rc = 0;

    for (size_t i = 0; i < range->n_refunds; i++)
        refund_ids[i] = range->refunds[i].id;
    for (size_t i = 0; i < range->n_orders; i++)
        if (range->orders[i].quote_id != 0)
            quote_ids[n_quotes++] = range->orders[i].quote_id;
    if (range->n_refunds > 0)
        rc = rows_read(worker, MODULE_ORDER,
                       arena_printf(worker->arena,
                                    "SELECT refund_id, line_no, quantity FROM bmt_order.refund_lines WHERE refund_id "
                                    "IN (%s) ORDER BY refund_id, line_no",
                                    rows_id_list(refund_ids, range->n_refunds, worker->arena)),
                       SEEN_ROWS(refund_line_list, refund_line_seen), &range->refund_lines, &range->n_refund_lines);
    if (rc == 0 && n_quotes > 0)
        rc = rows_read(worker, MODULE_PRODUCT,
                       arena_printf(worker->arena,
                                    "SELECT quote_id, order_id, amount_minor FROM bmt_product.quotes WHERE quote_id IN "
                                    "(%s) ORDER BY quote_id",
                                    rows_id_list(quote_ids, n_quotes, worker->arena)),
                       SEEN_ROWS(quote_list, quote_seen), &range->quotes, &range->n_quotes);
    return rc;
}

int orders_read(struct worker *worker, int64_t after, int64_t upto, struct range *range)
{
    if (READ_RANGE(
            MODULE_ORDER,
            "SELECT order_id, biz_id, state, version, amount_minor, line_count, quote_id, payment_id, refund_id, "
            "refunded_minor, pay_time_ms, currency FROM bmt_order.orders" RANGE_OF("order_id"),
            SEEN_ROWS(order_list, order_seen), range->orders, range->n_orders) != 0 ||
        READ_RANGE(MODULE_ORDER,
                   "SELECT order_id, line_no, sku_id, quantity, unit_minor, amount_minor, refunded_quantity, "
                   "disputed_minor FROM bmt_order.order_lines" RANGE_OF("order_id") ", line_no",
                   SEEN_ROWS(line_list, line_seen), range->lines, range->n_lines) != 0 ||
        READ_RANGE(MODULE_ORDER,
                   "SELECT order_id, version, event, from_state, to_state FROM bmt_order.order_events" RANGE_OF(
                       "order_id") ", version",
                   &history_columns, range->events, range->n_events) != 0 ||
        READ_RANGE(
            MODULE_PAYMENT,
            "SELECT payment_id, biz_id, order_id, state, amount_minor, is_late, channel_account_id, fee_minor, "
            "currency FROM bmt_payment.payments FORCE INDEX (ix_payments_order)" RANGE_OF("order_id") ", payment_id",
            SEEN_ROWS(payment_list, payment_seen), range->payments, range->n_payments) != 0 ||
        READ_RANGE(MODULE_PAYMENT,
                   "SELECT refund_id, order_id, purpose, state, amount_minor FROM bmt_payment.refunds FORCE INDEX "
                   "(ix_refunds_order)" RANGE_OF("order_id") ", refund_id",
                   SEEN_ROWS(refund_list, refund_seen), range->refunds, range->n_refunds) != 0 ||
        READ_RANGE(MODULE_PRODUCT,
                   "SELECT order_id, sku_id, biz_id, quantity, returned, state FROM bmt_product.stock_holds" RANGE_OF(
                       "order_id") ", sku_id",
                   SEEN_ROWS(hold_list, hold_seen), range->holds, range->n_holds) != 0 ||
        READ_RANGE(
            MODULE_PRODUCT,
            "SELECT lot_id, biz_id, order_id, line_no, quantity, recalled, state FROM bmt_product.entitlement_lots "
            "FORCE INDEX (uq_entitlement_lots_line)" RANGE_OF("order_id") ", line_no",
            SEEN_ROWS(lot_list, lot_seen), range->lots, range->n_lots) != 0)
        return -1;
    return read_lists(worker, range);
}
