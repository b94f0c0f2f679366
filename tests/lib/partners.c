/* Beginnings of settlement's tests; see partners.h. */
#include "lib/partners.h"

#include <string.h>

#include "lib/suite.h"

struct create_partner partner_named(const char *code)
{
    return (struct create_partner){.row = {.code = code,
                                           .title = "A partner",
                                           .currency = "EUR",
                                           .payout_account = "",
                                           .schedule = SCHEDULE_DAILY,
                                           .time_zone = "UTC"}};
}

struct partner_row given_partner(struct test_db *test, int64_t biz_id, const char *code, const char *currency)
{
    struct create_partner c = partner_named(code);

    c.command.biz_id = biz_id;
    memcpy(c.row.currency, currency, CURRENCY_SIZE);
    assert_int_equal(act(test, &create_partner_plan, &c, sizeof c, NULL), 0);
    return c.row;
}

struct partner_row partner_now(struct test_db *test, int64_t partner_id)
{
    struct get_partner c = {.partner_id = partner_id};

    assert_int_equal(act(test, &get_partner_plan, &c, sizeof c, NULL), 0);
    return c.row;
}

struct update_partner update_of(int64_t partner_id, unsigned fields)
{
    return (struct update_partner){.partner_id = partner_id, .fields = fields, .version = -1};
}

void close_partner(struct test_db *test, int64_t partner_id)
{
    struct update_partner c = update_of(partner_id, PARTNER_STATE);

    c.values.state = PARTNER_CLOSED;
    assert_int_equal(act(test, &update_partner_plan, &c, sizeof c, NULL), 0);
}

struct split_parts one_part(struct test_db *test, int64_t partner_id, int kind, int64_t value)
{
    struct split_part_row *part = arena_new_of(test->arena, struct split_part_row);

    *part = (struct split_part_row){.level = 1, .partner_id = partner_id, .kind = kind, .value = value};
    return (struct split_parts){.list = part, .n = 1};
}

struct create_rule rule_of(struct test_db *test, int scope, int64_t scope_id, int64_t from_time_ms, int64_t to_time_ms)
{
    return (struct create_rule){.scope = scope,
                                .scope_id = scope_id,
                                .currency = "",
                                .from_time_ms = from_time_ms,
                                .to_time_ms = to_time_ms,
                                .parts = one_part(test, 0, SPLIT_BASIS_POINTS, 7000)};
}

int64_t given_rule(struct test_db *test, int scope, int64_t scope_id, int64_t from_time_ms, int64_t to_time_ms)
{
    struct create_rule c = rule_of(test, scope, scope_id, from_time_ms, to_time_ms);

    assert_int_equal(act(test, &create_rule_plan, &c, sizeof c, NULL), 0);
    return c.row.rule_id;
}

struct get_rule *rule_now(struct test_db *test, int64_t rule_id)
{
    struct get_rule *c = arena_new_of(test->arena, struct get_rule);

    c->rule_id = rule_id;
    assert_int_equal(act(test, &get_rule_plan, c, sizeof *c, NULL), 0);
    return c;
}
