/*
 * The passes over payouts and adjustments: each has just the transfers that book it, no transfer of theirs is without
 * its row, and a payout's history leads to where it stands and agrees with its statement.
 */
#include "verify/clearings.h"

#include <string.h>

#include "settlement/state.h"
#include "verify/history.h"

enum {
    MOVED_PAYOUT = 5,
    MOVED_PAYOUT_PAID = 6,
    MOVED_PAYOUT_FAILED = 7,
    MOVED_PAYOUT_RETURNED = 8,
    MOVED_ADJUSTMENT = 9,

    OF_PROMOTION_COST = 6,
    OF_PAYOUT_IN_TRANSIT = 10,
    OF_CASH = 11,
    OF_CONVERSION = 12,

    PARTNER_CREDIT = 1,
    PARTNER_DEBIT = 2,
    PROMOTION = 3,
    CHANNEL_PAID = 4,
    CONVERSION = 5,

    ENTRY_BY_HAND = 3,
    ENTRY_CLEARED = 2,
    ENTRY_SETTLED = 3,
};

struct payout_seen {
    int64_t id, biz_id, partner_id, account_id, state, version, amount, create_ms, succeed_ms;
    int64_t is_of_statement; /* its statement is there, with the same partner and money */
    int64_t statement_state; /* 0: the statement has another payout since */
    char currency[CURRENCY_SIZE];
};
static const struct seen_column payout_list[] = {
    SEEN(payout_seen, id),         SEEN(payout_seen, biz_id),          SEEN(payout_seen, partner_id),
    SEEN(payout_seen, account_id), SEEN(payout_seen, state),           SEEN(payout_seen, version),
    SEEN(payout_seen, amount),     SEEN(payout_seen, create_ms),       SEEN(payout_seen, succeed_ms),
    SEEN_CURRENCY(payout_seen),    SEEN(payout_seen, is_of_statement), SEEN(payout_seen, statement_state),
};
static const struct seen_columns payout_columns = {payout_list, COUNT_OF(payout_list), sizeof(struct payout_seen)};

struct adjustment_seen {
    int64_t id, biz_id, kind, partner_id, account_id, amount, to_amount, create_ms;
    char currency[CURRENCY_SIZE];
    const char *to_currency;
};
static const struct seen_column adjustment_list[] = {
    SEEN(adjustment_seen, id),         SEEN(adjustment_seen, biz_id),
    SEEN(adjustment_seen, kind),       SEEN(adjustment_seen, partner_id),
    SEEN(adjustment_seen, account_id), SEEN(adjustment_seen, amount),
    SEEN(adjustment_seen, to_amount),  SEEN(adjustment_seen, create_ms),
    SEEN_CURRENCY(adjustment_seen),    SEEN_TEXT(adjustment_seen, to_currency),
};
static const struct seen_columns adjustment_columns = {adjustment_list, COUNT_OF(adjustment_list),
                                                       sizeof(struct adjustment_seen)};

/* A transfer that a payout has once it got so far, and which must not be there before. */
static const struct step {
    int64_t kind, debit, credit;
} steps[] = {
    {MOVED_PAYOUT, OF_PARTNER_PAYABLE, OF_PAYOUT_IN_TRANSIT},
    {MOVED_PAYOUT_PAID, OF_PAYOUT_IN_TRANSIT, OF_CHANNEL_RECEIVABLE},
    {MOVED_PAYOUT_FAILED, OF_PAYOUT_IN_TRANSIT, OF_PARTNER_PAYABLE},
    {MOVED_PAYOUT_RETURNED, OF_CHANNEL_RECEIVABLE, OF_PARTNER_PAYABLE},
};

static bool has_step(const struct payout_seen *p, int64_t kind)
{
    switch (kind) {
    case MOVED_PAYOUT_PAID: return p->state == PAYOUT_SUCCEEDED || p->state == PAYOUT_RETURNED;
    case MOVED_PAYOUT_FAILED: return p->state == PAYOUT_FAILED;
    case MOVED_PAYOUT_RETURNED: return p->state == PAYOUT_RETURNED;
    default: return true;
    }
}

static int64_t subject_of(const struct payout_seen *p, int64_t account)
{
    return account == OF_PARTNER_PAYABLE ? p->partner_id : p->account_id;
}

