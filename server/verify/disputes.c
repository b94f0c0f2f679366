/*
 * The pass over disputes: each is of a line's money, its history is legal, and the ledger has just the transfers of
 * where it stands.
 *
 * Not here: who bore those that were lost, and that lines agree with their disputes (clearings.c).
 */
#include <string.h>

#include "settlement/state.h"
#include "verify/history.h"
#include "verify/moved.h"

struct dispute_seen {
    int64_t id, biz_id, line_no, account_id, state, version, amount, fee, fee_returned, create_ms, update_ms,
        is_of_line;
    char currency[CURRENCY_SIZE];
};
static const struct seen_column dispute_list[] = {
    SEEN(dispute_seen, id),         SEEN(dispute_seen, biz_id),    SEEN(dispute_seen, line_no),
    SEEN(dispute_seen, account_id), SEEN(dispute_seen, state),     SEEN(dispute_seen, version),
    SEEN(dispute_seen, amount),     SEEN(dispute_seen, fee),       SEEN(dispute_seen, fee_returned),
    SEEN(dispute_seen, create_ms),  SEEN(dispute_seen, update_ms), SEEN(dispute_seen, is_of_line),
    SEEN_CURRENCY(dispute_seen),
};
static const struct seen_columns dispute_columns = {dispute_list, COUNT_OF(dispute_list), sizeof(struct dispute_seen)};

static const int64_t kinds[] = {MOVED_DISPUTE, MOVED_DISPUTE_WON, MOVED_DISPUTE_LOST, MOVED_DISPUTE_FEE,
                                MOVED_DISPUTE_FEE_RETURNED};

#define tell(kind, ...) found(worker, d->id, kind, d->biz_id, ID_DISPUTE, d->id, __VA_ARGS__)

/* Of a line that waited, what was lost has gone back; else partners and the platform bore it, each as entries tell. */
static bool is_lost_right(const struct dispute_seen *d, const struct moved_list *moved)
{
    const int64_t borne = moved_sum(moved, OF_PARTNER_PAYABLE, -1) + moved_sum(moved, OF_PLATFORM_REVENUE, 0);
    const int64_t back = moved_sum(moved, OF_REFUNDS, 0);

    for (size_t i = 0; i < moved->n; i++)
        if (moved->list[i].biz_id != d->biz_id || strcmp(moved->list[i].currency, d->currency) != 0)
            return false;
    return moved_sum(moved, OF_DISPUTES, d->account_id) == -d->amount && moved_count(moved, OF_DISPUTES) == 1 &&
           (back == d->amount ? moved->n == 2 : back == 0 && borne == d->amount);
}

/* What the transfer of that kind takes from the channel: of the line's money, or of the platform's by its fee. */
static int64_t amount_of(const struct dispute_seen *d, int64_t kind)
{
    switch (kind) {
    case MOVED_DISPUTE: return d->amount;
    case MOVED_DISPUTE_WON: return d->state == DISPUTE_WON ? -d->amount : 0;
    case MOVED_DISPUTE_LOST: return d->state == DISPUTE_LOST ? -d->amount : 0;
    case MOVED_DISPUTE_FEE: return d->fee;
    default: return -d->fee_returned;
    }
}

static bool is_kind_right(const struct dispute_seen *d, int64_t kind, const struct moved_list *moved)
{
    const int64_t amount = amount_of(d, kind);
    const bool is_fee = kind == MOVED_DISPUTE_FEE || kind == MOVED_DISPUTE_FEE_RETURNED;
    const bool is_opening = kind == MOVED_DISPUTE || kind == MOVED_DISPUTE_FEE;
    const struct side_seen sides[] = {{is_fee ? OF_PLATFORM_REVENUE : OF_DISPUTES, is_fee ? 0 : d->account_id, amount},
                                      {OF_CHANNEL_RECEIVABLE, d->account_id, -amount}};

    if (amount == 0 || moved->n == 0)
        return amount == 0 && moved->n == 0;
    return (kind == MOVED_DISPUTE_LOST ? is_lost_right(d, moved)
                                       : moved_is(moved, d->biz_id, d->currency, sides, COUNT_OF(sides))) &&
           moved_of(moved, kind, d->line_no).n == moved->n &&
           moved->list[0].create_ms == (is_opening ? d->create_ms : d->update_ms);
}

