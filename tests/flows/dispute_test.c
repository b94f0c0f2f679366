/* Disputes: what they hold until they end, who bears those that are lost, and that they never take more than is left.
 */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <string.h>

#include "flows/complete_refund.h"
#include "flows/refund_order.h"
#include "lib/disputes.h"
#include "lib/payouts.h"
#include "settlement/ops_books.h"
#include "settlement/ops_clearing.h"

static struct sale gold;
static struct sale silver;
static struct partner_row artist;
static int64_t next_payment = 900;

/* Gold and silver cost 12.50 EUR; the artist gets 30 % of gold. */
static int given_split(void **state)
{
    struct create_rule rule;

    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    silver = given_sale(db, TEST_BIZ, "silver", 1250, 1000);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    given_bank_account(db);
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    return 0;
}

static int64_t given_paid(int64_t quantity)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, quantity);

    given_money(db, ++next_payment, order_id, 1250 * quantity);
    return order_id;
}

/* Line 1 is gold, line 2 silver, a unit of each. */
static int64_t given_two_lines(void)
{
    struct sale_line lines[2] = {{.sku_id = gold.sku_id, .quantity = 1, .currency = "EUR"},
                                 {.sku_id = silver.sku_id, .quantity = 1, .currency = "EUR"}};
    struct place_order order = {.user_id = "u1", .lines = lines, .n_lines = 2, .labels = ""};

    assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), 0);
    given_money(db, ++next_payment, order.row->order_id, 2500);
    return order.row->order_id;
}

static void end_and_clear(int64_t order_id)
{
    struct confirm_order end = {.order_id = order_id};
    struct clear_order c = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &end, sizeof end, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &c, sizeof c, NULL), 0);
}

static long long number(const char *query)
{
    return test_db_number(db, query);
}

/* Debits less credits of all accounts of the kind. */
static long long balance(enum account account)
{
    return number(arena_printf(db->arena,
                               "SELECT COALESCE(SUM(debit_minor - credit_minor), 0) FROM bmt_settlement.account_days "
                               "WHERE account = %d",
                               (int)account));
}

static void expect_line(int64_t refunded_minor, int64_t disputed_minor, int64_t on_order_minor)
{
    assert_int_equal(number("SELECT refunded_minor FROM bmt_settlement.clearings WHERE line_no = 1"), refunded_minor);
    assert_int_equal(number("SELECT disputed_minor FROM bmt_settlement.clearings WHERE line_no = 1"), disputed_minor);
    assert_int_equal(number("SELECT disputed_minor FROM bmt_order.order_lines WHERE line_no = 1"), on_order_minor);
}

static void open_dispute_is_held_and_explained(void **state)
{
    const int64_t order_id = given_paid(2);
    struct get_trial_balance c = {0};
    bool is_there = false;

    (void)state;
    given_dispute(db, order_id, 700, 0);
    given_dispute(db, order_id, 300, 0);
    assert_int_equal(balance(ACCOUNT_DISPUTES), 1000);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 1500);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), -2500);
    expect_line(0, 1000, 1000);
    assert_int_equal(act(db, &get_trial_balance_plan, &c, sizeof c, NULL), 0);
    for (size_t i = 0; i < c.n_accounts; i++)
        if (c.accounts[i].sum.account == ACCOUNT_DISPUTES) {
            is_there = true;
            assert_int_equal(c.accounts[i].sum.subject_id, PAYOUT_ACCOUNT);
            assert_int_equal(c.accounts[i].explained_minor, 1000);
            assert_int_equal(c.accounts[i].ages[0].items, 2);
        }
    assert_true(is_there);
}

/* Nobody bears it while it is open: the line is cleared as if there were none. */
static void won_dispute_leaves_everything_as_it_was(void **state)
{
    const int64_t order_id = given_paid(2);
    const int64_t dispute_id = given_dispute(db, order_id, 2500, 0);

    (void)state;
    end_and_clear(order_id);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1750);
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_WIN, 0), 0);
    assert_int_equal(balance(ACCOUNT_DISPUTES), 0);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -750);
    expect_line(0, 0, 0);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.dispute_events"), 2);
    given_dispute(db, order_id, 2500, 0); /* it can be disputed once more */
}

