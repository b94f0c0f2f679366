/* Which rule holds for what is sold, and that rules of one scope never hold at once, whoever creates them together. */
#include "lib/db_suite.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "lib/partners.h"

static long long count(const char *what)
{
    return test_db_number(db, arena_printf(db->arena, "SELECT COUNT(*) FROM bmt_settlement.%s", what));
}

/* The smallest flow around settlement_rules_at. */
struct ask_rules {
    struct command command;
    const struct sold_line *lines;
    size_t n;
    int64_t *rule_ids;
};

static int ask_rules_body(struct batch *batch, struct err *err)
{
    int rc = 0;

    for_each_command(struct ask_rules, c, batch) rc = settlement_rules_at(batch, c->lines, c->n, c->rule_ids, err);
    return rc;
}

static struct batch_plan ask_rules_plan = {
    .name = "test.ask_rules", .home = MODULE_SETTLEMENT, .is_read = true, .body = ask_rules_body};

static const int64_t *rules_at(const struct sold_line *lines, size_t n)
{
    struct ask_rules c = {.lines = lines, .n = n, .rule_ids = arena_array_of(db->arena, int64_t, n)};

    assert_int_equal(act(db, &ask_rules_plan, &c, sizeof c, NULL), 0);
    return c.rule_ids;
}

static void narrowest_rule_holds_at_its_time(void **state)
{
    const struct sale gold = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const struct sale silver = given_sale(db, TEST_BIZ, "silver", 1250, -1);
    const int64_t t = clock_now_ms() + HOUR_MS;
    const int64_t of_all = given_rule(db, SCOPE_BUSINESS, TEST_BIZ, t, t + 100);
    const int64_t of_all_later = given_rule(db, SCOPE_BUSINESS, TEST_BIZ, t + 200, 0);
    const int64_t of_spu = given_rule(db, SCOPE_SPU, gold.spu_id, t + 10, 0);
    const int64_t of_sku = given_rule(db, SCOPE_SKU, gold.sku_id, t + 20, t + 30);
    const struct {
        int64_t biz_id;
        const struct sale *sale;
        int64_t after_ms;
        int64_t expected;
    } cases[] = {
        {TEST_BIZ, &gold, -1, 0},
        {TEST_BIZ, &gold, 0, of_all},
        {TEST_BIZ, &gold, 9, of_all},
        {TEST_BIZ, &gold, 10, of_spu},
        {TEST_BIZ, &gold, 20, of_sku},
        {TEST_BIZ, &gold, 29, of_sku},
        {TEST_BIZ, &gold, 30, of_spu},
        {TEST_BIZ, &gold, 150, of_spu},
        {TEST_BIZ, &silver, 20, of_all},
        {TEST_BIZ, &silver, 99, of_all},
        {TEST_BIZ, &silver, 100, 0},
        {TEST_BIZ, &silver, 199, 0},
        {TEST_BIZ, &silver, INT64_C(100000000000), of_all_later},
        {OTHER_BIZ, &gold, 20, 0},
    };
    struct sold_line lines[COUNT_OF(cases)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        lines[i] = (struct sold_line){.biz_id = cases[i].biz_id,
                                      .spu_id = cases[i].sale->spu_id,
                                      .sku_id = cases[i].sale->sku_id,
                                      .time_ms = t + cases[i].after_ms};
    const int64_t *found = rules_at(lines, COUNT_OF(cases));

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (found[i] != cases[i].expected)
            fail_msg("case %zu: found %lld", i, (long long)found[i]);
    rules_at(lines, 0);
}

/* More scopes than one statement takes. */
static void rules_are_found_for_thousands_of_lines(void **state)
{
    enum { LINES = 2000 };
    const struct sale gold = given_sale(db, TEST_BIZ, "gold", 1250, -1);
    const int64_t t = clock_now_ms() + HOUR_MS;
    const int64_t of_all = given_rule(db, SCOPE_BUSINESS, TEST_BIZ, t, 0);
    const int64_t of_sku = given_rule(db, SCOPE_SKU, gold.sku_id, t, 0);
    struct sold_line *lines = arena_array_of(db->arena, struct sold_line, LINES);
    const int64_t *found;

    (void)state;
    for (int i = 0; i < LINES; i++)
        lines[i] = (struct sold_line){
            .biz_id = TEST_BIZ, .spu_id = 64 + i, .sku_id = i % 7 == 0 ? gold.sku_id : 9000 + i, .time_ms = t};
    found = rules_at(lines, LINES);
    for (int i = 0; i < LINES; i++)
        assert_int_equal(found[i], i % 7 == 0 ? of_sku : of_all);
}

enum { THREADS = 8, RULES_A_THREAD = 4 };
static int64_t race_time_ms;
static bool are_apart; /* each rule has a time of its own */
static _Atomic int n_created;
static _Atomic int n_overlapped;
static pthread_barrier_t all_there;

/* As the contract has it: what could not be decided now is sent again. */
static int create_until_decided(struct test_db *mine, int64_t from_time_ms)
{
    enum { TRIES_MAX = 50 };
    int rc = ERR_BATCH_CONFLICT;

    for (int i = 0; i < TRIES_MAX && rc == ERR_BATCH_CONFLICT; i++) {
        struct create_rule c = rule_of(mine, SCOPE_BUSINESS, TEST_BIZ, from_time_ms, from_time_ms + 10);

        rc = act(mine, &create_rule_plan, &c, sizeof c, NULL);
    }
    return rc;
}

static void *create_rules(void *given)
{
    const int thread = *(const int *)given;
    struct test_db mine = *db; /* the same databases by a session of one's own */

    db_thread_begin();
    mine.arena = arena_new(64 << 20);
    mine.session = session_new(db->db);
    for (int i = 0; i < RULES_A_THREAD; i++) {
        const int64_t from_time_ms = race_time_ms + i * 1000 + (are_apart ? thread * 10 : 0);

        pthread_barrier_wait(&all_there);
        switch (create_until_decided(&mine, from_time_ms)) {
        case 0: n_created++; break;
        case ERR_SPLIT_RULE_OVERLAP: n_overlapped++; break;
        default: break;
        }
    }
    session_free(mine.session);
    arena_free(mine.arena);
    db_thread_end();
    return NULL;
}

static void race(bool apart)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];

    race_time_ms = clock_now_ms() + HOUR_MS;
    are_apart = apart;
    n_created = n_overlapped = 0;
    pthread_barrier_init(&all_there, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, create_rules, &numbers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&all_there);
}

