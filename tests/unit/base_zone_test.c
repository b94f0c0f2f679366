/* Time zones: which there are, and when periods end in them. libc, which reads the same database, is the judge. */
#include "lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/zone.h"

static void only_identifiers_are_known(void **state)
{
    static const struct {
        const char *zone;
        bool is_known;
    } cases[] = {
        {"Europe/Berlin", true},
        {"UTC", true},
        {"Asia/Shanghai", true},
        {"America/Argentina/Buenos_Aires", true},
        {"America/Port-au-Prince", true},
        {"Etc/GMT+8", true},
        {"EST5EDT", true},
        {"", false},
        {"Nowhere/City", false},
        {"Europe", false},
        {"Europe/", false},
        {"Europe//Berlin", false},
        {"Europe/Berlin/", false},
        {"Europe/Berlin ", false},
        {"europe/berlin", false},
        {"/Europe/Berlin", false},
        {"+02:00", false},
        {"Z", false},
        {"ABC3", false},
        {"EST5EDT,M3.2.0,M11.1.0", false},
        {"../etc/passwd", false},
        {"/etc/passwd", false},
        {"Etc/../x", false},
        {"Etc/../UTC", false},
        {"posix/Europe/Berlin", false},
        {"right/Europe/Berlin", false},
        {"localtime", false},
        {"posixrules", false},
        {"leapseconds", false},
        {"zone.tab", false},
        {"Europe/Berlin\xc3\xa9", false},
        {"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (zone_known(cases[i].zone) != cases[i].is_known)
            fail_msg("'%s' is %sknown", cases[i].zone, cases[i].is_known ? "not " : "");
}

/* ms of `2024-03-31T01:00:00Z`. */
static int64_t at(const char *text)
{
    struct tm tm = {0};

    assert_int_equal(
        sscanf(text, "%d-%d-%dT%d:%d:%dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec),
        6);
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return timegm(&tm) * INT64_C(1000);
}

typedef int64_t next_cutoff(const char *zone, int cutoff_minutes, int64_t after_ms);

/* The ends were reckoned by hand; of clocks that change only the past is certain. */
static void periods_end_at_the_cutoff(void **state)
{
    static const struct {
        next_cutoff *next;
        const char *zone;
        int cutoff_minutes;
        const char *after;
        const char *expected;
    } cases[] = {
        /* strictly after */
        {zone_next_day_ms, "UTC", 0, "2024-07-01T00:00:00Z", "2024-07-02T00:00:00Z"},
        {zone_next_day_ms, "UTC", 1439, "2024-07-01T23:58:59Z", "2024-07-01T23:59:00Z"},
        {zone_next_day_ms, "UTC", 1439, "2024-07-01T23:59:00Z", "2024-07-02T23:59:00Z"},
        {zone_next_day_ms, "Asia/Shanghai", 0, "2024-07-01T15:59:59Z", "2024-07-01T16:00:00Z"},
        {zone_next_day_ms, "Asia/Shanghai", 0, "2024-07-01T16:00:00Z", "2024-07-02T16:00:00Z"},
        {zone_next_day_ms, "Etc/GMT+8", 60, "2024-07-01T00:00:00Z", "2024-07-01T09:00:00Z"},
        {zone_next_day_ms, "Europe/Berlin", 360, "2024-07-01T03:59:59Z", "2024-07-01T04:00:00Z"},
        {zone_next_day_ms, "Europe/Berlin", 360, "2024-12-01T03:59:59Z", "2024-12-01T05:00:00Z"},
        {zone_next_day_ms, "America/New_York", 0, "1970-01-01T00:00:00Z", "1970-01-01T05:00:00Z"},
        {zone_next_day_ms, "America/New_York", 1200, "1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"},
        /* spring: 02:00 to 03:00 is leapt over */
        {zone_next_day_ms, "Europe/Berlin", 150, "2024-03-30T12:00:00Z", "2024-03-31T01:00:00Z"},
        {zone_next_day_ms, "Europe/Berlin", 150, "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"},
        {zone_next_day_ms, "Europe/Berlin", 120, "2024-03-30T12:00:00Z", "2024-03-31T01:00:00Z"},
        {zone_next_day_ms, "Europe/Berlin", 180, "2024-03-30T12:00:00Z", "2024-03-31T01:00:00Z"},
        /* autumn: 02:00 to 03:00 comes twice */
        {zone_next_day_ms, "Europe/Berlin", 150, "2024-10-26T12:00:00Z", "2024-10-27T00:30:00Z"},
        {zone_next_day_ms, "Europe/Berlin", 150, "2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"},
        {zone_next_day_ms, "Europe/Dublin", 90, "2024-10-26T12:00:00Z", "2024-10-27T00:30:00Z"},
        {zone_next_day_ms, "Australia/Lord_Howe", 105, "2024-04-06T00:00:00Z", "2024-04-06T14:45:00Z"},
        /* midnight itself is leapt over, and comes twice */
        {zone_next_day_ms, "America/Santiago", 0, "2024-09-07T12:00:00Z", "2024-09-08T04:00:00Z"},
        {zone_next_day_ms, "America/Havana", 0, "2023-11-04T12:00:00Z", "2023-11-05T04:00:00Z"},
        {zone_next_day_ms, "America/Havana", 0, "2023-11-05T04:00:00Z", "2023-11-06T05:00:00Z"},
        /* Samoa had no 30th of December */
        {zone_next_day_ms, "Pacific/Apia", 360, "2011-12-29T16:00:00Z", "2011-12-30T10:00:00Z"},
        {zone_next_day_ms, "Pacific/Apia", 360, "2011-12-30T10:00:00Z", "2011-12-30T16:00:00Z"},
        /* Mondays */
        {zone_next_week_ms, "UTC", 0, "2024-07-02T00:00:00Z", "2024-07-08T00:00:00Z"},
        {zone_next_week_ms, "UTC", 600, "2024-07-08T09:59:59Z", "2024-07-08T10:00:00Z"},
        {zone_next_week_ms, "UTC", 600, "2024-07-08T10:00:00Z", "2024-07-15T10:00:00Z"},
        {zone_next_week_ms, "Asia/Shanghai", 0, "2024-07-07T15:59:59Z", "2024-07-07T16:00:00Z"},
        {zone_next_week_ms, "Asia/Shanghai", 0, "2024-07-07T16:00:00Z", "2024-07-14T16:00:00Z"},
        {zone_next_week_ms, "Europe/Berlin", 0, "2024-03-27T00:00:00Z", "2024-03-31T22:00:00Z"},
        /* the first of a month */
        {zone_next_month_ms, "UTC", 0, "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"},
        {zone_next_month_ms, "UTC", 30, "2028-02-29T12:00:00Z", "2028-03-01T00:30:00Z"},
        {zone_next_month_ms, "UTC", 30, "2026-12-01T00:29:59Z", "2026-12-01T00:30:00Z"},
        {zone_next_month_ms, "UTC", 30, "2026-12-01T00:30:00Z", "2027-01-01T00:30:00Z"},
        {zone_next_month_ms, "UTC", 0, "9999-12-31T00:00:00Z", "10000-01-01T00:00:00Z"},
        {zone_next_month_ms, "America/New_York", 0, "2024-10-31T12:00:00Z", "2024-11-01T04:00:00Z"},
        {zone_next_month_ms, "America/New_York", 0, "2024-11-01T04:00:00Z", "2024-12-01T05:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const int64_t end_ms = cases[i].next(cases[i].zone, cases[i].cutoff_minutes, at(cases[i].after));

        if (end_ms != at(cases[i].expected))
            fail_msg("case %zu: %s after %s: %lld", i, cases[i].zone, cases[i].after, (long long)end_ms / 1000);
    }
    assert_int_equal(zone_next_day_ms("UTC", 0, 1), 86400000);
    assert_int_equal(zone_next_day_ms("UTC", 0, 86399999), 86400000);
    assert_int_equal(zone_next_day_ms("UTC", 0, 86400000), 2 * 86400000);
}

static void unknown_zones_have_no_periods(void **state)
{
    (void)state;
    assert_int_equal(zone_next_day_ms("Nowhere/City", 0, 0), -1);
    assert_int_equal(zone_next_week_ms("+02:00", 0, 0), -1);
    assert_int_equal(zone_next_month_ms("", 0, 0), -1);
}

/* What libc's clocks on the wall show, in minutes since 1970. */
static int64_t wall_minutes(int64_t minute)
{
    const time_t instant = minute * 60;
    struct tm tm;

    assert_non_null(localtime_r(&instant, &tm));
    return minute + tm.tm_gmtoff / 60;
}

/* Every change of the clocks is tried with a cut-off in it; the judge walks through the years minute by minute. */
static void libc_agrees(void **state)
{
    static const struct {
        const char *zone;
        int year;
        int cutoff_minutes;
    } cases[] = {
        {"Europe/Berlin", 2024, 150},      {"Europe/Berlin", 2041, 121},   {"Europe/Dublin", 2024, 90},
        {"America/New_York", 2024, 90},    {"America/Havana", 2023, 0},    {"America/Santiago", 2024, 1439},
        {"America/St_Johns", 2006, 1},     {"Asia/Tehran", 2021, 30},      {"Asia/Beirut", 2024, 0},
        {"Africa/Casablanca", 2024, 150},  {"Africa/Cairo", 2024, 1438},   {"Pacific/Apia", 2011, 360},
        {"Australia/Lord_Howe", 2024, 90}, {"Asia/Kathmandu", 1986, 1439}, {"Asia/Pyongyang", 2018, 1425},
        {"Antarctica/Troll", 2024, 100},   {"America/Caracas", 2016, 150}, {"EST5EDT", 2024, 90},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tm begin = {.tm_year = cases[i].year - 1900, .tm_mday = 1};
        const int64_t first = timegm(&begin) / 60;
        int64_t after_ms = first * 60000;

        setenv("TZ", cases[i].zone, 1);
        tzset();
        /* the first cut-off after the begin, by the wall; those of that day that are over are passed by */
        int64_t wanted = wall_minutes(first) / 1440 * 1440 + cases[i].cutoff_minutes;

        if (wanted <= wall_minutes(first))
            wanted += 1440;
        for (int64_t minute = first + 1; minute < first + 366 * 1440; minute++) {
            if (wall_minutes(minute) < wanted)
                continue;
            if (zone_next_day_ms(cases[i].zone, cases[i].cutoff_minutes, after_ms) != minute * 60000 ||
                zone_next_day_ms(cases[i].zone, cases[i].cutoff_minutes, minute * 60000 - 1) != minute * 60000)
                fail_msg("%s: not the cut-off of %lld", cases[i].zone, (long long)minute * 60);
            after_ms = minute * 60000;
            wanted += 1440;
        }
    }
    unsetenv("TZ");
    tzset();
}

static void *ask_often(void *zone)
{
    for (int i = 0; i < 200; i++)
        if (!zone_known(zone) || zone_next_day_ms(zone, 0, i * INT64_C(86400000)) < 0)
            return zone;
    return NULL;
}

static void many_threads_may_ask(void **state)
{
    static char zones[][16] = {"Europe/Berlin", "Asia/Shanghai", "Europe/Berlin", "UTC"};
    pthread_t threads[COUNT_OF(zones)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(zones); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, zones[i]), 0);
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        void *failed;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_identifiers_are_known),    cmocka_unit_test(periods_end_at_the_cutoff),
        cmocka_unit_test(unknown_zones_have_no_periods), cmocka_unit_test(libc_agrees),
        cmocka_unit_test(many_threads_may_ask),
    };

    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