static void check_history(struct worker *worker, const struct dispute_seen *d, const struct event_seen *events,
                          size_t n)
{
    if (!history_leads(&dispute_fsm, d->state, d->version, events, n) ||
        (d->state == DISPUTE_OPEN && (d->update_ms != d->create_ms || d->fee_returned != 0)))
        tell(DISPUTE_EVENTS, "stands at %s version %lld, its history of %zu does not lead there",
             fsm_state_name(&dispute_fsm, (int)d->state), (long long)d->version, n);
}

static void check_dispute(struct worker *worker, const struct dispute_seen *d, const struct moved_list *moved)
{
    if (!d->is_of_line)
        tell(DISPUTE_LINE, "over %lld %s of line %lld, which has not that currency or channel", (long long)d->amount,
             d->currency, (long long)d->line_no);
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        const struct moved_list of = moved_of_source(&moved[k], d->id);

        if (!is_kind_right(d, kinds[k], &of))
            tell(DISPUTE_TRANSFER, "is %s over %lld %s, the ledger has %zu postings of kind %lld",
                 fsm_state_name(&dispute_fsm, (int)d->state), (long long)d->amount, d->currency, of.n,
                 (long long)kinds[k]);
    }
}

#define DISPUTES_TEXT                                                                                            \
    "SELECT d.dispute_id, d.biz_id, d.line_no, d.channel_account_id, d.state, d.version, d.amount_minor, "       \
    "d.fee_minor, d.fee_returned_minor, d.create_time_ms, d.update_time_ms, COALESCE(c.biz_id = d.biz_id AND "   \
    "c.channel_account_id = "                                                                                    \
    "d.channel_account_id AND c.currency = d.currency, 0), d.currency FROM bmt_settlement.disputes d LEFT JOIN " \
    "bmt_settlement.clearings c ON c.order_id = d.order_id AND c.line_no = d.line_no WHERE d.dispute_id > %lld " \
    "AND d.dispute_id <= %lld ORDER BY d.dispute_id"

static int check_disputes(struct worker *worker, int64_t after, int64_t upto)
{
    struct dispute_seen *disputes = NULL;
    struct histories histories = {.kind = FINDING_DISPUTE_EVENTS, .id_kind = ID_DISPUTE};
    struct moved_list moved[COUNT_OF(kinds)] = {0};
    size_t n = 0;
    size_t n_events;
    int64_t *ids;

    if (READ_RANGE(MODULE_SETTLEMENT, DISPUTES_TEXT, &dispute_columns, disputes, n) != 0 ||
        READ_RANGE(MODULE_SETTLEMENT,
                   "SELECT dispute_id, version, event, from_state, to_state FROM "
                   "bmt_settlement.dispute_events WHERE dispute_id > %lld AND dispute_id <= %lld "
                   "ORDER BY dispute_id, version",
                   &history_columns, histories.events, histories.n) != 0)
        return -1;
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        if (moved_read(worker, kinds[k], after, upto, &moved[k]) != 0)
            return -1;
    ids = arena_array_of(worker->arena, int64_t, n);
    for (size_t i = 0; i < n; i++) {
        const struct event_seen *events = history_take(worker, &histories, disputes[i].id, &n_events);

        ids[i] = disputes[i].id;
        check_history(worker, &disputes[i], events, n_events);
        check_dispute(worker, &disputes[i], moved);
    }
    (void)history_take(worker, &histories, INT64_MAX, &n_events);
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        moved_tell_lost(worker, &moved[k], ids, n, "dispute");
    pass_count(worker, n);
    return 0;
}

const struct pass disputes_pass = {.name = "disputes",
                                   .which = VERIFY_DISPUTES,
                                   .module = MODULE_SETTLEMENT,
                                   .table = "bmt_settlement.disputes",
                                   .key = "dispute_id",
                                   .check = check_disputes};
