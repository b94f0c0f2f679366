/* Partners' statements: what is in them, what they carry, who approves them; a period that is run again is the same. */
#include "lib/db_suite.h"

#include <string.h>

#include "base/clock.h"
#include "base/merkle.h"
#include "lib/partners.h"
#include "settlement/ops_statement.h"

static struct partner_row artist;
static int64_t next_entry;

/* The artist's statements are closed daily; the day of his creation is over. */
static int given_artist(void **state)
{
    (void)state;
    test_db_clear(db);
    next_entry = 1000;
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    test_db_run(db, "UPDATE bmt_settlement.partners SET create_time_ms = 1000, due_time_ms = 1000000");
    statement_use_approval_limit(100000);
    return 0;
}

/* Entries of orders 7000 + their number, one line each. */
static void given_entries(int n, int64_t amount_minor, int64_t payable_ms)
{
    test_db_run(db, arena_printf(
                        db->arena,
                        "INSERT INTO bmt_settlement.clearing_entries SELECT %lld + seq, %lld, %lld, 7000 + %lld + "
                        "seq, 1, 1, 2, 'EUR', %lld, 0, 0, 0, 0, %lld, %lld FROM bmt_settlement.seq_1_to_%d",
                        (long long)next_entry, (long long)TEST_BIZ, (long long)artist.partner_id, (long long)next_entry,
                        (long long)amount_minor, (long long)payable_ms, (long long)payable_ms, n));
    next_entry += n;
}

static void gather(int64_t statement_id)
{
    struct gather_statement c = {.goes_on = true};

    while (c.goes_on) {
        c = (struct gather_statement){.statement_id = statement_id};
        assert_int_equal(act(db, &gather_statement_plan, &c, sizeof c, NULL), 0);
    }
}

static int close_at(int64_t to_time_ms, struct partner_statement_row *ret)
{
    struct close_statement c = {.partner_id = artist.partner_id, .currency = "EUR", .to_time_ms = to_time_ms};
    const int rc = act(db, &close_statement_plan, &c, sizeof c, NULL);

    *ret = c.row;
    return rc;
}

static struct partner_statement_row statement_now(int64_t statement_id)
{
    struct get_statement c = {.statement_id = statement_id};

    assert_int_equal(act(db, &get_statement_plan, &c, sizeof c, NULL), 0);
    return c.row;
}

static struct partner_statement_row given_closed(int64_t to_time_ms)
{
    struct partner_statement_row row;

    assert_int_equal(close_at(to_time_ms, &row), 0);
    gather(row.statement_id);
    return statement_now(row.statement_id);
}

static void open_periods(void)
{
    struct open_period c = {.goes_on = true};

    while (c.goes_on) {
        c = (struct open_period){.partner_id = artist.partner_id};
        assert_int_equal(act(db, &open_period_plan, &c, sizeof c, NULL), 0);
    }
}

static long long number(const char *query)
{
    return test_db_number(db, query);
}

static struct sql_bytes no_reply(const struct command *command, struct arena *arena)
{
    (void)command;
    return (struct sql_bytes){.data = arena_alloc(arena, 1), .size = 0};
}

/* `act` always acts as the same person. */
static int approve(int64_t statement_id, const char *actor)
{
    static int n;
    struct approve_statement c = {.command = {.biz_id = TEST_BIZ,
                                              .actor = actor,
                                              .method = "approve",
                                              .request_id = arena_printf(db->arena, "approve-%d", ++n),
                                              .pack = no_reply},
                                  .statement_id = statement_id,
                                  .reason = "checked"};

    batch_run(db->session, &approve_statement_plan, db->arena, &c, 1, sizeof c);
    return (int)c.command.err.id;
}

static void statement_takes_what_is_payable_before_its_end(void **state)
{
    struct partner_statement_row row;

    (void)state;
    given_entries(3, 500, 40000);
    given_entries(1, 900, 50000); /* held back until the period's end */
    row = given_closed(50000);
    assert_int_equal(row.state, STATEMENT_CLOSED);
    assert_int_equal(row.from_time_ms, 1000);
    assert_int_equal(row.entry_count, 3);
    assert_int_equal(row.total_minor, 1500);
    assert_int_equal(row.approvals_needed, 1);
    assert_int_equal(row.root.size, SHA256_SIZE);
    assert_int_equal(
        number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE state = 2 AND statement_id = 0"), 1);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statement_events"), 2);
    row = given_closed(60000); /* the next period has it */
    assert_int_equal(row.from_time_ms, 50000);
    assert_int_equal(row.total_minor, 900);
    assert_int_equal(row.carried_minor, 0); /* what can be paid is not carried */
}

static void period_that_runs_again_changes_nothing(void **state)
{
    struct partner_statement_row first;
    struct partner_statement_row again;

    (void)state;
    given_entries(3, 500, 40000);
    first = given_closed(50000);
    given_entries(2, 500, 40000); /* came too late: the next one's */
    again = given_closed(50000);
    assert_int_equal(again.statement_id, first.statement_id);
    assert_int_equal(again.version, first.version);
    assert_int_equal(again.total_minor, 1500);
    assert_memory_equal(again.root.data, first.root.data, SHA256_SIZE);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statements"), 1);
    assert_int_equal(given_closed(60000).total_minor, 1000);
}

