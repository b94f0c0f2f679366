/*
 * Payouts against the lines of the channel's statement files, and partners' statements against their payouts: what
 * disagrees is found by its kind, and what a line proves is applied by the repair.
 */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <string.h>

#include "flows/repair_payment.h"
#include "lib/payouts.h"

static struct partner_row artist;

static int given_artist(void **state)
{
    (void)state;
    test_db_clear(db);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    given_bank_account(db);
    return 0;
}

enum line_kind { PAYOUT_LINE = 3, RETURN_LINE = 4 };

static void given_line(int64_t line_id, int64_t account_id, enum line_kind kind, int64_t payout_id,
                       const char *currency, int64_t amount_minor)
{
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.statement_lines VALUES (%lld, 1, 1, %lld, 1001, %lld, %d, "
                                 "%lld, 'co', 'ct_%lld', '%s', %lld, 1, 0)",
                                 (long long)line_id, (long long)line_id, (long long)account_id, (int)kind,
                                 (long long)payout_id, (long long)line_id, currency, (long long)amount_minor));
}

/* The statement of the payout's day; `n` of its parts have come of one. */
static void given_day(int64_t payout_id, int64_t days_later, int parts_seen)
{
    const int64_t succeed_ms = test_db_number(
        db, arena_printf(db->arena, "SELECT succeed_time_ms FROM bmt_settlement.payouts WHERE payout_id = %lld",
                         (long long)payout_id));
    const int64_t day_ms = 86400000;

    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.statements VALUES (%lld, 1001, 5, %lld, 1, %d, 0, 1, 1)",
                                 (long long)days_later + 1,
                                 (long long)(succeed_ms - succeed_ms % day_ms + days_later * day_ms), parts_seen));
}

/* Just these findings, each once. FINDING_COUNT: none. */
static void expect_found(enum finding_kind first, enum finding_kind second)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct found_list list = look_at_books(db, arena, &report);

    for (int kind = 0; kind < FINDING_COUNT; kind++)
        if (list.by_kind[kind] != (kind == (int)first) + (kind == (int)second))
            fail_msg("%s was found %lld times", finding_info((enum finding_kind)kind)->name,
                     (long long)list.by_kind[kind]);
}

static int64_t given_payout_at(enum channel_word word)
{
    const int64_t payout_id = given_payout(db, artist.partner_id);

    if (word != CHANNEL_NOT_ASKED)
        hear_of_payout(db, payout_id, word);
    return payout_id;
}