static void check_step(struct worker *worker, const struct payout_seen *p, const struct step *step,
                       const struct moved_list *moved)
{
    const struct side_seen sides[] = {{step->debit, subject_of(p, step->debit), p->amount},
                                      {step->credit, subject_of(p, step->credit), -p->amount}};
    bool is_right = moved->n == 0;

    if (has_step(p, step->kind))
        is_right = moved_is(moved, p->biz_id, p->currency, sides, COUNT_OF(sides)) &&
                   moved_of(moved, step->kind, 0).n == moved->n &&
                   (step->kind != MOVED_PAYOUT || moved->list[0].create_ms == p->create_ms) &&
                   (step->kind != MOVED_PAYOUT_PAID || moved->list[0].create_ms == p->succeed_ms);
    if (!is_right)
        found(worker, p->id, PAYOUT_TRANSFER, p->biz_id, ID_PAYOUT, p->id,
              "is %s over %lld %s, the ledger has %zu postings of kind %lld",
              fsm_state_name(&payout_fsm, (int)p->state), (long long)p->amount, p->currency, moved->n,
              (long long)step->kind);
}

static void check_history(struct worker *worker, const struct payout_seen *p, const struct event_seen *events, size_t n)
{
    if (!history_leads(&payout_fsm, p->state, p->version, events, n) ||
        (p->succeed_ms != 0) != has_step(p, MOVED_PAYOUT_PAID))
        found(worker, p->id, PAYOUT_EVENTS, p->biz_id, ID_PAYOUT, p->id,
              "stands at %s version %lld, its history of %zu does not lead there",
              fsm_state_name(&payout_fsm, (int)p->state), (long long)p->version, n);
}

static void check_statement(struct worker *worker, const struct payout_seen *p)
{
    int64_t expected = STATEMENT_FAILED;

    if (p->state == PAYOUT_SUCCEEDED)
        expected = STATEMENT_PAID;
    else if (payout_state_is_open((int)p->state))
        expected = STATEMENT_PAYING;
    if (!p->is_of_statement ||
        (p->statement_state == 0 ? expected != STATEMENT_FAILED : p->statement_state != expected))
        found(worker, p->id, PAYOUT_STATEMENT, p->biz_id, ID_PAYOUT, p->id, "is %s over %lld %s, its statement %s",
              fsm_state_name(&payout_fsm, (int)p->state), (long long)p->amount, p->currency,
              p->is_of_statement ? "stands elsewhere" : "is not over that");
}

#define PAYOUTS_TEXT                                                                                             \
    "SELECT p.payout_id, p.biz_id, p.partner_id, p.channel_account_id, p.state, p.version, p.amount_minor, "     \
    "p.create_time_ms, p.succeed_time_ms, p.currency, COALESCE(s.biz_id = p.biz_id AND s.partner_id = "          \
    "p.partner_id AND s.currency = p.currency AND s.total_minor = p.amount_minor, 0), "                          \
    "COALESCE(IF(s.payout_id = p.payout_id, s.state, 0), 0) FROM bmt_settlement.payouts p "                      \
    "LEFT JOIN bmt_settlement.partner_statements s ON s.statement_id = p.statement_id WHERE p.payout_id > %lld " \
    "AND p.payout_id <= %lld ORDER BY p.payout_id"

static int check_payouts(struct worker *worker, int64_t after, int64_t upto)
{
    struct payout_seen *payouts = NULL;
    struct histories histories = {.kind = FINDING_PAYOUT_EVENTS, .id_kind = ID_PAYOUT};
    struct moved_list moved[COUNT_OF(steps)] = {0};
    size_t n = 0;
    size_t n_events;
    int64_t *ids;

    if (READ_RANGE(MODULE_SETTLEMENT, PAYOUTS_TEXT, &payout_columns, payouts, n) != 0 ||
        READ_RANGE(MODULE_SETTLEMENT,
                   "SELECT payout_id, version, event, from_state, to_state FROM "
                   "bmt_settlement.payout_events WHERE payout_id > %lld AND payout_id <= %lld "
                   "ORDER BY payout_id, version",
                   &history_columns, histories.events, histories.n) != 0)
        return -1;
    for (size_t k = 0; k < COUNT_OF(steps); k++)
        if (moved_read(worker, steps[k].kind, after, upto, &moved[k]) != 0)
            return -1;
    ids = arena_array_of(worker->arena, int64_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct payout_seen *p = &payouts[i];
        const struct event_seen *events = history_take(worker, &histories, p->id, &n_events);

        ids[i] = p->id;
        check_history(worker, p, events, n_events);
        check_statement(worker, p);
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            const struct moved_list of = moved_of_source(&moved[k], p->id);

            check_step(worker, p, &steps[k], &of);
        }
    }
    (void)history_take(worker, &histories, INT64_MAX, &n_events);
    for (size_t k = 0; k < COUNT_OF(steps); k++)
        moved_tell_lost(worker, &moved[k], ids, n, "payout");
    pass_count(worker, n);
    return payout_lines_check_payouts(worker, after, upto);
}

