/* Offers are kept in memory: what is sold is what the catalogue says now, whoever changed it. */
#include "lib/db_suite.h"

#include <string.h>

#include "base/clock.h"
#include "lib/given.h"

/* What one unit costs now; minus the refusal if it cannot be had. */
static int64_t price_now(int64_t sku_id)
{
    struct place_order order = place(db, "u1", sku_id, 1);
    const int refusal = act(db, &place_order_plan, &order, sizeof order, NULL);

    return refusal != 0 ? -refusal : order.row->amount_minor;
}

static void given_price(int64_t sku_id, int64_t unit_minor, int64_t effective_time_ms)
{
    struct create_price price = {
        .row = {
            .sku_id = sku_id, .currency = "EUR", .amount_minor = unit_minor, .effective_time_ms = effective_time_ms}};

    assert_int_equal(act(db, &create_price_plan, &price, sizeof price, NULL), 0);
}

static void a_new_price_holds_at_once(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);

    (void)state;
    assert_int_equal(price_now(sale.sku_id), 1250);
    clock_advance_to_offset(clock_offset_ms() + 10);
    given_price(sale.sku_id, 1300, 0);
    assert_int_equal(price_now(sale.sku_id), 1300);
}

static void a_price_to_come_holds_from_its_time_on(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);

    (void)state;
    given_price(sale.sku_id, 1400, clock_now_ms() + 3600000);
    assert_int_equal(price_now(sale.sku_id), 1250);
    clock_advance_to_offset(clock_offset_ms() + 3600000);
    assert_int_equal(price_now(sale.sku_id), 1400);
}

static void what_leaves_the_shop_is_not_sold(void **state)
{
    const struct sale sku = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const struct sale spu = given_sale(db, TEST_BIZ, "silver", 1250, -1);
    struct edit_sku sku_off = {.edit = {.id = sku.sku_id, .event = SALE_EVENT_UNPUBLISH, .version = -1}};
    struct edit_spu spu_off = {.edit = {.id = spu.spu_id, .event = SALE_EVENT_UNPUBLISH, .version = -1}};

    (void)state;
    assert_int_equal(price_now(sku.sku_id), 1250);
    assert_int_equal(price_now(spu.sku_id), 1250);
    assert_int_equal(act(db, &edit_sku_plan, &sku_off, sizeof sku_off, NULL), 0);
    assert_int_equal(price_now(sku.sku_id), -ERR_SKU_NOT_ON_SALE);
    assert_int_equal(act(db, &edit_spu_plan, &spu_off, sizeof spu_off, NULL), 0);
    assert_int_equal(price_now(spu.sku_id), -ERR_SKU_NOT_ON_SALE);
}

static void stock_that_becomes_counted_is_held(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    struct change_stock counted = {.sku_id = sale.sku_id, .change = STOCK_SET_TOTAL, .amount = 1};

    (void)state;
    assert_int_equal(price_now(sale.sku_id), 1250);
    assert_int_equal(act(db, &change_stock_plan, &counted, sizeof counted, NULL), 0);
    assert_int_equal(price_now(sale.sku_id), 1250);
    assert_int_equal(price_now(sale.sku_id), -ERR_STOCK_INSUFFICIENT);
}

/* Another replica's change is seen by the version that it counts up, and by that alone. */
static void another_replica_s_change_is_seen(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const char *change =
        arena_printf(db->arena, "UPDATE bmt_product.price_versions SET amount_minor = 1500 WHERE sku_id = %lld",
                     (long long)sale.sku_id);

    (void)state;
    assert_int_equal(price_now(sale.sku_id), 1250);
    test_db_run(db, change);
    assert_int_equal(price_now(sale.sku_id), 1250); /* it was not read again */
    test_db_run(db, "UPDATE bmt_product.catalogue_versions SET version = version + 1");
    assert_int_equal(price_now(sale.sku_id), 1500);
}

static void a_business_sees_its_own_offers_only(void **state)
{
    const struct sale foreign = given_sale(db, OTHER_BIZ, "gold", 1250, -1);

    (void)state;
    assert_int_equal(price_now(foreign.sku_id), -ERR_SKU_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_price_holds_at_once, db_suite_empty),
        cmocka_unit_test_setup(a_price_to_come_holds_from_its_time_on, db_suite_empty),
        cmocka_unit_test_setup(what_leaves_the_shop_is_not_sold, db_suite_empty),
        cmocka_unit_test_setup(stock_that_becomes_counted_is_held, db_suite_empty),
        cmocka_unit_test_setup(another_replica_s_change_is_seen, db_suite_empty),
        cmocka_unit_test_setup(a_business_sees_its_own_offers_only, db_suite_empty),
    };

    return cmocka_run_group_tests_name("offers", tests, db_suite_begin, db_suite_end);
}