static void lost_before_clearing_leaves_less_to_divide(void **state)
{
    const int64_t order_id = given_paid(2);
    const int64_t dispute_id = given_dispute(db, order_id, 500, 0);

    (void)state;
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_LOSE, 0), 0);
    assert_int_equal(balance(ACCOUNT_DISPUTES), 0);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 500);
    expect_line(500, 0, 500);
    end_and_clear(order_id);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 0);
    assert_int_equal(balance(ACCOUNT_CUSTOMER_LIABILITY), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -600);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1400);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2000);
}

static void lost_after_clearing_is_borne_by_who_had_it(void **state)
{
    const int64_t order_id = given_paid(2);
    const int64_t dispute_id = given_dispute(db, order_id, 1000, 0);

    (void)state;
    end_and_clear(order_id);
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_LOSE, 0), 0);
    assert_int_equal(balance(ACCOUNT_DISPUTES), 0);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), -450);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), -1050);
    expect_line(1000, 0, 1000);
    assert_int_equal(number(arena_printf(db->arena,
                                         "SELECT COUNT(*) FROM bmt_settlement.clearing_entries AS d JOIN "
                                         "bmt_settlement.clearing_entries AS s ON s.entry_id = d.reverses_entry_id "
                                         "WHERE d.kind = 4 AND s.kind = 1 AND d.amount_minor = -300 AND d.source_id = "
                                         "%lld",
                                         (long long)dispute_id)),
                     1);
}

/* The second one must know what the first has taken: all is gone then, and nobody owes. */
static void disputes_that_are_lost_together_take_everything_once(void **state)
{
    const int64_t order_id = given_paid(2);
    struct close_dispute together[] = {
        {.dispute_id = given_dispute(db, order_id, 1700, 0), .event = DISPUTE_EVENT_LOSE, .reason = "lost"},
        {.dispute_id = 77, .event = DISPUTE_EVENT_LOSE, .reason = "lost"},
        {.dispute_id = given_dispute(db, order_id, 800, 0), .event = DISPUTE_EVENT_LOSE, .reason = "lost"},
    };

    (void)state;
    end_and_clear(order_id);
    act_together(db, &close_dispute_plan, together, COUNT_OF(together), sizeof *together);
    assert_int_equal(together[0].command.err.id, ERR_NONE);
    assert_int_equal(together[1].command.err.id, ERR_DISPUTE_NOT_FOUND);
    assert_int_equal(together[2].command.err.id, ERR_NONE);
    for (int account = 1; account < ACCOUNT_KIND_COUNT; account++)
        assert_int_equal(balance((enum account)account), 0);
    assert_int_equal(number("SELECT platform_minor FROM bmt_settlement.clearings"), 0);
    assert_int_equal(number("SELECT SUM(amount_minor) FROM bmt_settlement.clearing_entries"), 0);
    expect_line(2500, 0, 2500);
}

/* It is the platform's from the beginning, also where it is more than the line; what comes back is what was charged. */
static void fee_of_a_dispute_is_the_platforms(void **state)
{
    struct open_dispute opened = dispute_of(db, given_paid(2), 1, 1000);
    struct close_dispute closed = {.event = DISPUTE_EVENT_WIN, .reason = "won"};
    static const struct {
        int64_t minor;
        const char *currency;
        enum err_id expected;
    } returned[] = {{1, "USD", ERR_CURRENCY_MISMATCH},
                    {3001, "EUR", ERR_DISPUTE_FEE_TOO_LARGE},
                    {2000, "EUR", ERR_NONE},
                    {1, "USD", ERR_CURRENCY_MISMATCH},
                    {2000, "EUR", ERR_DISPUTE_WRONG_STATE}};

    (void)state;
    opened.fee = money_of(3000, "USD");
    assert_int_equal(act(db, &open_dispute_plan, &opened, sizeof opened, NULL), ERR_CURRENCY_MISMATCH);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), 0);
    opened.command.err = (struct err){0};
    opened.command.is_done = false;
    opened.fee = money_of(3000, "EUR");
    assert_int_equal(act(db, &open_dispute_plan, &opened, sizeof opened, NULL), 0);
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), 3000);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500 - 1000 - 3000);
    assert_int_equal(balance(ACCOUNT_CHANNEL_FEES), 0);
    for (size_t i = 0; i < COUNT_OF(returned); i++) {
        struct close_dispute c = closed;

        c.dispute_id = opened.row.dispute_id;
        c.fee_returned = money_of(returned[i].minor, returned[i].currency);
        assert_int_equal(act(db, &close_dispute_plan, &c, sizeof c, NULL), returned[i].expected);
    }
    assert_int_equal(balance(ACCOUNT_PLATFORM_REVENUE), 1000);
    assert_int_equal(balance(ACCOUNT_CHANNEL_RECEIVABLE), 2500 - 1000);
    assert_int_equal(number("SELECT fee_returned_minor FROM bmt_settlement.disputes"), 2000);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.transfers WHERE kind IN (13, 14)"), 2);
}

