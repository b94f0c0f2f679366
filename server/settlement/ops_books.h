/*
 * Reading the books: how lines were divided, accounts, postings and transfers, the trial balance; commands for
 * service_books.c. Nothing is written here. Functions return 0, or an error of sql.h.
 */
#ifndef BMT_SETTLEMENT_OPS_BOOKS_H
#define BMT_SETTLEMENT_OPS_BOOKS_H

#include "rpc/list.h"
#include "settlement/ops_ledger.h"
#include "settlement/store_clearing.h"

/* A line and its entries. */
struct clearing {
    struct clearing_row row;
    const struct clearing_entry_row *entries;
    size_t n_entries;
};

struct list_clearings {
    struct command command;
    int64_t order_id;
    struct list list; /* goes on after a line's number */
    struct clearing *lines;
    size_t n;
};

struct list_entries {
    struct command command;
    struct list list;
    int64_t partner_id;
    char currency[CURRENCY_SIZE];
    int64_t statement_id; /* 0: in none yet */
    struct clearing_entry_row *rows;
    size_t n;
};

struct list_postings {
    struct command command;
    struct list list; /* goes on after a transfer */
    struct account_key account;
    struct posting_row *rows;
    size_t n;
};

struct get_transfer {
    struct command command;
    int64_t transfer_id;
    struct transfer_row row;
    struct posting_row *postings;
    size_t n_postings;
};

/*
 * Accounts are few and come in the order of kind, subject and currency; a page goes on after the place of an account
 * among those of the day. One that had nothing posted before `at_time_ms` is left out, so a page can have less than was
 * asked for.
 */
struct list_balances {
    struct command command;
    struct list list;
    int32_t account;    /* 0: all */
    int64_t at_time_ms; /* 0: all that was posted */
    struct account_sum *rows;
    size_t n;        /* of the page, up to size + 1 */
    int64_t last_at; /* the place of its last account that is shown */
};

struct currency_sum {
    char currency[CURRENCY_SIZE];
    int64_t debit_minor;
    int64_t credit_minor;
};

enum { AGE_COUNT = 4 }; /* up to 1 day, 7 days, 30 days, older */

struct age_share {
    int64_t amount_minor;
    int64_t items;
};

/* An account that returns to zero, and what is open for it. */
struct open_account {
    struct account_sum sum;
    struct age_share ages[AGE_COUNT];
    int64_t explained_minor;
};

struct get_trial_balance {
    struct command command;
    struct currency_sum *currencies;
    size_t n_currencies;
    struct open_account *accounts;
    size_t n_accounts;
};

/*
 * The accounts among `sums` that return to zero, with what lines that wait for their order and open disputes explain of
 * them. What a channel has and has not paid out is explained as a whole; nobody knows its age.
 */
int books_open_accounts(struct batch *batch, int64_t biz_id, const struct account_sum *sums, size_t n,
                        struct open_account **ret_accounts, size_t *ret_n, struct err *err) MUST_CHECK;

extern struct batch_plan list_clearings_plan, list_entries_plan, list_postings_plan, get_transfer_plan,
    list_balances_plan, get_trial_balance_plan;

#endif
