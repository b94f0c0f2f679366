/*
 * Rows that somebody keeps locked while a batch wants them: its neighbours get their answers after two waits for locks,
 * however many rows are stuck. Waits are counted by the database, so that no clock decides.
 */
#include "lib/db_suite.h"

#include <stdlib.h>

#include "base/log.h"
#include "lib/given.h"
#include "verify/verify.h"

enum { N = 32, SKUS = 8 };

static int begin(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    db = test_db_start();
    return 0;
}

static long long lock_waits(enum module module)
{
    const char *text = mariadb_text(test_db_server(module),
                                    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
                                    "WHERE VARIABLE_NAME = 'Innodb_row_lock_waits'",
                                    db->arena);

    return strtoll(text, NULL, 10);
}

/* From now on the test's own connection has the row, until let_go. */
static void hold(enum module module, const char *table, const char *column, int64_t id)
{
    const char *query =
        arena_printf(db->arena, "SELECT %s FROM %s WHERE %s = %lld FOR UPDATE", column, table, column, (long long)id);

    mariadb_run(test_db_server(module), "SET autocommit = 0");
    assert_non_null(mariadb_text(test_db_server(module), query, db->arena));
}

static void let_go(enum module module)
{
    mariadb_run(test_db_server(module), "ROLLBACK");
    mariadb_run(test_db_server(module), "SET autocommit = 1");
}

static void found_nothing(void *context, const struct finding *finding)
{
    (void)context;
    fail_msg("%s: %s", finding_info(finding->kind)->name, finding->what);
}

static void expect_books_balance(void)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
    struct verify_report report;
    const struct verify verify = {
        .db = db->db, .threads = 1, .recheck_max = 1, .problems = stderr, .tell = found_nothing};

    assert_int_equal(verify_run(&verify, arena, &report), 0);
}

static void cancel_all(const int64_t *order_ids, struct close_order *ret_commands)
{
    for (int i = 0; i < N; i++)
        ret_commands[i] = (struct close_order){
            .order_id = order_ids[i], .event = ORDER_EVENT_CANCEL, .reason = CLOSE_USER_CANCELLED, .detail = ""};
    act_together(db, &cancel_order_plan, ret_commands, N, sizeof *ret_commands);
}

static bool is_one_of(int i, const int *list, size_t n)
{
    for (size_t at = 0; at < n; at++)
        if (list[at] == i)
            return true;
    return false;
}

/* Rows of the home module. */
static void orders_beside_several_stuck_ones_are_cancelled(void **state)
{
    static const int stuck[] = {3, 4, 17, 30};
    const struct sale gold = given_sale(db, TEST_BIZ, "gold", 1250, 100000);
    struct close_order commands[N];
    int64_t order_ids[N];
    long long before;

    (void)state;
    for (int i = 0; i < N; i++)
        order_ids[i] = given_pending_order(db, "u1", gold.sku_id, 1);
    for (size_t i = 0; i < COUNT_OF(stuck); i++)
        hold(MODULE_ORDER, "bmt_order.orders", "order_id", order_ids[stuck[i]]);
    before = lock_waits(MODULE_ORDER);
    cancel_all(order_ids, commands);
    assert_int_equal(lock_waits(MODULE_ORDER) - before, 2);
    for (int i = 0; i < N; i++)
        assert_int_equal(commands[i].command.err.id,
                         is_one_of(i, stuck, COUNT_OF(stuck)) ? ERR_BATCH_CONFLICT : ERR_NONE);
    let_go(MODULE_ORDER);
    cancel_all(order_ids, commands);
    for (int i = 0; i < N; i++)
        assert_int_equal(commands[i].command.err.id,
                         is_one_of(i, stuck, COUNT_OF(stuck)) ? ERR_NONE : ERR_ORDER_WRONG_STATE);
    expect_books_balance();
}

/* Rows of another module, over several servers those of a branch. */
static void orders_beside_several_stuck_stocks_are_placed(void **state)
{
    static const int stuck[] = {2, 5, 6};
    struct sale sales[SKUS];
    struct place_order orders[N];
    long long before;

    (void)state;
    for (int i = 0; i < SKUS; i++)
        sales[i] = given_sale(db, TEST_BIZ, arena_printf(db->arena, "sku-%d", i), 500, 1000);
    for (int i = 0; i < N; i++)
        orders[i] = place(db, "u2", sales[i % SKUS].sku_id, 1);
    for (size_t i = 0; i < COUNT_OF(stuck); i++)
        hold(MODULE_PRODUCT, "bmt_product.stocks", "sku_id", sales[stuck[i]].sku_id);
    before = lock_waits(MODULE_PRODUCT);
    act_together(db, &place_order_plan, orders, N, sizeof *orders);
    assert_int_equal(lock_waits(MODULE_PRODUCT) - before, 2);
    for (int i = 0; i < N; i++)
        assert_int_equal(orders[i].command.err.id,
                         is_one_of(i % SKUS, stuck, COUNT_OF(stuck)) ? ERR_BATCH_CONFLICT : ERR_NONE);
    let_go(MODULE_PRODUCT);
    for (int i = 0; i < N; i++)
        orders[i] = place(db, "u2", sales[i % SKUS].sku_id, 1);
    act_together(db, &place_order_plan, orders, N, sizeof *orders);
    for (int i = 0; i < N; i++)
        assert_int_equal(orders[i].command.err.id, ERR_NONE);
    expect_books_balance();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_beside_several_stuck_ones_are_cancelled),
        cmocka_unit_test(orders_beside_several_stuck_stocks_are_placed),
    };

    return cmocka_run_group_tests_name("stuck_rows", tests, begin, db_suite_end);
}
