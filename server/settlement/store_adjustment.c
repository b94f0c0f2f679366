/* Statements on adjustments; see store_adjustment.h. */
#include "settlement/store_adjustment.h"

static const struct sql_column adjustment_columns[] = {
    SQL_COLUMN(struct adjustment_row, adjustment_id, SQL_I64),
    SQL_COLUMN(struct adjustment_row, biz_id, SQL_I64),
    SQL_COLUMN(struct adjustment_row, kind, SQL_I32),
    SQL_COLUMN(struct adjustment_row, partner_id, SQL_I64),
    SQL_COLUMN(struct adjustment_row, channel_account_id, SQL_I64),
    SQL_COLUMN(struct adjustment_row, currency, SQL_CHARS),
    SQL_COLUMN(struct adjustment_row, amount_minor, SQL_I64),
    SQL_COLUMN(struct adjustment_row, to_currency, SQL_CHARS),
    SQL_COLUMN(struct adjustment_row, to_amount_minor, SQL_I64),
    SQL_COLUMN(struct adjustment_row, rate, SQL_TEXT),
    SQL_COLUMN(struct adjustment_row, actor, SQL_TEXT),
    SQL_COLUMN(struct adjustment_row, create_time_ms, SQL_I64),
};

static const struct sql_stmt ADJUSTMENT_INSERT = {
    .name = "adjustment_insert",
    .module = MODULE_SETTLEMENT,
    .text = "INSERT INTO bmt_settlement.adjustments\n"
            "    (adjustment_id, biz_id, kind, partner_id, channel_account_id, currency, amount_minor, to_currency,\n"
            "    to_amount_minor, rate, actor, create_time_ms)\n"
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(adjustment_columns),
};

int adjustment_store_insert(struct tx *tx, const struct adjustment_row *rows, size_t n, struct err *err)
{
    return sql_write(tx, &ADJUSTMENT_INSERT, rows, n, sizeof *rows, NULL, err);
}