/* Where an adjustment's money goes; false: its kind is unknown, or it names whom it must not. */
static bool sides_of(const struct adjustment_seen *a, struct side_seen sides[2])
{
    const struct side_seen payable = {OF_PARTNER_PAYABLE, a->partner_id, 0};
    const bool is_of_partner = a->kind == PARTNER_CREDIT || a->kind == PARTNER_DEBIT || a->kind == PROMOTION;

    switch (a->kind) {
    case PARTNER_CREDIT: sides[0] = (struct side_seen){OF_PLATFORM_REVENUE, 0, 0}, sides[1] = payable; break;
    case PARTNER_DEBIT: sides[0] = payable, sides[1] = (struct side_seen){OF_PLATFORM_REVENUE, 0, 0}; break;
    case PROMOTION: sides[0] = (struct side_seen){OF_PROMOTION_COST, 0, 0}, sides[1] = payable; break;
    case CHANNEL_PAID:
        sides[0] = (struct side_seen){OF_CASH, 0, 0};
        sides[1] = (struct side_seen){OF_CHANNEL_RECEIVABLE, a->account_id, 0};
        break;
    case CONVERSION:
        sides[0] = (struct side_seen){OF_CONVERSION, 0, 0};
        sides[1] = (struct side_seen){OF_CASH, 0, 0};
        break;
    default: return false;
    }
    sides[0].amount = a->amount;
    sides[1].amount = -a->amount;
    return (a->partner_id != 0) == is_of_partner && (a->account_id != 0) == (a->kind == CHANNEL_PAID) &&
           (a->kind == CONVERSION) == (a->to_amount != 0) && (a->kind == CONVERSION) == (a->to_currency[0] != '\0');
}

/* A conversion's second half: what came in, in the other currency. */
static bool is_conversion_right(const struct adjustment_seen *a, const struct moved_list *moved)
{
    const struct side_seen sides[] = {{OF_CASH, 0, a->to_amount}, {OF_CONVERSION, 0, -a->to_amount}};

    return moved_is(moved, a->biz_id, a->to_currency, sides, COUNT_OF(sides));
}

static void check_adjustment(struct worker *worker, const struct adjustment_seen *a, const struct moved_list *moved)
{
    const size_t n_first = a->kind == CONVERSION && moved->n > 2 ? 2 : moved->n;
    const struct moved_list first = {.list = moved->list, .n = n_first};
    const struct moved_list second = {.list = moved->list + n_first, .n = moved->n - n_first};
    struct side_seen sides[2];
    const bool is_right = sides_of(a, sides) && moved_is(&first, a->biz_id, a->currency, sides, COUNT_OF(sides)) &&
                          (a->kind != CONVERSION || is_conversion_right(a, &second)) &&
                          moved_of(moved, MOVED_ADJUSTMENT, 0).n == moved->n &&
                          moved->list[0].create_ms == a->create_ms;

    if (!is_right)
        found(worker, a->id, ADJUSTMENT_TRANSFER, a->biz_id, ID_ADJUSTMENT, a->id,
              "of kind %lld over %lld %s, the ledger has %zu postings of it", (long long)a->kind, (long long)a->amount,
              a->currency, moved->n);
}

/* What touches a partner is an entry of just that; nothing else has one. */
static bool is_entry_right(const struct adjustment_seen *a, const struct entry_seen *entries, size_t n)
{
    const bool is_of_partner = a->kind == PARTNER_CREDIT || a->kind == PARTNER_DEBIT || a->kind == PROMOTION;
    const struct entry_seen *e = entries;

    if (!is_of_partner || n != 1)
        return !is_of_partner && n == 0;
    return e->line_no == 0 && e->biz_id == a->biz_id && e->partner_id == a->partner_id && e->kind == ENTRY_BY_HAND &&
           e->amount == (a->kind == PARTNER_DEBIT ? -a->amount : a->amount) && e->reverses_id == 0 &&
           e->claw_back_id == 0 && e->create_ms == a->create_ms && e->payable_ms >= e->create_ms &&
           strcmp(e->currency, a->currency) == 0 && e->state == (e->statement_id != 0 ? ENTRY_SETTLED : ENTRY_CLEARED);
}

