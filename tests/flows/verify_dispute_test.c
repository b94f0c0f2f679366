/*
 * Verify over disputes: open, won, lost before clearing and after it; every column of them and of what says how much is
 * disputed is changed, and rows are taken out, and each time verify must name it.
 */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <string.h>

#include "lib/disputes.h"
#include "lib/partners.h"
#include "settlement/ops_clearing.h"

enum { DISPUTES = 5 };

static struct sale gold;
static int64_t next_payment = 900;
static bool is_reached[FINDING_COUNT];

static int64_t given_paid(void)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, 2);

    given_money(db, ++next_payment, order_id, 2500);
    return order_id;
}

/* Each has a fee of a fifth; of one that was won 0.50 have come back. */
static void given_closed(int64_t order_id, int64_t amount_minor, enum dispute_event event)
{
    const int64_t dispute_id = given_dispute(db, order_id, amount_minor, amount_minor / 5);

    assert_int_equal(close_dispute_as(db, dispute_id, event, event == DISPUTE_EVENT_WIN ? 50 : 0), 0);
}

static void end_and_clear(int64_t order_id)
{
    struct confirm_order end = {.order_id = order_id};
    struct clear_order c = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &end, sizeof end, NULL), 0);
    assert_int_equal(act(db, &clear_order_plan, &c, sizeof c, NULL), 0);
}

static int begin(void **state)
{
    struct partner_row artist;
    struct create_rule rule;
    int64_t first;
    int64_t second;

    (void)state;
    db = test_db_start();
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    given_channel(db, 5);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    first = given_paid();
    second = given_paid();
    given_dispute(db, first, 300, 300 / 5);
    given_closed(first, 400, DISPUTE_EVENT_WIN);
    given_closed(first, 500, DISPUTE_EVENT_LOSE);
    end_and_clear(first);
    given_closed(first, 600, DISPUTE_EVENT_LOSE);
    given_closed(second, 700, DISPUTE_EVENT_LOSE);
    given_pending_order(db, "u1", gold.sku_id, 1);
    return 0;
}

static void keep(const char *table)
{
    test_db_run(db, arena_printf(db->arena, "CREATE TABLE bmt_settlement.kept_%s AS SELECT * FROM bmt_settlement.%s",
                                 table, table));
}

static void note_what_was_found(enum finding_kind kind, enum finding_kind other, const char *statement)
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
}

/* Verify must find what the statement has broken, of one of two kinds; then it is mended. */
static void expect_named(const char *table, enum finding_kind kind, enum finding_kind other, const char *statement)
{
    note_what_was_found(kind, other, statement);
    test_db_run(db, arena_printf(db->arena, "DELETE FROM bmt_settlement.%s", table));
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_settlement.%s SELECT * FROM bmt_settlement.kept_%s", table,
                                 table));
}

struct change {
    const char *set;
    enum finding_kind kind;
    enum finding_kind other;
};

/* Every row in turn gets every other one of the changes, and is taken out; neighbours get the others. */
static void tamper(const char *table, const char *key, const struct change *changes, size_t n, struct change lost)
{
    const long long n_rows =
        test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_settlement.%s", table));

    assert_true(n_rows >= DISPUTES);
    keep(table);
    for (long long row = 0; row < n_rows; row++) {
        const char *where = test_db_text(
            db, arena_printf(db->arena, "SELECT %s FROM bmt_settlement.kept_%s ORDER BY 1 LIMIT 1 OFFSET %lld", key,
                             table, row));

        for (size_t i = (size_t)row % 2; i < n; i += 2)
            expect_named(
                table, changes[i].kind, changes[i].other,
                arena_printf(db->arena, "UPDATE bmt_settlement.%s SET %s WHERE %s", table, changes[i].set, where));
        expect_named(table, lost.kind, lost.other,
                     arena_printf(db->arena, "DELETE FROM bmt_settlement.%s WHERE %s", table, where));
    }
}

