/*
 * Payments and refunds against their transfers, both ways: what moved money has just the transfers that book it, what
 * did not has none, and no transfer is without its payment or refund. Called by the passes over payments and refunds.
 *
 * Not here: who bears the refund of an order's line (clearings.c).
 */
#include "verify/moved.h"

#include "payment/state.h"

/* A partner who is to bear a part of a refund. */
struct bearer_seen {
    int64_t refund_id, partner_id, biz_id, amount, is_partner;
};
static const struct seen_column bearer_list[] = {SEEN(bearer_seen, refund_id), SEEN(bearer_seen, partner_id),
                                                 SEEN(bearer_seen, biz_id), SEEN(bearer_seen, amount),
                                                 SEEN(bearer_seen, is_partner)};
static const struct seen_columns bearer_columns = {bearer_list, COUNT_OF(bearer_list), sizeof(struct bearer_seen)};

/* A transfer whose source is not among the rows, which are sorted by the id that they begin with. */
static void lost(struct worker *worker, const struct moved_list *moved, const char *what)
{
    if (moved->n > 0)
        found(worker, moved->list[0].source_id, TRANSFER_SOURCE, moved->list[0].biz_id, ID_TRANSFER,
              moved->list[0].transfer_id, "books %s %lld, which is not there", what,
              (long long)moved->list[0].source_id);
}

/* The postings at `*at` that are of the sources before `id`, source by source. */
static void lose_before(struct worker *worker, const struct moved_list *all, size_t *at, int64_t id, const char *what)
{
    while (*at < all->n && all->list[*at].source_id < id) {
        struct moved_list rest = {.list = all->list + *at, .n = all->n - *at};
        const struct moved_list one = moved_of_source(&rest, all->list[*at].source_id);

        lost(worker, &one, what);
        *at += one.n;
    }
}

static struct moved_list take(const struct moved_list *all, size_t *at, int64_t id)
{
    struct moved_list of = {.list = all->list + *at};

    while (*at < all->n && all->list[*at].source_id == id) {
        (*at)++;
        of.n++;
    }
    return of;
}

static void check_payment(struct worker *worker, const struct payment_seen *p, const struct moved_list *moved)
{
    const struct side_seen sides[] = {{OF_CHANNEL_RECEIVABLE, p->account_id, p->amount - p->fee},
                                      {OF_CHANNEL_FEES, p->account_id, p->fee},
                                      {OF_CUSTOMER_LIABILITY, 0, -p->amount}};
    const bool is_booked = p->state == PAYMENT_SUCCEEDED;

    if (is_booked ? !moved_is(moved, p->biz_id, p->currency, sides, COUNT_OF(sides)) ||
                        moved_of(moved, MOVED_PAYMENT, 0).n != moved->n
                  : moved->n > 0)
        found(worker, p->id, PAYMENT_TRANSFER, p->biz_id, ID_PAYMENT, p->id,
              "is %s over %lld %s with a fee of %lld, the ledger has %zu postings and %lld for the customer",
              fsm_state_name(&payment_fsm, (int)p->state), (long long)p->amount, p->currency, (long long)p->fee,
              moved->n, (long long)-moved_sum(moved, OF_CUSTOMER_LIABILITY, 0));
}

int transfers_check_payments(struct worker *worker, int64_t after, int64_t upto, const struct payment_seen *payments,
                             size_t n)
{
    struct moved_list all = {0};
    size_t at = 0;

    if (moved_read(worker, MOVED_PAYMENT, after, upto, &all) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        lose_before(worker, &all, &at, payments[i].id, "payment");
        const struct moved_list moved = take(&all, &at, payments[i].id);

        check_payment(worker, &payments[i], &moved);
    }
    lose_before(worker, &all, &at, INT64_MAX, "payment");
    return 0;
}

/* Of an order's lines: each leaves the channel, and waits for who bears it. */
static bool is_order_refund_right(const struct refund_seen *r, const struct moved_list *moved)
{
    for (size_t i = 0; i < moved->n; i++) {
        const struct moved_list one = moved_of(moved, MOVED_REFUND, moved->list[i].source_no);
        const int64_t amount = moved_sum(&one, OF_REFUNDS, 0);
        const struct side_seen sides[] = {{OF_REFUNDS, 0, amount}, {OF_CHANNEL_RECEIVABLE, r->account_id, -amount}};

        if (amount <= 0 || moved->list[i].source_no == 0 ||
            !moved_is(&one, r->biz_id, r->currency, sides, COUNT_OF(sides)))
            return false;
    }
    return moved_sum(moved, OF_REFUNDS, 0) == r->amount;
}

