/* Statements on a month's sums; see store_report.h. */
#include "settlement/store_report.h"

struct report_params {
    int64_t biz_id;
    int32_t from_day;
    int32_t to_day;
    int32_t limit;
    int64_t from_ms;
    int64_t to_ms;
};
static const struct sql_column day_columns[] = {
    SQL_COLUMN(struct report_params, biz_id, SQL_I64),
    SQL_COLUMN(struct report_params, from_day, SQL_I32),
    SQL_COLUMN(struct report_params, to_day, SQL_I32),
    SQL_COLUMN(struct report_params, limit, SQL_I32),
};
static const struct sql_column time_columns[] = {
    SQL_COLUMN(struct report_params, biz_id, SQL_I64),
    SQL_COLUMN(struct report_params, from_ms, SQL_I64),
    SQL_COLUMN(struct report_params, to_ms, SQL_I64),
};
static const struct sql_column kind_columns[] = {
    SQL_COLUMN(struct kind_day, currency, SQL_CHARS),   SQL_COLUMN(struct kind_day, day, SQL_I32),
    SQL_COLUMN(struct kind_day, account, SQL_I32),      SQL_COLUMN(struct kind_day, debit_minor, SQL_I64),
    SQL_COLUMN(struct kind_day, credit_minor, SQL_I64),
};
static const struct sql_column partner_columns[] = {
    SQL_COLUMN(struct partner_sum, currency, SQL_CHARS),
    SQL_COLUMN(struct partner_sum, partner_id, SQL_I64),
    SQL_COLUMN(struct partner_sum, day, SQL_I32),
    SQL_COLUMN(struct partner_sum, amount_minor, SQL_I64),
};

static const struct sql_column dispute_columns[] = {
    SQL_COLUMN(struct dispute_sum, currency, SQL_CHARS),   SQL_COLUMN(struct dispute_sum, day, SQL_I32),
    SQL_COLUMN(struct dispute_sum, kind, SQL_I32),         SQL_COLUMN(struct dispute_sum, account, SQL_I32),
    SQL_COLUMN(struct dispute_sum, amount_minor, SQL_I64),
};

static const struct sql_stmt KINDS_SUM = {
    .name = "report_kinds_sum",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT currency, day, account, SUM(debit_minor), SUM(credit_minor)\n"
            "FROM bmt_settlement.account_days\n"
            "WHERE biz_id = ? AND account IN (2, 3, 4, 5, 7)\n" /* see report_store_sum_kinds */
            "    AND day >= ? AND day < ?\n"
            "GROUP BY currency, day, account\n"
            "ORDER BY currency, day, account\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(day_columns),
    .results = SQL_COLUMNS(kind_columns),
    .result_size = sizeof(struct kind_day),
};
static const struct sql_stmt PARTNERS_SUM = {
    .name = "report_partners_sum",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT currency, subject_id, 0, SUM(credit_minor) - SUM(debit_minor)\n"
            "FROM bmt_settlement.account_days\n"
            "WHERE biz_id = ? AND account = 3 AND day >= ? AND day < ?\n" /* PARTNER_PAYABLE */
            "GROUP BY currency, subject_id\n"
            "ORDER BY currency, subject_id\n"
            "LIMIT ?",
    .params = SQL_COLUMNS(day_columns),
    .results = SQL_COLUMNS(partner_columns),
    .result_size = sizeof(struct partner_sum),
};
/* PAYOUT, PAYOUT_FAILED, PAYOUT_RETURNED: few beside sales, and found by the key that begins with the kind. */
static const struct sql_stmt PAYOUTS_SUM = {
    .name = "report_payouts_sum",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT p.currency, p.subject_id, p.create_time_ms DIV 86400000 AS day, SUM(p.amount_minor)\n"
            "FROM bmt_settlement.transfers AS t FORCE INDEX (uq_transfers_source)\n"
            "JOIN bmt_settlement.postings AS p ON p.transfer_id = t.transfer_id AND p.account = 3\n"
            "WHERE t.kind IN (5, 7, 8) AND t.biz_id = ? AND t.create_time_ms >= ? AND t.create_time_ms < ?\n"
            "GROUP BY p.currency, p.subject_id, day\n"
            "ORDER BY p.currency, p.subject_id, day\n"
            "LIMIT 65536",
    .params = SQL_COLUMNS(time_columns),
    .results = SQL_COLUMNS(partner_columns),
    .result_size = sizeof(struct partner_sum),
};

/* DISPUTE_LOST in DISPUTES and REFUNDS; DISPUTE_FEE and DISPUTE_FEE_RETURNED in CHANNEL_RECEIVABLE. Found as payouts.
 */
static const struct sql_stmt DISPUTES_SUM = {
    .name = "report_disputes_sum",
    .module = MODULE_SETTLEMENT,
    .text = "SELECT p.currency, p.create_time_ms DIV 86400000 AS day, t.kind, p.account, SUM(p.amount_minor)\n"
            "FROM bmt_settlement.transfers AS t FORCE INDEX (uq_transfers_source)\n"
            "JOIN bmt_settlement.postings AS p ON p.transfer_id = t.transfer_id AND p.account IN (1, 7, 8)\n"
            "WHERE t.kind IN (12, 13, 14) AND t.biz_id = ? AND t.create_time_ms >= ? AND t.create_time_ms < ?\n"
            "GROUP BY p.currency, day, t.kind, p.account\n"
            "ORDER BY p.currency, day, t.kind, p.account\n"
            "LIMIT 65536",
    .params = SQL_COLUMNS(time_columns),
    .results = SQL_COLUMNS(dispute_columns),
    .result_size = sizeof(struct dispute_sum),
};

static struct report_params params_of(const struct day_range *range, int32_t limit)
{
    const int64_t day_ms = INT64_C(86400000);

    return (struct report_params){.biz_id = range->biz_id,
                                  .from_day = range->from_day,
                                  .to_day = range->to_day,
                                  .limit = limit,
                                  .from_ms = range->from_day * day_ms,
                                  .to_ms = range->to_day * day_ms};
}

int report_store_sum_kinds(struct tx *tx, const struct day_range *range, struct arena *arena,
                           struct kind_day **ret_rows, size_t *ret_n, struct err *err)
{
    const struct report_params params = params_of(range, 65536);

    return sql_select(tx, &KINDS_SUM, &params, arena, ret_rows, ret_n, err);
}

int report_store_sum_partners(struct tx *tx, const struct day_range *range, int32_t limit, struct arena *arena,
                              struct partner_sum **ret_rows, size_t *ret_n, struct err *err)
{
    const struct report_params params = params_of(range, limit);

    return sql_select(tx, &PARTNERS_SUM, &params, arena, ret_rows, ret_n, err);
}

int report_store_sum_payouts(struct tx *tx, const struct day_range *range, struct arena *arena,
                             struct partner_sum **ret_rows, size_t *ret_n, struct err *err)
{
    const struct report_params params = params_of(range, 0);

    return sql_select(tx, &PAYOUTS_SUM, &params, arena, ret_rows, ret_n, err);
}

int report_store_sum_disputes(struct tx *tx, const struct day_range *range, struct arena *arena,
                              struct dispute_sum **ret_rows, size_t *ret_n, struct err *err)
{
    const struct report_params params = params_of(range, 0);

    return sql_select(tx, &DISPUTES_SUM, &params, arena, ret_rows, ret_n, err);
}
