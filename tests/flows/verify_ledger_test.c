/*
 * Verify over the ledger and clearing: a small book with lines of each fate, in which every column of every table is
 * changed, and rows are taken out and put in twice; each time verify must name it.
 */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <string.h>

#include "flows/complete_payment.h"
#include "flows/complete_refund.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "lib/partners.h"
#include "settlement/ops_clearing.h"

enum { ORDERS = 20, ROWS_OF_COLUMN = 4, ROWS_TAKEN = 6, PLACES_MIN = 200 };

static struct sale gold;
static struct partner_row artist;
static int64_t next_payment = 900;
static bool is_reached[FINDING_COUNT];
static int n_places;

static int64_t given_paid(int64_t quantity, int64_t fee_minor)
{
    const int64_t order_id = given_pending_order(db, "u1", gold.sku_id, quantity);
    struct begin_payment begin = {.order_id = order_id, .account_id = 5, .return_url = ""};
    struct complete_payment end = {.verdict = {.word = CHANNEL_HAS_MONEY,
                                               .amount = money_of(1250 * quantity, "EUR"),
                                               .fee_minor = fee_minor,
                                               .action_url = "",
                                               .failure = ""}};

    assert_int_equal(act(db, &begin_payment_plan, &begin, sizeof begin, NULL), 0);
    end.payment_id = begin.payment->payment_id;
    assert_int_equal(act(db, &complete_payment_plan, &end, sizeof end, NULL), 0);
    return order_id;
}

static void confirm(int64_t order_id)
{
    struct confirm_order c = {.order_id = order_id};

    assert_int_equal(act(db, &confirm_order_plan, &c, sizeof c, NULL), 0);
}

static void clear(int64_t order_id)
{
    struct clear_order c = {.order_id = order_id};

    assert_int_equal(act(db, &clear_order_plan, &c, sizeof c, NULL), 0);
}

/* `bearer_minor` of it is the artist's to bear; 0: nothing was said. */
static void refund(int64_t order_id, int64_t quantity, int64_t bearer_minor)
{
    struct refund_want want = {.line_no = 1, .quantity = quantity};
    struct begin_refund begin = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund end = {.verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &begin_refund_plan, &begin, sizeof begin, NULL), 0);
    if (bearer_minor > 0)
        test_db_run(db,
                    arena_printf(db->arena, "INSERT INTO bmt_settlement.refund_bearers VALUES (%lld, %lld, 1001, %lld)",
                                 (long long)begin.refund_id, (long long)artist.partner_id, (long long)bearer_minor));
    end.refund_id = begin.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end, sizeof end, NULL), 0);
}

static void given_late_refund(void)
{
    const int64_t order_id = given_pending_order(db, "u4", gold.sku_id, 1);
    struct complete_refund end = {.verdict = {.word = CHANNEL_GAVE_BACK, .ref = NULL, .action_url = "", .failure = ""}};

    assert_int_equal(close_with(db, order_id, NULL), 0);
    given_money(db, ++next_payment, order_id, 1250);
    end.refund_id = test_db_number(db, "SELECT refund_id FROM bmt_payment.refunds WHERE purpose = 2");
    assert_int_equal(act(db, &complete_refund_plan, &end, sizeof end, NULL), 0);
}

/* Orders that are paid, ended, cleared, that went back before and after, by who had it and by who was named. */
static void given_book(void)
{
    for (int i = 0; i < ORDERS; i++) {
        const int64_t order_id = given_paid(2 + i % 3, i % 2 * 37);

        if (i % 5 == 1)
            refund(order_id, 1, 0);
        if (i % 4 == 0)
            continue;
        confirm(order_id);
        if (i % 7 == 2)
            continue;
        clear(order_id);
        if (i % 3 == 0)
            refund(order_id, 1, i % 2 == 0 ? 1250 : 0);
    }
    given_late_refund();
}

