/*
 * The pass over partners' statements: a statement is over its entries and what the one before it left, nothing else;
 * it has got where it stands by legal moves, with those who must approve it, and its payout stands where it does.
 *
 * That no second payout has succeeded for it follows: payouts.c has each one that did agree with a statement that is
 * PAID by just that one. That each entry is in a statement of its own partner, in clearings.c and payouts.c.
 */
#include "verify/partner_statements.h"

#include <string.h>

#include "settlement/state.h"

static const struct seen_column statement_list[] = {
    SEEN(partner_statement_seen, id),
    SEEN(partner_statement_seen, biz_id),
    SEEN(partner_statement_seen, partner_id),
    SEEN(partner_statement_seen, seq),
    SEEN(partner_statement_seen, from_ms),
    SEEN(partner_statement_seen, to_ms),
    SEEN(partner_statement_seen, state),
    SEEN(partner_statement_seen, version),
    SEEN(partner_statement_seen, entry_count),
    SEEN(partner_statement_seen, entries),
    SEEN(partner_statement_seen, last_entry_id),
    SEEN(partner_statement_seen, carried),
    SEEN(partner_statement_seen, total),
    SEEN(partner_statement_seen, carried_from_id),
    SEEN(partner_statement_seen, carried_to_id),
    SEEN(partner_statement_seen, needed),
    SEEN(partner_statement_seen, payout_id),
    SEEN(partner_statement_seen, close_ms),
    SEEN_CURRENCY(partner_statement_seen),
    SEEN_TEXT(partner_statement_seen, root),
    SEEN(partner_statement_seen, before_id),
    SEEN(partner_statement_seen, before_to_ms),
    SEEN(partner_statement_seen, before_state),
    SEEN(partner_statement_seen, before_needed),
    SEEN(partner_statement_seen, before_total),
    SEEN(partner_statement_seen, before_carried_to_id),
    SEEN(partner_statement_seen, is_taken_over),
    SEEN(partner_statement_seen, payout_state),
    SEEN(partner_statement_seen, payout_amount),
    SEEN(partner_statement_seen, payout_statement_id),
    SEEN(partner_statement_seen, payout_partner_id),
};
static const struct seen_columns statement_columns = {statement_list, COUNT_OF(statement_list),
                                                      sizeof(struct partner_statement_seen)};
#define STATEMENTS_TEXT                                                                                             \
    "SELECT s.statement_id, s.biz_id, s.partner_id, s.seq, s.from_time_ms, s.to_time_ms, s.state, s.version, "      \
    "s.entry_count, s.entries_minor, s.last_entry_id, s.carried_minor, s.total_minor, s.carried_from_id, "          \
    "s.carried_to_id, s.approvals_needed, s.payout_id, s.close_time_ms, s.currency, HEX(s.root), b.statement_id, "  \
    "b.to_time_ms, b.state, b.approvals_needed, b.total_minor, b.carried_to_id, "                                   \
    "n.carried_from_id = s.statement_id, p.state, p.amount_minor, p.statement_id, p.partner_id FROM "               \
    "bmt_settlement.partner_statements s LEFT JOIN bmt_settlement.partner_statements b ON b.partner_id = "          \
    "s.partner_id AND b.currency = s.currency AND b.seq = s.seq - 1 LEFT JOIN bmt_settlement.partner_statements n " \
    "ON n.statement_id = s.carried_to_id LEFT JOIN bmt_settlement.payouts p ON p.payout_id = s.payout_id WHERE "    \
    "s.statement_id > %lld AND s.statement_id <= %lld ORDER BY s.statement_id"

/* A move of a statement: its history is short, whatever is in it. */
struct statement_event_seen {
    int64_t id, version, biz_id, event, from, to, create_ms;
};
static const struct seen_column event_list[] = {
    SEEN(statement_event_seen, id),        SEEN(statement_event_seen, version), SEEN(statement_event_seen, biz_id),
    SEEN(statement_event_seen, event),     SEEN(statement_event_seen, from),    SEEN(statement_event_seen, to),
    SEEN(statement_event_seen, create_ms),
};
static const struct seen_columns event_columns = {event_list, COUNT_OF(event_list),
                                                  sizeof(struct statement_event_seen)};

/* The primary key has each person once for a statement. */
struct approval_seen {
    int64_t id, biz_id, is_named, create_ms;
};
static const struct seen_column approval_list[] = {SEEN(approval_seen, id), SEEN(approval_seen, biz_id),
                                                   SEEN(approval_seen, is_named), SEEN(approval_seen, create_ms)};
