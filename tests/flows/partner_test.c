/* Partners: what is stored, what an update changes, what is refused. */
#include "lib/db_suite.h"

#include <string.h>

#include "base/clock.h"
#include "lib/partners.h"

enum { ACCOUNT = 5 };

static long long count(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_settlement.%s", what));
}

static void partner_begins_active_with_a_period(void **state)
{
    struct create_partner c = partner_named("studio");
    const int64_t before_ms = clock_now_ms();

    (void)state;
    given_channel(db, ACCOUNT);
    c.row.payout_channel_account_id = ACCOUNT;
    c.row.payout_account = "studio-bank";
    c.row.threshold_minor = 5000;
    c.row.hold_back_s = 3600;
    assert_int_equal(act(db, &create_partner_plan, &c, sizeof c, NULL), 0);

    const struct partner_row row = partner_now(db, c.row.partner_id);

    assert_string_equal(row.code, "studio");
    assert_string_equal(row.currency, "EUR");
    assert_int_equal(row.state, PARTNER_ACTIVE);
    assert_int_equal(row.version, 1);
    assert_int_equal(row.payout_channel_account_id, ACCOUNT);
    assert_string_equal(row.payout_account, "studio-bank");
    assert_true(row.payout_account_time_ms >= before_ms);
    assert_int_equal(row.threshold_minor, 5000);
    assert_int_equal(row.hold_back_s, 3600);
    assert_true(row.due_time_ms > before_ms && row.due_time_ms <= before_ms + 25 * HOUR_MS);
    assert_int_equal(given_partner(db, TEST_BIZ, "bare", "EUR").payout_account_time_ms, 0);
}

static void partner_is_created_once_under_a_request_id(void **state)
{
    struct create_partner first = partner_named("studio");
    struct create_partner second = partner_named("studio");
    struct create_partner other = partner_named("other");

    (void)state;
    other.command.fingerprint[0] = 1;
    assert_int_equal(act(db, &create_partner_plan, &first, sizeof first, "once"), 0);
    assert_int_equal(act(db, &create_partner_plan, &second, sizeof second, "once"), 0);
    assert_int_equal(act(db, &create_partner_plan, &other, sizeof other, "once"), ERR_REQUEST_ID_REUSED);
    assert_int_equal(count("partners"), 1);
}

static void codes_are_taken_once_in_a_business(void **state)
{
    struct create_partner same = partner_named("studio");

    (void)state;
    given_partner(db, TEST_BIZ, "studio", "EUR");
    given_partner(db, OTHER_BIZ, "studio", "EUR");
    assert_int_equal(act(db, &create_partner_plan, &same, sizeof same, NULL), ERR_PARTNER_CODE_TAKEN);
    assert_string_equal(err_value(&same.command.err, 0), "studio");
}

