/* Verify: books that the flows have made balance; each way of breaking a row is found and named. */
#include "lib/db_suite.h"

#include "lib/look.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "flows/complete_payment.h"
#include "flows/complete_refund.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "lib/given.h"

static struct sale gold;

/* One order of each fate, with all its rows; named by the tests' SQL as `@pending` and so on. */
static struct {
    int64_t pending, fulfilled, closed, part, late;
    int64_t paid_by, late_by;
} the;

static void given_part_refund(int64_t order_id)
{
    struct refund_want want = {.line_no = 1, .quantity = 1};
    struct begin_refund begin = {.order_id = order_id, .wants = &want, .n_wants = 1, .reason = "test"};
    struct complete_refund end = {
        .verdict = {.word = CHANNEL_GAVE_BACK, .ref = "cr_1", .action_url = "", .failure = ""}};

    assert_int_equal(act(db, &begin_refund_plan, &begin, sizeof begin, NULL), 0);
    end.refund_id = begin.refund_id;
    assert_int_equal(act(db, &complete_refund_plan, &end, sizeof end, NULL), 0);
}

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    gold = given_sale(db, TEST_BIZ, "gold", 1250, 100);
    given_channel(db, 5);
    the.pending = given_pending_order(db, "u1", gold.sku_id, 1);
    the.fulfilled = given_pending_order(db, "u1", gold.sku_id, 2);
    given_money(db, the.paid_by = 901, the.fulfilled, 2500);
    the.closed = given_pending_order(db, "u2", gold.sku_id, 3);
    assert_int_equal(close_with(db, the.closed, "close-1"), 0);
    the.part = given_pending_order(db, "u3", gold.sku_id, 3);
    given_money(db, 902, the.part, 3750);
    given_part_refund(the.part);
    the.late = given_pending_order(db, "u4", gold.sku_id, 1);
    assert_int_equal(close_with(db, the.late, "close-2"), 0);
    given_money(db, the.late_by = 903, the.late, 1250);
    return 0;
}

static void books_of_the_flows_balance(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct found_list list = look_at_books(db, arena, &report);

    (void)state;
    if (list.n > 0)
        print_message("%s: %s\n", finding_info(list.last.kind)->name, list.last.what);
    assert_int_equal(list.n, 0);
    assert_int_equal(report.n_orders, 5);
    assert_int_equal(report.n_payments, 3);
    assert_int_equal(report.n_refunds, 2);
    assert_int_equal(report.n_skus, 1);
    assert_int_equal(report.n_money, 1);
    assert_int_equal(report.money[0].in_minor, 2500 + 3750 + 1250);
    assert_int_equal(report.money[0].out_minor, 1250);
}

