/* Payouts; see payouts.h. */
#include "lib/payouts.h"

#include "lib/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "flows/create_adjustment.h"
#include "flows/pay_statement.h"
#include "settlement/ops_adjustment.h"
#include "settlement/ops_statement.h"

void write_bank_account(struct test_db *test)
{
    const char *path = arena_printf(test->arena, "%s/artist-bank", test->folder);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs("DE02120300000000202051\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

void given_bank_account(struct test_db *test)
{
    write_bank_account(test);
    given_channel(test, PAYOUT_ACCOUNT);
    test_db_run(test, "UPDATE bmt_settlement.partners SET payout_channel_account_id = 5, payout_account = "
                      "'artist-bank', payout_account_time_ms = 1, create_time_ms = 1");
    pay_statement_use_account_hold(HOUR_MS);
    statement_use_approval_limit(MONEY_AMOUNT_MAX);
}

int64_t given_closed_statement(struct test_db *test, int64_t partner_id, const char *currency)
{
    struct close_statement close_it = {.partner_id = partner_id};
    struct gather_statement gather = {0};
    const int64_t before_ms = clock_now_ms();

    while (clock_now_ms() <= before_ms + 1) /* a period has at least a millisecond */
        ;
    memcpy(close_it.currency, currency, CURRENCY_SIZE);
    close_it.to_time_ms = clock_now_ms();
    assert_int_equal(act(test, &close_statement_plan, &close_it, sizeof close_it, NULL), 0);
    gather.statement_id = close_it.row.statement_id;
    assert_int_equal(act(test, &gather_statement_plan, &gather, sizeof gather, NULL), 0);
    return close_it.row.statement_id;
}

int64_t given_payout(struct test_db *test, int64_t partner_id)
{
    struct create_adjustment credit = {.reason = "test",
                                       .row = {.kind = ADJUSTMENT_PARTNER_CREDIT,
                                               .currency = "EUR",
                                               .amount_minor = PAYOUT_MINOR,
                                               .rate = "",
                                               .partner_id = partner_id}};
    struct approve_statement approve = {.reason = "checked"};
    struct begin_payout pay = {.reason = "it is due"};

    assert_int_equal(act(test, &create_adjustment_plan, &credit, sizeof credit, NULL), 0);
    approve.statement_id = pay.statement_id = given_closed_statement(test, partner_id, "EUR");
    assert_int_equal(act(test, &approve_statement_plan, &approve, sizeof approve, NULL), 0);
    assert_int_equal(act(test, &begin_payout_plan, &pay, sizeof pay, NULL), 0);
    return pay.payout_id;
}

void hear_of_payout(struct test_db *test, int64_t payout_id, enum channel_word word)
{
    struct complete_payout c = {
        .payout_id = payout_id,
        .verdict = {.word = word, .payout_id = payout_id, .ref = "co_1", .action_url = "", .failure = "because"},
        .turn = {.version = 1}};

    assert_int_equal(act(test, &complete_payout_plan, &c, sizeof c, NULL), 0);
}
