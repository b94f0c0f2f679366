/* Split rules: what is stored, what is refused and in which order, and how rules end. */
#include "lib/db_suite.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "lib/partners.h"

static long long count(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_settlement.%s", what));
}

static void rule_is_kept_with_its_parts(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const struct partner_row studio = given_partner(db, TEST_BIZ, "studio", "EUR");
    const struct partner_row agent = given_partner(db, TEST_BIZ, "agent", "JPY");
    struct split_part_row parts[] = {
        {.level = 1, .partner_id = studio.partner_id, .kind = SPLIT_FIXED, .value = 50},
        {.level = 1, .partner_id = agent.partner_id, .kind = SPLIT_BASIS_POINTS, .value = 1000},
        {.level = 2, .partner_id = 0, .kind = SPLIT_BASIS_POINTS, .value = 10000},
    };
    struct create_rule c = {.scope = SCOPE_SKU,
                            .scope_id = sale.sku_id,
                            .currency = "EUR",
                            .remainder_partner_id = studio.partner_id,
                            .parts = {.list = parts, .n = 3}};
    const int64_t before_ms = clock_now_ms();

    (void)state;
    assert_int_equal(act(db, &create_rule_plan, &c, sizeof c, NULL), 0);

    const struct get_rule *kept = rule_now(db, c.row.rule_id);

    assert_int_equal(kept->row.scope, SCOPE_SKU);
    assert_int_equal(kept->row.scope_id, sale.sku_id);
    assert_string_equal(kept->row.currency, "EUR");
    assert_int_equal(kept->row.remainder_partner_id, studio.partner_id);
    assert_true(kept->row.from_time_ms >= before_ms);
    assert_int_equal(kept->row.to_time_ms, 0);
    assert_int_equal(kept->row.version, 1);
    assert_int_equal(kept->parts.n, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kept->parts.list[i].part_no, i + 1);
        assert_int_equal(kept->parts.list[i].level, parts[i].level);
        assert_int_equal(kept->parts.list[i].partner_id, parts[i].partner_id);
        assert_int_equal(kept->parts.list[i].kind, parts[i].kind);
        assert_int_equal(kept->parts.list[i].value, parts[i].value);
    }
}

static void rule_is_created_once_under_a_request_id(void **state)
{
    struct create_rule first = rule_of(db, SCOPE_BUSINESS, TEST_BIZ, 0, 0);
    struct create_rule second = rule_of(db, SCOPE_BUSINESS, TEST_BIZ, 0, 0);

    (void)state;
    assert_int_equal(act(db, &create_rule_plan, &first, sizeof first, "once"), 0);
    assert_int_equal(act(db, &create_rule_plan, &second, sizeof second, "once"), 0);
    assert_int_equal(count("split_rules"), 1);
    assert_int_equal(count("split_parts"), 1);
}

static void expect_refused(const struct create_rule *wanted, enum err_id id, const char *first_value)
{
    struct create_rule c = *wanted;

    assert_int_equal(act(db, &create_rule_plan, &c, sizeof c, NULL), id);
    assert_string_equal(err_value(&c.command.err, 0), first_value);
}

/* Wrong in every way; each step mends what was named, and the next is named. */
static void refusals_of_a_rule_come_in_the_contract_s_order(void **state)
{
    const struct partner_row foreign = given_partner(db, OTHER_BIZ, "foreign", "EUR");
    const struct partner_row closed = given_partner(db, TEST_BIZ, "closed", "EUR");
    const struct partner_row yen = given_partner(db, TEST_BIZ, "yen", "JPY");
    const struct partner_row euro = given_partner(db, TEST_BIZ, "euro", "EUR");
    const struct sale foreign_sale = given_sale(db, OTHER_BIZ, "gold", 1250, -1);
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const int64_t then_ms = clock_now_ms() + HOUR_MS;
    struct create_rule c = rule_of(db, SCOPE_SPU, foreign_sale.spu_id, 1000, 500);

    (void)state;
    given_rule(db, SCOPE_SPU, sale.spu_id, then_ms, 0);
    const int64_t of_sku = given_rule(db, SCOPE_SKU, sale.sku_id, then_ms, 0);

    close_partner(db, closed.partner_id);
    const long long before = test_db_checksum(db);

    c.parts = one_part(db, closed.partner_id, SPLIT_BASIS_POINTS, 10001);
    c.remainder_partner_id = foreign.partner_id;
    expect_refused(&c, ERR_SPLIT_RATIO, "1");
    c.parts.list->value = 10000;
    expect_refused(&c, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, foreign.partner_id));
    c.remainder_partner_id = 64;
    expect_refused(&c, ERR_PARTNER_NOT_FOUND, id_show(ID_PARTNER, 64));
    c.remainder_partner_id = yen.partner_id;
    expect_refused(&c, ERR_PARTNER_WRONG_STATE, id_show(ID_PARTNER, closed.partner_id));
    c.parts = one_part(db, yen.partner_id, SPLIT_FIXED, 10);
    c.remainder_partner_id = closed.partner_id;
    c.currency = "EUR";
    expect_refused(&c, ERR_PARTNER_WRONG_STATE, id_show(ID_PARTNER, closed.partner_id));
    c.remainder_partner_id = yen.partner_id; /* the remainder is in the currency of the sale */
    expect_refused(&c, ERR_CURRENCY_MISMATCH, "EUR");
    c.parts.list->partner_id = euro.partner_id;
    expect_refused(&c, ERR_SPU_NOT_FOUND, id_show(ID_SPU, foreign_sale.spu_id));
    c.scope = SCOPE_SKU;
    c.scope_id = foreign_sale.sku_id;
    expect_refused(&c, ERR_SKU_NOT_FOUND, id_show(ID_SKU, foreign_sale.sku_id));
    c.scope_id = sale.sku_id;
    expect_refused(&c, ERR_SPLIT_RULE_PAST, "from_time");
    c.from_time_ms = then_ms;
    expect_refused(&c, ERR_SPLIT_RULE_PAST, "to_time");
    c.to_time_ms = then_ms;
    expect_refused(&c, ERR_SPLIT_RULE_PAST, "to_time");
    c.to_time_ms = then_ms + 1;
    expect_refused(&c, ERR_SPLIT_RULE_OVERLAP, id_show(ID_SPLIT_RULE, of_sku));
    assert_true(test_db_checksum(db) == before);
    c.from_time_ms = 0;
    c.to_time_ms = then_ms;
    assert_int_equal(act(db, &create_rule_plan, &c, sizeof c, NULL), 0);
}

