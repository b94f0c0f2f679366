/*
 * Verify over each posting of a book in which money has moved in every way: whichever is changed, taken out or put in,
 * verify names it.
 */
#include "lib/db_suite.h"

#include "lib/look.h"

#include "flows/complete_refund.h"
#include "flows/create_adjustment.h"
#include "flows/refund_order.h"
#include "lib/disputes.h"
#include "lib/payouts.h"
#include "settlement/ops_adjustment.h"
#include "settlement/ops_clearing.h"

enum { PLACES_MIN = 200 };

static struct sale gold;
static struct partner_row artist;
static int64_t next_payment = 900;

static int64_t given_paid(void)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 2);

    given_money_of(db, ++next_payment, order_id, money_of(2500, "EUR"), 90);
    return order_id;
}

static void end_and_clear(int64_t order_id)
{
    struct confirm_order end = {.order_id = order_id};
    struct clear_order c = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &end, sizeof end, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &c, sizeof c, NULL), 0);
}

static void complete_refund_of(int64_t refund_id)
{
    struct complete_refund c = {.refund_id = refund_id,
                                .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &complete_refund_plan, &c, sizeof c, NULL), 0);
}

static void give_back_one(int64_t order_id)
{
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund c = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};

    assert_int_equal(act(db, &begin_refund_plan, &c, sizeof c, NULL), 0);
    complete_refund_of(c.refund_id);
}

static void given_late_money(void)
{
    const int64_t order_id = given_pending_order(db, "u4", gold.sku_id, 1);

    assert_int_equal(close_with(db, order_id, NULL), 0);
    given_money(db, ++next_payment, order_id, 1250);
    complete_refund_of(test_db_number(db, "SELECT refund_id FROM bmt_payment.refunds WHERE purpose = 2"));
}

static void given_closed_dispute(int64_t order_id, enum dispute_event event)
{
    const int64_t dispute_id = given_dispute(db, order_id, 200, 1500);

    assert_int_equal(close_dispute_as(db, dispute_id, event, event == DISPUTE_EVENT_WIN ? 900 : 0), 0);
}

static void adjust(struct adjustment_row row)
{
    struct create_adjustment c = {.reason = "test", .row = row};

    assert_int_equal(act(db, &create_adjustment_plan, &c, sizeof c, NULL), 0);
}

/* Paid, given back before clearing and after, disputed with each end, before clearing and after. */
static void given_sales(void)
{
    const int64_t first = given_paid();
    const int64_t second = given_paid();

    given_paid();
    given_dispute(db, first, 200, 1500);
    given_closed_dispute(first, DISPUTE_EVENT_WIN);
    given_closed_dispute(first, DISPUTE_EVENT_LOSE);
    give_back_one(second);
    end_and_clear(first);
    end_and_clear(second);
    given_closed_dispute(first, DISPUTE_EVENT_LOSE);
    given_closed_dispute(second, DISPUTE_EVENT_LOSE);
    give_back_one(first);
    given_late_money();
}

static void given_payouts(void)
{
    int64_t payout_id;

    hear_of_payout(db, given_payout(db, artist.partner_id), CHANNEL_PAID_OUT);
    hear_of_payout(db, given_payout(db, artist.partner_id), CHANNEL_FAILED);
    payout_id = given_payout(db, artist.partner_id);
    hear_of_payout(db, payout_id, CHANNEL_PAID_OUT);
    hear_of_payout(db, payout_id, CHANNEL_RETURNED);
}

static int begin(void **state)
{
    struct create_rule rule;

    (void)state;
    db = test_db_start();
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    given_bank_account(db);
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    given_sales();
    given_payouts();
    adjust((struct adjustment_row){.kind = ADJUSTMENT_CHANNEL_PAID,
                                   .channel_account_id = PAYOUT_ACCOUNT,
                                   .currency = "EUR",
                                   .amount_minor = 500,
                                   .rate = ""});
    adjust((struct adjustment_row){.kind = ADJUSTMENT_CONVERSION,
                                   .currency = "EUR",
                                   .amount_minor = 10000,
                                   .to_currency = "USD",
                                   .to_amount_minor = 10834,
                                   .rate = "1.0834"});
    test_db_run(db, "CREATE TABLE bmt_settlement.kept AS SELECT * FROM bmt_settlement.postings");
    return 0;
}

static void book_has_transfers_of_every_kind(void **state)
{
    (void)state;
    assert_int_equal(test_db_number(db, "SELECT COUNT(DISTINCT kind) FROM bmt_settlement.transfers"),
                     TRANSFER_DISPUTE_FEE_RETURNED);
    expect_books_agree(db);
}

/* What was done to a posting, before `WHERE transfer_id = T AND posting_no = N`. */
static const char *const changes[] = {
    "UPDATE bmt_settlement.postings SET amount_minor = amount_minor + 1",
    "UPDATE bmt_settlement.postings SET subject_id = subject_id + 1",
    "DELETE FROM bmt_settlement.postings",
    ("INSERT INTO bmt_settlement.postings SELECT transfer_id, posting_no + 50, biz_id, account, subject_id, currency, "
     "amount_minor, create_time_ms FROM bmt_settlement.kept"),
};

static void expect_named(const char *change, const char *where)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;

    test_db_run(db, arena_printf(arena, "%s WHERE %s", change, where));
    if (look_at_books(db, arena, &report).n == 0)
        fail_msg("nothing was found after %s WHERE %s", change, where);
    test_db_run(db, "DELETE FROM bmt_settlement.postings");
    test_db_run(db, "INSERT INTO bmt_settlement.postings SELECT * FROM bmt_settlement.kept");
}

static void any_posting_that_is_touched_is_named(void **state)
{
    const long long n = test_db_number(db, "SELECT COUNT(*) FROM bmt_settlement.kept");
    size_t n_places = 0;

    (void)state;
    for (long long i = 0; i < n; i++) {
        const char *where = test_db_text(
            db, arena_printf(db->arena,
                             "SELECT CONCAT('transfer_id = ', transfer_id, ' AND posting_no = ', posting_no) FROM "
                             "bmt_settlement.kept ORDER BY transfer_id, posting_no LIMIT 1 OFFSET %lld",
                             i));

        for (size_t j = 0; j < COUNT_OF(changes); j++, n_places++)
            expect_named(changes[j], where);
    }
    print_message("%zu places in %lld postings\n", n_places, n);
    assert_true(n_places >= PLACES_MIN);
    expect_books_agree(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(book_has_transfers_of_every_kind),
        cmocka_unit_test(any_posting_that_is_touched_is_named),
    };

    return cmocka_run_group_tests_name("verify_posting", tests, begin, db_suite_end);
}
