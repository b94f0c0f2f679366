/* Sums of a month, for its report. All functions return 0 or an error of sql/sql.h. */
#ifndef BMT_SETTLEMENT_STORE_REPORT_H
#define BMT_SETTLEMENT_STORE_REPORT_H

#include "base/money.h"
#include "settlement/store_partner.h"

/* Days of UTC since 1970: from one on, before another. */
struct day_range {
    int64_t biz_id;
    int32_t from_day;
    int32_t to_day;
};

/* All accounts of a kind on a day. */
struct kind_day {
    char currency[CURRENCY_SIZE];
    int32_t day;
    int32_t account;
    int64_t debit_minor;
    int64_t credit_minor;
};

/* A partner's account in the time, or on a day. */
struct partner_sum {
    char currency[CURRENCY_SIZE];
    int64_t partner_id;
    int32_t day; /* 0 where days were added up */
    int64_t amount_minor;
};

/* By currency, day and kind: what customers are owed, partners, revenue, fees and refunds. */
int report_store_sum_kinds(struct tx *tx, const struct day_range *range, struct arena *arena,
                           struct kind_day **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* Credits less debits of partners, by currency and partner; the first `limit`. */
int report_store_sum_partners(struct tx *tx, const struct day_range *range, int32_t limit, struct arena *arena,
                              struct partner_sum **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;
/* What payouts took from partners' accounts, less what came back, by currency, partner and day. */
int report_store_sum_payouts(struct tx *tx, const struct day_range *range, struct arena *arena,
                             struct partner_sum **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

/* By day: what was lost in disputes, by the account that it left and came to; what channels charged for them. */
struct dispute_sum {
    char currency[CURRENCY_SIZE];
    int32_t day;
    int32_t kind; /* of transfers */
    int32_t account;
    int64_t amount_minor; /* debits less credits */
};
int report_store_sum_disputes(struct tx *tx, const struct day_range *range, struct arena *arena,
                              struct dispute_sum **ret_rows, size_t *ret_n, struct err *err) MUST_CHECK;

#endif
