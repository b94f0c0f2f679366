/*
 * The channels' statement files against payouts, both ways, as statements.c has it for payments and refunds: a line
 * PAYOUT must have its payout, a line RETURN one that came back, and what went there must have its line. Lines are rows
 * of payment and payouts of settlement, which may live on different servers: each is read by itself.
 *
 * Not here: what the channel pays to our own bank account, which an adjustment books by hand.
 */
#include <string.h>

#include "settlement/state.h"
#include "verify/pass.h"

enum { LINE_PAYOUT = 3, LINE_RETURN = 4, DAY_MS = 86400000 };

struct payout_line_seen {
    int64_t id, biz_id, account_id, kind, object_id, amount, n_lines;
    char currency[CURRENCY_SIZE];
};
static const struct seen_column line_list[] = {
    SEEN(payout_line_seen, id),      SEEN(payout_line_seen, biz_id),    SEEN(payout_line_seen, account_id),
    SEEN(payout_line_seen, kind),    SEEN(payout_line_seen, object_id), SEEN(payout_line_seen, amount),
    SEEN(payout_line_seen, n_lines), SEEN_CURRENCY(payout_line_seen),
};
static const struct seen_columns line_columns = {line_list, COUNT_OF(line_list), sizeof(struct payout_line_seen)};

struct paid_out_seen {
    int64_t id, biz_id, account_id, state, amount, succeed_ms;
    char currency[CURRENCY_SIZE];
};
static const struct seen_column payout_list[] = {
    SEEN(paid_out_seen, id),      SEEN(paid_out_seen, biz_id), SEEN(paid_out_seen, account_id),
    SEEN(paid_out_seen, state),   SEEN(paid_out_seen, amount), SEEN(paid_out_seen, succeed_ms),
    SEEN_CURRENCY(paid_out_seen),
};
static const struct seen_columns payout_columns = {payout_list, COUNT_OF(payout_list), sizeof(struct paid_out_seen)};

/* A day of an account whose statement and the next day's are complete. */
struct told_day_seen {
    int64_t account_id, day_ms;
};
static const struct seen_column day_list[] = {SEEN(told_day_seen, account_id), SEEN(told_day_seen, day_ms)};
static const struct seen_columns day_columns = {day_list, COUNT_OF(day_list), sizeof(struct told_day_seen)};

struct listed_seen {
    int64_t payout_id;
};
static const struct seen_column listed_list[] = {SEEN(listed_seen, payout_id)};
static const struct seen_columns listed_columns = {listed_list, COUNT_OF(listed_list), sizeof(struct listed_seen)};

#define LINES_TEXT                                                                                        \
    "SELECT l.line_id, l.biz_id, l.channel_account_id, l.kind, l.object_id, l.amount_minor, "             \
    "IF(l.object_id = 0, 1, (SELECT COUNT(*) FROM bmt_payment.statement_lines t WHERE t.object_id = "     \
    "l.object_id AND t.kind = l.kind)), l.currency FROM bmt_payment.statement_lines l WHERE l.line_id > " \
    "%lld AND l.line_id <= %lld AND l.kind IN (3, 4) ORDER BY l.line_id"

#define PAYOUTS_TEXT                                                                                     \
    "SELECT payout_id, biz_id, channel_account_id, state, amount_minor, succeed_time_ms, currency FROM " \
    "bmt_settlement.payouts WHERE "

#define DAYS_TEXT                                                                                                \
    "SELECT s.channel_account_id, s.day_ms FROM bmt_payment.statements s JOIN bmt_payment.statements n ON "      \
    "n.channel_account_id = s.channel_account_id AND n.day_ms = s.day_ms + 86400000 AND n.parts_seen = n.parts " \
    "WHERE s.channel_account_id IN (%s) AND s.day_ms >= %lld AND s.day_ms <= %lld AND s.parts_seen = s.parts "   \
    "ORDER BY s.channel_account_id, s.day_ms"

