/*
 * The pass over orders: each order with its lines, history, payments, refunds, stock and entitlements, whichever
 * modules they live in.
 *
 * Not here: what settlement has of them (clearings.c, in the same pass).
 */
#include "verify/clearings.h"

#include <string.h>

#include "order/state.h"
#include "payment/state.h"
#include "product/state.h"
#include "verify/history.h"

static bool is_paid(int64_t state)
{
    return state >= ORDER_PAID && state != ORDER_CLOSED;
}

static bool is_fulfilled(int64_t state)
{
    return is_paid(state) && state != ORDER_PAID && state != ORDER_FULFILLING;
}

#define tell(kind, ...) found(worker, o->id, kind, o->biz_id, ID_ORDER, o->id, __VA_ARGS__)

static void check_amounts(struct worker *worker, const struct view *v)
{
    const struct order_seen *o = v->order;
    int64_t sum = 0;

    for (size_t i = 0; i < v->n_lines; i++) {
        const struct line_seen *l = &v->lines[i];

        sum += l->amount;
        if (l->amount != l->quantity * l->unit)
            tell(ORDER_AMOUNT, "line %lld has amount %lld, units x price are %lld", (long long)l->line_no,
                 (long long)l->amount, (long long)(l->quantity * l->unit));
    }
    if (sum != o->amount || (int64_t)v->n_lines != o->line_count)
        tell(ORDER_AMOUNT, "amount %lld over %lld lines, there are %zu with sum %lld", (long long)o->amount,
             (long long)o->line_count, v->n_lines, (long long)sum);
}

static void check_events(struct worker *worker, const struct view *v)
{
    const struct order_seen *o = v->order;
    char what[FINDING_TEXT_SIZE];

    history_fault(&order_fsm, o->state, o->version, v->events, v->n_events, what);
    if (what[0] != '\0')
        tell(ORDER_EVENTS, "%s", what);
}

static void check_payments(struct worker *worker, const struct view *v)
{
    const struct order_seen *o = v->order;
    size_t n_good = 0;

    for (size_t i = 0; i < v->n_payments; i++) {
        const struct payment_seen *p = &v->payments[i];

        if (p->state != PAYMENT_SUCCEEDED || p->is_late)
            continue;
        if (is_paid(o->state) && p->id == o->payment_id && p->amount == o->amount &&
            strcmp(p->currency, o->currency) == 0)
            n_good++;
        else
            found(worker, o->id, PAYMENT_UNUSED, o->biz_id, ID_PAYMENT, p->id,
                  "succeeded with %lld %s, its order is %s over %lld %s", (long long)p->amount, p->currency,
                  fsm_state_name(&order_fsm, (int)o->state), (long long)o->amount, o->currency);
    }
    if (is_paid(o->state) && n_good != 1)
        tell(ORDER_UNPAID, "is %s over %lld %s, and %zu payments have paid it",
             fsm_state_name(&order_fsm, (int)o->state), (long long)o->amount, o->currency, n_good);
    if (o->state == ORDER_PAID || o->state == ORDER_FULFILLING)
        tell(ORDER_STUCK, "is %s", fsm_state_name(&order_fsm, (int)o->state));
}

