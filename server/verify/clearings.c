/*
 * Cleared lines, in the pass over orders: each paid order's lines stand in settlement as they were sold, are divided
 * once their order has ended, and what everybody got, in entries and in the ledger, is what was paid less what went
 * back.
 *
 * That no money of customers is left when all lines are cleared follows: each payment credits them with its amount,
 * each line debits its own, and lines add up to what was paid.
 */
#include "verify/clearings.h"

#include <string.h>

#include "order/state.h"
#include "settlement/state.h"

enum { PENDING = 1, CLEARED = 2, KIND_SALE = 1, KIND_REVERSAL = 2, KIND_ADJUSTMENT = 3, KIND_DISPUTE = 4, SETTLED = 3 };

/* One order's part of a range: what it is itself, and what settlement has of it. */
struct part {
    const struct view *of;
    const struct clearing_seen *clearings;
    size_t n_clearings;
    const struct entry_seen *entries;
    size_t n_entries;
    const struct disputing_seen *disputes;
    size_t n_disputes;
    struct moved_list cleared;
    const struct moved_list *borne; /* of the whole range */
    const struct moved_list *lost;  /* likewise: disputes */
};

#define tell(kind, ...) found(worker, o->id, kind, o->biz_id, ID_ORDER, o->id, __VA_ARGS__)

static bool is_paid(const struct order_seen *o)
{
    return o->state >= ORDER_PAID && o->state != ORDER_CLOSED;
}

static const struct payment_seen *payment_of(const struct part *v)
{
    for (size_t i = 0; i < v->of->n_payments; i++)
        if (v->of->payments[i].id == v->of->order->payment_id)
            return &v->of->payments[i];
    return NULL;
}

static bool is_line_right(const struct part *v, const struct line_seen *l, const struct clearing_seen *c,
                          const struct payment_seen *payment)
{
    const struct order_seen *o = v->of->order;

    return c->line_no == l->line_no && c->sku_id == l->sku_id && c->quantity == l->quantity && c->amount == l->amount &&
           c->biz_id == o->biz_id && c->payment_id == o->payment_id && strcmp(c->currency, o->currency) == 0 &&
           c->sale_ms == o->pay_ms && c->is_rule_there && payment != NULL && c->account_id == payment->account_id &&
           (c->state == PENDING || c->state == CLEARED);
}

/* The lines of the order and those to be cleared, one to one; their fees are the payment's. */
static void check_lines(struct worker *worker, const struct part *v)
{
    const struct order_seen *o = v->of->order;
    const struct payment_seen *payment = payment_of(v);
    const size_t n_expected = is_paid(o) ? v->of->n_lines : 0;
    int64_t fee = 0;

    if (v->n_clearings != n_expected) {
        tell(CLEARING_LINE, "is %s with %zu lines, %zu are to be cleared", fsm_state_name(&order_fsm, (int)o->state),
             v->of->n_lines, v->n_clearings);
        return;
    }
    for (size_t i = 0; i < v->n_clearings; i++) {
        fee += v->clearings[i].fee;
        if (!is_line_right(v, &v->of->lines[i], &v->clearings[i], payment))
            tell(CLEARING_LINE, "line %lld over %lld %s was not sold so, or not by that rule",
                 (long long)v->clearings[i].line_no, (long long)v->clearings[i].amount, v->clearings[i].currency);
    }
    if (v->n_clearings > 0 && payment != NULL && fee != payment->fee)
        tell(CLEARING_LINE, "its lines have a fee of %lld, its payment of %lld", (long long)fee,
             (long long)payment->fee);
}

static void check_due(struct worker *worker, const struct part *v, const struct clearing_seen *c)
{
    const struct order_seen *o = v->of->order;
    const bool has_ended = o->state == ORDER_COMPLETED || o->state == ORDER_REFUNDED;
    const bool is_open = o->state == ORDER_PAID || o->state == ORDER_FULFILLING || o->state == ORDER_FULFILLED;

    if (c->state == CLEARED ? c->due_ms != 0 : (has_ended && c->due_ms <= 0) || (is_open && c->due_ms != 0))
        tell(CLEARING_DUE, "is %s, line %lld is %s and due at %lld", fsm_state_name(&order_fsm, (int)o->state),
             (long long)c->line_no, c->state == CLEARED ? "CLEARED" : "PENDING", (long long)c->due_ms);
}

static struct moved_list lost_of(const struct part *v, const struct disputing_seen *d)
{
    const struct moved_list of = moved_of_source(v->lost, d->id);

    return moved_of(&of, MOVED_DISPUTE_LOST, d->line_no);
}

