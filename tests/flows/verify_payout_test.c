/*
 * Verify over payouts and adjustments: payouts that are open, succeeded, failed and came back, and an adjustment of
 * each kind; every column of them is changed, and rows are taken out, and each time verify must name it.
 */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "flows/complete_payout.h"
#include "flows/create_adjustment.h"
#include "flows/pay_statement.h"
#include "lib/payouts.h"
#include "settlement/ops_adjustment.h"
#include "settlement/ops_statement.h"

enum { ACCOUNT = 5, PAYOUTS = 4 };

static struct partner_row artist;
static bool is_reached[FINDING_COUNT];

static void given_adjustment(enum adjustment_kind kind, int64_t amount_minor)
{
    struct create_adjustment c = {
        .reason = "test", .row = {.kind = (int32_t)kind, .currency = "EUR", .amount_minor = amount_minor, .rate = ""}};

    if (kind == ADJUSTMENT_CHANNEL_PAID) {
        c.row.channel_account_id = ACCOUNT;
    } else if (kind == ADJUSTMENT_CONVERSION) {
        c.row.to_amount_minor = 10834;
        memcpy(c.row.to_currency, "USD", CURRENCY_SIZE);
        c.row.rate = "1.0834";
    } else {
        c.row.partner_id = artist.partner_id;
    }
    assert_int_equal(act(db, &create_adjustment_plan, &c, sizeof c, NULL), 0);
}

static int begin(void **state)
{
    int64_t payout_id;

    (void)state;
    db = test_db_start();
    given_channel(db, ACCOUNT);
    write_bank_account(db);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_channel_account_id = 5, payout_account = 'artist-bank', "
                    "payout_account_time_ms = 1, create_time_ms = 1");
    pay_statement_use_account_hold(HOUR_MS);
    statement_use_approval_limit(100000);
    given_payout(db, artist.partner_id);
    hear_of_payout(db, given_payout(db, artist.partner_id), CHANNEL_PAID_OUT);
    hear_of_payout(db, given_payout(db, artist.partner_id), CHANNEL_FAILED);
    payout_id = given_payout(db, artist.partner_id);
    hear_of_payout(db, payout_id, CHANNEL_PAID_OUT);
    hear_of_payout(db, payout_id, CHANNEL_RETURNED);
    given_adjustment(ADJUSTMENT_PARTNER_DEBIT, 10);
    given_adjustment(ADJUSTMENT_PROMOTION, 20);
    given_adjustment(ADJUSTMENT_CHANNEL_PAID, 30);
    given_adjustment(ADJUSTMENT_CONVERSION, 10000);
    return 0;
}

static void keep(const char *table)
{
    test_db_run(db, arena_printf(db->arena, "CREATE TABLE bmt_settlement.kept_%s AS SELECT * FROM bmt_settlement.%s",
                                 table, table));
}

/* Verify must find what the statement has broken, of one of two kinds; then it is mended. */
static void expect_named(const char *table, enum finding_kind kind, enum finding_kind other, const char *statement)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    struct found_list list;

    test_db_run(db, statement);
    list = look_at_books(db, arena, &report);
    if (list.by_kind[kind] == 0 && list.by_kind[other] == 0)
        fail_msg("%s was not found after %s", finding_info(kind)->name, statement);
    for (int i = 0; i < FINDING_COUNT; i++)
        is_reached[i] = is_reached[i] || list.by_kind[i] > 0;
    test_db_run(db, arena_printf(db->arena, "DELETE FROM bmt_settlement.%s", table));
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_settlement.%s SELECT * FROM bmt_settlement.kept_%s", table,
                                 table));
}

/* Every row in turn gets each of the changes. */
static void tamper(const char *table, const char *key, enum finding_kind kind, enum finding_kind other,
                   const char *const *changes, size_t n)
{
    const long long n_rows =
        test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_settlement.%s", table));

    assert_true(n_rows >= PAYOUTS);
    keep(table);
    for (long long row = 0; row < n_rows; row++) {
        const char *where = test_db_text(
            db, arena_printf(db->arena, "SELECT %s FROM bmt_settlement.kept_%s ORDER BY 1 LIMIT 1 OFFSET %lld", key,
                             table, row));

        for (size_t i = 0; i < n; i++)
            expect_named(table, kind, other,
                         arena_printf(db->arena, "UPDATE bmt_settlement.%s SET %s WHERE %s", table, changes[i], where));
        expect_named(table, kind == FINDING_PAYOUT_EVENTS ? kind : FINDING_TRANSFER_SOURCE, kind,
                     arena_printf(db->arena, "DELETE FROM bmt_settlement.%s WHERE %s", table, where));
    }
}

