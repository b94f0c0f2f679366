/* Refunds and disputes take of the same money: whichever comes first, together they never take more than was paid. */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <string.h>

#include "flows/close_dispute.h"
#include "flows/complete_refund.h"
#include "flows/open_dispute.h"
#include "flows/refund_order.h"
#include "lib/given.h"
#include "settlement/ops_clearing.h"

static struct sale gold;
static struct sale silver;
static int64_t next_payment = 900;
static int next_dispute;

/* Gold and silver cost 12.50 EUR. */
static int given_shop(void **state)
{
    (void)state;
    test_db_clear(db);
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    silver = given_sale(db, TEST_BIZ, "silver", 1250, 1000);
    given_channel(db, 5);
    return 0;
}

/* Line 1 is so many of gold, line 2 so many of silver. */
static int64_t given_paid(int64_t quantity, int64_t quantity_of_silver)
{
    struct sale_line lines[2] = {{.sku_id = gold.sku_id, .quantity = quantity, .currency = "EUR"},
                                 {.sku_id = silver.sku_id, .quantity = quantity_of_silver, .currency = "EUR"}};
    struct place_order order = {
        .user_id = "u1", .lines = lines, .n_lines = quantity_of_silver > 0 ? 2 : 1, .labels = ""};

    assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), 0);
    given_money(db, ++next_payment, order.row->order_id, 1250 * (quantity + quantity_of_silver));
    return order.row->order_id;
}

static int dispute(int64_t order_id, int32_t line_no, int64_t amount_minor, int64_t *ret_id)
{
    struct open_dispute c = {.order_id = order_id,
                             .line_no = line_no,
                             .amount = money_of(amount_minor, "EUR"),
                             .channel_dispute = arena_printf(db->arena, "cd_%d", ++next_dispute),
                             .reason = "not as described"};
    const int rc = act(db, &open_dispute_plan, &c, sizeof c, NULL);

    *ret_id = c.row.dispute_id;
    return rc;
}

static void close_as(int64_t dispute_id, enum dispute_event event)
{
    struct close_dispute c = {.dispute_id = dispute_id, .event = event, .reason = "the channel says so"};

    assert_int_equal(act(db, &close_dispute_plan, &c, sizeof c, NULL), 0);
}

/* Everything that is left, or of it an amount; `ret_minor` is what it comes to. */
static int begin_refund(int64_t order_id, int64_t amount_minor, int64_t *ret_id, int64_t *ret_minor)
{
    struct begin_refund c = {.order_id = order_id, .wants_all = true, .reason = "test"};
    int rc;

    if (amount_minor > 0)
        c.amount = money_of(amount_minor, "EUR");
    rc = act(db, &begin_refund_plan, &c, sizeof c, NULL);
    *ret_id = c.refund_id;
    *ret_minor = rc == 0 ? c.refund->amount_minor : 0;
    return rc;
}

static void end_refund(int64_t refund_id)
{
    struct complete_refund c = {.refund_id = refund_id,
                                .verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &complete_refund_plan, &c, sizeof c, NULL), 0);
}

static void refund_unit(int64_t order_id, int64_t amount_minor)
{
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund c = {
        .order_id = order_id, .wants = &want, .n_wants = 1, .amount = money_of(amount_minor, "EUR"), .reason = "test"};

    assert_int_equal(act(db, &begin_refund_plan, &c, sizeof c, NULL), 0);
    end_refund(c.refund_id);
}

static long long refunded_of(int32_t line_no)
{
    return test_db_number(db, arena_printf(db->arena,
                                           "SELECT refunded_minor FROM bmt_settlement.clearings WHERE line_no = %d",
                                           (int)line_no));
}

static void refund_takes_what_disputes_leave(void **state)
{
    const int64_t order_id = given_paid(2, 0);
    int64_t dispute_id;
    int64_t refund_id;
    int64_t amount_minor;

    (void)state;
    assert_int_equal(dispute(order_id, 1, 1700, &dispute_id), 0);
    assert_int_equal(begin_refund(order_id, 801, &refund_id, &amount_minor), ERR_REFUND_TOO_LARGE);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), 0);
    assert_int_equal(amount_minor, 800);
    end_refund(refund_id);
    assert_int_equal(refunded_of(1), 800);
    close_as(dispute_id, DISPUTE_EVENT_LOSE);
    assert_int_equal(refunded_of(1), 2500);
}