/* The first of the rows, which are sorted by the number that they begin with, that is not below `id`. */
static size_t first_of(const void *rows, size_t n, size_t row_size, int64_t id)
{
    size_t low = 0;

    while (n > 0) {
        const size_t half = n / 2;
        int64_t there;

        memcpy(&there, (const char *)rows + (low + half) * row_size, sizeof there);
        if (there < id) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static int64_t recalled_of(const struct range *range, const struct view *v, int64_t line_no)
{
    int64_t sum = 0;

    for (size_t i = 0; i < v->n_refunds; i++) {
        const struct refund_line_seen *lines = range->refund_lines;
        const int64_t id = v->refunds[i].id;

        if (v->refunds[i].state != REFUND_SUCCEEDED)
            continue;
        for (size_t j = first_of(lines, range->n_refund_lines, sizeof *lines, id);
             j < range->n_refund_lines && lines[j].refund_id == id; j++)
            sum += lines[j].line_no == line_no ? lines[j].quantity : 0;
    }
    return sum;
}

static void check_refunds(struct worker *worker, const struct range *range, const struct view *v)
{
    const struct order_seen *o = v->order;
    int64_t sum = 0;
    int64_t open_id = 0;

    for (size_t i = 0; i < v->n_refunds; i++) {
        const struct refund_seen *r = &v->refunds[i];

        if (r->purpose != PURPOSE_ORDER)
            continue;
        sum += r->state == REFUND_SUCCEEDED ? r->amount : 0;
        if (refund_state_is_open((int)r->state))
            open_id = r->id;
    }
    if (sum != o->refunded)
        tell(ORDER_REFUNDED, "gave back %lld, its refunds gave %lld", (long long)o->refunded, (long long)sum);
    if (o->refund_id != open_id || (open_id != 0) != (o->state == ORDER_REFUNDING))
        tell(ORDER_REFUNDING, "is %s with refund %lld, the open one is %lld", fsm_state_name(&order_fsm, (int)o->state),
             (long long)o->refund_id, (long long)open_id);
    for (size_t i = 0; i < v->n_lines; i++) {
        const int64_t recalled = v->n_refunds > 0 ? recalled_of(range, v, v->lines[i].line_no) : 0;

        if (recalled != v->lines[i].refunded)
            tell(ORDER_REFUNDED, "line %lld gave back %lld units, its refunds %lld", (long long)v->lines[i].line_no,
                 (long long)v->lines[i].refunded, (long long)recalled);
    }
}

static void check_holds(struct worker *worker, const struct view *v)
{
    const struct order_seen *o = v->order;
    const int64_t expected = o->state == ORDER_PENDING_PAYMENT ? HOLD_HELD
                             : o->state == ORDER_CLOSED        ? HOLD_RELEASED
                                                               : HOLD_SOLD;

    for (size_t i = 0; i < v->n_holds; i++) {
        const struct hold_seen *h = &v->holds[i];
        int64_t units = 0;
        int64_t back = 0;

        for (size_t j = 0; j < v->n_lines; j++)
            if (v->lines[j].sku_id == h->sku_id) {
                units += v->lines[j].quantity;
                back += v->lines[j].refunded;
            }
        if (h->state != expected)
            tell(HOLD_STATE, "is %s, its hold of SKU %lld is in state %lld, not %lld",
                 fsm_state_name(&order_fsm, (int)o->state), (long long)h->sku_id, (long long)h->state,
                 (long long)expected);
        if (h->quantity != units || h->returned != back)
            tell(HOLD_QUANTITY, "hold of SKU %lld has %lld units, %lld back, its lines %lld and %lld",
                 (long long)h->sku_id, (long long)h->quantity, (long long)h->returned, (long long)units,
                 (long long)back);
    }
}

static bool is_recalled(const struct lot_seen *lot)
{
    return lot->state == LOT_RECALLED && lot->recalled == lot->quantity;
}

static void check_lots(struct worker *worker, const struct view *v)
{
    const struct order_seen *o = v->order;
    size_t n_matched = 0;
    size_t n_living = 0; /* one that was recalled as a whole gives nothing, whoever had it */

    for (size_t i = 0; i < v->n_lots; i++)
        n_living += !is_recalled(&v->lots[i]);
    for (size_t i = 0; i < v->n_lines && is_fulfilled(o->state); i++) {
        const struct line_seen *l = &v->lines[i];
        const struct lot_seen *lot = NULL;

        for (size_t j = 0; j < v->n_lots && lot == NULL; j++)
            lot = v->lots[j].line_no == l->line_no ? &v->lots[j] : NULL;
        if (lot == NULL || lot->quantity != l->quantity) {
            tell(LOT_MISSING, "line %lld grants %lld units, its lot has %lld", (long long)l->line_no,
                 (long long)l->quantity, (long long)(lot != NULL ? lot->quantity : 0));
            n_matched += lot != NULL && !is_recalled(lot);
            continue;
        }
        n_matched += !is_recalled(lot);
        if (lot->recalled != l->refunded || lot->state != (lot->recalled == lot->quantity ? LOT_RECALLED : LOT_ACTIVE))
            tell(LOT_RECALLED, "line %lld gave back %lld units, its lot %lld and is in state %lld",
                 (long long)l->line_no, (long long)l->refunded, (long long)lot->recalled, (long long)lot->state);
    }
    if (n_matched != n_living)
        tell(LOT_EXTRA, "is %s and has %zu lots, %zu of them for its lines", fsm_state_name(&order_fsm, (int)o->state),
             n_living, n_matched);
}

static void check_quote(struct worker *worker, const struct range *range, const struct view *v)
{
    const struct order_seen *o = v->order;

    if (o->quote_id == 0)
        return;
    const size_t at = first_of(range->quotes, range->n_quotes, sizeof *range->quotes, o->quote_id);

    if (at < range->n_quotes && range->quotes[at].id == o->quote_id && range->quotes[at].order_id == o->id &&
        range->quotes[at].amount == o->amount)
        return;
    tell(QUOTE, "over %lld was made from quote %lld, which does not say so", (long long)o->amount,
         (long long)o->quote_id);
}

static void lost_line(struct worker *worker, const struct line_seen *l)
{
    found(worker, l->order_id, ORDER_AMOUNT, 0, ID_ORDER, l->order_id, "line %lld of an order that does not exist",
          (long long)l->line_no);
}

static void lost_event(struct worker *worker, const struct event_seen *e)
{
    found(worker, e->id, ORDER_EVENTS, 0, ID_ORDER, e->id, "event %lld of an order that does not exist",
          (long long)e->version);
}

static void lost_payment(struct worker *worker, const struct payment_seen *p)
{
    if (p->order_id != 0)
        found(worker, p->order_id, PAYMENT_ORPHAN, p->biz_id, ID_PAYMENT, p->id, "names order %lld, which is not there",
              (long long)p->order_id);
}

static void lost_refund(struct worker *worker, const struct refund_seen *r)
{
    if (r->order_id != 0)
        found(worker, r->order_id, REFUND_SIDES, r->biz_id, ID_REFUND, r->id, "names order %lld, which is not there",
              (long long)r->order_id);
}

static void lost_hold(struct worker *worker, const struct hold_seen *h)
{
    if (h->state != HOLD_RELEASED)
        found(worker, h->order_id, HOLD_STATE, h->biz_id, ID_ORDER, h->order_id,
              "%lld units of SKU %lld are held for an order that does not exist", (long long)h->quantity,
              (long long)h->sku_id);
}

static void lost_lot(struct worker *worker, const struct lot_seen *l)
{
    if (!is_recalled(l))
        found(worker, l->order_id, LOT_EXTRA, l->biz_id, ID_LOT, l->id, "was granted by order %lld, which is not there",
              (long long)l->order_id);
}

static void check_one(struct worker *worker, struct range *range, struct clearing_range *clearing,
                      const struct order_seen *o)
{
    struct view v = {.order = o};

    TAKE(lines, n_lines, at_line, order_id, lost_line)
    TAKE(events, n_events, at_event, id, lost_event)
    TAKE(payments, n_payments, at_payment, order_id, lost_payment)
    TAKE(refunds, n_refunds, at_refund, order_id, lost_refund)
    TAKE(holds, n_holds, at_hold, order_id, lost_hold)
    TAKE(lots, n_lots, at_lot, order_id, lost_lot)
    check_amounts(worker, &v);
    check_events(worker, &v);
    check_payments(worker, &v);
    check_refunds(worker, range, &v);
    check_holds(worker, &v);
    check_lots(worker, &v);
    check_quote(worker, range, &v);
    clearings_check(worker, clearing, &v);
}

static int check_orders(struct worker *worker, int64_t after, int64_t upto)
{
    struct range *range = arena_new_of(worker->arena, struct range);
    struct clearing_range *clearing = arena_new_of(worker->arena, struct clearing_range);

    if (orders_read(worker, after, upto, range) != 0 || clearings_read(worker, after, upto, range, clearing) != 0)
        return -1;
    for (size_t i = 0; i < range->n_orders; i++)
        check_one(worker, range, clearing, &range->orders[i]);
    REST(lines, n_lines, at_line, lost_line);
    REST(events, n_events, at_event, lost_event);
    REST(payments, n_payments, at_payment, lost_payment);
    REST(refunds, n_refunds, at_refund, lost_refund);
    REST(holds, n_holds, at_hold, lost_hold);
    REST(lots, n_lots, at_lot, lost_lot);
    clearings_rest(worker, clearing, range);
    pass_count(worker, range->n_orders);
    return 0;
}

const struct pass orders_pass = {.name = "orders",
                                 .which = VERIFY_ORDERS,
                                 .module = MODULE_ORDER,
                                 .table = "bmt_order.orders",
                                 .key = "order_id",
                                 .check = check_orders};
