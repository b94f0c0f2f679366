/* What channels say of refunds, and what becomes of them: above all, what is not taken for a proof that nothing was
 * paid. */
#include "lib/db_suite.h"

#include "flows/complete_refund.h"
#include "flows/refund_order.h"
#include "flows/repair_payment.h"
#include "lib/given.h"

enum { PAYMENT = 901, REFUND = 700, LINE = 31 };

/* Money of 12.50 EUR that came after its order had closed, so that a refund concerns no order. */
static int clear(void **state)
{
    int64_t order;

    (void)state;
    test_db_clear(db);
    given_channel(db, 5);
    order = given_pending_order(db, "u1", given_sale(db, TEST_BIZ, "gold", 1250, 10).sku_id, 1);
    assert_int_equal(close_with(db, order, NULL), 0);
    given_money(db, PAYMENT, order, 1250);
    return 0;
}

static long long number(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s", what));
}

/* The late money's own refund, made to be in this state, at version 1 and attempt 1. */
static void given_refund(int refund_state)
{
    test_db_run(db, "DELETE FROM bmt_payment.refund_events");
    test_db_run(db, "DELETE FROM bmt_settlement.transfers WHERE kind IN (2, 4)"); /* it is booked once */
    test_db_run(db,
                arena_printf(db->arena,
                             "UPDATE bmt_payment.refunds SET refund_id = %d, state = %d, version = 1, attempts = 1, "
                             "failure = '', succeed_time_ms = 0",
                             REFUND, refund_state));
    test_db_run(db, "UPDATE bmt_payment.payments SET refund_minor = 1250");
}

enum occasion { ASKED, OUTRUN, QUERIED };