static void what_was_won_can_be_refunded_and_what_was_lost_cannot(void **state)
{
    const int64_t order_id = given_paid(2, 0);
    int64_t won;
    int64_t lost;
    int64_t refund_id;
    int64_t amount_minor;

    (void)state;
    assert_int_equal(dispute(order_id, 1, 1500, &won), 0);
    assert_int_equal(dispute(order_id, 1, 1000, &lost), 0);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), ERR_REFUND_TOO_LARGE);
    close_as(lost, DISPUTE_EVENT_LOSE);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), ERR_REFUND_TOO_LARGE);
    close_as(won, DISPUTE_EVENT_WIN);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), 0);
    assert_int_equal(amount_minor, 1500);
    end_refund(refund_id);
    assert_int_equal(refunded_of(1), 2500);
}

/* The channel may have paid the refund back already: it must be able to end. */
static void dispute_leaves_what_a_refund_under_way_needs(void **state)
{
    const int64_t order_id = given_paid(1, 1);
    int64_t dispute_id;
    int64_t refund_id;
    int64_t amount_minor;

    (void)state;
    assert_int_equal(begin_refund(order_id, 1300, &refund_id, &amount_minor), 0);
    assert_int_equal(dispute(order_id, 1, 1201, &dispute_id), ERR_DISPUTE_TOO_LARGE);
    assert_int_equal(dispute(order_id, 1, 1000, &dispute_id), 0);
    assert_int_equal(dispute(order_id, 2, 201, &dispute_id), ERR_DISPUTE_TOO_LARGE);
    assert_int_equal(dispute(order_id, 2, 200, &dispute_id), 0);
    assert_int_equal(dispute(order_id, 1, 1, &dispute_id), ERR_DISPUTE_TOO_LARGE);
    end_refund(refund_id);
    assert_int_equal(refunded_of(1), 250);
    assert_int_equal(refunded_of(2), 1050);
}

/* What does not fit the disputed line falls on the other ones, and never beyond what their units had cost. */
static void refund_of_lines_goes_round_what_is_disputed(void **state)
{
    const int64_t order_id = given_paid(1, 1);
    int64_t dispute_id;
    int64_t refund_id;
    int64_t amount_minor;

    (void)state;
    assert_int_equal(dispute(order_id, 1, 1200, &dispute_id), 0);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), 0);
    assert_int_equal(amount_minor, 1300);
    end_refund(refund_id);
    assert_int_equal(refunded_of(1), 50);
    assert_int_equal(refunded_of(2), 1250);
    close_as(dispute_id, DISPUTE_EVENT_LOSE);
    assert_int_equal(refunded_of(1), 1250);
}

/* A unit that went back for less leaves money that a bank may take, and a refund may not. */
static void what_a_cheap_refund_left_can_be_disputed(void **state)
{
    const int64_t order_id = given_paid(3, 0);
    int64_t dispute_id;
    int64_t refund_id;
    int64_t amount_minor;

    (void)state;
    refund_unit(order_id, 500);
    assert_int_equal(dispute(order_id, 1, 3251, &dispute_id), ERR_DISPUTE_TOO_LARGE);
    assert_int_equal(dispute(order_id, 1, 3250, &dispute_id), 0);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), ERR_REFUND_TOO_LARGE);
    close_as(dispute_id, DISPUTE_EVENT_WIN);
    assert_int_equal(begin_refund(order_id, 0, &refund_id, &amount_minor), 0);
    assert_int_equal(amount_minor, 2500);
    end_refund(refund_id);
    assert_int_equal(refunded_of(1), 3000);
}

/* After each test nothing disagrees. */
static int expect_agreement(void **state)
{
    (void)state;
    expect_books_agree(db);
    return 0;
}

#define BOOKS_AGREE(test) cmocka_unit_test_setup_teardown(test, given_shop, expect_agreement)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOOKS_AGREE(refund_takes_what_disputes_leave),
        BOOKS_AGREE(what_was_won_can_be_refunded_and_what_was_lost_cannot),
        BOOKS_AGREE(dispute_leaves_what_a_refund_under_way_needs),
        BOOKS_AGREE(refund_of_lines_goes_round_what_is_disputed),
        BOOKS_AGREE(what_a_cheap_refund_left_can_be_disputed),
    };

    return cmocka_run_group_tests_name("dispute and refund", tests, db_suite_begin, db_suite_end);
}
