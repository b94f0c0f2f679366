/* Payouts: what is paid to whom, what the channel's words lead to, and what is taken back of what was paid. */
#include "lib/db_suite.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "flows/complete_payout.h"
#include "flows/complete_refund.h"
#include "flows/pay_statement.h"
#include "flows/refund_order.h"
#include "lib/payouts.h"
#include "settlement/ops_clearing.h"

enum { ACCOUNT = 5 };

static struct sale gold;
static struct partner_row artist;
static int64_t next_payment = 900;

/* Gold costs 12.50 EUR; the artist gets 30 % of it, into an account that he has had for long. */
static int given_artist(void **state)
{
    struct create_rule rule;

    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    given_channel(db, ACCOUNT);
    write_bank_account(db);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_channel_account_id = 5, payout_account = 'artist-bank', "
                    "payout_account_time_ms = 1, create_time_ms = 1");
    pay_statement_use_account_hold(HOUR_MS);
    statement_use_approval_limit(100000);
    return 0;
}

static int64_t given_cleared(int64_t quantity)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, quantity);
    struct confirm_order confirm = {.order_id = order_id};
    struct clear_order clear = {.order_id = order_id};

    given_money(db, ++next_payment, order_id, 1250 * quantity);
    assert_int_equal(act(db, &confirm_order_plan, &confirm, sizeof confirm, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &clear, sizeof clear, NULL), 0);
    return order_id;
}

/* Everything that was cleared before now is in it. */
static int64_t given_closed(void)
{
    return given_closed_statement(db, artist.partner_id, "EUR");
}

static void approve(int64_t statement_id)
{
    struct approve_statement c = {.statement_id = statement_id, .reason = "checked"};

    assert_int_equal(act(db, &approve_statement_plan, &c, sizeof c, NULL), 0);
}

static int pay_out(int64_t statement_id, int64_t *ret_payout_id)
{
    struct begin_payout c = {.statement_id = statement_id, .reason = "it is due"};
    const int rc = act(db, &begin_payout_plan, &c, sizeof c, NULL);

    if (ret_payout_id != NULL)
        *ret_payout_id = c.payout_id;
    return rc;
}

/* Of two units: 7.50 EUR. */
static int64_t given_paying(int64_t *ret_payout_id)
{
    int64_t statement_id;

    given_cleared(2);
    statement_id = given_closed();
    approve(statement_id);
    assert_int_equal(pay_out(statement_id, ret_payout_id), 0);
    return statement_id;
}

enum occasion { ASKED, QUERIED, OUTRUN };

static struct complete_payout word_of(int64_t payout_id, enum channel_word word, enum occasion occasion)
{
    return (struct complete_payout){.payout_id = payout_id,
                                    .verdict = {.word = word,
                                                .payout_id = payout_id,
                                                .amount = money_of(750, "EUR"),
                                                .ref = "co_1",
                                                .action_url = "",
                                                .failure = "because"},
                                    .is_ask = occasion != QUERIED,
                                    .turn = {.version = 1, .attempts = occasion == OUTRUN ? 1 : 0}};
}

static void hear(int64_t payout_id, enum channel_word word)
{
    struct complete_payout c = word_of(payout_id, word, QUERIED);

    c.verdict.amount.currency[0] = '\0'; /* not every channel tells it */
    assert_int_equal(act(db, &complete_payout_plan, &c, sizeof c, NULL), 0);
}

static long long number(const char *query)
{
    return test_db_number(db, query);
}

static long long balance(enum account account)
{
    return number(arena_printf(db->arena,
                               "SELECT COALESCE(SUM(debit_minor - credit_minor), 0) FROM bmt_settlement.account_days "
                               "WHERE account = %d",
                               (int)account));
}

static struct partner_statement_row statement_now(int64_t statement_id)
{
    struct get_statement c = {.statement_id = statement_id};

    assert_int_equal(act(db, &get_statement_plan, &c, sizeof c, NULL), 0);
    return c.row;
}