static const struct seen_columns approval_columns = {approval_list, COUNT_OF(approval_list),
                                                     sizeof(struct approval_seen)};

struct statement_range {
    struct partner_statement_seen *statements;
    size_t n;
    struct statement_event_seen *events;
    size_t n_events, at_event;
    struct approval_seen *approvals;
    size_t n_approvals, at_approval;
};

/* One statement's part of it. */
struct view {
    const struct partner_statement_seen *statement;
    const struct statement_event_seen *events;
    size_t n_events;
    const struct approval_seen *approvals;
    size_t n_approvals;
};

#define tell(kind, ...) found(worker, s->id, kind, s->biz_id, ID_PARTNER_STATEMENT, s->id, __VA_ARGS__)

static const char *state_of(const struct partner_statement_seen *s)
{
    return fsm_state_name(&statement_fsm, (int)s->state);
}

static void check_history(struct worker *worker, const struct view *v)
{
    const struct partner_statement_seen *s = v->statement;
    int64_t at = STATEMENT_NONE;
    bool is_right = (s->state == STATEMENT_OPEN) == (s->close_ms == 0);

    for (size_t i = 0; i < v->n_events && is_right; i++) {
        const struct statement_event_seen *e = &v->events[i];
        int to = 0;

        is_right = e->version == (int64_t)i + 1 && e->from == at && e->biz_id == s->biz_id &&
                   fsm_next(&statement_fsm, (int)e->from, (int)e->event, &to) && to == e->to &&
                   (e->event != STATEMENT_EVENT_CLOSE || e->create_ms == s->close_ms);
        at = e->to;
    }
    if (!is_right || at != s->state || s->version != (int64_t)v->n_events)
        tell(PARTNER_STATEMENT_EVENTS, "stands at %s version %lld, its history of %zu does not lead there", state_of(s),
             (long long)s->version, v->n_events);
}

/* When it was first paid; INT64_MAX: never. */
static int64_t pay_time_of(const struct view *v)
{
    for (size_t i = 0; i < v->n_events; i++)
        if (v->events[i].event == STATEMENT_EVENT_PAY)
            return v->events[i].create_ms;
    return INT64_MAX;
}

/* How many are needed was decided when it closed, by the limit of that day. */
static void check_approvals(struct worker *worker, const struct view *v)
{
    const struct partner_statement_seen *s = v->statement;
    const int64_t pay_ms = pay_time_of(v);
    bool is_right = s->needed >= 0 && s->needed <= 2 && (s->needed == 0 || s->total > 0) &&
                    (pay_ms == INT64_MAX || (s->needed > 0 && (int64_t)v->n_approvals >= s->needed));

    for (size_t i = 0; i < v->n_approvals; i++)
        is_right = is_right && v->approvals[i].biz_id == s->biz_id && v->approvals[i].is_named && s->close_ms != 0 &&
                   v->approvals[i].create_ms >= s->close_ms && v->approvals[i].create_ms <= pay_ms;
    if (!is_right)
        tell(PARTNER_STATEMENT_APPROVAL, "is %s over %lld, %zu approved it of %lld who must", state_of(s),
             (long long)s->total, v->n_approvals, (long long)s->needed);
}

static void check_payout(struct worker *worker, const struct partner_statement_seen *s)
{
    bool is_right;

    switch (s->state) {
    case STATEMENT_PAYING: is_right = payout_state_is_open((int)s->payout_state); break;
    case STATEMENT_PAID: is_right = s->payout_state == PAYOUT_SUCCEEDED; break;
    case STATEMENT_FAILED: is_right = s->payout_state == PAYOUT_FAILED || s->payout_state == PAYOUT_RETURNED; break;
    default: is_right = s->payout_id == 0; break;
    }
    if (!is_right || (s->payout_id != 0 && (s->payout_amount != s->total || s->payout_statement_id != s->id ||
                                            s->payout_partner_id != s->partner_id)))
        tell(PARTNER_STATEMENT_PAYOUT, "is %s over %lld, its payout is %s over %lld", state_of(s), (long long)s->total,
             fsm_state_name(&payout_fsm, (int)s->payout_state), (long long)s->payout_amount);
}