static int begin(void **state)
{
    struct create_rule rule;

    (void)state;
    db = test_db_start();
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 1000);
    given_channel(db, 5);
    artist = given_partner(db, TEST_BIZ, "artist", "EUR");
    rule = rule_of(db, SCOPE_SKU, gold.sku_id, 0, 0);
    rule.parts = one_part(db, artist.partner_id, SPLIT_BASIS_POINTS, 3000);
    assert_int_equal(act(db, &create_rule_plan, &rule, sizeof rule, NULL), 0);
    given_book();
    return 0;
}

/* A table, how a row of it is named, and how a column is changed where adding to it is not possible or changes nothing.
 */
static const struct {
    const char *name;
    const char *key;      /* gives the condition that names a row */
    const char *unproven; /* columns of which nothing else tells */
    struct {
        const char *column;
        const char *change;
    } changes[4];
} tables[] = {
    {"transfers",
     "CONCAT('transfer_id=', transfer_id)",
     "",
     {{"hash", "UNHEX(SHA2(hash, 256))"}, {"note", "CONCAT(note, 'x')"}}},
    {"postings", "CONCAT('transfer_id=', transfer_id, ' AND posting_no=', posting_no)", "", {{0}}},
    {"account_days", "CONCAT('account=', account, ' AND subject_id=', subject_id, ' AND chain=', chain)", "", {{0}}},
    {"chains", "CONCAT('chain=', chain)", "", {{"hash", "UNHEX(SHA2(hash, 256))"}}},
    {"clearings",
     "CONCAT('order_id=', order_id)",
     "",
     {{"due_time_ms", "IF(due_time_ms = 0, 5, 0)"},
      {"refunded_minor", "IF(refunded_minor = 0, 1, refunded_minor - 1)"},
      /* Of a line that went back whole nothing can be disputed. */
      {"disputed_minor", "1, refunded_minor = LEAST(refunded_minor, amount_minor - 1)"}}},
    /* An entry's id is told by nothing but what reverses it, and a payout that was clawed back by payouts. */
    {"clearing_entries",
     "CONCAT('entry_id=', entry_id)",
     "entry_id,claw_back_payout_id",
     {{"payable_time_ms", "create_time_ms - 1"}}},
    {"refund_bearers", "CONCAT('refund_id=', refund_id)", "", {{0}}},
};

static const char *change_of(size_t table, const char *column, const char *type)
{
    for (size_t i = 0; i < COUNT_OF(tables[table].changes) && tables[table].changes[i].column != NULL; i++)
        if (strcmp(tables[table].changes[i].column, column) == 0)
            return tables[table].changes[i].change;
    if (strcmp(type, "char") == 0)
        return "'USD'";
    if (strstr(column, "_minor") != NULL)
        return arena_printf(db->arena, "%s + 1", column);
    /* Beyond its neighbours, whose keys it must not meet. */
    return arena_printf(db->arena, "%s + %d", column,
                        strcmp(type, "tinyint") == 0 || strcmp(type, "smallint") == 0 ? 50 : 1000);
}

static void restore(const char *table)
{
    test_db_run(db, arena_printf(db->arena, "DELETE FROM bmt_settlement.%s", table));
    test_db_run(db, arena_printf(db->arena, "INSERT INTO bmt_settlement.%s SELECT * FROM bmt_settlement.kept_%s", table,
                                 table));
}

/* Verify must find what the statement has broken; then it is mended. */
static void expect_named(const char *table, const char *statement)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    struct found_list list;

    test_db_run(db, statement);
    list = look_at_books(db, arena, &report);
    if (list.n == 0)
        fail_msg("nothing was found after %s", statement);
    for (int kind = 0; kind < FINDING_COUNT; kind++)
        is_reached[kind] = is_reached[kind] || list.by_kind[kind] > 0;
    n_places++;
    restore(table);
}

static const char *row_of(size_t table, long long row)
{
    return test_db_text(db,
                        arena_printf(db->arena, "SELECT %s FROM bmt_settlement.kept_%s ORDER BY 1 LIMIT 1 OFFSET %lld",
                                     tables[table].key, tables[table].name, row));
}