static struct payout_row payout_now(int64_t payout_id)
{
    struct get_payout c = {.payout_id = payout_id};

    assert_int_equal(act(db, &get_payout_plan, &c, sizeof c, NULL), 0);
    return c.row;
}

static void money_is_in_transit_until_the_channel_has_paid(void **state)
{
    int64_t payout_id;
    const int64_t statement_id = given_paying(&payout_id);

    (void)state;
    assert_int_equal(statement_now(statement_id).state, STATEMENT_PAYING);
    assert_int_equal(payout_now(payout_id).amount_minor, 750);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), 0);
    assert_int_equal(balance(ACCOUNT_PAYOUT_IN_TRANSIT), -750);
    hear(payout_id, CHANNEL_PAID_OUT);
    hear(payout_id, CHANNEL_PAID_OUT); /* told twice, booked once */
    assert_int_equal(statement_now(statement_id).state, STATEMENT_PAID);
    assert_int_equal(balance(ACCOUNT_PAYOUT_IN_TRANSIT), 0);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500 - 750);
    assert_int_equal(pay_out(statement_id, NULL), ERR_PARTNER_STATEMENT_WRONG_STATE);
}

static void failed_payout_is_owed_again_and_paid_again(void **state)
{
    int64_t payout_id;
    const int64_t statement_id = given_paying(&payout_id);

    (void)state;
    hear(payout_id, CHANNEL_FAILED);
    assert_int_equal(statement_now(statement_id).state, STATEMENT_FAILED);
    assert_string_equal(payout_now(payout_id).failure, "because");
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    assert_int_equal(balance(ACCOUNT_PAYOUT_IN_TRANSIT), 0);
    assert_int_equal(pay_out(statement_id, &payout_id), 0);
    hear(payout_id, CHANNEL_PAID_OUT);
    assert_int_equal(statement_now(statement_id).state, STATEMENT_PAID);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.payouts"), 2);
}

/* Nobody had told that it went there: both moves follow from one word. */
static void returned_payout_is_owed_again(void **state)
{
    int64_t payout_id;
    const int64_t statement_id = given_paying(&payout_id);

    (void)state;
    hear(payout_id, CHANNEL_RETURNED);
    hear(payout_id, CHANNEL_RETURNED);
    assert_int_equal(payout_now(payout_id).state, PAYOUT_RETURNED);
    assert_int_equal(payout_now(payout_id).due_time_ms, 0);
    assert_int_equal(statement_now(statement_id).state, STATEMENT_FAILED);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.payout_events"), 3);
    assert_int_equal(pay_out(statement_id, NULL), 0);
}

static void repeat_gets_the_same_payout(void **state)
{
    struct begin_payout c = {.reason = "it is due"};
    int64_t payout_id;

    (void)state;
    given_cleared(2);
    c.statement_id = given_closed();
    approve(c.statement_id);
    assert_int_equal(act(db, &begin_payout_plan, &c, sizeof c, "once"), 0);
    payout_id = c.payout_id;
    c = (struct begin_payout){.statement_id = c.statement_id, .reason = "it is due"};
    assert_int_equal(act(db, &begin_payout_plan, &c, sizeof c, "once"), 0);
    assert_int_equal(c.payout_id, payout_id);
    assert_false(c.is_new);
    c = (struct begin_payout){.statement_id = c.statement_id, .command.fingerprint = "another", .reason = ""};
    assert_int_equal(act(db, &begin_payout_plan, &c, sizeof c, "once"), ERR_REQUEST_ID_REUSED);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.payouts"), 1);
}

