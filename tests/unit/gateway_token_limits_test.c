/* How much one client token may ask for (clients/gateway/token_limits.h); the clock is an argument. */
#include "lib/suite.h"

#include <stdio.h>

#include "base/check.h"
#include "clients/gateway/token_limits.h"

static const int64_t SECOND_NS = 1000000000;

struct place {
    struct arena *arena;
    struct token_limits *limits;
};

static struct place given_limits(int64_t calls_per_minute, int64_t streams, size_t tokens)
{
    struct place place = {.arena = arena_new(1 << 20)};

    place.limits = token_limits_new(
        &(struct token_limits_options){.calls_per_minute = calls_per_minute, .streams = streams, .tokens = tokens},
        place.arena);
    return place;
}

static void a_minutes_calls_may_come_at_once_and_then_one_after_the_other(void **state)
{
    struct place place = given_limits(6, 1, 8);
    const int64_t now_ns = 1000 * SECOND_NS;

    (void)state;
    for (int i = 0; i < 6; i++)
        assert_int_equal(token_limits_take_call(place.limits, "a", now_ns), 0);
    assert_int_equal(token_limits_take_call(place.limits, "a", now_ns), 10 * SECOND_NS);
    assert_int_equal(token_limits_take_call(place.limits, "a", now_ns + 4 * SECOND_NS), 6 * SECOND_NS);
    assert_int_equal(token_limits_take_call(place.limits, "a", now_ns + 10 * SECOND_NS), 0);
    assert_int_equal(token_limits_take_call(place.limits, "a", now_ns + 10 * SECOND_NS), 10 * SECOND_NS);
    for (int i = 0; i < 6; i++) /* long after, all of them again */
        assert_int_equal(token_limits_take_call(place.limits, "a", now_ns + 1000 * SECOND_NS), 0);
    arena_free(place.arena);
}

static void one_token_takes_nothing_from_another(void **state)
{
    struct place place = given_limits(1, 1, 8);

    (void)state;
    assert_int_equal(token_limits_take_call(place.limits, "a", 0), 0);
    assert_int_equal(token_limits_take_call(place.limits, "b", 0), 0);
    assert_true(token_limits_take_call(place.limits, "a", 0) > 0);
    assert_true(token_limits_take_call(place.limits, "b", 0) > 0);
    arena_free(place.arena);
}

static void what_strangers_make_up_does_not_take_a_users_token_away(void **state)
{
    struct place place = given_limits(1, 1, 8);
    char name[32];

    (void)state;
    assert_int_equal(token_limits_take_call(place.limits, "a", 0), 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "stranger %d", i);
        assert_int_equal(token_limits_take_call(place.limits, name, 0), 0);
        assert_true(i % 4 != 0 ||
                    token_limits_take_call(place.limits, "a", 0) > 0); /* used lately: it is not forgotten */
    }
    for (int i = 0; i < 8; i++) { /* nobody else is remembered, for memory is bounded */
        snprintf(name, sizeof name, "newcomer %d", i);
        assert_int_equal(token_limits_take_call(place.limits, name, 0), 0);
    }
    assert_int_equal(token_limits_take_call(place.limits, "a", 0), 0);
    arena_free(place.arena);
}

static void streams_are_counted_until_they_close(void **state)
{
    struct place place = given_limits(0, 2, 4);
    struct token_use *first = token_limits_open_stream(place.limits, "a");
    struct token_use *second = token_limits_open_stream(place.limits, "a");
    char name[32];

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    assert_null(token_limits_open_stream(place.limits, "a"));
    for (int i = 0; i < 100; i++) { /* whoever has a stream is not forgotten */
        struct token_use *use;

        snprintf(name, sizeof name, "stranger %d", i);
        use = token_limits_open_stream(place.limits, name);
        assert_non_null(use);
        token_limits_close_stream(place.limits, use);
        assert_null(token_limits_open_stream(place.limits, "a"));
    }
    token_limits_close_stream(place.limits, first);
    assert_non_null(token_limits_open_stream(place.limits, "a"));
    arena_free(place.arena);
}

static void zero_is_no_limit(void **state)
{
    struct place place = given_limits(0, 0, 8);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(token_limits_take_call(place.limits, "a", 0), 0);
        assert_non_null(token_limits_open_stream(place.limits, "a"));
    }
    arena_free(place.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minutes_calls_may_come_at_once_and_then_one_after_the_other),
        cmocka_unit_test(one_token_takes_nothing_from_another),
        cmocka_unit_test(what_strangers_make_up_does_not_take_a_users_token_away),
        cmocka_unit_test(streams_are_counted_until_they_close),
        cmocka_unit_test(zero_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
