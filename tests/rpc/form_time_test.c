/* The form of times and spans, and what they are in milliseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rpc/form.h"
#include "rpc/proto.h"

/* Checks a message of one time, one span and a list of two times; "" for nothing refused. */
static void expect_form(Google__Protobuf__Timestamp time, Google__Protobuf__Duration span,
                        Google__Protobuf__Timestamp second, const char *field, const char *min, const char *max)
{
    Google__Protobuf__Timestamp first = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    Google__Protobuf__Timestamp *list[] = {&first, &second};
    Bmt__Test__V1__Times times = BMT__TEST__V1__TIMES__INIT;
    struct err err = {0};

    times.time = &time;
    times.span = &span;
    times.times = list;
    times.n_times = 2;
    assert_int_equal(form_check(&times.base, "at.", &err), field[0] != '\0' ? ERR_FIELD_OUT_OF_RANGE : 0);
    assert_string_equal(err_value(&err, 0), field);
    assert_string_equal(err_value(&err, 1), min);
    assert_string_equal(err_value(&err, 2), max);
}

static Google__Protobuf__Timestamp time_of(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

    time.seconds = seconds;
    time.nanos = nanos;
    return time;
}

static Google__Protobuf__Duration span_of(int64_t seconds, int32_t nanos)
{
    Google__Protobuf__Duration span = GOOGLE__PROTOBUF__DURATION__INIT;

    span.seconds = seconds;
    span.nanos = nanos;
    return span;
}

#define YEAR_1    "-62135596800"
#define YEAR_9999 "253402300799"
#define NANOS     "999999999"

static void times_are_of_the_years_1_to_9999(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *field, *min, *max;
    } rows[] = {
        {0, 0, "", "", ""},
        {INT64_C(-62135596800), 0, "", "", ""},
        {INT64_C(253402300799), 999999999, "", "", ""},
        {INT64_C(-62135596801), 0, "seconds", YEAR_1, YEAR_9999},
        {INT64_C(253402300800), 0, "seconds", YEAR_1, YEAR_9999},
        {INT64_MIN, 0, "seconds", YEAR_1, YEAR_9999},
        {INT64_MAX, 0, "seconds", YEAR_1, YEAR_9999},
        {1, -1, "nanos", "0", NANOS},
        {-1, -1, "nanos", "0", NANOS},
        {1, 1000000000, "nanos", "0", NANOS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const Google__Protobuf__Timestamp time = time_of(rows[i].seconds, rows[i].nanos);
        char name[32] = "";

        if (rows[i].field[0] != '\0')
            snprintf(name, sizeof name, "at.time.%s", rows[i].field);
        expect_form(time, span_of(0, 0), time_of(0, 0), name, rows[i].min, rows[i].max);
        if (rows[i].field[0] != '\0')
            snprintf(name, sizeof name, "at.times[1].%s", rows[i].field);
        expect_form(time_of(0, 0), span_of(0, 0), time, name, rows[i].min, rows[i].max);
    }
}

#define SPAN "315576000000"

static void spans_are_bounded_and_of_one_sign(void **state)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        const char *field, *min, *max;
    } rows[] = {
        {0, -999999999, "", "", ""},
        {0, 999999999, "", "", ""},
        {INT64_C(315576000000), 0, "", "", ""},
        {INT64_C(-315576000000), -1, "", "", ""},
        {INT64_C(315576000001), 0, "at.span.seconds", "-" SPAN, SPAN},
        {INT64_C(-315576000001), 0, "at.span.seconds", "-" SPAN, SPAN},
        {INT64_MIN, 0, "at.span.seconds", "-" SPAN, SPAN},
        {1, -1, "at.span.nanos", "0", NANOS},
        {-1, 1, "at.span.nanos", "-" NANOS, "0"},
        {0, 1000000000, "at.span.nanos", "-" NANOS, NANOS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        expect_form(time_of(0, 0), span_of(rows[i].seconds, rows[i].nanos), time_of(0, 0), rows[i].field, rows[i].min,
                    rows[i].max);
}

/* 0 is absent, so that no given time may be it. */
static void a_time_up_to_1970_is_past_not_absent(void **state)
{
    const Google__Protobuf__Timestamp zero = time_of(0, 999999);
    const Google__Protobuf__Timestamp early = time_of(INT64_C(-62135596800), 0);
    const Google__Protobuf__Timestamp just_before = time_of(-1, 999999999);
    const Google__Protobuf__Timestamp later = time_of(1, 2999999);

    (void)state;
    assert_true(proto_time_ms(NULL) == 0);
    assert_true(proto_time_ms(&zero) == 1);
    assert_true(proto_time_ms(&early) == 1);
    assert_true(proto_time_ms(&just_before) == 1);
    assert_true(proto_time_ms(&later) == 1002);
}

static void ids_of_far_times_keep_their_order(void **state)
{
    const int64_t last_ms = INT64_C(1704067200000) + (INT64_C(1) << 41) - 1; /* in 2093 */

    (void)state;
    assert_true(id_first_of(INT64_MIN) == 0);
    assert_true(id_first_of(INT64_C(-62135596800000)) == 0);
    assert_true(id_first_of(INT64_C(1704067200000)) == 0);
    assert_true(id_first_of(last_ms) > 0 && id_time_ms(id_first_of(last_ms)) == last_ms);
    assert_true(id_first_of(last_ms + 1) == INT64_MAX);
    assert_true(id_first_of(INT64_C(253402300799000)) == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_of_the_years_1_to_9999),
        cmocka_unit_test(spans_are_bounded_and_of_one_sign),
        cmocka_unit_test(a_time_up_to_1970_is_past_not_absent),
        cmocka_unit_test(ids_of_far_times_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