static void what_must_not_be_paid_is_refused(void **state)
{
    int64_t little;
    int64_t statement_id;

    (void)state;
    given_cleared(1);
    test_db_run(db, "UPDATE bmt_settlement.partners SET threshold_minor = 500");
    little = given_closed();
    given_cleared(1);
    statement_id = given_closed();
    assert_int_equal(pay_out(little, NULL), ERR_STATEMENT_NOTHING_TO_PAY);
    assert_int_equal(pay_out(statement_id, NULL), ERR_STATEMENT_NOT_APPROVED);
    approve(statement_id);
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_account = ''");
    assert_int_equal(pay_out(statement_id, NULL), ERR_PAYOUT_ACCOUNT_MISSING);
    test_db_run(db,
                "UPDATE bmt_settlement.partners SET payout_account = 'nobody', payout_account_time_ms = 5000000000000");
    assert_int_equal(pay_out(statement_id, NULL), ERR_PAYOUT_ACCOUNT_NEW);
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_account_time_ms = 1, currency = 'USD'");
    assert_int_equal(pay_out(statement_id, NULL), ERR_PAYOUT_CURRENCY);
    test_db_run(db, "UPDATE bmt_settlement.partners SET currency = 'EUR'");
    assert_int_equal(pay_out(statement_id, NULL), ERR_CHANNEL_SECRET_MISSING);
    assert_int_equal(pay_out(statement_id + 1, NULL), ERR_PARTNER_STATEMENT_NOT_FOUND);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.payouts"), 0);
    assert_int_equal(balance(ACCOUNT_PAYOUT_IN_TRANSIT), 0);
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_account = 'artist-bank'");
    assert_int_equal(pay_out(statement_id, NULL), 0);
}

/* OUTRUN: somebody has asked again before the answer was applied. */
static void channels_words_lead_where_they_must(void **state)
{
    static const struct {
        int from;
        enum channel_word word;
        enum occasion occasion;
        int to;
        bool is_to_ask;
    } cases[] = {
        {PAYOUT_CREATED, CHANNEL_REFUSED, ASKED, PAYOUT_FAILED, false},
        {PAYOUT_CREATED, CHANNEL_REFUSED, OUTRUN, PAYOUT_CREATED, false},
        {PAYOUT_CREATED, CHANNEL_REFUSED, QUERIED, PAYOUT_CREATED, false},
        {PAYOUT_CREATED, CHANNEL_WAITS, ASKED, PAYOUT_PENDING, false},
        {PAYOUT_CREATED, CHANNEL_UNCLEAR, ASKED, PAYOUT_UNKNOWN, false},
        {PAYOUT_CREATED, CHANNEL_UNCLEAR, QUERIED, PAYOUT_CREATED, false},
        {PAYOUT_CREATED, CHANNEL_NOT_ASKED, ASKED, PAYOUT_CREATED, false},
        {PAYOUT_CREATED, CHANNEL_MISSING, ASKED, PAYOUT_CREATED, false},
        {PAYOUT_CREATED, CHANNEL_MISSING, QUERIED, PAYOUT_CREATED, true},
        {PAYOUT_UNKNOWN, CHANNEL_MISSING, QUERIED, PAYOUT_UNKNOWN, true},
        {PAYOUT_UNKNOWN, CHANNEL_UNCLEAR, ASKED, PAYOUT_UNKNOWN, false},
        {PAYOUT_UNKNOWN, CHANNEL_REFUSED, QUERIED, PAYOUT_UNKNOWN, false},
        {PAYOUT_UNKNOWN, CHANNEL_PAID_OUT, QUERIED, PAYOUT_SUCCEEDED, false},
        {PAYOUT_UNKNOWN, CHANNEL_FAILED, QUERIED, PAYOUT_FAILED, false},
        {PAYOUT_PENDING, CHANNEL_MISSING, QUERIED, PAYOUT_PENDING, false},
        {PAYOUT_PENDING, CHANNEL_FAILED, QUERIED, PAYOUT_FAILED, false},
    };
    int64_t payout_id;
    const int64_t statement_id = given_paying(&payout_id);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct complete_payout c = word_of(payout_id, cases[i].word, cases[i].occasion);

        test_db_run(db, "DELETE FROM bmt_settlement.transfers WHERE kind > 5");
        test_db_run(db, "DELETE FROM bmt_settlement.payout_events WHERE version > 1");
        test_db_run(db, "DELETE FROM bmt_settlement.partner_statement_events WHERE version > 3");
        test_db_run(db, "UPDATE bmt_settlement.partner_statements SET state = 3, version = 3");
        test_db_run(db,
                    arena_printf(db->arena, "UPDATE bmt_settlement.payouts SET state = %d, version = 1, attempts = 0",
                                 cases[i].from));
        assert_int_equal(act(db, &complete_payout_plan, &c, sizeof c, NULL), 0);
        if (payout_now(payout_id).state != cases[i].to || c.is_to_ask != cases[i].is_to_ask)
            fail_msg("row %zu leads to %d", i, payout_now(payout_id).state);
        assert_int_equal(statement_now(statement_id).state, cases[i].to == PAYOUT_SUCCEEDED ? STATEMENT_PAID
                                                            : cases[i].to == PAYOUT_FAILED  ? STATEMENT_FAILED
                                                                                            : STATEMENT_PAYING);
    }
}