static void of_overlapping_rules_created_at_once_one_is_let_in(void **state)
{
    (void)state;
    race(false);
    assert_int_equal(n_created, RULES_A_THREAD);
    assert_int_equal(n_overlapped, RULES_A_THREAD * (THREADS - 1));
    assert_int_equal(count("split_rules a JOIN bmt_settlement.split_rules b ON a.rule_id < b.rule_id AND "
                           "a.from_time_ms < b.to_time_ms AND b.from_time_ms < a.to_time_ms"),
                     0);
}

static void rules_apart_created_at_once_are_all_let_in(void **state)
{
    (void)state;
    race(true);
    assert_int_equal(n_created, RULES_A_THREAD * THREADS);
    assert_int_equal(count("split_rules"), RULES_A_THREAD * THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(narrowest_rule_holds_at_its_time, db_suite_empty),
        cmocka_unit_test_setup(rules_are_found_for_thousands_of_lines, db_suite_empty),
        cmocka_unit_test_setup(of_overlapping_rules_created_at_once_one_is_let_in, db_suite_empty),
        cmocka_unit_test_setup(rules_apart_created_at_once_are_all_let_in, db_suite_empty),
    };

    return cmocka_run_group_tests_name("split_scope", tests, db_suite_begin, db_suite_end);
}