/* Of one batch the first gets the code; one that was refused for another reason has not taken it. */
static void codes_are_taken_once_in_a_batch(void **state)
{
    struct create_partner together[] = {partner_named("a"), partner_named("b"), partner_named("a"), partner_named("b"),
                                        partner_named("b")};

    (void)state;
    together[1].row.payout_channel_account_id = 64;
    together[4].command.biz_id = OTHER_BIZ;
    act_together(db, &create_partner_plan, together, 5, sizeof *together);
    assert_int_equal(together[0].command.err.id, 0);
    assert_int_equal(together[1].command.err.id, ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    assert_int_equal(together[2].command.err.id, ERR_PARTNER_CODE_TAKEN);
    assert_int_equal(together[3].command.err.id, 0);
    assert_int_equal(together[4].command.err.id, 0);
    assert_int_equal(count("partners"), 3);
}

static void payout_channel_is_the_business_s_own(void **state)
{
    struct create_partner unknown = partner_named("studio");
    struct create_partner foreign = partner_named("studio");
    struct partner_row row;
    struct update_partner to_unknown;
    struct update_partner to_none;

    (void)state;
    given_channel(db, ACCOUNT);
    given_partner(db, TEST_BIZ, "studio", "EUR");
    unknown.row.payout_channel_account_id = 64;
    foreign.row.payout_channel_account_id = ACCOUNT;
    foreign.command.biz_id = OTHER_BIZ;
    /* before the code, which is taken too */
    assert_int_equal(act(db, &create_partner_plan, &unknown, sizeof unknown, NULL), ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    assert_int_equal(act(db, &create_partner_plan, &foreign, sizeof foreign, NULL), ERR_CHANNEL_ACCOUNT_NOT_FOUND);

    row = given_partner(db, TEST_BIZ, "other", "EUR");
    to_unknown = update_of(row.partner_id, PARTNER_PAYOUT_CHANNEL);
    to_unknown.values.payout_channel_account_id = 64;
    assert_int_equal(act(db, &update_partner_plan, &to_unknown, sizeof to_unknown, NULL),
                     ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    to_none = update_of(row.partner_id, PARTNER_PAYOUT_CHANNEL);
    assert_int_equal(act(db, &update_partner_plan, &to_none, sizeof to_none, NULL), 0);
}

static void update_changes_what_is_named_and_nothing_else(void **state)
{
    const struct partner_row old = given_partner(db, TEST_BIZ, "studio", "EUR");
    struct update_partner c = update_of(old.partner_id, PARTNER_TITLE | PARTNER_THRESHOLD | PARTNER_HOLD_BACK);
    struct update_partner stale = update_of(old.partner_id, PARTNER_TITLE);
    struct update_partner unknown = update_of(64, PARTNER_TITLE);
    struct update_partner foreign = update_of(old.partner_id, PARTNER_TITLE);

    (void)state;
    c.version = 1;
    c.values = (struct partner_row){
        .title = "New", .threshold_minor = 7, .hold_back_s = 9, .state = PARTNER_CLOSED, .cutoff_minutes = 5};
    assert_int_equal(act(db, &update_partner_plan, &c, sizeof c, NULL), 0);

    const struct partner_row row = partner_now(db, old.partner_id);

    assert_string_equal(row.title, "New");
    assert_int_equal(row.threshold_minor, 7);
    assert_int_equal(row.hold_back_s, 9);
    assert_int_equal(row.state, PARTNER_ACTIVE);
    assert_int_equal(row.cutoff_minutes, 0);
    assert_int_equal(row.due_time_ms, old.due_time_ms);
    assert_int_equal(row.version, 2);

    stale.version = 1;
    stale.values.title = unknown.values.title = foreign.values.title = "Newer";
    foreign.command.biz_id = OTHER_BIZ;
    assert_int_equal(act(db, &update_partner_plan, &stale, sizeof stale, NULL), ERR_ETAG_MISMATCH);
    assert_int_equal(act(db, &update_partner_plan, &unknown, sizeof unknown, NULL), ERR_PARTNER_NOT_FOUND);
    assert_int_equal(act(db, &update_partner_plan, &foreign, sizeof foreign, NULL), ERR_PARTNER_NOT_FOUND);
    assert_string_equal(partner_now(db, old.partner_id).title, "New");
}

/* The hold-back runs from a change of the account, not from naming the same one again. */
static void payout_account_counts_as_changed_when_it_is_another(void **state)
{
    const struct partner_row old = given_partner(db, TEST_BIZ, "studio", "EUR");
    struct update_partner c = update_of(old.partner_id, PARTNER_PAYOUT_ACCOUNT);
    struct update_partner again = update_of(old.partner_id, PARTNER_PAYOUT_ACCOUNT);
    struct update_partner other = update_of(old.partner_id, PARTNER_PAYOUT_ACCOUNT);

    (void)state;
    c.values.payout_account = again.values.payout_account = "bank-1";
    other.values.payout_account = "bank-2";
    assert_int_equal(act(db, &update_partner_plan, &c, sizeof c, NULL), 0);
    assert_true(c.row.payout_account_time_ms >= old.create_time_ms);
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_account_time_ms = 1");
    assert_int_equal(act(db, &update_partner_plan, &again, sizeof again, NULL), 0);
    assert_int_equal(partner_now(db, old.partner_id).payout_account_time_ms, 1);
    assert_int_equal(act(db, &update_partner_plan, &other, sizeof other, NULL), 0);
    assert_true(partner_now(db, old.partner_id).payout_account_time_ms > 1);
}

static void changed_schedule_moves_the_end_of_the_period_under_way(void **state)
{
    const struct partner_row old = given_partner(db, TEST_BIZ, "studio", "EUR");
    struct update_partner same = update_of(old.partner_id, PARTNER_SCHEDULE | PARTNER_TIME_ZONE | PARTNER_CUTOFF);
    struct update_partner monthly = update_of(old.partner_id, PARTNER_SCHEDULE);
    struct update_partner late = update_of(old.partner_id, PARTNER_CUTOFF);

    (void)state;
    same.values = (struct partner_row){.schedule = SCHEDULE_DAILY, .time_zone = "UTC"};
    monthly.values.schedule = SCHEDULE_MONTHLY;
    late.values.cutoff_minutes = 60;
    test_db_run(db, "UPDATE bmt_settlement.partners SET due_time_ms = due_time_ms + 7");
    assert_int_equal(act(db, &update_partner_plan, &same, sizeof same, NULL), 0);
    assert_int_equal(partner_now(db, old.partner_id).due_time_ms, old.due_time_ms + 7);
    assert_int_equal(act(db, &update_partner_plan, &monthly, sizeof monthly, NULL), 0);
    assert_true(partner_now(db, old.partner_id).due_time_ms != old.due_time_ms + 7);
    assert_true(partner_now(db, old.partner_id).due_time_ms > clock_now_ms());

    /* One that is over waits for its statement. */
    test_db_run(db, "UPDATE bmt_settlement.partners SET due_time_ms = 1000");
    assert_int_equal(act(db, &update_partner_plan, &late, sizeof late, NULL), 0);
    assert_int_equal(partner_now(db, old.partner_id).due_time_ms, 1000);
    assert_int_equal(partner_now(db, old.partner_id).cutoff_minutes, 60);
}

/* They follow each other: one that is refused has not changed the etag for the next. */
static void updates_of_one_partner_in_a_batch_follow_each_other(void **state)
{
    const struct partner_row old = given_partner(db, TEST_BIZ, "studio", "EUR");
    struct update_partner together[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        together[i] = update_of(old.partner_id, PARTNER_TITLE);
        together[i].values.title = arena_printf(db->arena, "title %zu", i);
        together[i].version = i < 3 ? 1 : 2;
    }
    together[0].fields |= PARTNER_PAYOUT_CHANNEL;
    together[0].values.payout_channel_account_id = 64;
    act_together(db, &update_partner_plan, together, 4, sizeof *together);
    assert_int_equal(together[0].command.err.id, ERR_CHANNEL_ACCOUNT_NOT_FOUND);
    assert_int_equal(together[1].command.err.id, 0);
    assert_int_equal(together[2].command.err.id, ERR_ETAG_MISMATCH);
    assert_int_equal(together[3].command.err.id, 0);
    assert_string_equal(partner_now(db, old.partner_id).title, "title 3");
    assert_int_equal(partner_now(db, old.partner_id).version, 3);
}

static void due_partners_come_the_longest_due_first(void **state)
{
    const struct partner_row a = given_partner(db, TEST_BIZ, "a", "EUR");
    const struct partner_row b = given_partner(db, OTHER_BIZ, "b", "EUR");
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct partner_row *rows = NULL;
    size_t n = 0;
    struct err err = {0};

    (void)state;
    given_partner(db, TEST_BIZ, "c", "EUR");
    test_db_run(db, "UPDATE bmt_settlement.partners SET due_time_ms = IF(code = 'a', 200, IF(code = 'b', 100, 300))");
    assert_int_equal(tx_begin_read(db->session, &tx, &err), 0);
    assert_int_equal(settlement_store_find_due_partners(tx, 200, 10, db->arena, &rows, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].partner_id, b.partner_id);
    assert_int_equal(rows[1].partner_id, a.partner_id);
    assert_int_equal(settlement_store_find_due_partners(tx, 200, 1, db->arena, &rows, &n, &err), 0);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(partner_begins_active_with_a_period, db_suite_empty),
        cmocka_unit_test_setup(partner_is_created_once_under_a_request_id, db_suite_empty),
        cmocka_unit_test_setup(codes_are_taken_once_in_a_business, db_suite_empty),
        cmocka_unit_test_setup(codes_are_taken_once_in_a_batch, db_suite_empty),
        cmocka_unit_test_setup(payout_channel_is_the_business_s_own, db_suite_empty),
        cmocka_unit_test_setup(update_changes_what_is_named_and_nothing_else, db_suite_empty),
        cmocka_unit_test_setup(payout_account_counts_as_changed_when_it_is_another, db_suite_empty),
        cmocka_unit_test_setup(changed_schedule_moves_the_end_of_the_period_under_way, db_suite_empty),
        cmocka_unit_test_setup(updates_of_one_partner_in_a_batch_follow_each_other, db_suite_empty),
        cmocka_unit_test_setup(due_partners_come_the_longest_due_first, db_suite_empty),
    };

    return cmocka_run_group_tests_name("partner", tests, db_suite_begin, db_suite_end);
}