static void tell_lost_entry(struct worker *worker, const struct entry_seen *e)
{
    found(worker, e->source_id, ADJUSTMENT_ENTRY, e->biz_id, ID_ENTRY, e->id,
          "is of adjustment %lld, which is not there", (long long)e->source_id);
}

/* Both sorted by the adjustment. */
static void check_entries(struct worker *worker, const struct adjustment_seen *adjustments, size_t n,
                          const struct entry_seen *entries, size_t n_entries)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const struct adjustment_seen *a = &adjustments[i];

        for (; at < n_entries && entries[at].source_id < a->id; at++)
            tell_lost_entry(worker, &entries[at]);
        const size_t first = at;
        while (at < n_entries && entries[at].source_id == a->id)
            at++;
        if (!is_entry_right(a, entries + first, at - first))
            found(worker, a->id, ADJUSTMENT_ENTRY, a->biz_id, ID_ADJUSTMENT, a->id,
                  "of kind %lld over %lld %s has %zu entries, the first of %lld", (long long)a->kind,
                  (long long)a->amount, a->currency, at - first, (long long)(at > first ? entries[first].amount : 0));
    }
    for (; at < n_entries; at++)
        tell_lost_entry(worker, &entries[at]);
    for (size_t i = 0; i < n_entries; i++)
        if (!entries[i].is_in_statement)
            found(worker, entries[i].source_id, ENTRY_STATEMENT, entries[i].biz_id, ID_ENTRY, entries[i].id,
                  "of partner %lld is in statement %lld", (long long)entries[i].partner_id,
                  (long long)entries[i].statement_id);
}

/* Entries of no order come first; there are as many as were made by hand. */
#define ENTRIES_TEXT                                                                                           \
    "SELECT e.order_id, e.line_no, e.entry_id, e.biz_id, e.partner_id, e.kind, e.state, e.amount_minor, "      \
    "e.source_id, e.reverses_entry_id, e.claw_back_payout_id, e.statement_id, e.payable_time_ms, "             \
    "e.create_time_ms, " ENTRY_IN_STATEMENT ", e.currency FROM bmt_settlement.clearing_entries e FORCE INDEX " \
    "(PRIMARY) LEFT JOIN bmt_settlement.partner_statements s ON s.statement_id = e.statement_id "              \
    "WHERE e.order_id = 0 AND e.source_id > %lld AND e.source_id <= %lld ORDER BY e.source_id, e.entry_id"

static int check_adjustments(struct worker *worker, int64_t after, int64_t upto)
{
    struct adjustment_seen *adjustments = NULL;
    struct entry_seen *entries = NULL;
    struct moved_list moved = {0};
    size_t n = 0;
    size_t n_entries = 0;
    int64_t *ids;

    if (READ_RANGE(MODULE_SETTLEMENT,
                   "SELECT adjustment_id, biz_id, kind, partner_id, channel_account_id, amount_minor, "
                   "to_amount_minor, create_time_ms, currency, to_currency FROM "
                   "bmt_settlement.adjustments WHERE adjustment_id > %lld AND adjustment_id <= %lld "
                   "ORDER BY adjustment_id",
                   &adjustment_columns, adjustments, n) != 0 ||
        READ_RANGE(MODULE_SETTLEMENT, ENTRIES_TEXT, &entry_columns, entries, n_entries) != 0 ||
        moved_read(worker, MOVED_ADJUSTMENT, after, upto, &moved) != 0)
        return -1;
    ids = arena_array_of(worker->arena, int64_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct moved_list of = moved_of_source(&moved, adjustments[i].id);

        ids[i] = adjustments[i].id;
        check_adjustment(worker, &adjustments[i], &of);
    }
    moved_tell_lost(worker, &moved, ids, n, "adjustment");
    check_entries(worker, adjustments, n, entries, n_entries);
    pass_count(worker, n);
    return 0;
}

const struct pass payouts_pass = {.name = "payouts",
                                  .which = VERIFY_PAYOUTS,
                                  .module = MODULE_SETTLEMENT,
                                  .table = "bmt_settlement.payouts",
                                  .key = "payout_id",
                                  .check = check_payouts};
const struct pass adjustments_pass = {.name = "adjustments",
                                      .which = VERIFY_ADJUSTMENTS,
                                      .module = MODULE_SETTLEMENT,
                                      .table = "bmt_settlement.adjustments",
                                      .key = "adjustment_id",
                                      .check = check_adjustments};