/* Puts the ids of `the` into a statement: @pending and so on. */
static const char *with_ids(const char *text)
{
    const struct {
        const char *name;
        int64_t id;
    } names[] = {{"@pending", the.pending},
                 {"@fulfilled", the.fulfilled},
                 {"@closed", the.closed},
                 {"@part", the.part},
                 {"@late", the.late}};

    if (strstr(text, "@shown") != NULL)
        return arena_printf(db->arena, "%.*s%s%s", (int)(strstr(text, "@shown") - text), text,
                            id_show(ID_ORDER, the.closed), strstr(text, "@shown") + strlen("@shown"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *at = strstr(text, names[i].name);

        if (at != NULL)
            return arena_printf(db->arena, "%.*s%lld%s", (int)(at - text), text, (long long)names[i].id,
                                at + strlen(names[i].name));
    }
    return text;
}

/* How a row can be broken, how it is mended again, and what verify must say; FINDING_COUNT: nothing. */
static const struct {
    const char *broken;
    const char *mended;
    enum finding_kind kind;
} cases[] = {
    {"UPDATE bmt_order.orders SET amount_minor = amount_minor + 1 WHERE order_id = @pending",
     "UPDATE bmt_order.orders SET amount_minor = amount_minor - 1 WHERE order_id = @pending", FINDING_ORDER_AMOUNT},
    {"UPDATE bmt_order.order_lines SET unit_minor = unit_minor + 1 WHERE order_id = @pending",
     "UPDATE bmt_order.order_lines SET unit_minor = unit_minor - 1 WHERE order_id = @pending", FINDING_ORDER_AMOUNT},
    {"INSERT INTO bmt_order.order_lines VALUES (1, 1, 1001, 1, 1, 1, 't', 1, 1, 1, 0, 0)",
     "DELETE FROM bmt_order.order_lines WHERE order_id = 1", FINDING_ORDER_AMOUNT},
    {"UPDATE bmt_order.orders SET version = 9 WHERE order_id = @pending",
     "UPDATE bmt_order.orders SET version = 1 WHERE order_id = @pending", FINDING_ORDER_EVENTS},
    {"UPDATE bmt_order.order_events SET to_state = 6 WHERE version = 3 AND order_id = @fulfilled",
     "UPDATE bmt_order.order_events SET to_state = 3 WHERE version = 3 AND order_id = @fulfilled",
     FINDING_ORDER_EVENTS},
    {"INSERT INTO bmt_order.order_events VALUES (1, 2, 1001, 2, 1, 2, 0, 0, 'x', '', 1)",
     "DELETE FROM bmt_order.order_events WHERE order_id = 1", FINDING_ORDER_EVENTS},
    {"UPDATE bmt_payment.payments SET is_late = 1 WHERE payment_id = 901",
     "UPDATE bmt_payment.payments SET is_late = 0 WHERE payment_id = 901", FINDING_ORDER_UNPAID},
    {"UPDATE bmt_payment.payments SET currency = 'USD' WHERE payment_id = 901",
     "UPDATE bmt_payment.payments SET currency = 'EUR' WHERE payment_id = 901", FINDING_PAYMENT_UNUSED},
    {"UPDATE bmt_payment.payments SET order_id = 1 WHERE payment_id = 903",
     "UPDATE bmt_payment.payments SET order_id = @late WHERE payment_id = 903", FINDING_PAYMENT_ORPHAN},
    {"UPDATE bmt_payment.payments SET version = 7 WHERE payment_id = 901",
     "UPDATE bmt_payment.payments SET version = 2 WHERE payment_id = 901", FINDING_PAYMENT_EVENTS},
    {"UPDATE bmt_payment.payment_events SET event = 2 WHERE payment_id = 901",
     "UPDATE bmt_payment.payment_events SET event = 4 WHERE payment_id = 901", FINDING_PAYMENT_EVENTS},
    {"UPDATE bmt_payment.payments SET refund_minor = 1 WHERE payment_id = 901",
     "UPDATE bmt_payment.payments SET refund_minor = 0 WHERE payment_id = 901", FINDING_PAYMENT_REFUNDS},
    {"UPDATE bmt_payment.refunds SET purpose = 1 WHERE payment_id = 903",
     "UPDATE bmt_payment.refunds SET purpose = 2 WHERE payment_id = 903", FINDING_PAYMENT_LATE},
    {"UPDATE bmt_payment.refund_events SET to_state = 4", "UPDATE bmt_payment.refund_events SET to_state = 3",
     FINDING_REFUND_EVENTS},
    /* Of a payment and a refund that are not there. */
    {"INSERT INTO bmt_payment.payment_events VALUES (1, 2, 1001, 1, 1, 2, 'x', '', 5)",
     "DELETE FROM bmt_payment.payment_events WHERE payment_id = 1", FINDING_PAYMENT_EVENTS},
    {"INSERT INTO bmt_payment.refund_events VALUES (9223372036854775806, 2, 1001, 1, 1, 2, 'x', '', 5)",
     "DELETE FROM bmt_payment.refund_events WHERE refund_id = 9223372036854775806", FINDING_REFUND_EVENTS},
    {"UPDATE bmt_order.refunds SET amount_minor = amount_minor - 1",
     "UPDATE bmt_order.refunds SET amount_minor = amount_minor + 1", FINDING_REFUND_SIDES},
    {"INSERT INTO bmt_order.refunds VALUES (1, 1001, 2, 3, 'x', REPEAT(CHAR(0), 16), 'EUR', 5, 'r', 'a', 1)",
     "DELETE FROM bmt_order.refunds WHERE refund_id = 1", FINDING_REFUND_SIDES},
    {"UPDATE bmt_payment.refunds SET order_id = 0 WHERE payment_id = 903",
     "UPDATE bmt_payment.refunds SET order_id = @late WHERE payment_id = 903", FINDING_REFUND_SIDES},
    {"UPDATE bmt_payment.refunds SET purpose = 3 WHERE payment_id = 903",
     "UPDATE bmt_payment.refunds SET purpose = 2 WHERE payment_id = 903", FINDING_REFUND_SIDES},
    {"UPDATE bmt_order.orders SET refunded_minor = refunded_minor + 1 WHERE order_id = @part",
     "UPDATE bmt_order.orders SET refunded_minor = refunded_minor - 1 WHERE order_id = @part", FINDING_ORDER_REFUNDED},
    {"UPDATE bmt_order.order_lines SET refunded_quantity = 1 WHERE order_id = @fulfilled",
     "UPDATE bmt_order.order_lines SET refunded_quantity = 0 WHERE order_id = @fulfilled", FINDING_ORDER_REFUNDED},
    {"UPDATE bmt_order.orders SET refund_id = 1 WHERE order_id = @fulfilled",
     "UPDATE bmt_order.orders SET refund_id = 0 WHERE order_id = @fulfilled", FINDING_ORDER_REFUNDING},
    {"UPDATE bmt_order.orders SET state = 2 WHERE order_id = @fulfilled",
     "UPDATE bmt_order.orders SET state = 4 WHERE order_id = @fulfilled", FINDING_ORDER_STUCK},
    {"UPDATE bmt_product.stock_holds SET state = 1 WHERE order_id = @closed",
     "UPDATE bmt_product.stock_holds SET state = 3 WHERE order_id = @closed", FINDING_HOLD_STATE},
    {"INSERT INTO bmt_product.stock_holds VALUES (1, 1, 1001, 1, 1, 1, 1, 0)",
     "DELETE FROM bmt_product.stock_holds WHERE order_id = 1", FINDING_HOLD_STATE},
    {"UPDATE bmt_product.stock_holds SET quantity = quantity + 1 WHERE order_id = @closed",
     "UPDATE bmt_product.stock_holds SET quantity = quantity - 1 WHERE order_id = @closed", FINDING_HOLD_QUANTITY},
    {"UPDATE bmt_product.stock_holds SET returned = 0 WHERE order_id = @part",
     "UPDATE bmt_product.stock_holds SET returned = 1 WHERE order_id = @part", FINDING_HOLD_QUANTITY},
    {"UPDATE bmt_product.entitlement_lots SET line_no = 9 WHERE order_id = @fulfilled",
     "UPDATE bmt_product.entitlement_lots SET line_no = 1 WHERE order_id = @fulfilled", FINDING_LOT_MISSING},
    {"UPDATE bmt_product.entitlement_lots SET quantity = 5 WHERE order_id = @fulfilled",
     "UPDATE bmt_product.entitlement_lots SET quantity = 2 WHERE order_id = @fulfilled", FINDING_LOT_MISSING},
    {"INSERT INTO bmt_product.entitlement_lots SELECT 1, 1001, 'u9', 1, 1, @closed, 1, 1, 1, 0, 0, 1, 2, 1, 1, 1, "
     "1, "
     "0 FROM bmt_product.stocks",
     "DELETE FROM bmt_product.entitlement_lots WHERE lot_id = 1", FINDING_LOT_EXTRA},
    {"UPDATE bmt_product.entitlement_lots SET recalled = 2 WHERE order_id = @part",
     "UPDATE bmt_product.entitlement_lots SET recalled = 1 WHERE order_id = @part", FINDING_LOT_RECALLED},
    {"UPDATE bmt_order.orders SET quote_id = 77 WHERE order_id = @pending",
     "UPDATE bmt_order.orders SET quote_id = 0 WHERE order_id = @pending", FINDING_QUOTE},
    {"INSERT INTO bmt_order.requests VALUES (1001, 'bmt.order.v1.OrderService/CancelOrder', 'x', REPEAT(CHAR(0), "
     "16), CONCAT(UNHEX('0A170A11'), '@shown', UNHEX('18062809')), 1)",
     "DELETE FROM bmt_order.requests WHERE request_id = 'x'", FINDING_REPLY},
    {"INSERT INTO bmt_order.requests VALUES (1001, 'bmt.order.v1.OrderService/CancelOrder', 'x', REPEAT(CHAR(0), "
     "16), CONCAT(UNHEX('0A170A11'), '@shown', UNHEX('18062802')), 1)",
     "DELETE FROM bmt_order.requests WHERE request_id = 'x'", FINDING_COUNT /* it was told the truth */},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 1, 777, 'cp', 'ct', 'EUR', 5, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_UNKNOWN},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 6, 1, 901, 'cp', 'ct', 'EUR', 2500, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_UNKNOWN /* of another account */},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 1, 901, 'cp', 'ct', 'EUR', 2499, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_AMOUNT},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 1, 901, 'cp', 'ct', 'USD', 2500, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_AMOUNT},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 1, 901, 'cp', 'ct', 'EUR', 2500, 1, 31)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_FEE},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 1, 901, 'cp', 'ct', 'EUR', 2500, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_COUNT /* it agrees */},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 5, 0, 'cs', 'ct', 'EUR', 5, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_COUNT /* to our own bank */},
    {"INSERT INTO bmt_payment.statement_lines SELECT 1, 1, 1, 1, 1001, 5, 2, refund_id, 'cr', 'ct', 'EUR', "
     "amount_minor, 1, 0 FROM bmt_payment.refunds WHERE payment_id = 903",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_UNPROVEN},
    {"INSERT INTO bmt_payment.statement_lines VALUES (1, 1, 1, 1, 1001, 5, 1, 901, 'cp', 'ct', 'EUR', 2500, 1, 0), "
     "(2, 1, 1, 2, 1001, 5, 1, 901, 'cp', 'ct2', 'EUR', 2500, 1, 0)",
     "DELETE FROM bmt_payment.statement_lines", FINDING_STATEMENT_TWICE},
    {"INSERT INTO bmt_payment.statements SELECT 1, 1001, 5, succeed_time_ms - succeed_time_ms % 86400000, 1, 1, 0, 1, "
     "1 FROM bmt_payment.payments WHERE payment_id = 901 UNION ALL SELECT 2, 1001, 5, succeed_time_ms - "
     "succeed_time_ms % 86400000 + 86400000, 1, 1, 0, 1, 1 FROM bmt_payment.payments WHERE payment_id = 901",
     "DELETE FROM bmt_payment.statements", FINDING_STATEMENT_MISSING},
    {"INSERT INTO bmt_payment.statements SELECT 1, 1001, 5, succeed_time_ms - succeed_time_ms % 86400000, 1, 1, 0, 1, "
     "1 FROM bmt_payment.payments WHERE payment_id = 901",
     "DELETE FROM bmt_payment.statements", FINDING_COUNT /* the next day may have it */},
    {"UPDATE bmt_product.stocks SET held = held + 1, available = available - 1",
     "UPDATE bmt_product.stocks SET held = held - 1, available = available + 1", FINDING_STOCK_SUM},
    {"INSERT INTO bmt_product.txn_branches VALUES ('bmt1.bmt.7fffffff00000000.order.00000001', 1)",
     "DELETE FROM bmt_product.txn_branches WHERE gtid LIKE 'bmt1.bmt.7fff%'", FINDING_BRANCH_FATE},
    {"INSERT INTO bmt_order.txn_decisions SELECT CONCAT('bmt1.bmt.', LPAD(LOWER(HEX(order_id)), 16, '0'), "
     "'.order.00000001'), 'A', '', 1 FROM bmt_order.orders WHERE order_id = @pending",
     "DELETE FROM bmt_order.txn_decisions WHERE decision = 'A'", FINDING_COUNT /* a tombstone alone is fine */},
};