static void any_change_of_a_payout_is_named(void **state)
{
    static const char *const of_payout[] = {"payout_id = payout_id + 1",
                                            "biz_id = biz_id + 1",
                                            "partner_id = partner_id + 1",
                                            "channel_account_id = channel_account_id + 1",
                                            "currency = 'USD'",
                                            "amount_minor = amount_minor + 1",
                                            "state = state % 6 + 1",
                                            "create_time_ms = create_time_ms + 1",
                                            "succeed_time_ms = succeed_time_ms + 1"};
    static const char *const of_statement[] = {"statement_id = statement_id + 1", "version = version + 1"};
    static const char *const of_event[] = {"payout_id = payout_id + 1", "version = version + 50", "event = event + 1",
                                           "from_state = from_state + 1", "to_state = to_state + 1"};

    (void)state;
    expect_books_agree(db);
    tamper("payouts", "CONCAT('payout_id=', payout_id)", FINDING_PAYOUT_TRANSFER, FINDING_PAYOUT_EVENTS, of_payout,
           COUNT_OF(of_payout));
    test_db_run(db, "DROP TABLE bmt_settlement.kept_payouts");
    tamper("payouts", "CONCAT('payout_id=', payout_id)", FINDING_PAYOUT_STATEMENT, FINDING_PAYOUT_EVENTS, of_statement,
           COUNT_OF(of_statement));
    tamper("payout_events", "CONCAT('payout_id=', payout_id, ' AND version=', version)", FINDING_PAYOUT_EVENTS,
           FINDING_PAYOUT_EVENTS, of_event, COUNT_OF(of_event));
    /* Of a payout that is not there, before all others and behind them. */
    for (int sign = -1; sign <= 1; sign += 2)
        expect_named("payout_events", FINDING_PAYOUT_EVENTS, FINDING_PAYOUT_EVENTS,
                     arena_printf(db->arena,
                                  "INSERT INTO bmt_settlement.payout_events SELECT payout_id + %d, version, biz_id, "
                                  "event, from_state, to_state, actor, detail, create_time_ms FROM "
                                  "bmt_settlement.kept_payout_events ORDER BY payout_id * %d DESC LIMIT 1",
                                  sign, sign));
    keep("partner_statements");
    expect_named("partner_statements", FINDING_PAYOUT_STATEMENT, FINDING_PAYOUT_STATEMENT,
                 "UPDATE bmt_settlement.partner_statements SET state = 2 WHERE state = 4");
    expect_books_agree(db);
}

static void any_change_of_an_adjustment_is_named(void **state)
{
    static const char *const changes[] = {
        "adjustment_id = adjustment_id + 1",
        "biz_id = biz_id + 1",
        "kind = kind % 5 + 1",
        "partner_id = partner_id + 1",
        "channel_account_id = channel_account_id + 1",
        "currency = 'GBP'",
        "amount_minor = amount_minor + 1",
        "to_currency = IF(to_currency = '', 'USD', 'GBP')",
        "to_amount_minor = to_amount_minor + 1",
        "create_time_ms = create_time_ms + 1",
    };

    (void)state;
    tamper("adjustments", "CONCAT('adjustment_id=', adjustment_id)", FINDING_ADJUSTMENT_TRANSFER,
           FINDING_TRANSFER_SOURCE, changes, COUNT_OF(changes));
    expect_books_agree(db);
}

static void each_finding_was_made(void **state)
{
    (void)state;
    for (int kind = FINDING_PAYOUT_TRANSFER; kind <= FINDING_ADJUSTMENT_TRANSFER; kind++)
        if (!is_reached[kind])
            fail_msg("nothing breaks %s", finding_info((enum finding_kind)kind)->name);
    assert_true(is_reached[FINDING_TRANSFER_SOURCE]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_change_of_a_payout_is_named),
        cmocka_unit_test(any_change_of_an_adjustment_is_named),
        cmocka_unit_test(each_finding_was_made),
    };

    return cmocka_run_group_tests_name("verify_payout", tests, begin, db_suite_end);
}
