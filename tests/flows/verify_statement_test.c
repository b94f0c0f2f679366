/*
 * Verify over partners' statements: one that is OPEN, one that carries its total on, ones that are closed, paid and
 * failed; every column that counts is changed, rows are taken out, and each time verify must name it.
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

enum { ACCOUNT = 5, MANY = STATEMENT_CHUNK + 100 };

static struct partner_row artist;
static bool is_reached[FINDING_COUNT];

/* The statements' ids, by fate; in tests' SQL @small and so on. */
static struct {
    int64_t small, paid, failed, many, open;
} the;

static void given_credits(size_t n, int64_t amount_minor)
{
    for (size_t i = 0; i < n; i++) {
        struct create_adjustment c = {.reason = "test",
                                      .row = {.kind = ADJUSTMENT_PARTNER_CREDIT,
                                              .currency = "EUR",
                                              .amount_minor = amount_minor,
                                              .rate = "",
                                              .partner_id = artist.partner_id}};

        assert_int_equal(act(db, &create_adjustment_plan, &c, sizeof c, NULL), 0);
    }
}

static int64_t given_statement(void)
{
    struct close_statement c = {.partner_id = artist.partner_id, .currency = "EUR"};
    const int64_t before_ms = clock_now_ms();

    while (clock_now_ms() <= before_ms + 1) /* a period has at least a millisecond */
        ;
    c.to_time_ms = clock_now_ms();
    assert_int_equal(act(db, &close_statement_plan, &c, sizeof c, NULL), 0);
    return c.row.statement_id;
}

static int64_t given_closed(size_t n, int64_t amount_minor)
{
    struct gather_statement gather = {0};

    given_credits(n, amount_minor);
    gather.statement_id = given_statement();
    do
        assert_int_equal(act(db, &gather_statement_plan, &gather, sizeof gather, NULL), 0);
    while (gather.goes_on);
    return gather.statement_id;
}

static void approve(int64_t statement_id, const char *actor)
{
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_settlement.statement_approvals SELECT statement_id, '%s', biz_id, "
                                 "'checked', close_time_ms FROM bmt_settlement.partner_statements WHERE statement_id "
                                 "= %lld",
                                 actor, (long long)statement_id));
}

static void pay_out(int64_t statement_id, enum channel_word word)
{
    struct begin_payout begin = {.statement_id = statement_id, .reason = "it is due"};
    struct complete_payout end = {.verdict = {.word = word, .ref = "co_1", .action_url = "", .failure = "because"},
                                  .turn = {.version = 1}};

    approve(statement_id, "ann");
    approve(statement_id, "bob");
    assert_int_equal(act(db, &begin_payout_plan, &begin, sizeof begin, NULL), 0);
    end.payout_id = end.verdict.payout_id = begin.payout_id;
    assert_int_equal(act(db, &complete_payout_plan, &end, sizeof end, NULL), 0);
}

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    given_channel(db, ACCOUNT);
    write_bank_account(db);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    test_db_run(db, "UPDATE bmt_settlement.partners SET payout_channel_account_id = 5, payout_account = 'artist-bank', "
                    "payout_account_time_ms = 1, create_time_ms = 1, threshold_minor = 100");
    pay_statement_use_account_hold(HOUR_MS);
    statement_use_approval_limit(500);
    the.small = given_closed(1, 50);
    the.paid = given_closed(3, 750);
    pay_out(the.paid, CHANNEL_PAID_OUT);
    the.failed = given_closed(1, 800);
    pay_out(the.failed, CHANNEL_FAILED);
    given_credits(2, 60);
    the.open = given_statement();
    return 0;
}

static const char *const kept[] = {"partner_statements", "partner_statement_events", "partner_statement_chunks",
                                   "statement_approvals", "clearing_entries"};

/* The id's number stands for its name. */
static const char *with_ids(const char *text)
{
    const struct {
        const char *name;
        int64_t id;
    } names[] = {{"@small", the.small}, {"@paid", the.paid}, {"@failed", the.failed}, {"@open", the.open}};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *at = strstr(text, names[i].name);

        if (at != NULL)
            return arena_printf(db->arena, "%.*s%lld%s", (int)(at - text), text, (long long)names[i].id,
                                at + strlen(names[i].name));
    }
    return text;
}

static void expect_named(enum finding_kind kind, const char *statement)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    struct found_list list;

    test_db_run(db, with_ids(statement));
    list = look_at_books(db, arena, &report);
    if (list.by_kind[kind] == 0)
        fail_msg("%s was not found after %s; last %s", finding_info(kind)->name, statement,
                 list.n > 0 ? finding_info(list.last.kind)->name : "-");
    is_reached[kind] = true;
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        test_db_run(db, arena_printf(db->arena, "DELETE FROM bmt_settlement.%s", kept[i]));
        test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_settlement.%s SELECT * FROM bmt_settlement.kept_%s",
                                     kept[i], kept[i]));
    }
}