/* Money that was nobody's but the customer's; its fee is the platform's once all of it has gone back. */
static bool is_late_refund_right(const struct refund_seen *r, const struct moved_list *moved,
                                 const struct moved_list *borne)
{
    const int64_t fee = r->paid == r->amount ? r->fee : 0;
    const struct side_seen sides[] = {{OF_REFUNDS, 0, r->amount}, {OF_CHANNEL_RECEIVABLE, r->account_id, -r->amount}};
    const struct side_seen borne_sides[] = {{OF_CUSTOMER_LIABILITY, 0, r->amount},
                                            {OF_REFUNDS, 0, -r->amount},
                                            {OF_PLATFORM_REVENUE, 0, fee},
                                            {OF_CHANNEL_FEES, r->account_id, -fee}};

    return moved_is(moved, r->biz_id, r->currency, sides, COUNT_OF(sides)) &&
           moved_of(moved, MOVED_REFUND, 0).n == moved->n &&
           moved_is(borne, r->biz_id, r->currency, borne_sides, COUNT_OF(borne_sides)) &&
           moved_of(borne, MOVED_REVERSAL, 0).n == borne->n;
}

static void check_refund(struct worker *worker, const struct refund_seen *r, const struct moved_list *moved,
                         const struct moved_list *borne)
{
    bool is_right = moved->n == 0 && borne->n == 0;

    if (r->state == REFUND_SUCCEEDED)
        is_right =
            r->purpose == PURPOSE_ORDER ? is_order_refund_right(r, moved) : is_late_refund_right(r, moved, borne);
    if (!is_right)
        found(worker, r->id, REFUND_TRANSFER, r->biz_id, ID_REFUND, r->id,
              "is %s over %lld %s, the ledger has %zu postings of it and %lld went back",
              fsm_state_name(&refund_fsm, (int)r->state), (long long)r->amount, r->currency, moved->n + borne->n,
              (long long)moved_sum(moved, OF_REFUNDS, 0));
}

static int check_bearers(struct worker *worker, int64_t after, int64_t upto, const struct refund_seen *refunds,
                         size_t n_refunds)
{
    struct bearer_seen *bearers = NULL;
    size_t n = 0;
    size_t at = 0;
    int64_t sum = 0;

    if (READ_RANGE(MODULE_SETTLEMENT,
                   "SELECT b.refund_id, b.partner_id, b.biz_id, b.amount_minor, p.partner_id IS NOT NULL "
                   "FROM bmt_settlement.refund_bearers b LEFT JOIN bmt_settlement.partners p ON "
                   "p.partner_id = b.partner_id AND p.biz_id = b.biz_id WHERE b.refund_id > %lld AND "
                   "b.refund_id <= %lld ORDER BY b.refund_id, b.partner_id",
                   &bearer_columns, bearers, n) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct bearer_seen *b = &bearers[i];

        while (at < n_refunds && refunds[at].id < b->refund_id)
            at++;
        sum = i > 0 && bearers[i - 1].refund_id == b->refund_id ? sum + b->amount : b->amount;
        if (at == n_refunds || refunds[at].id != b->refund_id || refunds[at].biz_id != b->biz_id || b->amount <= 0 ||
            sum > refunds[at].amount || !b->is_partner)
            found(worker, b->refund_id, REFUND_BEARERS, b->biz_id, ID_REFUND, b->refund_id,
                  "partner %lld is to bear %lld, all are to bear %lld", (long long)b->partner_id, (long long)b->amount,
                  (long long)sum);
    }
    return 0;
}

int transfers_check_refunds(struct worker *worker, int64_t after, int64_t upto, const struct refund_seen *refunds,
                            size_t n)
{
    struct moved_list all = {0};
    struct moved_list borne = {0};
    size_t at = 0;
    size_t at_borne = 0;

    if (moved_read(worker, MOVED_REFUND, after, upto, &all) != 0 ||
        moved_read(worker, MOVED_REVERSAL, after, upto, &borne) != 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        lose_before(worker, &all, &at, refunds[i].id, "refund");
        lose_before(worker, &borne, &at_borne, refunds[i].id, "refund");
        const struct moved_list moved = take(&all, &at, refunds[i].id);
        const struct moved_list by_whom = take(&borne, &at_borne, refunds[i].id);

        check_refund(worker, &refunds[i], &moved, &by_whom);
    }
    lose_before(worker, &all, &at, INT64_MAX, "refund");
    lose_before(worker, &borne, &at_borne, INT64_MAX, "refund");
    return check_bearers(worker, after, upto, refunds, n);
}
