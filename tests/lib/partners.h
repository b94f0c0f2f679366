/*
 * Partners and split rules that tests begin with, made through the same plans that calls use. All of TEST_BIZ unless a
 * business is named.
 */
#ifndef BMT_TESTS_LIB_PARTNERS_H
#define BMT_TESTS_LIB_PARTNERS_H

#include "flows/create_partner.h"
#include "flows/create_split_rule.h"
#include "lib/given.h"

enum { HOUR_MS = 3600000 };

/* A command to create a partner that is paid EUR daily, and one that has run. */
struct create_partner partner_named(const char *code);
struct partner_row given_partner(struct test_db *test, int64_t biz_id, const char *code, const char *currency);
struct partner_row partner_now(struct test_db *test, int64_t partner_id);

/* A command to change what `fields` name, whatever is there; the caller sets the values. */
struct update_partner update_of(int64_t partner_id, unsigned fields);
void close_partner(struct test_db *test, int64_t partner_id);

struct split_parts one_part(struct test_db *test, int64_t partner_id, int kind, int64_t value);

/* A command to create a rule: seven tenths for the platform. Times as in struct create_rule. */
struct create_rule rule_of(struct test_db *test, int scope, int64_t scope_id, int64_t from_time_ms, int64_t to_time_ms);
int64_t given_rule(struct test_db *test, int scope, int64_t scope_id, int64_t from_time_ms, int64_t to_time_ms);
struct get_rule *rule_now(struct test_db *test, int64_t rule_id);

#endif
