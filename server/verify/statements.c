/*
 * The channels' statement files against payments and refunds, both ways: every line must have its payment or refund,
 * and what has succeeded must have its line. The second can be asked once a day's statement and the next day's are
 * complete, since the two clocks may put a movement at midnight on different days.
 *
 * Not here: how lines of payouts are compared (payout_lines.c), and the channel's settlements to our bank, which an
 * adjustment books by hand.
 */
#include "payment/state.h"
#include "verify/pass.h"

enum { KIND_PAYMENT = 1 }; /* else, of the lines read here, a refund */

static const struct seen_column line_list[] = {
    SEEN(statement_line_seen, id),        SEEN(statement_line_seen, biz_id),           SEEN(statement_line_seen, kind),
    SEEN(statement_line_seen, object_id), SEEN(statement_line_seen, amount),           SEEN(statement_line_seen, state),
    SEEN(statement_line_seen, ours),      SEEN(statement_line_seen, is_same_currency), SEEN(statement_line_seen, fee),
    SEEN(statement_line_seen, our_fee),   SEEN(statement_line_seen, n_lines),
};
static const struct seen_columns line_columns = {line_list, COUNT_OF(line_list), sizeof(struct statement_line_seen)};

static const struct seen_column missing_list[] = {
    SEEN(missing_seen, id),
    SEEN(missing_seen, biz_id),
    SEEN(missing_seen, amount),
    SEEN_CURRENCY(missing_seen),
};
static const struct seen_columns missing_columns = {missing_list, COUNT_OF(missing_list), sizeof(struct missing_seen)};

#define LINES_TEXT                                                                                     \
    "SELECT l.line_id, l.biz_id, l.kind, l.object_id, l.amount_minor, COALESCE(p.state, r.state, 0),"  \
    " COALESCE(p.amount_minor, r.amount_minor, 0), COALESCE(p.currency, r.currency, '') = l.currency," \
    " l.fee_minor, COALESCE(p.fee_minor, l.fee_minor),"                                                \
    " IF(l.object_id = 0, 1, (SELECT COUNT(*) FROM bmt_payment.statement_lines t"                      \
    "   WHERE t.object_id = l.object_id AND t.kind = l.kind))"                                         \
    " FROM bmt_payment.statement_lines l"                                                              \
    " LEFT JOIN bmt_payment.payments p ON l.kind = 1 AND p.payment_id = l.object_id"                   \
    "  AND p.channel_account_id = l.channel_account_id"                                                \
    " LEFT JOIN bmt_payment.refunds r ON l.kind = 2 AND r.refund_id = l.object_id"                     \
    "  AND r.channel_account_id = l.channel_account_id"                                                \
    " WHERE l.line_id > %lld AND l.line_id <= %lld AND l.kind IN (1, 2) ORDER BY l.line_id"

/* Of a table and its key: what succeeded on a day whose statement and the next one's are complete, and has no line. */
#define MISSING_TEXT(table, key, kind)                                                                       \
    "SELECT o." key ", o.biz_id, o.amount_minor, o.currency FROM bmt_payment." table " o"                    \
    " JOIN bmt_payment.statements s ON s.channel_account_id = o.channel_account_id"                          \
    "  AND s.day_ms = o.succeed_time_ms - o.succeed_time_ms %% 86400000 AND s.parts_seen = s.parts"          \
    " JOIN bmt_payment.statements n ON n.channel_account_id = o.channel_account_id"                          \
    "  AND n.day_ms = s.day_ms + 86400000 AND n.parts_seen = n.parts"                                        \
    " LEFT JOIN bmt_payment.statement_lines l ON l.object_id = o." key " AND l.kind = " kind " WHERE o." key \
    " > %lld AND o." key " <= %lld AND o.state = 3 AND l.line_id IS NULL" /* SUCCEEDED */                    \
    " ORDER BY o." key

static void check_line(struct worker *worker, const struct statement_line_seen *l)
{
    const bool is_payment = l->kind == KIND_PAYMENT;
    const enum id_kind kind = is_payment ? ID_PAYMENT : ID_REFUND;
    const struct fsm *fsm = is_payment ? &payment_fsm : &refund_fsm;
    const int64_t succeeded = is_payment ? PAYMENT_SUCCEEDED : REFUND_SUCCEEDED;

    if (l->state == 0)
        found(worker, l->id, STATEMENT_UNKNOWN, l->biz_id, ID_STATEMENT, l->id,
              "the channel moved %lld minor units for a %s that its account does not have", (long long)l->amount,
              is_payment ? "payment" : "refund");
    else if (l->amount != l->ours || !l->is_same_currency)
        found(worker, l->id, STATEMENT_AMOUNT, l->biz_id, kind, l->object_id,
              "the channel moved %lld minor units, ours says %lld%s", (long long)l->amount, (long long)l->ours,
              l->is_same_currency ? "" : " of another currency");
    else if (l->state != succeeded)
        found(worker, l->id, STATEMENT_UNPROVEN, l->biz_id, kind, l->object_id,
              "the channel moved the money, ours is %s", fsm_state_name(fsm, (int)l->state));
    else if (l->fee != l->our_fee) /* refunds have none of ours: read as the same */
        found(worker, l->id, STATEMENT_FEE, l->biz_id, kind, l->object_id,
              "the channel kept a fee of %lld minor units, ours says %lld", (long long)l->fee, (long long)l->our_fee);
    if (l->state != 0 && l->n_lines > 1)
        found(worker, l->id, STATEMENT_TWICE, l->biz_id, kind, l->object_id, "stands %lld times in the statements",
              (long long)l->n_lines);
}

static int check_lines(struct worker *worker, int64_t after, int64_t upto)
{
    struct statement_line_seen *lines = NULL;
    size_t n = 0;

    if (READ_RANGE(MODULE_PAYMENT, LINES_TEXT, &line_columns, lines, n) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        check_line(worker, &lines[i]);
    pass_count(worker, n);
    return payout_lines_check(worker, after, upto);
}

static int check_missing(struct worker *worker, const char *text, enum id_kind kind)
{
    struct missing_seen *rows = NULL;
    size_t n = 0;

    if (rows_read(worker, MODULE_PAYMENT, text, &missing_columns, &rows, &n) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        found(worker, rows[i].id, STATEMENT_MISSING, rows[i].biz_id, kind, rows[i].id,
              "succeeded with %lld %s, which the channel does not list", (long long)rows[i].amount, rows[i].currency);
    return 0;
}

int statements_check_payments(struct worker *worker, int64_t after, int64_t upto)
{
    return check_missing(
        worker,
        arena_printf(worker->arena, MISSING_TEXT("payments", "payment_id", "1"), (long long)after, (long long)upto),
        ID_PAYMENT);
}

int statements_check_refunds(struct worker *worker, int64_t after, int64_t upto)
{
    return check_missing(
        worker,
        arena_printf(worker->arena, MISSING_TEXT("refunds", "refund_id", "2"), (long long)after, (long long)upto),
        ID_REFUND);
}

const struct pass statements_pass = {.name = "statements",
                                     .which = VERIFY_STATEMENTS,
                                     .module = MODULE_PAYMENT,
                                     .table = "bmt_payment.statement_lines",
                                     .key = "line_id",
                                     .check = check_lines};