/* There is a rule from 10 to 20 hours and one from 30 on; both in the scope of the SKU. */
static void rules_of_one_scope_never_hold_at_the_same_time(void **state)
{
    const struct sale sale = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const struct sale other = given_sale(db, TEST_BIZ, "silver", 1250, -1);
    const int64_t t = clock_now_ms();
    const struct {
        int64_t from_h;
        int64_t to_h; /* 0: open */
        int expected;
    } cases[] = {
        {1, 11, ERR_SPLIT_RULE_OVERLAP},
        {1, 0, ERR_SPLIT_RULE_OVERLAP},
        {10, 20, ERR_SPLIT_RULE_OVERLAP},
        {12, 15, ERR_SPLIT_RULE_OVERLAP},
        {5, 25, ERR_SPLIT_RULE_OVERLAP},
        {19, 21, ERR_SPLIT_RULE_OVERLAP},
        {20, 31, ERR_SPLIT_RULE_OVERLAP},
        {20, 0, ERR_SPLIT_RULE_OVERLAP},
        {30, 0, ERR_SPLIT_RULE_OVERLAP},
        {99, 0, ERR_SPLIT_RULE_OVERLAP},
        {99, 100, ERR_SPLIT_RULE_OVERLAP},
        {20, 30, 0},
        {1, 10, 0},
    };

    (void)state;
    given_rule(db, SCOPE_SKU, sale.sku_id, t + 10 * HOUR_MS, t + 20 * HOUR_MS);
    given_rule(db, SCOPE_SKU, sale.sku_id, t + 30LL * HOUR_MS, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct create_rule c = rule_of(db, SCOPE_SKU, sale.sku_id, t + cases[i].from_h * HOUR_MS,
                                       cases[i].to_h == 0 ? 0 : t + cases[i].to_h * HOUR_MS);

        assert_int_equal(act(db, &create_rule_plan, &c, sizeof c, NULL), cases[i].expected);
    }
    given_rule(db, SCOPE_SKU, other.sku_id, t + 10 * HOUR_MS, 0);
    given_rule(db, SCOPE_SPU, sale.spu_id, t + 10 * HOUR_MS, 0);
    given_rule(db, SCOPE_BUSINESS, TEST_BIZ, t + 10 * HOUR_MS, 0);
    assert_int_equal(test_db_number(db, "SELECT COUNT(DISTINCT seq) FROM bmt_settlement.split_rules WHERE scope = 3 "
                                        "GROUP BY scope_id ORDER BY 1 DESC LIMIT 1"),
                     4);
}

static void rules_of_one_batch_do_not_overlap_either(void **state)
{
    const int64_t t = clock_now_ms() + HOUR_MS;
    struct create_rule together[] = {
        rule_of(db, SCOPE_BUSINESS, TEST_BIZ, t, t + 10),      rule_of(db, SCOPE_BUSINESS, TEST_BIZ, t + 9, t + 20),
        rule_of(db, SCOPE_BUSINESS, TEST_BIZ, t + 10, t + 20), rule_of(db, SCOPE_BUSINESS, OTHER_BIZ, t, 0),
        rule_of(db, SCOPE_BUSINESS, TEST_BIZ, t + 15, 0),      rule_of(db, SCOPE_BUSINESS, TEST_BIZ, t + 20, 0),
    };

    (void)state;
    together[3].command.biz_id = OTHER_BIZ;
    act_together(db, &create_rule_plan, together, 6, sizeof *together);
    assert_int_equal(together[0].command.err.id, 0);
    assert_int_equal(together[1].command.err.id, ERR_SPLIT_RULE_OVERLAP);
    assert_int_equal(together[2].command.err.id, 0);
    assert_int_equal(together[3].command.err.id, 0);
    assert_int_equal(together[4].command.err.id, ERR_SPLIT_RULE_OVERLAP);
    assert_string_equal(err_value(&together[4].command.err, 0), id_show(ID_SPLIT_RULE, together[2].row.rule_id));
    assert_int_equal(together[5].command.err.id, 0);
    assert_int_equal(count("split_rules"), 4);
    assert_int_equal(count("split_parts"), 4);
}