/* What went back of the line, and of it what its partners and the platform gave back. */
static void sum_refunds(const struct part *v, int64_t line_no, int64_t *ret_refunded, int64_t *ret_borne)
{
    *ret_refunded = 0;
    *ret_borne = 0;
    for (size_t i = 0; i < v->of->n_refunds; i++) {
        const struct moved_list of = moved_of_source(v->borne, v->of->refunds[i].id);
        const struct moved_list refund = moved_of(&of, MOVED_REFUND, line_no);
        const struct moved_list reversal = moved_of(&of, MOVED_REVERSAL, line_no);

        *ret_refunded += moved_sum(&refund, OF_REFUNDS, 0);
        *ret_borne -= moved_sum(&reversal, OF_REFUNDS, 0);
    }
    for (size_t i = 0; i < v->n_disputes; i++) {
        const struct disputing_seen *d = &v->disputes[i];
        const struct moved_list lost = lost_of(v, d);

        if (d->line_no != line_no || d->state != DISPUTE_LOST)
            continue;
        *ret_refunded += d->amount;
        *ret_borne += d->amount - moved_sum(&lost, OF_REFUNDS, 0);
    }
}

/* What the line, here and with its order, says to be disputed. */
static void check_disputed(struct worker *worker, const struct part *v, int64_t line_no, int64_t disputed,
                           int64_t on_order)
{
    const struct order_seen *o = v->of->order;
    int64_t open = 0;
    int64_t lost = 0;

    for (size_t i = 0; i < v->n_disputes; i++)
        if (v->disputes[i].line_no == line_no) {
            open += v->disputes[i].state == DISPUTE_OPEN ? v->disputes[i].amount : 0;
            lost += v->disputes[i].state == DISPUTE_LOST ? v->disputes[i].amount : 0;
        }
    if (disputed != open || on_order != open + lost)
        tell(DISPUTE_LINE, "line %lld has %lld disputed, %lld with its order; open are %lld, lost %lld",
             (long long)line_no, (long long)disputed, (long long)on_order, (long long)open, (long long)lost);
}

/* What partners gave back of a dispute that was lost are entries. */
static void check_lost(struct worker *worker, const struct part *v, const struct disputing_seen *d)
{
    const struct order_seen *o = v->of->order;
    const struct moved_list lost = lost_of(v, d);
    size_t n_entries = 0;

    for (size_t i = 0; i < v->n_entries; i++)
        n_entries += v->entries[i].kind == KIND_DISPUTE && v->entries[i].source_id == d->id;
    if (n_entries != moved_count(&lost, OF_PARTNER_PAYABLE))
        tell(CLEARING_ENTRY, "line %lld: %zu partners bore a dispute over %lld, %zu have entries of it",
             (long long)d->line_no, moved_count(&lost, OF_PARTNER_PAYABLE), (long long)d->amount, n_entries);
}

static void check_shares(struct worker *worker, const struct part *v, const struct clearing_seen *c)
{
    const struct order_seen *o = v->of->order;
    int64_t shares = c->platform + c->fee_left;
    size_t n_entries = 0;

    for (size_t i = 0; i < v->n_entries; i++)
        if (v->entries[i].line_no == c->line_no && v->entries[i].kind != KIND_ADJUSTMENT) {
            shares += v->entries[i].amount;
            n_entries++;
        }
    if (c->state == CLEARED ? shares != c->amount - c->refunded
                            : n_entries > 0 || c->platform != 0 || c->fee_left != 0 || c->clear_ms != 0)
        tell(CLEARING_SHARES, "line %lld: %lld were paid, %lld went back, the shares are %lld", (long long)c->line_no,
             (long long)c->amount, (long long)c->refunded, (long long)shares);
}

/* The transfer that divided the line; partners' sides are those of the entries, the platform's is what is left. */
static bool is_transfer_right(const struct part *v, const struct clearing_seen *c, const struct moved_list *moved,
                              int64_t refunded_before)
{
    size_t n_sales = 0;

    if (moved->n == 0 || moved->list[0].create_ms != c->clear_ms ||
        moved_sum(moved, OF_CUSTOMER_LIABILITY, 0) != c->amount ||
        moved_sum(moved, OF_REFUNDS, 0) != -refunded_before ||
        moved_sum(moved, OF_CHANNEL_FEES, c->account_id) != -c->fee)
        return false;
    for (size_t i = 0; i < moved->n; i++)
        if (moved->list[i].biz_id != c->biz_id || strcmp(moved->list[i].currency, c->currency) != 0)
            return false;
    for (size_t i = 0; i < v->n_entries; i++)
        n_sales += v->entries[i].line_no == c->line_no && v->entries[i].kind == KIND_SALE;
    return n_sales == moved_count(moved, OF_PARTNER_PAYABLE) && (c->rule_id != 0 || n_sales == 0) &&
           moved_sum(moved, OF_PLATFORM_REVENUE, 0) + moved_sum(moved, OF_PARTNER_PAYABLE, -1) ==
               c->fee - c->amount + refunded_before;
}