#define STATEMENT(change, which) "UPDATE bmt_settlement.partner_statements SET " change " WHERE statement_id = @" which
#define EVENT(change, which) \
    "UPDATE bmt_settlement.partner_statement_events SET " change " WHERE statement_id = @" which
#define CHUNK(change, which) \
    "UPDATE bmt_settlement.partner_statement_chunks SET " change " WHERE statement_id = @" which
#define ENTRY(change, which) \
    "UPDATE bmt_settlement.clearing_entries SET " change " WHERE statement_id = @" which " ORDER BY entry_id LIMIT 1"

static const struct {
    const char *broken;
    enum finding_kind kind;
} cases[] = {
    {STATEMENT("version = version + 1", "paid"), FINDING_PARTNER_STATEMENT_EVENTS},
    {STATEMENT("close_time_ms = close_time_ms + 1", "paid"), FINDING_PARTNER_STATEMENT_EVENTS},
    {STATEMENT("close_time_ms = 1", "open"), FINDING_PARTNER_STATEMENT_EVENTS},
    {STATEMENT("state = 3", "small"), FINDING_PARTNER_STATEMENT_EVENTS},
    {EVENT("event = event + 1", "paid"), FINDING_PARTNER_STATEMENT_EVENTS},
    {EVENT("biz_id = biz_id + 1", "paid"), FINDING_PARTNER_STATEMENT_EVENTS},
    {EVENT("to_state = to_state % 5 + 1", "failed"), FINDING_PARTNER_STATEMENT_EVENTS},
    {EVENT("statement_id = statement_id + 1", "failed"), FINDING_PARTNER_STATEMENT_EVENTS},
    {"DELETE FROM bmt_settlement.partner_statement_events WHERE statement_id = @paid ORDER BY version DESC LIMIT 1",
     FINDING_PARTNER_STATEMENT_EVENTS},
    {"DELETE FROM bmt_settlement.partner_statements WHERE statement_id = @small", FINDING_PARTNER_STATEMENT_EVENTS},
    {STATEMENT("entry_count = entry_count + 1", "paid"), FINDING_PARTNER_STATEMENT_TOTAL},
    {STATEMENT("entries_minor = entries_minor + 1", "paid"), FINDING_PARTNER_STATEMENT_TOTAL},
    {STATEMENT("total_minor = total_minor + 1", "small"), FINDING_PARTNER_STATEMENT_TOTAL},
    {STATEMENT("total_minor = 1", "open"), FINDING_PARTNER_STATEMENT_TOTAL},
    {STATEMENT("last_entry_id = last_entry_id + 1", "paid"), FINDING_PARTNER_STATEMENT_TOTAL},
    {ENTRY("amount_minor = amount_minor + 1", "paid"), FINDING_PARTNER_STATEMENT_TOTAL},
    {ENTRY("statement_id = 0, state = 2", "paid"), FINDING_PARTNER_STATEMENT_TOTAL},
    {ENTRY("statement_id = 1", "paid"), FINDING_ENTRY_STATEMENT},
    {ENTRY("partner_id = partner_id + 1", "paid"), FINDING_ENTRY_STATEMENT},
    {ENTRY("currency = 'USD'", "paid"), FINDING_ENTRY_STATEMENT},
    {ENTRY("biz_id = biz_id + 1", "paid"), FINDING_ENTRY_STATEMENT},
    {ENTRY("payable_time_ms = payable_time_ms + 86400000", "paid"), FINDING_ENTRY_STATEMENT},
    {ENTRY("state = 2", "paid"), FINDING_ADJUSTMENT_ENTRY},
    {ENTRY("source_id = source_id + 1", "paid"), FINDING_ADJUSTMENT_ENTRY},
    {ENTRY("create_time_ms = create_time_ms - 1", "paid"), FINDING_ADJUSTMENT_ENTRY},
    {ENTRY("reverses_entry_id = 1", "paid"), FINDING_ADJUSTMENT_ENTRY},
    {ENTRY("claw_back_payout_id = 1", "paid"), FINDING_ADJUSTMENT_ENTRY},
    {"DELETE FROM bmt_settlement.clearing_entries WHERE statement_id = 0", FINDING_ADJUSTMENT_ENTRY},
    {ENTRY("kind = 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {ENTRY("line_no = 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {ENTRY("order_id = 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {STATEMENT("root = REVERSE(root)", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {STATEMENT("root = ''", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {STATEMENT("root = REPEAT('x', 32)", "open"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("hash = REVERSE(hash)", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("chunk_no = 7", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("entry_count = 2", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("first_entry_id = first_entry_id + 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("last_entry_id = last_entry_id + 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("biz_id = biz_id + 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {CHUNK("statement_id = 1", "paid"), FINDING_PARTNER_STATEMENT_PROOF},
    {"INSERT INTO bmt_settlement.partner_statement_chunks SELECT statement_id, 1, biz_id, 1, 1, 1, hash FROM "
     "bmt_settlement.kept_partner_statement_chunks WHERE statement_id = @paid",
     FINDING_PARTNER_STATEMENT_PROOF},
    {"DELETE FROM bmt_settlement.statement_approvals WHERE statement_id = @paid AND actor = 'ann'",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {"UPDATE bmt_settlement.statement_approvals SET actor = '' WHERE statement_id = @paid AND actor = 'ann'",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {"UPDATE bmt_settlement.statement_approvals SET create_time_ms = create_time_ms - 1 WHERE statement_id = @paid",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {"UPDATE bmt_settlement.statement_approvals SET create_time_ms = create_time_ms + 86400000 WHERE statement_id = "
     "@paid",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {"UPDATE bmt_settlement.statement_approvals SET biz_id = 1 WHERE statement_id = @paid",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {"UPDATE bmt_settlement.statement_approvals SET statement_id = statement_id + 1 WHERE statement_id = @failed",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {STATEMENT("approvals_needed = 0", "paid"), FINDING_PARTNER_STATEMENT_APPROVAL},
    {STATEMENT("approvals_needed = 3", "paid"), FINDING_PARTNER_STATEMENT_APPROVAL},
    {"INSERT INTO bmt_settlement.statement_approvals SELECT statement_id, 'ann', biz_id, 'x', create_time_ms FROM "
     "bmt_settlement.kept_partner_statements WHERE statement_id = @open",
     FINDING_PARTNER_STATEMENT_APPROVAL},
    {STATEMENT("state = 5", "paid"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("state = 3", "paid"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("state = 4", "failed"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("payout_id = 0", "paid"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("payout_id = 1", "small"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("total_minor = total_minor + 1", "paid"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("partner_id = partner_id + 1", "paid"), FINDING_PARTNER_STATEMENT_PAYOUT},
    {STATEMENT("seq = seq + 100", "paid"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("from_time_ms = from_time_ms - 1", "paid"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("to_time_ms = to_time_ms + 1", "small"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("carried_minor = carried_minor + 1", "paid"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("carried_from_id = 0", "paid"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("carried_from_id = 1", "failed"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("carried_to_id = 0", "small"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("carried_to_id = statement_id", "paid"), FINDING_PARTNER_STATEMENT_CARRIED},
    {STATEMENT("approvals_needed = 1", "small"), FINDING_PARTNER_STATEMENT_CARRIED},
};

static void any_change_of_a_statement_is_named(void **state)
{
    (void)state;
    expect_books_agree(db);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        test_db_run(db,
                    arena_printf(db->arena, "CREATE TABLE bmt_settlement.kept_%s AS SELECT * FROM bmt_settlement.%s",
                                 kept[i], kept[i]));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect_named(cases[i].kind, cases[i].broken);
    expect_books_agree(db);
}

static void each_finding_was_made(void **state)
{
    (void)state;
    for (int kind = FINDING_ADJUSTMENT_ENTRY; kind <= FINDING_PARTNER_STATEMENT_CARRIED; kind++)
        if (!is_reached[kind])
            fail_msg("nothing breaks %s", finding_info((enum finding_kind)kind)->name);
}

/* What no kind of thing moves has nothing that it could be of. */
static void a_kind_without_sources_is_named(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    struct found_list list;

    (void)state;
    test_db_run(db, "UPDATE bmt_settlement.transfers SET kind = 22 - kind WHERE kind = 9 ORDER BY transfer_id LIMIT 1");
    list = look_at_books(db, arena, &report);
    test_db_run(db, "UPDATE bmt_settlement.transfers SET kind = 22 - kind WHERE kind = 13");
    assert_int_equal(list.by_kind[FINDING_TRANSFER_SOURCE], 1);
    expect_books_agree(db);
}

/* More entries than a chunk holds: the second one's hash and place count as much as the first one's. */
static void a_statement_of_many_entries_agrees(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct gather_statement gather = {.statement_id = the.open};
    struct verify_report report;
    struct found_list list;

    (void)state;
    assert_int_equal(act(db, &gather_statement_plan, &gather, sizeof gather, NULL), 0);
    the.many = given_closed(MANY, 2);
    assert_int_equal(test_db_number(db, "SELECT MAX(chunk_no) FROM bmt_settlement.partner_statement_chunks"), 1);
    expect_books_agree(db);
    test_db_run(db, "UPDATE bmt_settlement.partner_statement_chunks SET hash = REVERSE(hash) WHERE chunk_no = 1");
    list = look_at_books(db, arena, &report);
    test_db_run(db, "UPDATE bmt_settlement.partner_statement_chunks SET hash = REVERSE(hash) WHERE chunk_no = 1");
    assert_int_equal(list.n, 1);
    assert_int_equal(list.by_kind[FINDING_PARTNER_STATEMENT_PROOF], 1);
    assert_true(list.last.id == the.many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_change_of_a_statement_is_named),
        cmocka_unit_test(each_finding_was_made),
        cmocka_unit_test(a_kind_without_sources_is_named),
        cmocka_unit_test(a_statement_of_many_entries_agrees),
    };

    return cmocka_run_group_tests_name("verify_statement", tests, begin, db_suite_end);
}
