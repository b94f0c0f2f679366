/* Balances of accounts, now and at a time, and the trial balance; see ops_books.h. */
#include <stdlib.h>
#include <string.h>

#include "settlement/ops_books.h"
#include "settlement/store_dispute.h"

enum { DAY_MS = 86400000, EVERY_DAY = INT32_MAX };

static int compare_accounts(const void *left, const void *right)
{
    const struct account_sum *a = left;
    const struct account_sum *b = right;

    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    if (a->subject_id != b->subject_id)
        return a->subject_id < b->subject_id ? -1 : 1;
    return strcmp(a->currency, b->currency);
}

/* What was posted to the account in the days before, as summed up, and of the day itself before the instant. */
static int look_back(struct batch *batch, const struct list_balances *c, const struct account_sum *before, size_t n,
                     struct account_sum *row, struct err *err)
{
    const int64_t day_ms = c->at_time_ms / DAY_MS * DAY_MS;
    const struct account_sum *sum = n == 0 ? NULL : bsearch(row, before, n, sizeof *before, compare_accounts);
    struct account_key key = {.biz_id = c->command.biz_id, .account = row->account, .subject_id = row->subject_id};
    struct account_sum *rows = NULL;
    size_t n_rows = 0;
    int rc;

    memcpy(key.currency, row->currency, CURRENCY_SIZE);
    rc = ledger_store_sum_postings(batch->tx, &key, day_ms, c->at_time_ms, batch->arena, &rows, &n_rows, err);
    if (rc != 0)
        return rc;
    row->debit_minor = (sum != NULL ? sum->debit_minor : 0) + (n_rows > 0 ? rows[0].debit_minor : 0);
    row->credit_minor = (sum != NULL ? sum->credit_minor : 0) + (n_rows > 0 ? rows[0].credit_minor : 0);
    row->posting_count = (sum != NULL ? sum->posting_count : 0) + (n_rows > 0 ? rows[0].posting_count : 0);
    return 0;
}

/* Cuts the page out of all accounts; one row more tells that there is another. */
static void cut(struct list_balances *c, struct account_sum *all, size_t n)
{
    const size_t first = (size_t)c->list.page.after_id < n ? (size_t)c->list.page.after_id : n;
    const size_t size = (size_t)c->list.page.size;

    c->rows = all + first;
    c->n = n - first > size + 1 ? size + 1 : n - first;
    c->last_at = (int64_t)(first + (c->n > size ? size : c->n));
}

static int list_balances_of(struct batch *batch, struct list_balances *c, struct err *err)
{
    const int32_t day = (int32_t)(c->at_time_ms / DAY_MS);
    struct account_sum *all = NULL;
    struct account_sum *before = NULL;
    size_t n = 0;
    size_t n_before = 0;
    int rc;

    rc = ledger_store_sum_accounts(batch->tx, c->command.biz_id, c->account, c->at_time_ms == 0 ? EVERY_DAY : day + 1,
                                   batch->arena, &all, &n, err);
    if (rc != 0)
        return rc;
    cut(c, all, n);
    if (c->at_time_ms == 0)
        return 0;
    rc =
        ledger_store_sum_accounts(batch->tx, c->command.biz_id, c->account, day, batch->arena, &before, &n_before, err);
    for (size_t i = 0; i < c->n && rc == 0; i++)
        rc = look_back(batch, c, before, n_before, &c->rows[i], err);
    return rc;
}