static void tamper_column(size_t table, const char *column, const char *type, long long n_rows, long long seed)
{
    for (long long i = 0; i < ROWS_OF_COLUMN && i < n_rows; i++)
        expect_named(tables[table].name,
                     arena_printf(db->arena, "UPDATE bmt_settlement.%s SET %s = %s WHERE %s", tables[table].name,
                                  column, change_of(table, column, type),
                                  row_of(table, (seed * 7 + i * n_rows / ROWS_OF_COLUMN) % n_rows)));
}

/* `name:type,name:type,...` */
static void tamper_table(size_t table)
{
    const char *name = tables[table].name;
    const long long n_rows =
        test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_settlement.kept_%s", name));
    const char *columns = test_db_text(
        db, arena_printf(db->arena,
                         "SELECT GROUP_CONCAT(column_name, ':', data_type) FROM information_schema.columns WHERE "
                         "table_schema = 'bmt_settlement' AND table_name = '%s'",
                         name));
    long long seed = 0;

    assert_true(n_rows > 0);
    while (*columns != '\0') {
        const size_t name_size = strcspn(columns, ":");
        const size_t type_size = strcspn(columns + name_size + 1, ",");
        const char *column = arena_printf(db->arena, "%.*s", (int)name_size, columns);
        const char *type = arena_printf(db->arena, "%.*s", (int)type_size, columns + name_size + 1);

        if (strstr(tables[table].unproven, column) == NULL)
            tamper_column(table, column, type, n_rows, seed++);
        columns += name_size + 1 + type_size;
        columns += *columns == ',';
    }
    for (long long i = 0; i < ROWS_TAKEN && i < n_rows && strcmp(name, "refund_bearers") != 0; i++)
        expect_named(name, arena_printf(db->arena, "DELETE FROM bmt_settlement.%s WHERE %s", name,
                                        row_of(table, i * n_rows / ROWS_TAKEN)));
}

static void a_change_of_any_column_and_a_lost_row_are_named(void **state)
{
    (void)state;
    expect_books_agree(db);
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        test_db_run(db,
                    arena_printf(db->arena, "CREATE TABLE bmt_settlement.kept_%s AS SELECT * FROM bmt_settlement.%s",
                                 tables[i].name, tables[i].name));
        tamper_table(i);
    }
    expect_books_agree(db);
    print_message("%d places\n", n_places);
    assert_true(n_places >= PLACES_MIN);
}

static void rows_that_nobody_wrote_are_named(void **state)
{
    (void)state;
    expect_named("transfers",
                 "INSERT INTO bmt_settlement.transfers SELECT transfer_id + 1, biz_id, kind, source_id + 1, 0, "
                 "chain, chain_seq + 100000, hash, note, create_time_ms FROM bmt_settlement.kept_transfers "
                 "WHERE kind = 1 LIMIT 1");
    expect_named("postings",
                 "INSERT INTO bmt_settlement.postings SELECT transfer_id + 1, posting_no, biz_id, account, "
                 "subject_id, currency, amount_minor, create_time_ms FROM bmt_settlement.kept_postings LIMIT 1");
    expect_named("clearings",
                 "INSERT INTO bmt_settlement.clearings SELECT order_id + 1, line_no, biz_id, payment_id, "
                 "channel_account_id, sku_id, rule_id, quantity, state, currency, amount_minor, fee_minor, "
                 "refunded_minor, platform_minor, fee_left_minor, due_time_ms, sale_time_ms, clear_time_ms, "
                 "disputed_minor FROM bmt_settlement.kept_clearings LIMIT 1");
    /* Two rows that hide each other from every sum but the chain's. */
    expect_named("postings",
                 "UPDATE bmt_settlement.postings SET amount_minor = amount_minor + SIGN(amount_minor) WHERE "
                 "transfer_id = (SELECT MIN(transfer_id) FROM bmt_settlement.kept_postings)");
    for (int kind = FINDING_TRANSFER_CHAIN; kind <= FINDING_CLEARING_ENTRY; kind++)
        if (!is_reached[kind])
            fail_msg("nothing breaks %s", finding_info((enum finding_kind)kind)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_of_any_column_and_a_lost_row_are_named),
        cmocka_unit_test(rows_that_nobody_wrote_are_named),
    };

    return cmocka_run_group_tests_name("verify_ledger", tests, begin, db_suite_end);
}