/* A partner may be paid while a dispute is open: then it is clawed back. */
static void lost_after_payout_is_clawed_back(void **state)
{
    const int64_t order_id = given_paid(2);
    const int64_t dispute_id = given_dispute(db, order_id, 1000, 0);
    int64_t payout_id;

    (void)state;
    end_and_clear(order_id);
    payout_id = given_payout(db, artist.partner_id);
    hear_of_payout(db, payout_id, CHANNEL_PAID_OUT);
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_LOSE, 0), 0);
    assert_int_equal(balance(ACCOUNT_PARTNER_PAYABLE), 300);
    assert_int_equal(number("SELECT claw_back_payout_id FROM bmt_settlement.clearing_entries WHERE kind = 4"),
                     payout_id);
    given_closed_statement(db, artist.partner_id, "EUR"); /* it takes the entry along */
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE statement_id = 0"), 0);
}

static void refused_ones_spoil_no_neighbour(void **state)
{
    const int64_t unpaid = given_pending_order(db, "u1", gold.sku_id, 1);
    const int64_t order_id = given_two_lines();
    struct open_dispute together[] = {
        dispute_of(db, order_id, 1, 700), dispute_of(db, unpaid, 1, 1),      dispute_of(db, 77, 1, 1),
        dispute_of(db, order_id, 3, 1),   dispute_of(db, order_id, 1, 5),    dispute_of(db, order_id, 1, 1),
        dispute_of(db, order_id, 1, 551), dispute_of(db, order_id, 2, 1251), dispute_of(db, order_id, 2, 1250),
        dispute_of(db, order_id, 1, 5),
    };
    static const enum err_id expected[] = {
        ERR_NONE,
        ERR_CLEARING_NOT_FOUND,
        ERR_CLEARING_NOT_FOUND,
        ERR_ORDER_LINE_NOT_FOUND,
        ERR_CURRENCY_MISMATCH,
        ERR_DISPUTE_TAKEN,
        ERR_DISPUTE_TOO_LARGE,
        ERR_DISPUTE_TOO_LARGE,
        ERR_NONE,
        ERR_CLEARING_NOT_FOUND,
    };

    (void)state;
    together[4].amount = money_of(5, "USD");
    together[5].channel_dispute = together[0].channel_dispute;
    together[8].channel_dispute = together[0].channel_dispute; /* of another line it is another one */
    together[9].command.biz_id = OTHER_BIZ;
    act_together(db, &open_dispute_plan, together, COUNT_OF(together), sizeof *together);
    for (size_t i = 0; i < COUNT_OF(together); i++)
        assert_int_equal(together[i].command.err.id, expected[i]);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.disputes"), 2);
    assert_int_equal(number("SELECT SUM(disputed_minor) FROM bmt_order.order_lines"), 1950);
    assert_int_equal(balance(ACCOUNT_DISPUTES), 1950);
    together[5] = dispute_of(db, order_id, 1, 1);
    together[5].channel_dispute = together[0].channel_dispute;
    assert_int_equal(act(db, &open_dispute_plan, &together[5], sizeof together[5], NULL), ERR_DISPUTE_TAKEN);
}

static void dispute_ends_once(void **state)
{
    const int64_t order_id = given_paid(1);
    const int64_t dispute_id = given_dispute(db, order_id, 1250, 0);
    struct close_dispute foreign = {
        .command.biz_id = OTHER_BIZ, .dispute_id = dispute_id, .event = DISPUTE_EVENT_WIN, .reason = "x"};

    (void)state;
    assert_int_equal(act(db, &close_dispute_plan, &foreign, sizeof foreign, NULL), ERR_DISPUTE_NOT_FOUND);
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_LOSE, 0), 0);
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_LOSE, 0), ERR_DISPUTE_WRONG_STATE);
    assert_int_equal(close_dispute_as(db, dispute_id, DISPUTE_EVENT_WIN, 0), ERR_DISPUTE_WRONG_STATE);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 1250);
    expect_line(1250, 0, 1250);
}

