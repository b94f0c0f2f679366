/* The passes over payments and refunds: histories, sums, and that both sides of a refund agree. */
#include <string.h>

#include "payment/state.h"
#include "verify/history.h"
#include "verify/pass.h"

static const struct seen_column payment_list[] = {
    SEEN(payment_seen, id),           SEEN(payment_seen, biz_id),  SEEN(payment_seen, order_id),
    SEEN(payment_seen, state),        SEEN(payment_seen, version), SEEN(payment_seen, amount),
    SEEN(payment_seen, refund_minor), SEEN(payment_seen, is_late), SEEN(payment_seen, account_id),
    SEEN(payment_seen, fee),          SEEN_CURRENCY(payment_seen),
};
static const struct seen_column refund_list[] = {
    SEEN(refund_seen, id),       SEEN(refund_seen, biz_id),  SEEN(refund_seen, payment_id),
    SEEN(refund_seen, order_id), SEEN(refund_seen, purpose), SEEN(refund_seen, state),
    SEEN(refund_seen, version),  SEEN(refund_seen, amount),  SEEN(refund_seen, account_id),
    SEEN(refund_seen, paid),     SEEN(refund_seen, fee),     SEEN_CURRENCY(refund_seen),
};
static const struct seen_column side_list[] = {
    SEEN(refund_side_seen, id),       SEEN(refund_side_seen, biz_id), SEEN(refund_side_seen, payment_id),
    SEEN(refund_side_seen, order_id), SEEN(refund_side_seen, amount),
};

/* The refunds of a range of payments, sorted by payment. */
static void check_payment(struct worker *worker, const struct payment_seen *p, const struct event_seen *events,
                          size_t n_events, const struct refund_seen *refunds, size_t n_refunds)
{
    char what[FINDING_TEXT_SIZE];
    int64_t claimed = 0;
    int64_t late = 0;

    history_fault(&payment_fsm, p->state, p->version, events, n_events, what);
    if (what[0] != '\0')
        found(worker, p->id, PAYMENT_EVENTS, p->biz_id, ID_PAYMENT, p->id, "%s", what);
    for (size_t i = 0; i < n_refunds; i++) {
        if (refunds[i].state == REFUND_FAILED)
            continue;
        claimed += refunds[i].amount;
        late += refunds[i].purpose == PURPOSE_LATE ? refunds[i].amount : 0;
    }
    if (claimed != p->refund_minor || claimed > (p->state == PAYMENT_SUCCEEDED ? p->amount : 0))
        found(worker, p->id, PAYMENT_REFUNDS, p->biz_id, ID_PAYMENT, p->id,
              "took %lld, says %lld go back, its refunds %lld", (long long)p->amount, (long long)p->refund_minor,
              (long long)claimed);
    if (p->state == PAYMENT_SUCCEEDED && p->is_late && late != p->amount)
        found(worker, p->id, PAYMENT_LATE, p->biz_id, ID_PAYMENT, p->id, "%lld %s came too late, %lld go back",
              (long long)p->amount, p->currency, (long long)late);
}

static int check_payments(struct worker *worker, int64_t after, int64_t upto)
{
    struct payment_seen *payments = NULL;
    struct histories histories = {.kind = FINDING_PAYMENT_EVENTS, .id_kind = ID_PAYMENT};
    struct refund_seen *refunds = NULL;
    size_t n_payments = 0;
    size_t n_events;
    size_t n_refunds = 0;
    size_t at_refund = 0;

    if (READ_RANGE(MODULE_PAYMENT,
                   "SELECT payment_id, biz_id, order_id, state, version, amount_minor, refund_minor, is_late, "
                   "channel_account_id, fee_minor, currency FROM "
                   "bmt_payment.payments WHERE payment_id > %lld AND payment_id <= %lld ORDER BY payment_id",
                   SEEN_ROWS(payment_list, payment_seen), payments, n_payments) != 0 ||
        READ_RANGE(
            MODULE_PAYMENT,
            "SELECT payment_id, version, event, from_state, to_state FROM bmt_payment.payment_events WHERE payment_id "
            "> %lld AND payment_id <= %lld ORDER BY payment_id, version",
            &history_columns, histories.events, histories.n) != 0 ||
        READ_RANGE(
            MODULE_PAYMENT,
            "SELECT refund_id, biz_id, payment_id, order_id, purpose, state, version, amount_minor, 0, 0, 0, currency "
            "FROM bmt_payment.refunds FORCE INDEX (ix_refunds_payment) WHERE payment_id > %lld AND payment_id <= %lld "
            "ORDER BY payment_id, refund_id",
            SEEN_ROWS(refund_list, refund_seen), refunds, n_refunds) != 0)
        return -1;
    for (size_t i = 0; i < n_payments; i++) {
        const int64_t id = payments[i].id;
        const struct event_seen *events = history_take(worker, &histories, id, &n_events);

        while (at_refund < n_refunds && refunds[at_refund].payment_id < id)
            at_refund++;
        const size_t first_refund = at_refund;

        while (at_refund < n_refunds && refunds[at_refund].payment_id == id)
            at_refund++;
        check_payment(worker, &payments[i], events, n_events, refunds + first_refund, at_refund - first_refund);
        if (payments[i].state == PAYMENT_SUCCEEDED)
            pass_add_money(worker, payments[i].biz_id, payments[i].currency, payments[i].amount, 0);
    }
    (void)history_take(worker, &histories, INT64_MAX, &n_events);
    pass_count(worker, n_payments);
    if (transfers_check_payments(worker, after, upto, payments, n_payments) != 0)
        return -1;
    return statements_check_payments(worker, after, upto);
}

