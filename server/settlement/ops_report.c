/* What a month moved, by day and by partner; see ops_report.h. */
#include "settlement/ops_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "settlement/store_report.h"

enum { EVERY_DAY = INT32_MAX, DAY_S = 86400, MONTHS = 12, FIRST_YEAR = 1970 };

static int32_t first_of(int year, int month)
{
    struct tm parts = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = 1};

    return (int32_t)(timegm(&parts) / DAY_S);
}

bool month_days(const char *text, int32_t *ret_from_day, int32_t *ret_to_day)
{
    static const char form[] = "0000-00"; /* 0 stands for any digit */
    int year;
    int month;

    if (strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    year = (int)strtol(text, NULL, 10);
    month = (int)strtol(text + 5, NULL, 10);
    if (year < FIRST_YEAR || month < 1 || month > MONTHS)
        return false;
    *ret_from_day = first_of(year, month - 1);
    *ret_to_day = first_of(year, month); /* what is after December is carried */
    return true;
}

const char *day_text(int32_t day, char text[DATE_SIZE])
{
    const time_t seconds = (time_t)day * DAY_S;
    struct tm parts;

    gmtime_r(&seconds, &parts);
    (void)strftime(text, DATE_SIZE, "%Y-%m-%d", &parts);
    return text;
}

/* Rows come by currency and day. */
static struct month_day *day_of(struct get_month_report *c, const struct kind_day *row)
{
    struct month_day *last = c->n_days > 0 ? &c->days[c->n_days - 1] : NULL;

    if (last == NULL || last->day != row->day || strcmp(last->currency, row->currency) != 0) {
        last = &c->days[c->n_days++];
        last->day = row->day;
        memcpy(last->currency, row->currency, CURRENCY_SIZE);
    }
    return last;
}

static void add_kind(struct month_day *day, const struct kind_day *row)
{
    switch (row->account) {
    case ACCOUNT_CUSTOMER_LIABILITY: day->gross_minor = row->credit_minor; break;
    case ACCOUNT_CHANNEL_FEES: day->fee_minor = row->debit_minor; break;
    case ACCOUNT_REFUNDS: day->refund_minor = row->debit_minor; break;
    case ACCOUNT_PARTNER_PAYABLE: day->partner_minor = row->credit_minor - row->debit_minor; break;
    case ACCOUNT_PLATFORM_REVENUE: day->platform_minor = row->credit_minor - row->debit_minor; break;
    default: break;
    }
}

/* What was paid out left the partner's account, but is no less that he got. */
static void add_payout(struct get_month_report *c, const struct partner_sum *payout)
{
    for (size_t i = 0; i < c->n_days; i++)
        if (c->days[i].day == payout->day && strcmp(c->days[i].currency, payout->currency) == 0) {
            c->days[i].partner_minor += payout->amount_minor;
            c->days[i].payout_minor += payout->amount_minor;
        }
    for (size_t i = 0; i < c->n_shares; i++)
        if (c->shares[i].partner_id == payout->partner_id && strcmp(c->shares[i].currency, payout->currency) == 0)
            c->shares[i].amount_minor += payout->amount_minor;
}

/*
 * What is lost before its line is cleared stands in REFUNDS until then, among what refunds have given back: it is no
 * refund here.
 */
static void add_dispute(struct get_month_report *c, const struct dispute_sum *sum)
{
    for (size_t i = 0; i < c->n_days; i++) {
        struct month_day *day = &c->days[i];

        if (day->day != sum->day || strcmp(day->currency, sum->currency) != 0)
            continue;
        if (sum->kind != TRANSFER_DISPUTE_LOST)
            day->dispute_fee_minor -= sum->account == ACCOUNT_CHANNEL_RECEIVABLE ? sum->amount_minor : 0;
        else if (sum->account == ACCOUNT_DISPUTES)
            day->dispute_minor -= sum->amount_minor;
        else if (sum->account == ACCOUNT_REFUNDS)
            day->refund_minor -= sum->amount_minor;
    }
}

static int give_titles(struct batch *batch, struct get_month_report *c, struct err *err)
{
    struct settlement_key *keys = arena_array_of(batch->arena, struct settlement_key, c->n_shares);
    struct partner_row *rows = NULL;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < c->n_shares; i++)
        keys[i] = (struct settlement_key){.id = c->shares[i].partner_id, .biz_id = c->command.biz_id};
    rc = settlement_store_find_partners(batch->tx, keys, c->n_shares, batch->arena, &rows, &n, err);
    for (size_t i = 0; i < c->n_shares && rc == 0; i++)
        for (size_t j = 0; j < n; j++)
            if (rows[j].partner_id == c->shares[i].partner_id)
                c->shares[i].title = rows[j].title;
    return rc;
}

static int sum_shares(struct batch *batch, struct get_month_report *c, const struct day_range *range, struct err *err)
{
    struct partner_sum *rows = NULL;
    size_t n = 0;
    int rc;

    rc = report_store_sum_partners(batch->tx, range, REPORT_SHARES_MAX, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    c->shares = arena_array_of(batch->arena, struct partner_share, n);
    c->n_shares = n;
    for (size_t i = 0; i < n; i++) {
        c->shares[i] =
            (struct partner_share){.partner_id = rows[i].partner_id, .title = "", .amount_minor = rows[i].amount_minor};
        memcpy(c->shares[i].currency, rows[i].currency, CURRENCY_SIZE);
    }
    return give_titles(batch, c, err);
}

static int sum_month(struct batch *batch, struct get_month_report *c, struct err *err)
{
    const struct day_range range = {.biz_id = c->command.biz_id, .from_day = c->from_day, .to_day = c->to_day};
    struct kind_day *kinds = NULL;
    struct partner_sum *payouts = NULL;
    struct dispute_sum *disputes = NULL;
    size_t n = 0;
    int rc;

    rc = report_store_sum_kinds(batch->tx, &range, batch->arena, &kinds, &n, err);
    if (rc != 0)
        return rc;
    c->days = arena_array_of(batch->arena, struct month_day, n);
    for (size_t i = 0; i < n; i++)
        add_kind(day_of(c, &kinds[i]), &kinds[i]);
    rc = sum_shares(batch, c, &range, err);
    if (rc == 0)
        rc = report_store_sum_payouts(batch->tx, &range, batch->arena, &payouts, &n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        add_payout(c, &payouts[i]);
    if (rc == 0)
        rc = report_store_sum_disputes(batch->tx, &range, batch->arena, &disputes, &n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        add_dispute(c, &disputes[i]);
    return rc;
}

static int get_month_report_body(struct batch *batch, struct err *err)
{
    struct account_sum *sums = NULL;
    size_t n = 0;
    int rc = 0;

    for_each_command(struct get_month_report, c, batch)
    {
        rc = sum_month(batch, c, err);
        if (rc == 0)
            rc = ledger_store_sum_accounts(batch->tx, c->command.biz_id, 0, EVERY_DAY, batch->arena, &sums, &n, err);
        if (rc == 0)
            rc = books_open_accounts(batch, c->command.biz_id, sums, n, &c->accounts, &c->n_accounts, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan get_month_report_plan = {
    .name = "settlement.month_report", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_month_report_body};