static void check_transfer(struct worker *worker, const struct part *v, const struct clearing_seen *c)
{
    const struct order_seen *o = v->of->order;
    const struct moved_list moved = moved_of(&v->cleared, MOVED_CLEARING, c->line_no);
    int64_t refunded;
    int64_t borne;

    sum_refunds(v, c->line_no, &refunded, &borne);
    if (refunded != c->refunded)
        tell(CLEARING_SHARES, "line %lld: %lld went back, the ledger says %lld", (long long)c->line_no,
             (long long)c->refunded, (long long)refunded);
    if (c->state == CLEARED ? !is_transfer_right(v, c, &moved, refunded - borne) : moved.n > 0 || borne != 0)
        tell(CLEARING_TRANSFER,
             "line %lld is %s over %lld, the ledger has %zu postings of it, %lld were the customer's",
             (long long)c->line_no, c->state == CLEARED ? "CLEARED" : "PENDING", (long long)c->amount, moved.n,
             (long long)moved_sum(&moved, OF_CUSTOMER_LIABILITY, 0));
}

static const struct entry_seen *sale_of(const struct part *v, const struct entry_seen *e)
{
    for (size_t i = 0; i < v->n_entries; i++)
        if (v->entries[i].kind == KIND_SALE && v->entries[i].line_no == e->line_no &&
            v->entries[i].partner_id == e->partner_id)
            return &v->entries[i];
    return NULL;
}

/* The transfer that booked the entry; it may be of another order only by mistake. */
static struct moved_list booking_of(const struct part *v, const struct entry_seen *e)
{
    struct moved_list of;

    if (e->kind == KIND_SALE)
        return moved_of(&v->cleared, MOVED_CLEARING, e->line_no);
    for (size_t i = 0; i < v->of->n_refunds && e->kind == KIND_REVERSAL; i++)
        if (v->of->refunds[i].id == e->source_id) {
            of = moved_of_source(v->borne, e->source_id);
            return moved_of(&of, MOVED_REVERSAL, e->line_no);
        }
    for (size_t i = 0; i < v->n_disputes && e->kind == KIND_DISPUTE; i++)
        if (v->disputes[i].id == e->source_id && v->disputes[i].line_no == e->line_no)
            return lost_of(v, &v->disputes[i]);
    return (struct moved_list){0};
}

static void check_entry(struct worker *worker, const struct part *v, const struct entry_seen *e)
{
    const struct order_seen *o = v->of->order;
    const struct entry_seen *sale = sale_of(v, e);
    const struct moved_list moved = booking_of(v, e);
    const bool is_sale = e->kind == KIND_SALE;
    bool is_right;

    if (!e->is_in_statement)
        tell(ENTRY_STATEMENT, "line %lld: the entry of partner %lld is in statement %lld", (long long)e->line_no,
             (long long)e->partner_id, (long long)e->statement_id);
    is_right = moved.n > 0 && moved_sum(&moved, OF_PARTNER_PAYABLE, e->partner_id) == -e->amount &&
               moved.list[0].create_ms == e->create_ms && e->payable_ms >= e->create_ms && e->biz_id == o->biz_id &&
               strcmp(e->currency, o->currency) == 0 &&
               (is_sale || e->kind == KIND_REVERSAL || e->kind == KIND_DISPUTE) &&
               (e->state == CLEARED || e->state == SETTLED) && (e->state == SETTLED) == (e->statement_id != 0);
    if (is_sale)
        is_right = is_right && e->source_id == 0 && e->reverses_id == 0 && e->claw_back_id == 0 && e->amount > 0;
    else
        is_right = is_right && e->amount < 0 && e->reverses_id == (sale != NULL ? sale->id : 0);
    if (!is_right)
        tell(CLEARING_ENTRY, "line %lld: partner %lld has an entry of %lld, the ledger says %lld",
             (long long)e->line_no, (long long)e->partner_id, (long long)e->amount,
             (long long)-moved_sum(&moved, OF_PARTNER_PAYABLE, e->partner_id));
}