static void periods_end_and_follow_each_other(void **state)
{
    struct partner_statement_row row;

    (void)state;
    assert_int_equal(close_at(clock_now_ms() + HOUR_MS, &row), ERR_PERIOD_NOT_OVER);
    assert_int_equal(close_at(1000, &row), ERR_PERIOD_CLOSED); /* there was no partner */
    given_closed(50000);
    assert_int_equal(close_at(49999, &row), ERR_PERIOD_CLOSED);
    artist.partner_id++;
    assert_int_equal(close_at(60000, &row), ERR_PARTNER_NOT_FOUND);
}

static void what_is_not_paid_is_carried(void **state)
{
    struct partner_statement_row little;
    struct partner_statement_row negative;
    struct partner_statement_row last;

    (void)state;
    test_db_run(db, "UPDATE bmt_settlement.partners SET threshold_minor = 1000");
    given_entries(1, 999, 40000);
    little = given_closed(50000);
    assert_int_equal(little.approvals_needed, 0);
    given_entries(1, -1500, 55000);
    negative = given_closed(60000);
    assert_int_equal(negative.carried_minor, 999);
    assert_int_equal(negative.carried_from_id, little.statement_id);
    assert_int_equal(negative.total_minor, -501);
    assert_int_equal(negative.approvals_needed, 0);
    given_entries(1, 1501, 65000);
    last = given_closed(70000);
    assert_int_equal(last.total_minor, 1000);
    assert_int_equal(last.approvals_needed, 1);
    assert_int_equal(statement_now(little.statement_id).carried_to_id, negative.statement_id);
    assert_int_equal(statement_now(negative.statement_id).carried_to_id, last.statement_id);
    assert_int_equal(given_closed(80000).carried_minor, 0); /* the last one is to be paid */
}

/* Three chunks, with a stop between them: the row says how far it was, and every entry is proven by the root. */
static void large_statement_is_gathered_in_steps_and_proven(void **state)
{
    static const int orders[] = {
        1, 2, STATEMENT_CHUNK, STATEMENT_CHUNK + 1, 2 * STATEMENT_CHUNK, 2 * STATEMENT_CHUNK + 5};
    const int n = 2 * STATEMENT_CHUNK + 5;
    struct partner_statement_row row;
    struct gather_statement first;

    (void)state;
    given_entries(n, 2, 40000);
    test_db_run(db,
                "INSERT INTO bmt_settlement.clearings SELECT order_id, 1, biz_id, 1, 5, 1, 0, 1, 2, 'EUR', 9, 0, 0, 7, "
                "0, 0, 1, 1, 0 FROM bmt_settlement.clearing_entries");
    assert_int_equal(close_at(50000, &row), 0);
    first = (struct gather_statement){.statement_id = row.statement_id};
    assert_int_equal(act(db, &gather_statement_plan, &first, sizeof first, NULL), 0);
    assert_true(first.goes_on);
    row = statement_now(row.statement_id);
    assert_int_equal(row.state, STATEMENT_OPEN);
    assert_int_equal(row.entry_count, STATEMENT_CHUNK);
    gather(row.statement_id);
    row = statement_now(row.statement_id);
    assert_int_equal(row.entry_count, n);
    assert_int_equal(row.total_minor, 2 * n);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.clearing_entries WHERE state = 3"), n);
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct prove_order c = {.order_id = 7000 + 1000 + orders[i]};
        const struct entry_proof *proof;

        assert_int_equal(act(db, &prove_order_plan, &c, sizeof c, NULL), 0);
        assert_int_equal(c.n, 1);
        proof = c.proofs;
        assert_int_equal(proof->index, orders[i] - 1);
        assert_int_equal(proof->tree_size, n);
        assert_memory_equal(proof->root.data, row.root.data, SHA256_SIZE);
        assert_true(merkle_verify(proof->leaf, strlen(proof->leaf), (uint64_t)proof->index, (uint64_t)n,
                                  (const uint8_t(*)[SHA256_SIZE])proof->path, proof->n_path, row.root.data));
    }
}

static void order_that_is_in_no_statement_has_no_proof(void **state)
{
    struct prove_order c = {.order_id = 1};

    (void)state;
    assert_int_equal(act(db, &prove_order_plan, &c, sizeof c, NULL), ERR_CLEARING_NOT_FOUND);
}

static void next_statement_waits_for_the_one_before_it(void **state)
{
    struct partner_statement_row first;
    struct partner_statement_row second;

    (void)state;
    given_entries(1, 500, 40000);
    assert_int_equal(close_at(50000, &first), 0);
    given_entries(1, 300, 55000);
    assert_int_equal(close_at(60000, &second), 0);
    gather(second.statement_id);
    assert_int_equal(statement_now(second.statement_id).state, STATEMENT_OPEN);
    gather(first.statement_id);
    gather(second.statement_id);
    assert_int_equal(statement_now(first.statement_id).total_minor, 500);
    assert_int_equal(statement_now(second.statement_id).total_minor, 300);
}

