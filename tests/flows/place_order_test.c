/* Creating orders: what is stored, what is held, what is refused, and that a request_id counts once. */
#include "lib/db_suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "lib/given.h"

static long long count(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM %s", what));
}

static long long stock(const char *column, int64_t sku_id)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT %s FROM bmt_product.stocks WHERE sku_id = %lld", column,
                                           (long long)sku_id));
}

static void order_holds_stock_and_waits_for_money(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    struct place_order order = place(db, "u1", sale.sku_id, 3);

    (void)state;
    assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), 0);
    assert_int_equal(order.row->state, ORDER_PENDING_PAYMENT);
    assert_int_equal(order.row->amount_minor, 3750);
    assert_int_equal(order.order_lines.n, 1);
    assert_int_equal(stock("available", sale.sku_id), 7);
    assert_int_equal(stock("held", sale.sku_id), 3);
    assert_int_equal(count("bmt_product.stock_holds WHERE state = 1 AND quantity = 3"), 1);
}

static void unlimited_stock_holds_nothing(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "free", 100, -1);

    (void)state;
    given_pending_order(db, "u1", sale.sku_id, 1000);
    assert_int_equal(count("bmt_product.stock_holds"), 0);
}

static void repeat_returns_the_same_order(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    struct place_order first = place(db, "u1", sale.sku_id, 3);
    struct place_order second = place(db, "u1", sale.sku_id, 3);

    (void)state;
    assert_int_equal(act(db, &place_order_plan, &first, sizeof first, "again"), 0);
    assert_int_equal(act(db, &place_order_plan, &second, sizeof second, "again"), 0);
    assert_int_equal(first.row->order_id, second.row->order_id);
    assert_int_equal(second.order_lines.n, 1);
    assert_int_equal(count("bmt_order.orders"), 1);
    assert_int_equal(stock("held", sale.sku_id), 3);
}

static void repeat_is_answered_even_when_the_sku_left_the_shop(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    struct place_order first = place(db, "u1", sale.sku_id, 1);
    struct place_order second = place(db, "u1", sale.sku_id, 1);
    struct edit_sku off = {.edit = {.id = sale.sku_id, .event = SALE_EVENT_UNPUBLISH, .version = -1}};

    (void)state;
    assert_int_equal(act(db, &place_order_plan, &first, sizeof first, "left"), 0);
    assert_int_equal(act(db, &edit_sku_plan, &off, sizeof off, NULL), 0);
    assert_int_equal(act(db, &place_order_plan, &second, sizeof second, "left"), 0);
    assert_int_equal(first.row->order_id, second.row->order_id);
}

static void other_body_under_the_same_request_id_is_refused(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    struct place_order first = place(db, "u1", sale.sku_id, 1);
    struct place_order second = place(db, "u1", sale.sku_id, 2);

    (void)state;
    second.command.fingerprint[0] = 1;
    assert_int_equal(act(db, &place_order_plan, &first, sizeof first, "reused"), 0);
    assert_int_equal(act(db, &place_order_plan, &second, sizeof second, "reused"), ERR_REQUEST_ID_REUSED);
    assert_int_equal(count("bmt_order.orders"), 1);
}

static void refused_orders_leave_no_row(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 2);
    const struct sale foreign = given_sale(db, OTHER_BIZ, "gold", 1250, 2);
    const struct sale dear = given_sale(db, TEST_BIZ, "dear", INT64_C(900000000000000), -1);
    struct edit_sku off = {.edit = {.id = dear.sku_id, .event = SALE_EVENT_UNPUBLISH, .version = -1}};
    const struct {
        int64_t sku_id;
        int64_t quantity;
        const char *currency;
        int expected;
    } cases[] = {
        {64, 1, "EUR", ERR_SKU_NOT_FOUND},
        {foreign.sku_id, 1, "EUR", ERR_SKU_NOT_FOUND},
        {sale.sku_id, 1, "USD", ERR_PRICE_MISSING},
        {sale.sku_id, 3, "EUR", ERR_STOCK_INSUFFICIENT},
        {dear.sku_id, 2, "EUR", ERR_AMOUNT_OVERFLOW},
    };
    const long long before = test_db_checksum(db);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct place_order order = place(db, "u1", cases[i].sku_id, cases[i].quantity);

        memcpy(order.lines->currency, cases[i].currency, CURRENCY_SIZE);
        assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), cases[i].expected);
    }
    assert_true(test_db_checksum(db) == before);

    assert_int_equal(act(db, &edit_sku_plan, &off, sizeof off, NULL), 0);
    struct place_order order = place(db, "u1", dear.sku_id, 1);
    assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), ERR_SKU_NOT_ON_SALE);
}