static struct complete_refund hear(enum channel_word word, enum occasion occasion)
{
    return (struct complete_refund){.refund_id = REFUND,
                                    .verdict = {.word = word,
                                                .refund_id = REFUND,
                                                .amount = money_of(1250, "EUR"),
                                                .ref = "cr_1",
                                                .action_url = "",
                                                .failure = "because"},
                                    .is_ask = occasion != QUERIED,
                                    .turn = {.version = 1, .attempts = occasion == OUTRUN ? 0 : 1}};
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
        {REFUND_CREATED, CHANNEL_REFUSED, ASKED, REFUND_FAILED, false},
        {REFUND_CREATED, CHANNEL_REFUSED, OUTRUN, REFUND_CREATED, false},
        {REFUND_CREATED, CHANNEL_REFUSED, QUERIED, REFUND_CREATED, false},
        {REFUND_CREATED, CHANNEL_WAITS, ASKED, REFUND_PENDING, false},
        {REFUND_CREATED, CHANNEL_GAVE_BACK, ASKED, REFUND_SUCCEEDED, false},
        {REFUND_CREATED, CHANNEL_GAVE_BACK, OUTRUN, REFUND_SUCCEEDED, false},
        {REFUND_CREATED, CHANNEL_FAILED, ASKED, REFUND_FAILED, false},
        {REFUND_CREATED, CHANNEL_UNCLEAR, ASKED, REFUND_UNKNOWN, false},
        {REFUND_CREATED, CHANNEL_UNCLEAR, QUERIED, REFUND_CREATED, false},
        {REFUND_CREATED, CHANNEL_NOT_ASKED, ASKED, REFUND_CREATED, false},
        {REFUND_CREATED, CHANNEL_MISSING, ASKED, REFUND_CREATED, false},
        {REFUND_CREATED, CHANNEL_MISSING, QUERIED, REFUND_CREATED, true},
        {REFUND_UNKNOWN, CHANNEL_MISSING, QUERIED, REFUND_UNKNOWN, true},
        {REFUND_UNKNOWN, CHANNEL_REFUSED, ASKED, REFUND_FAILED, false}, /* after MISSING */
        {REFUND_UNKNOWN, CHANNEL_REFUSED, OUTRUN, REFUND_UNKNOWN, false},
        {REFUND_UNKNOWN, CHANNEL_REFUSED, QUERIED, REFUND_UNKNOWN, false},
        {REFUND_UNKNOWN, CHANNEL_UNCLEAR, ASKED, REFUND_UNKNOWN, false},
        {REFUND_UNKNOWN, CHANNEL_WAITS, QUERIED, REFUND_PENDING, false},
        {REFUND_UNKNOWN, CHANNEL_GAVE_BACK, QUERIED, REFUND_SUCCEEDED, false},
        {REFUND_UNKNOWN, CHANNEL_FAILED, QUERIED, REFUND_FAILED, false},
        {REFUND_PENDING, CHANNEL_REFUSED, OUTRUN, REFUND_PENDING, false},
        {REFUND_PENDING, CHANNEL_MISSING, QUERIED, REFUND_PENDING, false},
        {REFUND_PENDING, CHANNEL_GAVE_BACK, QUERIED, REFUND_SUCCEEDED, false},
        {REFUND_PENDING, CHANNEL_FAILED, QUERIED, REFUND_FAILED, false},
        {REFUND_FAILED, CHANNEL_GAVE_BACK, QUERIED, REFUND_FAILED, false},
        {REFUND_FAILED, CHANNEL_MISSING, QUERIED, REFUND_FAILED, false},
        {REFUND_SUCCEEDED, CHANNEL_REFUSED, ASKED, REFUND_SUCCEEDED, false},
        {REFUND_SUCCEEDED, CHANNEL_FAILED, QUERIED, REFUND_SUCCEEDED, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct complete_refund c = hear(cases[i].word, cases[i].occasion);

        given_refund(cases[i].from);
        assert_int_equal(act(db, &complete_refund_plan, &c, sizeof c, NULL), 0);
        if (number("state FROM bmt_payment.refunds") != cases[i].to || c.is_to_ask != cases[i].is_to_ask)
            fail_msg("row %zu leads to %lld", i, number("state FROM bmt_payment.refunds"));
        assert_int_equal(number("COUNT(*) FROM bmt_payment.refund_events"), cases[i].from != cases[i].to);
        assert_int_equal(number("refund_minor FROM bmt_payment.payments"),
                         cases[i].to == REFUND_FAILED && cases[i].from != REFUND_FAILED ? 0 : 1250);
    }
}

/* Nobody is asked again for what another turn is at. */
static void refund_is_not_asked_for_by_a_turn_that_is_over(void **state)
{
    struct complete_refund c = hear(CHANNEL_MISSING, QUERIED);

    (void)state;
    given_refund(REFUND_UNKNOWN);
    c.turn.attempts = 0;
    assert_int_equal(act(db, &complete_refund_plan, &c, sizeof c, NULL), 0);
    assert_false(c.is_to_ask);
}