static void word_of_other_money_is_not_believed(void **state)
{
    struct complete_payout c;
    int64_t payout_id;

    (void)state;
    given_paying(&payout_id);
    c = word_of(payout_id, CHANNEL_PAID_OUT, QUERIED);
    c.verdict.amount.amount_minor = 751;
    assert_int_equal(act(db, &complete_payout_plan, &c, sizeof c, NULL), ERR_NOTIFICATION_MISMATCH);
    c = word_of(payout_id + 1, CHANNEL_PAID_OUT, QUERIED);
    assert_int_equal(act(db, &complete_payout_plan, &c, sizeof c, NULL), ERR_PAYOUT_NOT_FOUND);
    assert_int_equal(payout_now(payout_id).state, PAYOUT_CREATED);
}

static void refund(int64_t order_id)
{
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund begin_it = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund end_it = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &begin_refund_plan, &begin_it, sizeof begin_it, NULL), 0);
    end_it.refund_id = begin_it.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end_it, sizeof end_it, NULL), 0);
}

/* The share was carried once before it was paid; what goes back is linked with the payout, and the next one has less.
 */
static void refund_after_the_payout_is_clawed_back(void **state)
{
    const int64_t carried = given_cleared(2);
    struct partner_statement_row next;
    int64_t statement_id;
    int64_t payout_id;

    (void)state;
    test_db_run(db, "UPDATE bmt_settlement.partners SET threshold_minor = 1000");
    given_closed();
    refund(carried); /* nothing was paid yet: no claw-back */
    given_cleared(2);
    statement_id = given_closed();
    assert_int_equal(statement_now(statement_id).total_minor, 750 - 375 + 750);
    approve(statement_id);
    assert_int_equal(pay_out(statement_id, &payout_id), 0);
    hear(payout_id, CHANNEL_PAID_OUT);
    refund(carried);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE kind = 2"), 2);
    assert_int_equal(number("SELECT SUM(claw_back_payout_id) FROM bmt_settlement.clearing_entries WHERE kind = 2"),
                     payout_id);
    next = statement_now(given_closed());
    assert_int_equal(next.total_minor, -375);
    assert_int_equal(next.approvals_needed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(money_is_in_transit_until_the_channel_has_paid, given_artist),
        cmocka_unit_test_setup(failed_payout_is_owed_again_and_paid_again, given_artist),
        cmocka_unit_test_setup(returned_payout_is_owed_again, given_artist),
        cmocka_unit_test_setup(repeat_gets_the_same_payout, given_artist),
        cmocka_unit_test_setup(what_must_not_be_paid_is_refused, given_artist),
        cmocka_unit_test_setup(channels_words_lead_where_they_must, given_artist),
        cmocka_unit_test_setup(word_of_other_money_is_not_believed, given_artist),
        cmocka_unit_test_setup(refund_after_the_payout_is_clawed_back, given_artist),
    };

    return cmocka_run_group_tests_name("payout", tests, db_suite_begin, db_suite_end);
}