static int list_balances_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct list_balances, c, batch)
    {
        rc = list_balances_of(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

static struct currency_sum *sum_of(struct get_trial_balance *c, const char *currency)
{
    for (size_t i = 0; i < c->n_currencies; i++)
        if (strcmp(c->currencies[i].currency, currency) == 0)
            return &c->currencies[i];
    memcpy(c->currencies[c->n_currencies].currency, currency, CURRENCY_SIZE);
    return &c->currencies[c->n_currencies++];
}

/* What an open line explains: its payment is owed, its fee and what went back wait to be laid on somebody. */
static struct age_share share_of(const struct account_sum *sum, const struct open_lines *lines)
{
    if (strcmp(sum->currency, lines->currency) != 0)
        return (struct age_share){0};
    switch (sum->account) {
    case ACCOUNT_CUSTOMER_LIABILITY:
        return (struct age_share){.amount_minor = -lines->amount_minor, .items = lines->line_count};
    case ACCOUNT_REFUNDS:
        return (struct age_share){.amount_minor = lines->refunded_minor, .items = lines->refund_count};
    case ACCOUNT_CHANNEL_FEES:
        if (lines->channel_account_id == sum->subject_id)
            return (struct age_share){.amount_minor = lines->fee_minor, .items = lines->fee_count};
        return (struct age_share){0};
    default: return (struct age_share){0};
    }
}

static bool returns_to_zero(int32_t account)
{
    return account == ACCOUNT_CHANNEL_RECEIVABLE || account == ACCOUNT_CUSTOMER_LIABILITY ||
           account == ACCOUNT_CHANNEL_FEES || account == ACCOUNT_REFUNDS || account == ACCOUNT_DISPUTES ||
           account == ACCOUNT_PAYOUT_IN_TRANSIT;
}

static void add_share(struct open_account *account, int32_t age, struct age_share share)
{
    INVARIANT(age >= 0 && age < AGE_COUNT);
    account->ages[age].amount_minor += share.amount_minor;
    account->ages[age].items += share.items;
    account->explained_minor += share.amount_minor;
}

/* What is open for the accounts of a business. */
struct open_things {
    struct open_lines *lines;
    size_t n_lines;
    struct open_disputes *disputes;
    size_t n_disputes;
};

static void explain(struct open_account *account, const struct open_things *open)
{
    const struct account_sum *sum = &account->sum;
    const int64_t balance_minor = sum->debit_minor - sum->credit_minor;

    for (size_t i = 0; i < open->n_lines; i++)
        add_share(account, open->lines[i].age, share_of(sum, &open->lines[i]));
    for (size_t i = 0; i < open->n_disputes && sum->account == ACCOUNT_DISPUTES; i++) {
        const struct open_disputes *disputes = &open->disputes[i];

        if (disputes->channel_account_id == sum->subject_id && strcmp(disputes->currency, sum->currency) == 0)
            add_share(account, disputes->age,
                      (struct age_share){.amount_minor = disputes->amount_minor, .items = disputes->dispute_count});
    }
    if (account->sum.account == ACCOUNT_CHANNEL_RECEIVABLE && balance_minor > 0)
        account->explained_minor = balance_minor; /* a channel owes us, never we it */
}

int books_open_accounts(struct batch *batch, int64_t biz_id, const struct account_sum *sums, size_t n,
                        struct open_account **ret_accounts, size_t *ret_n, struct err *err)
{
    struct open_account *accounts = arena_array_of(batch->arena, struct open_account, n);
    struct open_things open = {0};
    size_t n_accounts = 0;
    int rc;

    rc = clearing_store_sum_open(batch->tx, biz_id, batch->now_ms, batch->arena, &open.lines, &open.n_lines, err);
    if (rc == 0)
        rc = dispute_store_sum_open(batch->tx, biz_id, batch->now_ms, batch->arena, &open.disputes, &open.n_disputes,
                                    err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (returns_to_zero(sums[i].account)) {
            accounts[n_accounts].sum = sums[i];
            explain(&accounts[n_accounts++], &open);
        }
    *ret_accounts = accounts;
    *ret_n = n_accounts;
    return 0;
}

static int get_trial_balance_of(struct batch *batch, struct get_trial_balance *c, struct err *err)
{
    struct account_sum *sums = NULL;
    size_t n = 0;
    int rc;

    rc = ledger_store_sum_accounts(batch->tx, c->command.biz_id, 0, EVERY_DAY, batch->arena, &sums, &n, err);
    if (rc != 0)
        return rc;
    c->currencies = arena_array_of(batch->arena, struct currency_sum, n);
    for (size_t i = 0; i < n; i++) {
        struct currency_sum *sum = sum_of(c, sums[i].currency);

        sum->debit_minor += sums[i].debit_minor;
        sum->credit_minor += sums[i].credit_minor;
    }
    return books_open_accounts(batch, c->command.biz_id, sums, n, &c->accounts, &c->n_accounts, err);
}

static int get_trial_balance_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct get_trial_balance, c, batch)
    {
        rc = get_trial_balance_of(batch, c, err);
        if (rc != 0)
            return rc;
    }
    return rc;
}

struct batch_plan list_balances_plan = {
    .name = "settlement.list_balances", .home = MODULE_SETTLEMENT, .is_read = true, .body = list_balances_body};
struct batch_plan get_trial_balance_plan = {
    .name = "settlement.trial_balance", .home = MODULE_SETTLEMENT, .is_read = true, .body = get_trial_balance_body};