/* What it had to take over of the one before it; while it is OPEN, nothing yet. */
static int64_t carry_of(const struct partner_statement_seen *s)
{
    return s->state != STATEMENT_OPEN && s->before_state == STATEMENT_CLOSED && s->before_needed == 0 ? s->before_total
                                                                                                      : 0;
}

static void check_carried(struct worker *worker, const struct partner_statement_seen *s)
{
    const int64_t carry = carry_of(s);
    const bool follows = s->seq == 1 || (s->seq > 1 && s->before_id != 0 && s->before_to_ms == s->from_ms);
    const bool is_taken = carry == 0 || (s->carried_from_id == s->before_id && s->before_carried_to_id == s->id);

    if (!follows || s->carried != carry || !is_taken || (carry == 0 && s->carried_from_id != 0) ||
        (s->carried_to_id != 0 && !s->is_taken_over))
        tell(PARTNER_STATEMENT_CARRIED, "number %lld carries %lld, the one before it left %lld", (long long)s->seq,
             (long long)s->carried, (long long)carry);
}

static void lost(struct worker *worker, int64_t id, int64_t biz_id, const char *what)
{
    found(worker, id, PARTNER_STATEMENT_EVENTS, biz_id, ID_PARTNER_STATEMENT, id, "is not there, and has %s", what);
}

static int read_range(struct worker *worker, int64_t after, int64_t upto, struct statement_range *range)
{
    const char *events =
        arena_printf(worker->arena,
                     "SELECT statement_id, version, biz_id, event, from_state, to_state, create_time_ms FROM "
                     "bmt_settlement.partner_statement_events WHERE statement_id > %lld AND statement_id <= %lld "
                     "ORDER BY statement_id, version",
                     (long long)after, (long long)upto);
    const char *approvals = arena_printf(worker->arena,
                                         "SELECT statement_id, biz_id, actor <> '', create_time_ms FROM "
                                         "bmt_settlement.statement_approvals WHERE statement_id > %lld AND "
                                         "statement_id <= %lld ORDER BY statement_id, actor",
                                         (long long)after, (long long)upto);

    if (READ_RANGE(MODULE_SETTLEMENT, STATEMENTS_TEXT, &statement_columns, range->statements, range->n) != 0 ||
        rows_read(worker, MODULE_SETTLEMENT, events, &event_columns, &range->events, &range->n_events) != 0)
        return -1;
    return rows_read(worker, MODULE_SETTLEMENT, approvals, &approval_columns, &range->approvals, &range->n_approvals);
}

/* The events and approvals of the statement; those before it are of none. */
static void take(struct worker *worker, struct statement_range *range, int64_t id, struct view *v)
{
    while (range->at_event < range->n_events && range->events[range->at_event].id < id) {
        lost(worker, range->events[range->at_event].id, range->events[range->at_event].biz_id, "moves");
        range->at_event++;
    }
    while (range->at_approval < range->n_approvals && range->approvals[range->at_approval].id < id) {
        lost(worker, range->approvals[range->at_approval].id, range->approvals[range->at_approval].biz_id, "approvals");
        range->at_approval++;
    }
    v->events = range->events + range->at_event;
    v->approvals = range->approvals + range->at_approval;
    for (; range->at_event < range->n_events && range->events[range->at_event].id == id; range->at_event++)
        v->n_events++;
    for (; range->at_approval < range->n_approvals && range->approvals[range->at_approval].id == id;
         range->at_approval++)
        v->n_approvals++;
}

static int check_statements(struct worker *worker, int64_t after, int64_t upto)
{
    struct statement_range range = {0};
    struct view rest = {0};

    if (read_range(worker, after, upto, &range) != 0)
        return -1;
    for (size_t i = 0; i < range.n; i++) {
        const struct partner_statement_seen *s = &range.statements[i];
        struct view v = {.statement = s};

        if (pass_stops(worker->verify))
            return -1;
        take(worker, &range, s->id, &v);
        check_history(worker, &v);
        check_approvals(worker, &v);
        check_payout(worker, s);
        check_carried(worker, s);
        if (statement_entries_check(worker, s) != 0)
            return -1;
    }
    take(worker, &range, INT64_MAX, &rest);
    pass_count(worker, range.n);
    return 0;
}

const struct pass partner_statements_pass = {.name = "partners' statements",
                                             .which = VERIFY_PARTNER_STATEMENTS,
                                             .module = MODULE_SETTLEMENT,
                                             .table = "bmt_settlement.partner_statements",
                                             .key = "statement_id",
                                             .check = check_statements};