static void lines_are_compared_with_payouts(void **state)
{
    static const struct {
        enum channel_word first;
        enum channel_word second;
        enum line_kind kind;
        int64_t account;
        int64_t amount;
        const char *currency;
        enum finding_kind expected;
    } cases[] = {
        {CHANNEL_PAID_OUT, CHANNEL_NOT_ASKED, PAYOUT_LINE, 5, 750, "EUR", FINDING_COUNT},
        {CHANNEL_PAID_OUT, CHANNEL_RETURNED, PAYOUT_LINE, 5, 750, "EUR", FINDING_COUNT},
        {CHANNEL_PAID_OUT, CHANNEL_RETURNED, RETURN_LINE, 5, 750, "EUR", FINDING_COUNT},
        {CHANNEL_PAID_OUT, CHANNEL_NOT_ASKED, PAYOUT_LINE, 6, 750, "EUR", FINDING_STATEMENT_UNKNOWN},
        {CHANNEL_PAID_OUT, CHANNEL_NOT_ASKED, PAYOUT_LINE, 5, 749, "EUR", FINDING_STATEMENT_AMOUNT},
        {CHANNEL_PAID_OUT, CHANNEL_NOT_ASKED, PAYOUT_LINE, 5, 750, "USD", FINDING_STATEMENT_AMOUNT},
        {CHANNEL_PAID_OUT, CHANNEL_RETURNED, RETURN_LINE, 5, 751, "EUR", FINDING_STATEMENT_AMOUNT},
        {CHANNEL_NOT_ASKED, CHANNEL_NOT_ASKED, PAYOUT_LINE, 5, 750, "EUR", FINDING_STATEMENT_UNPROVEN},
        {CHANNEL_WAITS, CHANNEL_NOT_ASKED, PAYOUT_LINE, 5, 750, "EUR", FINDING_STATEMENT_UNPROVEN},
        {CHANNEL_WAITS, CHANNEL_NOT_ASKED, RETURN_LINE, 5, 750, "EUR", FINDING_STATEMENT_RETURN},
        {CHANNEL_PAID_OUT, CHANNEL_NOT_ASKED, RETURN_LINE, 5, 750, "EUR", FINDING_STATEMENT_RETURN},
        {CHANNEL_FAILED, CHANNEL_NOT_ASKED, PAYOUT_LINE, 5, 750, "EUR", FINDING_STATEMENT_PAYOUT_FAILED},
        {CHANNEL_FAILED, CHANNEL_NOT_ASKED, RETURN_LINE, 5, 750, "EUR", FINDING_STATEMENT_PAYOUT_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const int64_t payout_id = given_payout_at(cases[i].first);

        if (cases[i].second != CHANNEL_NOT_ASKED)
            hear_of_payout(db, payout_id, cases[i].second);
        expect_found(FINDING_COUNT, FINDING_COUNT);
        given_line(1, cases[i].account, cases[i].kind, payout_id, cases[i].currency, cases[i].amount);
        expect_found(cases[i].expected, FINDING_COUNT);
        test_db_run(db, "DELETE FROM bmt_payment.statement_lines");
    }
    given_line(1, 5, PAYOUT_LINE, 4711, "EUR", 750);
    given_line(2, 5, RETURN_LINE, 0, "EUR", 750);
    expect_found(FINDING_STATEMENT_UNKNOWN, FINDING_STATEMENT_UNKNOWN);
}

static void payout_that_is_listed_twice_is_found(void **state)
{
    const int64_t payout_id = given_payout_at(CHANNEL_PAID_OUT);

    (void)state;
    given_line(1, 5, PAYOUT_LINE, payout_id, "EUR", 750);
    given_line(2, 5, PAYOUT_LINE, payout_id, "EUR", 750);
    expect_found(FINDING_STATEMENT_TWICE, FINDING_STATEMENT_TWICE);
}

static void payout_without_a_line_is_missed_once_two_days_are_told(void **state)
{
    const int64_t payout_id = given_payout_at(CHANNEL_PAID_OUT);

    (void)state;
    given_payout_at(CHANNEL_FAILED); /* nothing of it is to be listed */
    given_payout_at(CHANNEL_WAITS);
    given_day(payout_id, 0, 1);
    expect_found(FINDING_COUNT, FINDING_COUNT); /* the next day may have it */
    given_day(payout_id, 1, 0);
    expect_found(FINDING_COUNT, FINDING_COUNT);
    test_db_run(db, "UPDATE bmt_payment.statements SET parts_seen = 1");
    expect_found(FINDING_STATEMENT_MISSING, FINDING_COUNT);
    given_line(1, 5, RETURN_LINE, payout_id, "EUR", 750);
    expect_found(FINDING_STATEMENT_MISSING, FINDING_STATEMENT_RETURN); /* what came back had to go */
    hear_of_payout(db, payout_id, CHANNEL_RETURNED);
    expect_found(FINDING_STATEMENT_MISSING, FINDING_COUNT);
    given_line(2, 5, PAYOUT_LINE, payout_id, "EUR", 750);
    expect_found(FINDING_COUNT, FINDING_COUNT);
}

/* What the repair says that it does; NULL: nothing. */
static const char *apply_line(int64_t line_id, bool is_look)
{
    const struct statement_repair repair = {.line_id = line_id, .actor = "operator", .is_look = is_look};
    const char *done = NULL;
    struct err err = {0};

    assert_int_equal(repair_by_statement(db->session, &repair, db->arena, &done, &err), 0);
    return done;
}

static long long state_of(int64_t payout_id)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT state FROM bmt_settlement.payouts WHERE payout_id = %lld",
                                           (long long)payout_id));
}

/* The dry run tells the same and changes nothing; done again, it does nothing. */
static void expect_repaired(int64_t line_id, const char *word)
{
    const long long before = test_db_checksum(db);

    assert_non_null(strstr(apply_line(line_id, true), word));
    assert_int_equal(test_db_checksum(db), before);
    assert_non_null(strstr(apply_line(line_id, false), word));
    assert_null(apply_line(line_id, true));
    assert_null(apply_line(line_id, false));
    expect_books_agree(db);
}