static void each_break_is_found_and_named(void **state)
{
    bool is_reached[FINDING_COUNT] = {false};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
        struct verify_report report;

        test_db_run(db, with_ids(cases[i].broken));
        const struct found_list list = look_at_books(db, arena, &report);

        test_db_run(db, with_ids(cases[i].mended));
        if (cases[i].kind == FINDING_COUNT ? list.n > 0 : list.by_kind[cases[i].kind] == 0)
            fail_msg("%s: found %zu, last %s", cases[i].broken, list.n,
                     list.n > 0 ? finding_info(list.last.kind)->name : "-");
        if (cases[i].kind != FINDING_COUNT)
            is_reached[cases[i].kind] = true;
        assert_int_equal(report.n_findings, list.n);
    }
    for (int kind = 0; kind < FINDING_TRANSFER_CHAIN; kind++) /* the rest: verify_ledger_test.c and its neighbours */
        if (!is_reached[kind] && kind != FINDING_BRANCH_LEFT)
            fail_msg("no case breaks %s", finding_info((enum finding_kind)kind)->name);
    books_of_the_flows_balance(state);
}

/* More rows than a slice of each kind, one of the last slice that disagrees, and how all are taken away. */
#define LATER_NAMES "CONCAT('bmt1.bmt.', LPAD(LOWER(HEX(@pending + seq * 65536)), 16, '0'), '.order.00000001')"
static const struct {
    const char *filled[2];
    const char *broken;
    const char *mended[2];
    enum finding_kind kind;
} long_lists[] = {
    {{"INSERT INTO bmt_order.requests SELECT 1001, 'bmt.order.v1.OrderService/CancelOrder', LPAD(seq, 6, '0'), "
      "REPEAT(CHAR(0), 16), CONCAT(UNHEX('0A170A11'), '@shown', UNHEX('18062802')), 1 FROM bmt_order.seq_1_to_20000"},
     "UPDATE bmt_order.requests SET reply = REPLACE(reply, UNHEX('2802'), UNHEX('2809')) WHERE request_id = '019990'",
     {"DELETE FROM bmt_order.requests WHERE LENGTH(request_id) = 6"},
     FINDING_REPLY},
    {{"INSERT INTO bmt_order.txn_decisions SELECT " LATER_NAMES ", 'C', 'product', 1 FROM bmt_order.seq_1_to_20000",
      "INSERT INTO bmt_product.txn_branches SELECT " LATER_NAMES ", 1 FROM bmt_product.seq_1_to_20000"},
     "UPDATE bmt_product.txn_branches SET gtid = CONCAT(gtid, '1') ORDER BY gtid DESC LIMIT 1",
     {"DELETE FROM bmt_order.txn_decisions WHERE create_time_ms = 1",
      "DELETE FROM bmt_product.txn_branches WHERE create_time_ms = 1"},
     FINDING_BRANCH_FATE},
    {{"INSERT INTO bmt_product.stock_holds SELECT 9000000000000000000 + seq, sku_id, biz_id, 1, 3, 1, 1, 0 "
      "FROM bmt_product.stocks, bmt_product.seq_1_to_140000"},
     "UPDATE bmt_product.stock_holds SET state = 2 WHERE order_id = 9000000000000139999",
     {"DELETE FROM bmt_product.stock_holds WHERE order_id > 9000000000000000000"},
     FINDING_STOCK_SUM},
};