static void check_refund(struct worker *worker, const struct refund_seen *r, const struct event_seen *events,
                         size_t n_events, const struct refund_side_seen *side)
{
    char what[FINDING_TEXT_SIZE];

    history_fault(&refund_fsm, r->state, r->version, events, n_events, what);
    if (what[0] != '\0')
        found(worker, r->id, REFUND_EVENTS, r->biz_id, ID_REFUND, r->id, "%s", what);
    if ((r->purpose == PURPOSE_ORDER) != (side != NULL) ||
        (side != NULL &&
         (side->amount != r->amount || side->payment_id != r->payment_id || side->order_id != r->order_id)))
        found(worker, r->id, REFUND_SIDES, r->biz_id, ID_REFUND, r->id, "gives back %lld, its order's side says %lld",
              (long long)r->amount, (long long)(side != NULL ? side->amount : 0));
    if ((r->purpose == PURPOSE_CHARGE) != (r->order_id == 0))
        found(worker, r->id, REFUND_SIDES, r->biz_id, ID_REFUND, r->id,
              r->order_id == 0 ? "is not of a charge, and of no order" : "is of a charge, and of an order");
}

static int check_refunds(struct worker *worker, int64_t after, int64_t upto)
{
    struct refund_seen *refunds = NULL;
    struct histories histories = {.kind = FINDING_REFUND_EVENTS, .id_kind = ID_REFUND};
    struct refund_side_seen *sides = NULL;
    size_t n_refunds = 0;
    size_t n_events;
    size_t n_sides = 0;
    size_t at_side = 0;

    if (READ_RANGE(
            MODULE_PAYMENT,
            "SELECT r.refund_id, r.biz_id, r.payment_id, r.order_id, r.purpose, r.state, r.version, r.amount_minor, "
            "r.channel_account_id, p.amount_minor, p.fee_minor, r.currency FROM bmt_payment.refunds r LEFT JOIN "
            "bmt_payment.payments p ON p.payment_id = r.payment_id WHERE r.refund_id > %lld AND r.refund_id <= %lld "
            "ORDER BY r.refund_id",
            SEEN_ROWS(refund_list, refund_seen), refunds, n_refunds) != 0 ||
        READ_RANGE(
            MODULE_PAYMENT,
            "SELECT refund_id, version, event, from_state, to_state FROM bmt_payment.refund_events WHERE refund_id > "
            "%lld AND refund_id <= %lld ORDER BY refund_id, version",
            &history_columns, histories.events, histories.n) != 0 ||
        READ_RANGE(
            MODULE_ORDER,
            "SELECT refund_id, biz_id, payment_id, order_id, amount_minor FROM bmt_order.refunds WHERE refund_id > "
            "%lld AND refund_id <= %lld ORDER BY refund_id",
            SEEN_ROWS(side_list, refund_side_seen), sides, n_sides) != 0)
        return -1;
    for (size_t i = 0; i <= n_refunds; i++) {
        const int64_t id = i < n_refunds ? refunds[i].id : INT64_MAX;
        const struct event_seen *events = history_take(worker, &histories, id, &n_events);

        for (; at_side < n_sides && sides[at_side].id < id; at_side++)
            found(worker, sides[at_side].id, REFUND_SIDES, sides[at_side].biz_id, ID_REFUND, sides[at_side].id,
                  "the order's side gives back %lld, the payment's side does not know of it",
                  (long long)sides[at_side].amount);
        if (i == n_refunds)
            break;
        check_refund(worker, &refunds[i], events, n_events,
                     at_side < n_sides && sides[at_side].id == id ? &sides[at_side] : NULL);
        at_side += at_side < n_sides && sides[at_side].id == id;
        if (refunds[i].state == REFUND_SUCCEEDED)
            pass_add_money(worker, refunds[i].biz_id, refunds[i].currency, 0, refunds[i].amount);
    }
    pass_count(worker, n_refunds);
    if (transfers_check_refunds(worker, after, upto, refunds, n_refunds) != 0)
        return -1;
    return statements_check_refunds(worker, after, upto);
}

const struct pass payments_pass = {.name = "payments",
                                   .which = VERIFY_PAYMENTS,
                                   .module = MODULE_PAYMENT,
                                   .table = "bmt_payment.payments",
                                   .key = "payment_id",
                                   .check = check_payments};
const struct pass refunds_pass = {.name = "refunds",
                                  .which = VERIFY_REFUNDS,
                                  .module = MODULE_PAYMENT,
                                  .table = "bmt_payment.refunds",
                                  .key = "refund_id",
                                  .check = check_refunds};