static void repeated_requests_move_nothing_again(void **state)
{
    const int64_t order_id = given_paid(1);
    struct open_dispute opened = dispute_of(db, order_id, 1, 1250);
    struct open_dispute again = opened;
    struct close_dispute closed = {.event = DISPUTE_EVENT_LOSE, .reason = "lost"};
    struct close_dispute repeat;

    (void)state;
    assert_int_equal(act(db, &open_dispute_plan, &opened, sizeof opened, "open-1"), 0);
    assert_int_equal(act(db, &open_dispute_plan, &again, sizeof again, "open-1"), 0);
    closed.dispute_id = opened.row.dispute_id;
    repeat = closed;
    assert_int_equal(act(db, &close_dispute_plan, &closed, sizeof closed, "close-1"), 0);
    assert_int_equal(act(db, &close_dispute_plan, &repeat, sizeof repeat, "close-1"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.disputes"), 1);
    assert_int_equal(balance(ACCOUNT_REFUNDS), 1250);
    assert_int_equal(balance(ACCOUNT_DISPUTES), 0);
    expect_line(1250, 0, 1250);
}

static size_t listed(int64_t order_id, enum dispute_state wanted, int64_t after_id)
{
    struct list_disputes c = {
        .order_id = order_id, .state = (int32_t)wanted, .list.page = {.size = 10, .after_id = after_id}};

    assert_int_equal(act(db, &list_disputes_plan, &c, sizeof c, NULL), 0);
    for (size_t i = 1; i < c.n; i++)
        assert_true(c.rows[i].dispute_id < c.rows[i - 1].dispute_id);
    return c.n;
}

static void disputes_are_found_by_state_and_order(void **state)
{
    const int64_t first = given_paid(2);
    const int64_t second = given_paid(1);
    const int64_t lost = given_dispute(db, first, 1, 0);
    struct get_dispute c = {.dispute_id = lost};
    struct get_dispute foreign = {.dispute_id = lost, .command.biz_id = OTHER_BIZ};

    (void)state;
    given_dispute(db, first, 2, 0);
    given_dispute(db, second, 3, 0);
    assert_int_equal(close_dispute_as(db, lost, DISPUTE_EVENT_LOSE, 0), 0);
    assert_int_equal(act(db, &get_dispute_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(c.row.state, DISPUTE_LOST);
    assert_int_equal(c.row.amount_minor, 1);
    assert_int_equal(act(db, &get_dispute_plan, &foreign, sizeof foreign, NULL), ERR_DISPUTE_NOT_FOUND);
    assert_int_equal(listed(0, DISPUTE_NONE, 0), 3);
    assert_int_equal(listed(first, DISPUTE_NONE, 0), 2);
    assert_int_equal(listed(first, DISPUTE_OPEN, 0), 1);
    assert_int_equal(listed(0, DISPUTE_OPEN, 0), 2);
    assert_int_equal(listed(0, DISPUTE_WON, 0), 0);
    assert_int_equal(listed(0, DISPUTE_NONE, lost), 0); /* the oldest */
}

/* After each test nothing disagrees. */
static int expect_agreement(void **state)
{
    (void)state;
    expect_books_agree(db);
    return 0;
}

#define BOOKS_AGREE(test) cmocka_unit_test_setup_teardown(test, given_split, expect_agreement)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOOKS_AGREE(open_dispute_is_held_and_explained),
        BOOKS_AGREE(won_dispute_leaves_everything_as_it_was),
        BOOKS_AGREE(lost_before_clearing_leaves_less_to_divide),
        BOOKS_AGREE(lost_after_clearing_is_borne_by_who_had_it),
        BOOKS_AGREE(disputes_that_are_lost_together_take_everything_once),
        BOOKS_AGREE(fee_of_a_dispute_is_the_platforms),
        BOOKS_AGREE(lost_after_payout_is_clawed_back),
        BOOKS_AGREE(refused_ones_spoil_no_neighbour),
        BOOKS_AGREE(dispute_ends_once),
        BOOKS_AGREE(repeated_requests_move_nothing_again),
        BOOKS_AGREE(disputes_are_found_by_state_and_order),
    };

    return cmocka_run_group_tests_name("dispute", tests, db_suite_begin, db_suite_end);
}