/* Each refund of a line that was cleared has been borne, as far as it went back, by partners with entries. */
static void check_borne(struct worker *worker, const struct part *v, int64_t refund_id)
{
    const struct order_seen *o = v->of->order;
    const struct moved_list of = moved_of_source(v->borne, refund_id);

    for (size_t i = 0; i < of.n; i++) {
        const struct moved_seen *m = &of.list[i];
        const struct moved_list refund = moved_of(&of, MOVED_REFUND, m->source_no);
        const struct moved_list reversal = moved_of(&of, MOVED_REVERSAL, m->source_no);
        size_t n_entries = 0;

        if (m->kind != MOVED_REVERSAL || (i > 0 && of.list[i - 1].transfer_id == m->transfer_id))
            continue;
        for (size_t j = 0; j < v->n_entries; j++)
            n_entries += v->entries[j].kind == KIND_REVERSAL && v->entries[j].source_id == refund_id &&
                         v->entries[j].line_no == m->source_no;
        if (moved_sum(&reversal, OF_REFUNDS, 0) != -moved_sum(&refund, OF_REFUNDS, 0) ||
            n_entries != moved_count(&reversal, OF_PARTNER_PAYABLE))
            tell(CLEARING_ENTRY, "line %lld: %lld went back, %lld were borne, %zu partners have entries of it",
                 (long long)m->source_no, (long long)moved_sum(&refund, OF_REFUNDS, 0),
                 (long long)-moved_sum(&reversal, OF_REFUNDS, 0), n_entries);
    }
}

static void check_part(struct worker *worker, const struct part *v)
{
    const struct order_seen *o = v->of->order;
    size_t n_found = 0;

    check_lines(worker, v);
    for (size_t i = 0; i < v->n_clearings; i++) {
        check_due(worker, v, &v->clearings[i]);
        check_shares(worker, v, &v->clearings[i]);
        check_transfer(worker, v, &v->clearings[i]);
        n_found += moved_of(&v->cleared, MOVED_CLEARING, v->clearings[i].line_no).n;
    }
    for (size_t i = 0; i < v->of->n_lines && (v->n_clearings == 0 || v->n_clearings == v->of->n_lines); i++)
        check_disputed(worker, v, v->of->lines[i].line_no, v->n_clearings == 0 ? 0 : v->clearings[i].disputed,
                       v->of->lines[i].disputed);
    for (size_t i = 0; i < v->n_entries; i++)
        check_entry(worker, v, &v->entries[i]);
    for (size_t i = 0; i < v->of->n_refunds; i++)
        check_borne(worker, v, v->of->refunds[i].id);
    for (size_t i = 0; i < v->n_disputes; i++)
        check_lost(worker, v, &v->disputes[i]);
    if (n_found != v->cleared.n)
        tell(TRANSFER_SOURCE, "the ledger cleared a line that is not there");
}

static void lost_clearing(struct worker *worker, const struct clearing_seen *c)
{
    found(worker, c->order_id, CLEARING_LINE, c->biz_id, ID_ORDER, c->order_id,
          "line %lld of an order that does not exist", (long long)c->line_no);
}

static void lost_dispute(struct worker *worker, const struct disputing_seen *d)
{
    found(worker, d->order_id, DISPUTE_LINE, d->biz_id, ID_ORDER, d->order_id,
          "a dispute over %lld of an order that does not exist", (long long)d->amount);
}

static void lost_entry(struct worker *worker, const struct entry_seen *e)
{
    if (e->order_id != 0)
        found(worker, e->order_id, CLEARING_ENTRY, e->biz_id, ID_ORDER, e->order_id,
              "partner %lld has an entry of %lld of an order that does not exist", (long long)e->partner_id,
              (long long)e->amount);
}

void clearings_check(struct worker *worker, struct clearing_range *range, const struct view *of)
{
    const struct order_seen *o = of->order;
    struct part v = {
        .of = of, .cleared = moved_of_source(&range->cleared, o->id), .borne = &range->borne, .lost = &range->lost};

    TAKE(clearings, n_clearings, at_clearing, order_id, lost_clearing)
    TAKE(entries, n_entries, at_entry, order_id, lost_entry)
    TAKE(disputes, n_disputes, at_dispute, order_id, lost_dispute)
    check_part(worker, &v);
}

void clearings_rest(struct worker *worker, struct clearing_range *range, const struct range *orders)
{
    int64_t *ids = arena_array_of(worker->arena, int64_t, orders->n_orders);

    REST(clearings, n_clearings, at_clearing, lost_clearing);
    REST(entries, n_entries, at_entry, lost_entry);
    REST(disputes, n_disputes, at_dispute, lost_dispute);
    for (size_t i = 0; i < orders->n_orders; i++)
        ids[i] = orders->orders[i].id;
    moved_tell_lost(worker, &range->cleared, ids, orders->n_orders, "a line of order");
}
