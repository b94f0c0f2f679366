/* Rows of adjustments. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_ADJUSTMENT_H
#define BMT_SETTLEMENT_STORE_ADJUSTMENT_H

#include "base/money.h"
#include "sql/sql.h"

/* The numbers of bmt.settlement.v1.AdjustmentKind. */
enum adjustment_kind {
    ADJUSTMENT_PARTNER_CREDIT = 1,
    ADJUSTMENT_PARTNER_DEBIT = 2,
    ADJUSTMENT_PROMOTION = 3,
    ADJUSTMENT_CHANNEL_PAID = 4,
    ADJUSTMENT_CONVERSION = 5,
};

struct adjustment_row {
    int64_t adjustment_id;
    int64_t biz_id;
    int32_t kind;
    int64_t partner_id;         /* 0: of none */
    int64_t channel_account_id; /* 0: of none */
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
    char to_currency[CURRENCY_SIZE]; /* empty: it is no conversion */
    int64_t to_amount_minor;
    const char *rate;
    const char *actor;
    int64_t create_time_ms;
};

int adjustment_store_insert(struct tx *tx, const struct adjustment_row *rows, size_t n, struct err *err) MUST_CHECK;

#endif