static void what_a_line_proves_is_applied(void **state)
{
    const int64_t waiting = given_payout_at(CHANNEL_WAITS);
    const int64_t unasked = given_payout_at(CHANNEL_NOT_ASKED);
    const int64_t paid = given_payout_at(CHANNEL_PAID_OUT);

    (void)state;
    given_line(1, 5, PAYOUT_LINE, waiting, "EUR", 750);
    expect_repaired(1, "the payout has succeeded");
    assert_int_equal(state_of(waiting), PAYOUT_SUCCEEDED);
    given_line(2, 5, RETURN_LINE, paid, "EUR", 750);
    expect_repaired(2, "came back");
    assert_int_equal(state_of(paid), PAYOUT_RETURNED);
    given_line(3, 5, RETURN_LINE, unasked, "EUR", 750); /* it went there and came back, and nobody had told us */
    expect_repaired(3, "came back");
    assert_int_equal(state_of(unasked), PAYOUT_RETURNED);
}

static void failed_payout_is_nothing_that_a_line_repairs(void **state)
{
    const int64_t payout_id = given_payout_at(CHANNEL_FAILED);
    long long before;

    (void)state;
    given_line(1, 5, PAYOUT_LINE, payout_id, "EUR", 750);
    before = test_db_checksum(db);
    assert_null(apply_line(1, true));
    assert_null(apply_line(1, false));
    assert_int_equal(test_db_checksum(db), before);
    assert_int_equal(finding_info(FINDING_STATEMENT_PAYOUT_FAILED)->repair, REPAIR_NONE);
}

/* Whether the pass over statements says so, or for a second payout the one over payouts. */
static bool is_paid_wrongly(void)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct found_list found = look_at_books(db, arena, &report);

    return found.by_kind[FINDING_PARTNER_STATEMENT_PAYOUT] > 0 || found.by_kind[FINDING_PAYOUT_STATEMENT] > 0;
}

static bool is_wrong_at(int64_t payout_id, enum statement_state statement, enum payout_state payout)
{
    test_db_run(db, arena_printf(db->arena,
                                 "UPDATE bmt_settlement.partner_statements SET state = %d WHERE payout_id = %lld",
                                 (int)statement, (long long)payout_id));
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_settlement.payouts SET state = %d WHERE payout_id = %lld",
                                 (int)payout, (long long)payout_id));
    return is_paid_wrongly();
}

static void paid_statement_has_just_one_payout_that_succeeded(void **state)
{
    const int64_t failed = given_payout_at(CHANNEL_FAILED);
    const int64_t paid = given_payout_at(CHANNEL_PAID_OUT);

    (void)state;
    expect_books_agree(db);
    assert_true(is_wrong_at(failed, STATEMENT_PAID, PAYOUT_FAILED)); /* by none */
    assert_true(is_wrong_at(failed, STATEMENT_PAYING, PAYOUT_FAILED));
    assert_true(is_wrong_at(failed, STATEMENT_FAILED, PAYOUT_UNKNOWN));
    assert_true(is_wrong_at(failed, STATEMENT_FAILED, PAYOUT_SUCCEEDED));
    assert_true(is_wrong_at(failed, STATEMENT_PAYING, PAYOUT_SUCCEEDED));
    assert_false(is_wrong_at(failed, STATEMENT_FAILED, PAYOUT_RETURNED));
    assert_false(is_wrong_at(failed, STATEMENT_FAILED, PAYOUT_FAILED));
    test_db_run(
        db, arena_printf(db->arena,
                         "INSERT INTO bmt_settlement.payouts SELECT 1, biz_id, partner_id, statement_id, "
                         "channel_account_id, payout_account, state, version, currency, amount_minor, channel_ref, "
                         "channel_transaction, failure, 'again', fingerprint, due_time_ms, attempts, create_time_ms, "
                         "update_time_ms, succeed_time_ms FROM bmt_settlement.payouts WHERE payout_id = %lld",
                         (long long)paid));
    assert_true(is_paid_wrongly()); /* by two */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_are_compared_with_payouts, given_artist),
        cmocka_unit_test_setup(payout_that_is_listed_twice_is_found, given_artist),
        cmocka_unit_test_setup(payout_without_a_line_is_missed_once_two_days_are_told, given_artist),
        cmocka_unit_test_setup(what_a_line_proves_is_applied, given_artist),
        cmocka_unit_test_setup(failed_payout_is_nothing_that_a_line_repairs, given_artist),
        cmocka_unit_test_setup(paid_statement_has_just_one_payout_that_succeeded, given_artist),
    };

    return cmocka_run_group_tests_name("payout_lines", tests, db_suite_begin, db_suite_end);
}