static void run_all(const char *const *statements)
{
    for (int i = 0; i < 2 && statements[i] != NULL; i++)
        test_db_run(db, with_ids(statements[i]));
}

static void lists_longer_than_a_slice_are_read_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(long_lists); i++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
        struct verify_report report;
        struct found_list list;

        run_all(long_lists[i].filled);
        list = look_at_books(db, arena, &report);
        if (list.n > 0)
            fail_msg("%s: %s", finding_info(list.last.kind)->name, list.last.what);
        test_db_run(db, long_lists[i].broken);
        list = look_at_books(db, arena, &report);
        run_all(long_lists[i].mended);
        assert_true(list.by_kind[long_lists[i].kind] > 0);
    }
    books_of_the_flows_balance(state);
}

/* The first payment may yet take the money: nobody else is charged until the channel has given its word. */
static void no_second_channel_while_the_first_is_unknown(void **state)
{
    struct begin_payment second = {.order_id = the.pending, .account_id = 5, .return_url = ""};

    (void)state;
    test_db_run(db, arena_printf(db->arena,
                                 "INSERT INTO bmt_payment.payments SELECT 904, 1001, %lld, 'u1', 5, 'r904', "
                                 "REPEAT(CHAR(0), 16), 6, 2, 'EUR', 1250, NULL, NULL, '', '', '', 0, 1, 0, %lld, 1, 1, "
                                 "0, 0, 0",
                                 (long long)the.pending, (long long)clock_now_ms() + 60000));
    assert_int_equal(act(db, &begin_payment_plan, &second, sizeof second, NULL), ERR_PAYMENT_IN_DOUBT);
    test_db_run(db, "DELETE FROM bmt_payment.payments WHERE payment_id = 904");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_of_the_flows_balance),
        cmocka_unit_test(each_break_is_found_and_named),
        cmocka_unit_test(lists_longer_than_a_slice_are_read_whole),
        cmocka_unit_test(no_second_channel_while_the_first_is_unknown),
    };

    return cmocka_run_group_tests_name("verify", tests, begin, db_suite_end);
}