static void only_what_nobody_has_asked_for_is_asked_for_unseen(void **state)
{
    static const struct {
        int refund_state;
        enum refund_purpose purpose;
        int32_t attempts;
        bool is_unasked;
    } cases[] = {
        {REFUND_CREATED, REFUND_OF_LATE, 1, true},   {REFUND_CREATED, REFUND_OF_LATE, 2, false},
        {REFUND_CREATED, REFUND_OF_ORDER, 1, false}, {REFUND_UNKNOWN, REFUND_OF_LATE, 1, false},
        {REFUND_PENDING, REFUND_OF_LATE, 1, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(refund_is_unasked(&(struct refund_row){.state = cases[i].refund_state,
                                                                .purpose = (int32_t)cases[i].purpose,
                                                                .attempts = cases[i].attempts}),
                         cases[i].is_unasked);
}

/* A line of a statement, and what its repair says: `is_look` only, then in earnest. */
static void expect_repair(enum statement_line_kind kind, int64_t object_id, bool has_done)
{
    test_db_run(db, "DELETE FROM bmt_payment.statement_lines");
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.statement_lines VALUES (%d, 1, 1, 1, 1001, 5, %d, %lld, "
                                 "'%s', 'ct_1', 'EUR', 1250, 1, 0)",
                                 LINE, (int)kind, (long long)object_id, kind == STATEMENT_PAYMENT ? "cp_901" : "cr_1"));
    for (int is_look = 1; is_look >= 0; is_look--) {
        const struct statement_repair repair = {.line_id = LINE, .actor = "test", .is_look = is_look != 0};
        const long long before = test_db_checksum(db);
        const char *done = "";
        struct err err = {0};

        assert_int_equal(repair_by_statement(db->session, &repair, db->arena, &done, &err), 0);
        assert_int_equal(done != NULL, has_done);
        assert_int_equal(test_db_checksum(db) != before, has_done && !repair.is_look);
    }
}

/* No repair may say that it did what it did not: here all of the payment has gone back by another refund. */
static void statement_repairs_only_what_it_moves(void **state)
{
    (void)state;
    given_refund(REFUND_FAILED);
    expect_repair(STATEMENT_REFUND, REFUND, false);
    given_refund(REFUND_UNKNOWN);
    expect_repair(STATEMENT_REFUND, REFUND, true);
    assert_int_equal(number("state FROM bmt_payment.refunds"), REFUND_SUCCEEDED);
    expect_repair(STATEMENT_REFUND, REFUND, false);
    expect_repair(STATEMENT_PAYMENT, PAYMENT, false);
    test_db_run(db, "DELETE FROM bmt_payment.payment_events");
    test_db_run(db, "DELETE FROM bmt_payment.refunds");
    test_db_run(db, "DELETE FROM bmt_settlement.transfers"); /* it is booked once */
    test_db_run(db, "UPDATE bmt_payment.payments SET state = 4, version = 2, is_late = 0, refund_minor = 0, "
                    "succeed_time_ms = 0");
    expect_repair(STATEMENT_PAYMENT, PAYMENT, true);
    assert_int_equal(number("state FROM bmt_payment.payments"), PAYMENT_SUCCEEDED);
}

/* One of two refunds whose order lies, as it was broken by hand: the other ends as if it were alone. */
static void a_lying_order_stops_only_its_own_refund(void **state)
{
    const struct sale silver = given_sale(db, TEST_BIZ, "silver", 1250, 10);
    struct complete_refund ends[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct begin_refund asked = {
            .order_id = given_pending_order(db, "u1", silver.sku_id, 1), .wants_all = true, .reason = "test"};

        given_money(db, PAYMENT + 1 + (int64_t)i, asked.order_id, 1250);
        assert_int_equal(act(db, &begin_refund_plan, &asked, sizeof asked, NULL), 0);
        ends[i] = (struct complete_refund){
            .refund_id = asked.refund_id,
            .verdict = {.word = CHANNEL_GAVE_BACK, .action_url = "", .failure = ""},
        };
    }
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_order.orders SET state = 4 WHERE refund_id = %lld",
                                 (long long)ends[0].refund_id));
    act_together(db, &complete_refund_plan, ends, 2, sizeof ends[0]);
    assert_int_equal(ends[0].command.err.id, ERR_INTERNAL_ERROR);
    assert_int_equal(ends[1].command.err.id, 0);
    assert_int_equal(number("COUNT(*) FROM bmt_order.orders WHERE state = 8"), 1);
    assert_int_equal(number("COUNT(*) FROM bmt_payment.refunds WHERE purpose = 1 AND state = 3"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(channels_words_lead_where_they_must, clear),
        cmocka_unit_test_setup(refund_is_not_asked_for_by_a_turn_that_is_over, clear),
        cmocka_unit_test_setup(statement_repairs_only_what_it_moves, clear),
        cmocka_unit_test_setup(a_lying_order_stops_only_its_own_refund, clear),
        cmocka_unit_test(only_what_nobody_has_asked_for_is_asked_for_unseen),
    };

    return cmocka_run_group_tests_name("refund_words", tests, db_suite_begin, db_suite_end);
}