static void any_change_of_a_dispute_is_named(void **state)
{
    static const struct change of_dispute[] = {
        {"dispute_id = dispute_id + 1", FINDING_DISPUTE_TRANSFER, FINDING_DISPUTE_EVENTS},
        {"biz_id = biz_id + 1", FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE},
        {"order_id = order_id + 1", FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE},
        {"line_no = line_no + 1", FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE},
        {"channel_account_id = channel_account_id + 1", FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE},
        {"state = state % 3 + 1", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
        {"version = version + 1", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
        {"currency = 'USD'", FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE},
        {"amount_minor = amount_minor + 1", FINDING_DISPUTE_TRANSFER, FINDING_DISPUTE_TRANSFER},
        {"fee_minor = fee_minor + 1", FINDING_DISPUTE_TRANSFER, FINDING_DISPUTE_TRANSFER},
        {"fee_returned_minor = fee_returned_minor + 1", FINDING_DISPUTE_TRANSFER, FINDING_DISPUTE_TRANSFER},
        {"create_time_ms = create_time_ms + 1", FINDING_DISPUTE_TRANSFER, FINDING_DISPUTE_TRANSFER},
        {"update_time_ms = update_time_ms + 1", FINDING_DISPUTE_TRANSFER, FINDING_DISPUTE_EVENTS},
    };
    static const struct change of_event[] = {
        {"dispute_id = dispute_id + 1", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
        {"version = version + 50", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
        {"event = event + 1", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
        {"from_state = from_state + 1", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
        {"to_state = to_state + 1", FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS},
    };

    (void)state;
    expect_books_agree(db);
    tamper("disputes", "CONCAT('dispute_id=', dispute_id)", of_dispute, COUNT_OF(of_dispute),
           (struct change){NULL, FINDING_TRANSFER_SOURCE, FINDING_TRANSFER_SOURCE});
    tamper("dispute_events", "CONCAT('dispute_id=', dispute_id, ' AND version=', version)", of_event,
           COUNT_OF(of_event), (struct change){NULL, FINDING_DISPUTE_EVENTS, FINDING_DISPUTE_EVENTS});
    expect_books_agree(db);
}

static const char *disputed_more(const char *table, int minor)
{
    return arena_printf(db->arena, "UPDATE %s SET disputed_minor = disputed_minor + %d WHERE disputed_minor > 0", table,
                        minor);
}

static void what_lines_say_to_be_disputed_is_proven(void **state)
{
    static const char *const lines[] = {"bmt_order.order_lines", "bmt_settlement.clearings"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        for (int minor = 1; minor >= -1; minor -= 2) {
            note_what_was_found(FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE, disputed_more(lines[i], minor));
            test_db_run(db, disputed_more(lines[i], -minor));
        }
    /* Nothing of an order that nobody has paid is disputed. */
    note_what_was_found(FINDING_DISPUTE_LINE, FINDING_DISPUTE_LINE,
                        "UPDATE bmt_order.order_lines SET disputed_minor = 1 WHERE unit_minor = amount_minor");
    test_db_run(db, "UPDATE bmt_order.order_lines SET disputed_minor = 0 WHERE unit_minor = amount_minor");
    expect_books_agree(db);
}

static void what_partners_gave_back_is_proven(void **state)
{
    (void)state;
    keep("clearing_entries");
    expect_named("clearing_entries", FINDING_CLEARING_ENTRY, FINDING_CLEARING_ENTRY,
                 "DELETE FROM bmt_settlement.clearing_entries WHERE kind = 4");
    expect_named("clearing_entries", FINDING_CLEARING_ENTRY, FINDING_CLEARING_ENTRY,
                 "UPDATE bmt_settlement.clearing_entries SET kind = 2 WHERE kind = 4");
    expect_named("clearing_entries", FINDING_CLEARING_ENTRY, FINDING_CLEARING_ENTRY,
                 "UPDATE bmt_settlement.clearing_entries SET source_id = source_id + 1 WHERE kind = 4");
    expect_named("clearing_entries", FINDING_CLEARING_ENTRY, FINDING_CLEARING_SHARES,
                 "UPDATE bmt_settlement.clearing_entries SET amount_minor = amount_minor - 1 WHERE kind = 4");
    expect_books_agree(db);
}

static void each_finding_was_made(void **state)
{
    (void)state;
    for (int kind = FINDING_DISPUTE_TRANSFER; kind <= FINDING_DISPUTE_LINE; kind++)
        if (!is_reached[kind])
            fail_msg("nothing breaks %s", finding_info((enum finding_kind)kind)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_change_of_a_dispute_is_named),
        cmocka_unit_test(what_lines_say_to_be_disputed_is_proven),
        cmocka_unit_test(what_partners_gave_back_is_proven),
        cmocka_unit_test(each_finding_was_made),
    };

    return cmocka_run_group_tests_name("verify_dispute", tests, begin, db_suite_end);
}