static int end_with(int64_t rule_id, int64_t to_time_ms)
{
    struct end_rule c = {.rule_id = rule_id, .to_time_ms = to_time_ms};

    return act(db, &end_rule_plan, &c, sizeof c, NULL);
}

static void rule_ends_at_a_time_ahead_and_only_earlier(void **state)
{
    const int64_t t = clock_now_ms();
    const int64_t begun = given_rule(db, SCOPE_BUSINESS, TEST_BIZ, 0, 0);
    struct end_rule foreign = {.command.biz_id = OTHER_BIZ, .rule_id = begun};

    (void)state;
    test_db_run(db, "UPDATE bmt_settlement.split_rules SET from_time_ms = from_time_ms - 1000");
    assert_int_equal(end_with(64, 0), ERR_SPLIT_RULE_NOT_FOUND);
    assert_int_equal(act(db, &end_rule_plan, &foreign, sizeof foreign, NULL), ERR_SPLIT_RULE_NOT_FOUND);
    assert_int_equal(end_with(begun, t - 1), ERR_SPLIT_RULE_PAST);
    assert_int_equal(end_with(begun, t + 10 * HOUR_MS), 0);
    assert_int_equal(end_with(begun, t + 10 * HOUR_MS + 1), ERR_SPLIT_RULE_ENDED);
    assert_int_equal(rule_now(db, begun)->row.version, 2);
    assert_int_equal(end_with(begun, t + 10 * HOUR_MS), 0); /* as it is */
    assert_int_equal(rule_now(db, begun)->row.version, 2);
    assert_int_equal(end_with(begun, t + 5 * HOUR_MS), 0);
    assert_int_equal(end_with(begun, 0), 0);

    const struct get_rule *ended = rule_now(db, begun);

    assert_true(ended->row.to_time_ms >= t && ended->row.to_time_ms <= clock_now_ms());
    assert_int_equal(ended->row.version, 4);
    assert_int_equal(ended->parts.n, 1);
    test_db_run(db, "UPDATE bmt_settlement.split_rules SET to_time_ms = to_time_ms - 100");
    assert_int_equal(end_with(begun, 0), ERR_SPLIT_RULE_ENDED);
    given_rule(db, SCOPE_BUSINESS, TEST_BIZ, 0, 0); /* its place is free */
}

static void rule_ends_after_it_begins(void **state)
{
    const int64_t t = clock_now_ms() + HOUR_MS;
    const int64_t ahead = given_rule(db, SCOPE_BUSINESS, TEST_BIZ, t, 0);

    (void)state;
    assert_int_equal(end_with(ahead, 0), ERR_SPLIT_RULE_PAST);
    assert_int_equal(end_with(ahead, t), ERR_SPLIT_RULE_PAST);
    assert_int_equal(end_with(ahead, t + 1), 0);
}

static void ends_of_one_rule_in_a_batch_follow_each_other(void **state)
{
    const int64_t t = clock_now_ms() + HOUR_MS;
    const int64_t rule_id = given_rule(db, SCOPE_BUSINESS, TEST_BIZ, t, 0);
    struct end_rule together[] = {{.rule_id = rule_id, .to_time_ms = t + 20},
                                  {.rule_id = rule_id, .to_time_ms = t + 30},
                                  {.rule_id = rule_id, .to_time_ms = t + 10}};

    (void)state;
    act_together(db, &end_rule_plan, together, 3, sizeof *together);
    assert_int_equal(together[0].command.err.id, 0);
    assert_int_equal(together[0].row.to_time_ms, t + 20);
    assert_int_equal(together[1].command.err.id, ERR_SPLIT_RULE_ENDED);
    assert_int_equal(together[2].command.err.id, 0);
    assert_int_equal(rule_now(db, rule_id)->row.to_time_ms, t + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rule_is_kept_with_its_parts, db_suite_empty),
        cmocka_unit_test_setup(rule_is_created_once_under_a_request_id, db_suite_empty),
        cmocka_unit_test_setup(refusals_of_a_rule_come_in_the_contract_s_order, db_suite_empty),
        cmocka_unit_test_setup(rules_of_one_scope_never_hold_at_the_same_time, db_suite_empty),
        cmocka_unit_test_setup(rules_of_one_batch_do_not_overlap_either, db_suite_empty),
        cmocka_unit_test_setup(rule_ends_at_a_time_ahead_and_only_earlier, db_suite_empty),
        cmocka_unit_test_setup(rule_ends_after_it_begins, db_suite_empty),
        cmocka_unit_test_setup(ends_of_one_rule_in_a_batch_follow_each_other, db_suite_empty),
    };

    return cmocka_run_group_tests_name("split_rule", tests, db_suite_begin, db_suite_end);
}
