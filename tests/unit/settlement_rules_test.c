/* How lines are divided and taken back, when periods end, which conversions fit. */
#include "lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/money.h"
#include "settlement/rules.h"

#define BP(level_, partner, points)                                                               \
    {                                                                                             \
        .level = (level_), .partner_id = (partner), .kind = SPLIT_BASIS_POINTS, .value = (points) \
    }
#define FIXED(level_, partner, minor)                                                     \
    {                                                                                     \
        .level = (level_), .partner_id = (partner), .kind = SPLIT_FIXED, .value = (minor) \
    }

static void rules_are_refused_for_their_first_problem(void **state)
{
    static const struct {
        const char *currency;
        struct split_part_row parts[4];
        size_t n;
        int32_t level; /* 0: no problem */
        const char *problem;
    } cases[] = {
        {"", {BP(1, 1, 10000)}, 1, 0, NULL},
        {"", {BP(1, 1, 4000), BP(1, 2, 6000), BP(2, 1, 10000)}, 3, 0, NULL},
        {"", {BP(1, 0, 1), BP(8, 0, 1)}, 2, 0, NULL},
        {"EUR", {FIXED(1, 1, 1000000000000), BP(1, 2, 10000)}, 2, 0, NULL},
        {"", {BP(1, 1, 5000), BP(1, 2, 5001)}, 2, 1, "more than 10,000 basis points"},
        {"", {BP(1, 1, 9000), BP(3, 1, 5000), BP(3, 2, 5000), BP(3, 3, 1)}, 4, 3, "more than 10,000 basis points"},
        {"", {BP(1, 1, 10001)}, 1, 1, "more than 10,000 basis points"},
        {"", {BP(1, 1, 10000), BP(1, 2, INT64_MAX)}, 2, 1, "more than 10,000 basis points"},
        {"", {BP(2, 1, 1), BP(1, 2, 1)}, 2, 1, "not in ascending order"},
        {"", {BP(1, 1, 1), BP(2, 1, 1), BP(1, 2, 1)}, 3, 1, "not in ascending order"},
        {"", {BP(1, 7, 1), BP(2, 7, 1), BP(2, 8, 1), BP(2, 7, 1)}, 4, 2, "naming a partner twice"},
        {"EUR", {BP(1, 0, 1), FIXED(1, 0, 1)}, 2, 1, "naming a partner twice"},
        {"", {BP(1, 1, 1), FIXED(2, 1, 1)}, 2, 2, "fixed amounts without a currency"},
        {"", {BP(0, 1, 1)}, 1, 0, "beyond the levels 1 to 8"},
        {"", {BP(9, 1, 1)}, 1, 9, "beyond the levels 1 to 8"},
        {"", {BP(1, 1, 0)}, 1, 1, "without a value"},
        {"EUR", {FIXED(1, 1, -1)}, 1, 1, "without a value"},
        {"", {{.level = 1, .partner_id = 1, .value = 1}}, 1, 1, "neither basis points nor fixed amounts"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct split_rule_row rule = {0};
        struct split_problem problem = {-1, NULL};

        memcpy(rule.currency, cases[i].currency, strlen(cases[i].currency));
        if (split_check(&rule, cases[i].parts, cases[i].n, &problem) != (cases[i].problem == NULL ? 0 : -1))
            fail_msg("case %zu: %s", i, problem.text != NULL ? problem.text : "no problem");
        if (cases[i].problem != NULL) {
            assert_string_equal(problem.text, cases[i].problem);
            assert_int_equal(problem.level, cases[i].level);
        }
    }
}

static void lines_are_divided_level_by_level(void **state)
{
    static const struct {
        struct split_part_row parts[4];
        size_t n;
        int64_t remainder;
        int64_t amount;
        int64_t quantity;
        struct share expected[4]; /* ends with 0 of nobody, but for the platform's */
    } cases[] = {
        /* basis points, by largest remainder; of equal ones the earlier part's */
        {{BP(1, 1, 7000)}, 1, 0, 1000, 1, {{0, 300}, {1, 700}}},
        {{BP(1, 1, 7000)}, 1, 0, 1001, 1, {{0, 300}, {1, 701}}},
        {{BP(1, 1, 3333), BP(1, 2, 3333), BP(1, 3, 3334)}, 3, 0, 100, 1, {{0, 0}, {1, 33}, {2, 33}, {3, 34}}},
        {{BP(1, 1, 5000), BP(1, 2, 5000)}, 2, 0, 1, 1, {{0, 0}, {1, 1}}},
        {{BP(1, 1, 5000)}, 1, 0, 3, 1, {{0, 1}, {1, 2}}},
        {{BP(1, 1, 1)}, 1, 0, 3, 1, {{0, 3}}},
        {{BP(1, 1, 10000)}, 1, 0, 3, 1, {{0, 0}, {1, 3}}},
        /* fixed amounts, as far as the money reaches */
        {{FIXED(1, 1, 30)}, 1, 0, 100, 3, {{0, 10}, {1, 90}}},
        {{FIXED(1, 1, 60), FIXED(1, 2, 60)}, 2, 0, 100, 1, {{0, 0}, {1, 60}, {2, 40}}},
        {{FIXED(1, 1, 60), FIXED(1, 2, 60), FIXED(1, 3, 1)}, 3, 0, 50, 1, {{0, 0}, {1, 50}}},
        {{FIXED(1, 1, 1000000000000)}, 1, 0, 100, 1000000000, {{0, 0}, {1, 100}}},
        {{FIXED(1, 1, INT64_C(1) << 39)}, 1, 0, 100, INT64_C(1) << 25, {{0, 0}, {1, 100}}},
        {{FIXED(1, 1, 30)}, 1, 2, 100, 0, {{0, 0}, {2, 100}}},
        /* fixed ones first, wherever they stand in the level */
        {{BP(1, 1, 5000), FIXED(1, 2, 200)}, 2, 0, 1000, 1, {{0, 400}, {2, 200}, {1, 400}}},
        {{FIXED(1, 2, 200), BP(1, 1, 5000)}, 2, 0, 1000, 1, {{0, 400}, {2, 200}, {1, 400}}},
        /* a level divides what the levels before it left */
        {{BP(1, 1, 1000), BP(2, 2, 5000)}, 2, 3, 1000, 1, {{0, 0}, {1, 100}, {2, 450}, {3, 450}}},
        {{BP(1, 1, 1000), FIXED(2, 2, 850), BP(3, 3, 10000)}, 3, 0, 1000, 1, {{0, 0}, {1, 100}, {2, 850}, {3, 50}}},
        {{BP(2, 1, 10000), BP(5, 2, 10000)}, 2, 3, 1000, 1, {{0, 0}, {1, 1000}}},
        /* shares of one party are one share */
        {{BP(1, 1, 1000), BP(2, 1, 5000)}, 2, 1, 999, 1, {{0, 0}, {1, 999}}},
        {{BP(1, 0, 2500), BP(2, 4, 5000)}, 2, 0, 1000, 1, {{0, 625}, {4, 375}}},
        {{BP(1, 0, 2500)}, 1, 5, 1000, 1, {{0, 250}, {5, 750}}},
        /* nothing to divide, nothing that divides, the largest amount */
        {{BP(1, 1, 5000)}, 1, 2, 0, 1, {{0, 0}}},
        {{{0}}, 0, 4, 10, 1, {{0, 0}, {4, 10}}},
        {{BP(1, 1, 3333)}, 1, 0, MONEY_AMOUNT_MAX, 1, {{0, 666700000000000}, {1, 333300000000000}}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct split_rule_row rule = {.currency = "EUR", .remainder_partner_id = cases[i].remainder};
        struct share shares[SHARES_MAX] = {{0}};
        size_t n = 0;

        assert_int_equal(
            split_line(&rule, cases[i].parts, cases[i].n, cases[i].amount, cases[i].quantity, "EUR", shares, &n), 0);
        if (memcmp(shares, cases[i].expected, sizeof cases[i].expected) != 0)
            fail_msg("case %zu: platform %lld, %lld: %lld", i, (long long)shares[0].amount_minor,
                     (long long)shares[1].partner_id, (long long)shares[1].amount_minor);
        for (size_t at = 1; at < COUNT_OF(cases[i].expected); at++)
            assert_int_equal(cases[i].expected[at].amount_minor != 0, at < n);
    }
}

static void fixed_amounts_need_their_currency(void **state)
{
    const struct split_part_row parts[] = {FIXED(1, 1, 30), BP(1, 2, 5000)};
    struct split_rule_row rule = {.currency = "EUR", .remainder_partner_id = 3};
    struct share shares[SHARES_MAX];
    size_t n;

    (void)state;
    assert_int_equal(split_line(&rule, parts, 2, 100, 1, "USD", shares, &n), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(shares, ((struct share[]){{0, 0}, {2, 50}, {3, 50}}), sizeof(struct share[3]));
    assert_int_equal(split_line(NULL, NULL, 0, 100, 1, "USD", shares, &n), 0);
    assert_int_equal(n, 1);
    assert_memory_equal(shares, ((struct share[]){{0, 100}}), sizeof(struct share));
}

static void what_cannot_be_divided_is_refused(void **state)
{
    struct split_part_row parts[SPLIT_PARTS_MAX + 1];
    const struct split_rule_row rule = {0};
    struct share shares[SHARES_MAX] = {{7, 7}};
    size_t n = 7;

    (void)state;
    for (int i = 0; i <= SPLIT_PARTS_MAX; i++)
        parts[i] = (struct split_part_row)BP(1, i + 1, 1);
    assert_int_equal(split_line(&rule, parts, SPLIT_PARTS_MAX + 1, 100, 1, "EUR", shares, &n), ERR_SPLIT_RATIO);
    parts[2].value = 9998;
    assert_int_equal(split_line(&rule, parts, 4, 100, 1, "EUR", shares, &n), ERR_SPLIT_RATIO);
    assert_int_equal(split_line(&rule, parts, 2, MONEY_AMOUNT_MAX + 1, 1, "EUR", shares, &n), ERR_AMOUNT_OVERFLOW);
    assert_int_equal(split_line(NULL, NULL, 0, MONEY_AMOUNT_MAX + 1, 1, "EUR", shares, &n), ERR_AMOUNT_OVERFLOW);
    assert_int_equal(n, 7);
    assert_int_equal(shares[0].amount_minor, 7);
    for (int i = 0; i < SPLIT_PARTS_MAX; i++)
        parts[i].value = 300;
    const struct split_rule_row other = {.remainder_partner_id = 99};

    assert_int_equal(split_line(&other, parts, SPLIT_PARTS_MAX, 10000, 1, "EUR", shares, &n), 0);
    assert_int_equal(n, SHARES_MAX); /* the platform, 32 parts, the remainder */
    assert_int_equal(shares[n - 1].amount_minor, 400);
}

static void refunds_are_taken_from_what_is_left(void **state)
{
    static const struct {
        int64_t amount;
        int64_t left[3];
        size_t n;
        int rc;
        int64_t expected[3];
    } cases[] = {
        {100, {700, 300}, 2, 0, {70, 30}},
        {999, {700, 300}, 2, 0, {699, 300}},
        {1000, {700, 300}, 2, 0, {700, 300}},
        {1, {500, 500}, 2, 0, {1, 0}},
        {2, {1, 1, 1}, 3, 0, {1, 1, 0}},
        {10, {0, 10, 0}, 3, 0, {0, 10, 0}},
        {1, {1, 1000, 0}, 3, 0, {0, 1, 0}},
        {0, {0, 0}, 2, 0, {0, 0}},
        {0, {5, 5}, 2, 0, {0, 0}},
        {2, {INT64_MAX, INT64_MAX}, 2, 0, {1, 1}},
        {1, {0, 0}, 2, ERR_AMOUNT_OVERFLOW, {-7, -7}},
        {1001, {700, 300}, 2, ERR_AMOUNT_OVERFLOW, {-7, -7}},
        {MONEY_AMOUNT_MAX + 1, {MONEY_AMOUNT_MAX, 1}, 2, ERR_AMOUNT_OVERFLOW, {-7, -7}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t parts[3] = {-7, -7, -7};

        assert_int_equal(share_reverse(cases[i].amount, cases[i].left, cases[i].n, parts), cases[i].rc);
        if (memcmp(parts, cases[i].expected, cases[i].n * sizeof parts[0]) != 0)
            fail_msg("case %zu: %lld, %lld", i, (long long)parts[0], (long long)parts[1]);
    }
}

static int64_t random_up_to(int64_t max)
{
    const uint64_t bits = (uint64_t)rand() << 31 ^ (uint64_t)rand();

    return (int64_t)(bits % ((uint64_t)max + 1));
}

/* Of any size: as many small ones as large ones. */
static int64_t random_amount(void)
{
    int64_t max = 1;

    for (int digits = rand() % 16; digits > 0; digits--)
        max *= 10;
    return random_up_to(max);
}

/* Any rule that split_check lets pass; partners are few, so that they meet in several levels. */
static size_t random_parts(struct split_part_row *parts)
{
    const size_t n_max = (size_t)rand() % (SPLIT_PARTS_MAX + 1);
    int32_t level = 1 + rand() % 2;
    int64_t points_left = BASIS_POINTS_WHOLE;
    unsigned named = 0;
    size_t n = 0;

    while (n < n_max && level <= SPLIT_LEVEL_MAX) {
        const int partner = rand() % 7;

        if (rand() % 4 == 0 || named >> partner & 1 || points_left == 0) {
            level++;
            points_left = BASIS_POINTS_WHOLE;
            named = 0;
            continue;
        }
        parts[n] = (struct split_part_row)BP(level, partner, 1 + random_up_to(points_left - 1));
        if (rand() % 3 == 0)
            parts[n] = (struct split_part_row)FIXED(level, partner, 1 + random_amount() / 1000);
        else
            points_left -= parts[n].value;
        named |= 1u << partner;
        n++;
    }
    return n;
}

/* Reverses in random steps until nothing is left; every step is in proportion, to less than a unit. */
static void reverse_all(int64_t *left, size_t n, int64_t sum)
{
    for (int step = 0; sum > 0; step++) {
        const int64_t amount = step > 6 ? sum : 1 + random_up_to(rand() % 2 ? sum - 1 : (sum - 1) / 10);
        int64_t parts[REVERSAL_PARTS_MAX];
        int64_t reversed = 0;

        assert_int_equal(share_reverse(amount, left, n, parts), 0);
        for (size_t i = 0; i < n; i++) {
            const __int128 off = (__int128)parts[i] * sum - (__int128)amount * left[i];

            assert_true(parts[i] >= 0 && parts[i] <= left[i] && off < sum && off > -sum);
            left[i] -= parts[i];
            reversed += parts[i];
        }
        assert_int_equal(reversed, amount);
        sum -= amount;
    }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(left[i], 0);
}

static void no_unit_is_ever_lost(void **state)
{
    const char *again = getenv("SEED");
    const unsigned seed = again != NULL ? (unsigned)strtoul(again, NULL, 10) : (unsigned)getpid();

    (void)state;
    print_message("SEED=%u\n", seed);
    srand(seed);
    for (int round = 0; round < 200000; round++) {
        struct split_rule_row rule = {.currency = "EUR", .remainder_partner_id = rand() % 9};
        struct split_part_row parts[SPLIT_PARTS_MAX];
        const size_t n_parts = random_parts(parts);
        const int64_t amount = random_amount();
        struct share shares[SHARES_MAX];
        int64_t left[SHARES_MAX];
        unsigned seen = 0;
        int64_t sum = 0;
        size_t n = 0;

        assert_int_equal(
            split_line(&rule, parts, n_parts, amount, 1 + rand() % 1000, rand() % 8 ? "EUR" : "USD", shares, &n), 0);
        assert_true(n >= 1 && n <= SHARES_MAX && shares[0].partner_id == 0);
        for (size_t i = 0; i < n; i++) {
            assert_true(shares[i].amount_minor >= (i == 0 ? 0 : 1));
            assert_false(seen >> shares[i].partner_id & 1);
            seen |= 1u << shares[i].partner_id;
            left[i] = shares[i].amount_minor;
            sum += left[i];
        }
        assert_int_equal(sum, amount);
        reverse_all(left, n, sum);
    }
}

static void periods_end_by_schedule(void **state)
{
    const int64_t wednesday_ms = INT64_C(1719964800000); /* 2024-07-03, midnight UTC */
    static const struct {
        int32_t schedule;
        const char *zone;
        int32_t cutoff_minutes;
        int64_t hours; /* after that midnight; -1: the zone is not known */
    } cases[] = {
        {SCHEDULE_DAILY, "UTC", 0, 24},          {SCHEDULE_DAILY, "Asia/Shanghai", 0, 16},
        {SCHEDULE_THRESHOLD, "UTC", 360, 6},     {SCHEDULE_WEEKLY, "UTC", 0, 5 * 24},
        {SCHEDULE_WEEKLY, "UTC", 60, 121},       {SCHEDULE_WEEKLY, "Asia/Shanghai", 60, 113},
        {SCHEDULE_MONTHLY, "UTC", 0, 29 * 24},   {SCHEDULE_MONTHLY, "Europe/Berlin", 180, 29 * 24 + 1},
        {SCHEDULE_DAILY, "Nowhere/City", 0, -1}, {SCHEDULE_MONTHLY, "", 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct partner_row partner = {
            .schedule = cases[i].schedule, .time_zone = cases[i].zone, .cutoff_minutes = cases[i].cutoff_minutes};
        const int64_t expected_ms = cases[i].hours < 0 ? -1 : wednesday_ms + cases[i].hours * 3600000;

        assert_int_equal(period_end_after(&partner, wednesday_ms), expected_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_refused_for_their_first_problem),
        cmocka_unit_test(lines_are_divided_level_by_level),
        cmocka_unit_test(fixed_amounts_need_their_currency),
        cmocka_unit_test(what_cannot_be_divided_is_refused),
        cmocka_unit_test(refunds_are_taken_from_what_is_left),
        cmocka_unit_test(no_unit_is_ever_lost),
        cmocka_unit_test(periods_end_by_schedule),
    };

    return cmocka_run_group_tests_name("settlement rules", tests, NULL, NULL);
}
