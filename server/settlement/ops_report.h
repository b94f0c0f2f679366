/* The report of a month: a command for service_report.c. Nothing is written here. */
#ifndef BMT_SETTLEMENT_OPS_REPORT_H
#define BMT_SETTLEMENT_OPS_REPORT_H

#include "settlement/ops_books.h"

/* A day's movements in one currency; see bmt.settlement.v1.MonthDay. */
struct month_day {
    int32_t day;
    char currency[CURRENCY_SIZE];
    int64_t gross_minor;
    int64_t fee_minor;
    int64_t refund_minor;
    int64_t partner_minor;
    int64_t platform_minor;
    int64_t payout_minor;
    int64_t dispute_minor;
    int64_t dispute_fee_minor;
};

struct partner_share {
    int64_t partner_id;
    const char *title;
    char currency[CURRENCY_SIZE];
    int64_t amount_minor;
};

enum { REPORT_SHARES_MAX = 200, DATE_SIZE = 16 };

struct get_month_report {
    struct command command;
    int32_t from_day; /* the month's first, days of UTC since 1970 */
    int32_t to_day;   /* the next month's first */
    struct month_day *days;
    size_t n_days;
    struct partner_share *shares;
    size_t n_shares;
    struct open_account *accounts;
    size_t n_accounts;
};

/* `2026-07` to its days; false when it is no month from 1970 to 9999. */
bool month_days(const char *text, int32_t *ret_from_day, int32_t *ret_to_day);
/* `2026-07-01`; returns text. */
const char *day_text(int32_t day, char text[DATE_SIZE]);

extern struct batch_plan get_month_report_plan;

#endif