/* Of rows that stand by id. */
static const struct paid_out_seen *payout_of(const struct paid_out_seen *payouts, size_t n, int64_t id)
{
    size_t low = 0;

    while (n > 0) {
        const size_t half = n / 2;

        if (payouts[low + half].id == id)
            return &payouts[low + half];
        if (payouts[low + half].id < id) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return NULL;
}

/* The line and our payout are of the same money: does ours stand where the line says? */
static void check_state(struct worker *worker, const struct payout_line_seen *l, const struct paid_out_seen *p)
{
    const char *state = fsm_state_name(&payout_fsm, (int)p->state);

    if (p->state == PAYOUT_FAILED)
        found(worker, l->id, STATEMENT_PAYOUT_FAILED, l->biz_id, ID_PAYOUT, p->id,
              "the channel %s, ours is FAILED and may have been paid again",
              l->kind == LINE_PAYOUT ? "paid it out" : "had paid it out and took it back");
    else if (l->kind == LINE_RETURN && p->state != PAYOUT_RETURNED)
        found(worker, l->id, STATEMENT_RETURN, l->biz_id, ID_PAYOUT, p->id, "it came back to the channel, ours is %s",
              state);
    else if (payout_state_is_open((int)p->state))
        found(worker, l->id, STATEMENT_UNPROVEN, l->biz_id, ID_PAYOUT, p->id, "the channel moved the money, ours is %s",
              state);
}

static void check_line(struct worker *worker, const struct payout_line_seen *l, const struct paid_out_seen *p)
{
    if (p == NULL || p->account_id != l->account_id || p->biz_id != l->biz_id) {
        found(worker, l->id, STATEMENT_UNKNOWN, l->biz_id, ID_STATEMENT, l->id,
              "the channel %s %lld minor units for a payout that its account does not have",
              l->kind == LINE_PAYOUT ? "paid out" : "took back", (long long)l->amount);
        return;
    }
    if (l->amount != p->amount || strcmp(l->currency, p->currency) != 0)
        found(worker, l->id, STATEMENT_AMOUNT, l->biz_id, ID_PAYOUT, p->id,
              "the channel moved %lld %s, ours says %lld %s", (long long)l->amount, l->currency, (long long)p->amount,
              p->currency);
    else
        check_state(worker, l, p);
    if (l->n_lines > 1)
        found(worker, l->id, STATEMENT_TWICE, l->biz_id, ID_PAYOUT, p->id, "stands %lld times in the statements as %s",
              (long long)l->n_lines, l->kind == LINE_PAYOUT ? "paid out" : "returned");
}

int payout_lines_check(struct worker *worker, int64_t after, int64_t upto)
{
    struct payout_line_seen *lines = NULL;
    struct paid_out_seen *payouts = NULL;
    size_t n = 0;
    size_t n_payouts = 0;
    int64_t *ids;

    if (READ_RANGE(MODULE_PAYMENT, LINES_TEXT, &line_columns, lines, n) != 0)
        return -1;
    if (n == 0)
        return 0;
    ids = arena_array_of(worker->arena, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = lines[i].object_id;
    if (rows_read(worker, MODULE_SETTLEMENT,
                  arena_printf(worker->arena, PAYOUTS_TEXT "payout_id IN (%s) ORDER BY payout_id",
                               rows_id_list(ids, n, worker->arena)),
                  &payout_columns, &payouts, &n_payouts) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        check_line(worker, &lines[i], payout_of(payouts, n_payouts, lines[i].object_id));
    pass_count(worker, n);
    return 0;
}

static bool is_told(const struct paid_out_seen *p, const struct told_day_seen *days, size_t n)
{
    const int64_t day_ms = p->succeed_ms - p->succeed_ms % DAY_MS;

    for (size_t i = 0; i < n; i++)
        if (days[i].account_id == p->account_id && days[i].day_ms == day_ms)
            return true;
    return false;
}

static bool is_listed(int64_t payout_id, const struct listed_seen *listed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (listed[i].payout_id == payout_id)
            return true;
    return false;
}

/* Those of the payouts, all of which went there, that the channel should have listed by now. Keeps them; how many. */
static int keep_told(struct worker *worker, struct paid_out_seen *payouts, size_t n, size_t *ret_n)
{
    int64_t *accounts = arena_array_of(worker->arena, int64_t, n);
    struct told_day_seen *days = NULL;
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = 0;
    size_t n_days = 0;

    *ret_n = 0;
    for (size_t i = 0; i < n; i++) {
        accounts[i] = payouts[i].account_id;
        first_ms = payouts[i].succeed_ms < first_ms ? payouts[i].succeed_ms : first_ms;
        last_ms = payouts[i].succeed_ms > last_ms ? payouts[i].succeed_ms : last_ms;
    }
    if (rows_read(worker, MODULE_PAYMENT,
                  arena_printf(worker->arena, DAYS_TEXT, rows_id_list(accounts, n, worker->arena),
                               (long long)(first_ms - first_ms % DAY_MS), (long long)last_ms),
                  &day_columns, &days, &n_days) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_told(&payouts[i], days, n_days))
            payouts[(*ret_n)++] = payouts[i];
    return 0;
}

int payout_lines_check_payouts(struct worker *worker, int64_t after, int64_t upto)
{
    struct paid_out_seen *payouts = NULL;
    struct listed_seen *listed = NULL;
    size_t n = 0;
    size_t n_listed = 0;
    int64_t *ids;

    if (READ_RANGE(MODULE_SETTLEMENT,
                   PAYOUTS_TEXT "payout_id > %lld AND payout_id <= %lld AND state IN (3, 6) " /* it went */
                                "ORDER BY payout_id",
                   &payout_columns, payouts, n) != 0)
        return -1;
    if (n == 0)
        return 0;
    if (keep_told(worker, payouts, n, &n) != 0)
        return -1;
    ids = arena_array_of(worker->arena, int64_t, n);
    for (size_t i = 0; i < n; i++)
        ids[i] = payouts[i].id;
    if (rows_read(worker, MODULE_PAYMENT,
                  arena_printf(worker->arena,
                               "SELECT object_id FROM bmt_payment.statement_lines WHERE kind = 3 AND object_id IN (%s)",
                               rows_id_list(ids, n, worker->arena)),
                  &listed_columns, &listed, &n_listed) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!is_listed(payouts[i].id, listed, n_listed))
            found(worker, payouts[i].id, STATEMENT_MISSING, payouts[i].biz_id, ID_PAYOUT, payouts[i].id,
                  "went out with %lld %s, which the channel does not list", (long long)payouts[i].amount,
                  payouts[i].currency);
    return 0;
}
