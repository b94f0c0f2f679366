/* Settlement's rows of a range of orders; see clearings.h. */
#include "verify/clearings.h"

static const struct seen_column clearing_list[] = {
    SEEN(clearing_seen, order_id),      SEEN(clearing_seen, line_no),    SEEN(clearing_seen, biz_id),
    SEEN(clearing_seen, payment_id),    SEEN(clearing_seen, account_id), SEEN(clearing_seen, sku_id),
    SEEN(clearing_seen, rule_id),       SEEN(clearing_seen, quantity),   SEEN(clearing_seen, state),
    SEEN(clearing_seen, amount),        SEEN(clearing_seen, fee),        SEEN(clearing_seen, refunded),
    SEEN(clearing_seen, platform),      SEEN(clearing_seen, fee_left),   SEEN(clearing_seen, due_ms),
    SEEN(clearing_seen, sale_ms),       SEEN(clearing_seen, clear_ms),   SEEN(clearing_seen, disputed),
    SEEN(clearing_seen, is_rule_there), SEEN_CURRENCY(clearing_seen),
};
static const struct seen_column entry_list[] = {
    SEEN(entry_seen, order_id),    SEEN(entry_seen, line_no),      SEEN(entry_seen, id),
    SEEN(entry_seen, biz_id),      SEEN(entry_seen, partner_id),   SEEN(entry_seen, kind),
    SEEN(entry_seen, state),       SEEN(entry_seen, amount),       SEEN(entry_seen, source_id),
    SEEN(entry_seen, reverses_id), SEEN(entry_seen, claw_back_id), SEEN(entry_seen, statement_id),
    SEEN(entry_seen, payable_ms),  SEEN(entry_seen, create_ms),    SEEN(entry_seen, is_in_statement),
    SEEN_CURRENCY(entry_seen),
};
const struct seen_columns entry_columns = {entry_list, COUNT_OF(entry_list), sizeof(struct entry_seen)};
static const struct seen_column dispute_list[] = {
    SEEN(disputing_seen, order_id), SEEN(disputing_seen, line_no), SEEN(disputing_seen, id),
    SEEN(disputing_seen, biz_id),   SEEN(disputing_seen, state),   SEEN(disputing_seen, amount),
};

#define RANGE_OF(key) key " > %lld AND " key " <= %lld"

/* Refunds and who bore them; they are known by the refund. */
static int read_borne(struct worker *worker, const struct range *orders, struct clearing_range *range)
{
    int64_t *ids = arena_array_of(worker->arena, int64_t, orders->n_refunds);
    size_t n = 0;

    for (size_t i = 0; i < orders->n_refunds; i++)
        if (orders->refunds[i].purpose == PURPOSE_ORDER)
            ids[n++] = orders->refunds[i].id;
    return moved_read_of(worker, MOVED_REFUND, MOVED_REVERSAL, ids, n, &range->borne);
}

/* Disputes, and who bore those that were lost. */
static int read_disputes(struct worker *worker, int64_t after, int64_t upto, struct clearing_range *range)
{
    int64_t *ids;

    if (READ_RANGE(
            MODULE_SETTLEMENT,
            "SELECT order_id, line_no, dispute_id, biz_id, state, amount_minor FROM bmt_settlement.disputes FORCE "
            "INDEX (ix_disputes_order) WHERE " RANGE_OF("order_id") " ORDER BY order_id, dispute_id",
            SEEN_ROWS(dispute_list, disputing_seen), range->disputes, range->n_disputes) != 0)
        return -1;
    ids = arena_array_of(worker->arena, int64_t, range->n_disputes);
    for (size_t i = 0; i < range->n_disputes; i++)
        ids[i] = range->disputes[i].id;
    return moved_read_of(worker, MOVED_DISPUTE_LOST, MOVED_DISPUTE_LOST, ids, range->n_disputes, &range->lost);
}

int clearings_read(struct worker *worker, int64_t after, int64_t upto, const struct range *orders,
                   struct clearing_range *range)
{
    if (READ_RANGE(
            MODULE_SETTLEMENT,
            "SELECT c.order_id, c.line_no, c.biz_id, c.payment_id, c.channel_account_id, c.sku_id, c.rule_id, "
            "c.quantity, c.state, c.amount_minor, c.fee_minor, c.refunded_minor, c.platform_minor, c.fee_left_minor, "
            "c.due_time_ms, c.sale_time_ms, c.clear_time_ms, c.disputed_minor, c.rule_id = 0 OR r.rule_id IS NOT "
            "NULL, c.currency FROM "
            "bmt_settlement.clearings c LEFT JOIN bmt_settlement.split_rules r ON r.rule_id = c.rule_id AND r.biz_id "
            "= c.biz_id AND r.from_time_ms <= c.sale_time_ms AND (r.to_time_ms = 0 OR r.to_time_ms > c.sale_time_ms) "
            "WHERE " RANGE_OF("c.order_id") " ORDER BY c.order_id, c.line_no",
            SEEN_ROWS(clearing_list, clearing_seen), range->clearings, range->n_clearings) != 0 ||
        READ_RANGE(MODULE_SETTLEMENT,
                   "SELECT e.order_id, e.line_no, e.entry_id, e.biz_id, e.partner_id, e.kind, e.state, e.amount_minor, "
                   "e.source_id, e.reverses_entry_id, e.claw_back_payout_id, e.statement_id, e.payable_time_ms, "
                   "e.create_time_ms, " ENTRY_IN_STATEMENT
                   ", e.currency FROM bmt_settlement.clearing_entries e FORCE INDEX (PRIMARY) LEFT JOIN "
                   "bmt_settlement.partner_statements s ON s.statement_id = NULLIF(e.statement_id, 0) WHERE " RANGE_OF(
                       "e.order_id") " ORDER BY e.order_id, e.line_no, e.partner_id, e.kind, e.source_id",
                   SEEN_ROWS(entry_list, entry_seen), range->entries, range->n_entries) != 0 ||
        moved_read(worker, MOVED_CLEARING, after, upto, &range->cleared) != 0)
        return -1;
    return read_borne(worker, orders, range) != 0 ? -1 : read_disputes(worker, after, upto, range);
}
