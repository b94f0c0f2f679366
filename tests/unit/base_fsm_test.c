/* Tables of states: what they answer, and which tables are refused as unsound. */
#include "lib/suite.h"

#include <stdbool.h>

#include "base/fsm.h"

enum { NEW = 1, PAID, CLOSED, STATES };
enum { PAY = 1, CLOSE, EVENTS };

static const char *const states[] = {"", "NEW", "PAID", "CLOSED"};
static const char *const events[] = {"", "PAY", "CLOSE"};
static const struct fsm_row rows[] = {{NEW, PAY, PAID}, {NEW, CLOSE, CLOSED}, {PAID, CLOSE, CLOSED}};

static struct fsm with_rows(const struct fsm_row *its_rows, size_t n)
{
    return (struct fsm){"order", states, STATES, events, EVENTS, its_rows, n};
}

static void every_state_and_event_has_its_answer(void **state)
{
    static const int expected[STATES][EVENTS] = {[NEW] = {0, PAID, CLOSED}, [PAID] = {0, 0, CLOSED}}; /* 0: refused */
    const struct fsm fsm = with_rows(rows, COUNT_OF(rows));

    (void)state;
    for (int from = 0; from < STATES; from++)
        for (int event = 0; event < EVENTS; event++) {
            int to = 0;

            assert_int_equal(fsm_next(&fsm, from, event, &to), expected[from][event] != 0);
            assert_int_equal(to, expected[from][event]);
        }
    assert_false(fsm_is_final(&fsm, NEW));
    assert_true(fsm_is_final(&fsm, CLOSED));
}

static void names_are_found_both_ways(void **state)
{
    const struct fsm fsm = with_rows(rows, COUNT_OF(rows));
    char text[32];

    (void)state;
    assert_string_equal(fsm_allowed(&fsm, CLOSE, text, sizeof text), "NEW, PAID");
    assert_string_equal(fsm_allowed(&fsm, EVENTS, text, sizeof text), "");
    assert_string_equal(fsm_state_name(&fsm, PAID), "PAID");
    assert_string_equal(fsm_state_name(&fsm, STATES), "UNKNOWN");
    assert_string_equal(fsm_state_name(&fsm, -1), "UNKNOWN");
    assert_string_equal(fsm_event_name(&fsm, CLOSE), "CLOSE");
    assert_string_equal(fsm_event_name(&fsm, EVENTS), "UNKNOWN");
    assert_int_equal(fsm_state_of(&fsm, "CLOSED"), CLOSED);
    assert_int_equal(fsm_state_of(&fsm, "OPEN"), 0);
}

static void expect_sound(const struct fsm_row *its_rows, size_t n, bool expected)
{
    const struct fsm fsm = with_rows(its_rows, n);

    assert_int_equal(fsm_is_sound(&fsm, NEW), expected);
}

static void unsound_tables_are_found(void **state)
{
    static const struct fsm_row twice[] = {{NEW, PAY, PAID}, {NEW, PAY, CLOSED}, {PAID, CLOSE, CLOSED}};
    static const struct fsm_row unused_event[] = {{NEW, PAY, PAID}, {PAID, PAY, CLOSED}};
    static const struct fsm_row lost_ring[] = {{NEW, PAY, NEW}, {PAID, CLOSE, CLOSED}, {CLOSED, CLOSE, PAID}};
    static const struct fsm_row outside[] = {{NEW, PAY, PAID}, {PAID, CLOSE, CLOSED}, {CLOSED, PAY, STATES}};
    static const struct fsm_row backwards[] = {{PAID, CLOSE, CLOSED}, {NEW, PAY, PAID}};

    (void)state;
    expect_sound(rows, COUNT_OF(rows), true);
    expect_sound(backwards, COUNT_OF(backwards), true);
    expect_sound(twice, COUNT_OF(twice), false);
    expect_sound(unused_event, COUNT_OF(unused_event), false);
    expect_sound(lost_ring, COUNT_OF(lost_ring), false);
    expect_sound(outside, COUNT_OF(outside), false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event_has_its_answer),
        cmocka_unit_test(names_are_found_both_ways),
        cmocka_unit_test(unsound_tables_are_found),
    };

    return cmocka_run_group_tests_name("base_fsm", tests, NULL, NULL);
}