static void quote_binds_price_and_is_good_for_one_order(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    const int64_t quote_id = given_quote(db, "u1", sale.sku_id, 2);
    struct place_order first = {.user_id = "u1", .quote_id = quote_id, .labels = ""};
    struct place_order second = {.user_id = "u1", .quote_id = quote_id, .labels = ""};
    struct place_order other_user = {.user_id = "u2", .quote_id = given_quote(db, "u1", sale.sku_id, 2), .labels = ""};
    struct place_order unknown = {.user_id = "u1", .quote_id = 64, .labels = ""};
    struct place_order late = {.user_id = "u1", .quote_id = given_quote(db, "u1", sale.sku_id, 2), .labels = ""};

    (void)state;
    assert_int_equal(act(db, &place_order_plan, &first, sizeof first, NULL), 0);
    assert_int_equal(first.row->amount_minor, 2500);
    assert_int_equal(stock("held", sale.sku_id), 2);
    assert_int_equal(act(db, &place_order_plan, &second, sizeof second, NULL), ERR_QUOTE_USED);
    assert_int_equal(act(db, &place_order_plan, &other_user, sizeof other_user, NULL), ERR_QUOTE_MISMATCH);
    assert_int_equal(act(db, &place_order_plan, &unknown, sizeof unknown, NULL), ERR_QUOTE_NOT_FOUND);
    test_db_run(db, "UPDATE bmt_product.quotes SET expire_time_ms = 1 WHERE order_id = 0");
    assert_int_equal(act(db, &place_order_plan, &late, sizeof late, NULL), ERR_QUOTE_EXPIRED);
}

/* A quote does not bind whether stock is counted: the order asks that anew. */
static void quote_outlives_the_kind_of_stock(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, 10);
    struct place_order order = {.user_id = "u1", .quote_id = given_quote(db, "u1", sale.sku_id, 2), .labels = ""};
    struct change_stock free_all = {.sku_id = sale.sku_id, .change = STOCK_SET_UNLIMITED};

    (void)state;
    assert_int_equal(act(db, &change_stock_plan, &free_all, sizeof free_all, NULL), 0);
    assert_int_equal(act(db, &place_order_plan, &order, sizeof order, NULL), 0);
    assert_int_equal(count("bmt_product.stock_holds"), 0);
}

/* One bad command must not take its neighbours along. */
static void batch_refuses_each_on_its_own(void **state)
{
    enum { N = 100 };
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 100, 40);
    struct place_order *orders = arena_array_of(db->arena, struct place_order, N);
    int placed = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        orders[i] = place(db, "u1", i % 10 == 0 ? 64 : sale.sku_id, 1);
        orders[i].command = (struct command){
            .biz_id = TEST_BIZ, .actor = "t", .method = "m", .request_id = arena_printf(db->arena, "batch-%d", i % 50)};
    }
    batch_run(db->session, &place_order_plan, db->arena, orders, N, sizeof *orders);
    for (int i = 0; i < N; i++) {
        if (i % 10 == 0)
            assert_int_equal(orders[i].command.err.id, ERR_SKU_NOT_FOUND);
        else
            placed += orders[i].command.err.id == 0;
    }
    assert_int_equal(count("bmt_order.orders"), 40);
    assert_int_equal(stock("available", sale.sku_id), 0);
    assert_true(placed >= 40);
}

enum { THREADS = 8, BUYERS_A_THREAD = 25 };
static struct sale hot;
static _Atomic int n_placed;
static _Atomic int n_refused;

static void *buy(void *unused)
{
    struct session *session;
    struct arena *arena = arena_new(64 << 20);

    (void)unused;
    db_thread_begin();
    session = session_new(db->db);
    for (int i = 0; i < BUYERS_A_THREAD; i++) {
        static _Atomic int n;
        struct sale_line line = {.sku_id = hot.sku_id, .quantity = 1, .currency = "EUR"};
        struct place_order order = {.command = {.biz_id = TEST_BIZ, .actor = "t", .method = "m"},
                                    .user_id = "u",
                                    .lines = &line,
                                    .n_lines = 1,
                                    .labels = ""};

        order.command.request_id = arena_printf(arena, "race-%d", ++n);
        batch_run(session, &place_order_plan, arena, &order, 1, sizeof order);
        if (order.command.err.id == 0)
            n_placed++;
        else if (order.command.err.id == ERR_STOCK_INSUFFICIENT)
            n_refused++;
    }
    session_free(session);
    db_thread_end();
    arena_free(arena);
    return NULL;
}

static void two_hundred_buyers_of_fifty_get_fifty(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    hot = given_sale(db, TEST_BIZ, "hot", 100, 50);
    n_placed = n_refused = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, buy, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(n_placed, 50);
    assert_int_equal(n_refused, 150);
    assert_int_equal(stock("available", hot.sku_id), 0);
    assert_int_equal(stock("held", hot.sku_id), 50);
    assert_int_equal(count("bmt_order.orders"), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(order_holds_stock_and_waits_for_money, db_suite_empty),
        cmocka_unit_test_setup(unlimited_stock_holds_nothing, db_suite_empty),
        cmocka_unit_test_setup(repeat_returns_the_same_order, db_suite_empty),
        cmocka_unit_test_setup(repeat_is_answered_even_when_the_sku_left_the_shop, db_suite_empty),
        cmocka_unit_test_setup(other_body_under_the_same_request_id_is_refused, db_suite_empty),
        cmocka_unit_test_setup(refused_orders_leave_no_row, db_suite_empty),
        cmocka_unit_test_setup(quote_binds_price_and_is_good_for_one_order, db_suite_empty),
        cmocka_unit_test_setup(quote_outlives_the_kind_of_stock, db_suite_empty),
        cmocka_unit_test_setup(batch_refuses_each_on_its_own, db_suite_empty),
        cmocka_unit_test_setup(two_hundred_buyers_of_fifty_get_fifty, db_suite_empty),
    };

    return cmocka_run_group_tests_name("place_order", tests, db_suite_begin, db_suite_end);
}