static void due_period_opens_a_statement_and_begins_the_next(void **state)
{
    (void)state;
    given_entries(2, 500, 40000);
    open_periods();
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statements WHERE to_time_ms = 1000000"), 1);
    assert_true(partner_now(db, artist.partner_id).due_time_ms > 1000000);
    open_periods(); /* the statement is OPEN: nothing is decided before it is closed */
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statements"), 1);
}

static void period_without_entries_has_no_statement(void **state)
{
    (void)state;
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_settlement.partners SET due_time_ms = %lld",
                                 (long long)(clock_now_ms() - 50 * HOUR_MS)));
    open_periods();
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statements"), 0);
    assert_true(partner_now(db, artist.partner_id).due_time_ms > clock_now_ms());
}

static void by_threshold_a_period_ends_when_it_is_reached(void **state)
{
    const int64_t now_ms = clock_now_ms();

    (void)state;
    test_db_run(db,
                arena_printf(db->arena,
                             "UPDATE bmt_settlement.partners SET schedule = 4, threshold_minor = 1000, due_time_ms = "
                             "%lld",
                             (long long)(now_ms - HOUR_MS)));
    given_entries(1, 999, 40000);
    open_periods();
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statements"), 0);
    given_entries(1, 1, 40000);
    test_db_run(db, arena_printf(db->arena, "UPDATE bmt_settlement.partners SET due_time_ms = %lld",
                                 (long long)(now_ms - HOUR_MS)));
    open_periods();
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_settlement.partner_statements"), 1);
}

static void unknown_zone_is_told_and_asked_again(void **state)
{
    struct open_period c = {.partner_id = artist.partner_id};

    (void)state;
    test_db_run(db, "UPDATE bmt_settlement.partners SET time_zone = 'Mars/Olympus'");
    assert_int_equal(act(db, &open_period_plan, &c, sizeof c, NULL), 0);
    assert_true(c.is_zone_unknown);
    assert_int_equal(partner_now(db, artist.partner_id).due_time_ms, 1000000 + 24 * HOUR_MS);
}

static void above_the_limit_two_persons_approve(void **state)
{
    struct get_statement c = {0};
    struct partner_statement_row row;

    (void)state;
    given_entries(1, 100000, 40000);
    assert_int_equal(given_closed(50000).approvals_needed, 1);
    given_entries(1, 100001, 55000);
    row = given_closed(60000);
    assert_int_equal(row.approvals_needed, 2);
    assert_int_equal(approve(row.statement_id, "finance key_a"), 0);
    assert_int_equal(approve(row.statement_id, "finance key_a"), ERR_STATEMENT_APPROVED_TWICE);
    assert_int_equal(approve(row.statement_id, "finance key_b"), 0);
    c.statement_id = row.statement_id;
    assert_int_equal(act(db, &get_statement_plan, &c, sizeof c, NULL), 0);
    assert_int_equal(c.approvals.n, 2);
    assert_int_equal(approve(row.statement_id + 1, "finance key_a"), ERR_PARTNER_STATEMENT_NOT_FOUND);
}

static void open_statement_is_not_approved(void **state)
{
    struct partner_statement_row row;

    (void)state;
    given_entries(1, 100, 40000);
    assert_int_equal(close_at(50000, &row), 0);
    assert_int_equal(approve(row.statement_id, "finance key_a"), ERR_PARTNER_STATEMENT_WRONG_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(statement_takes_what_is_payable_before_its_end, given_artist),
        cmocka_unit_test_setup(period_that_runs_again_changes_nothing, given_artist),
        cmocka_unit_test_setup(periods_end_and_follow_each_other, given_artist),
        cmocka_unit_test_setup(what_is_not_paid_is_carried, given_artist),
        cmocka_unit_test_setup(large_statement_is_gathered_in_steps_and_proven, given_artist),
        cmocka_unit_test_setup(order_that_is_in_no_statement_has_no_proof, given_artist),
        cmocka_unit_test_setup(next_statement_waits_for_the_one_before_it, given_artist),
        cmocka_unit_test_setup(due_period_opens_a_statement_and_begins_the_next, given_artist),
        cmocka_unit_test_setup(period_without_entries_has_no_statement, given_artist),
        cmocka_unit_test_setup(by_threshold_a_period_ends_when_it_is_reached, given_artist),
        cmocka_unit_test_setup(unknown_zone_is_told_and_asked_again, given_artist),
        cmocka_unit_test_setup(above_the_limit_two_persons_approve, given_artist),
        cmocka_unit_test_setup(open_statement_is_not_approved, given_artist),
    };

    return cmocka_run_group_tests_name("statement", tests, db_suite_begin, db_suite_end);
}
