/*
 * Time zones; see zone.h.
 *
 * GLib also takes rules of POSIX (`ABC3`) and offsets for zones, and complains on stderr about files that are no zone;
 * so it is only asked about names that the database has a file for.
 */
#include "base/zone.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

#define DATABASE "/usr/share/zoneinfo/"

static const int64_t DAY_S = 86400;
static const int64_t JULIAN_1970 = 719163; /* GLib counts days from 0001-01-01 on, as day 1 */
static const int64_t YEAR_9999_MS = INT64_C(253402300799000);

enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH };

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static void unref_zone(GTimeZone **zone)
{
    if (*zone != NULL)
        g_time_zone_unref(*zone);
}

/* Only identifiers begin with a capital in the database's folder; beside them lie tables and other versions of it. */
static bool is_identifier(const char *zone)
{
    const size_t size = strlen(zone);

    return size <= ZONE_NAME_MAX && zone[0] >= 'A' && zone[0] <= 'Z' && strstr(zone, "//") == NULL &&
           strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == size;
}

/* Every zone's file begins with this (RFC 8536); a folder cannot be read. */
static bool has_file(const char *zone)
{
    char path[sizeof DATABASE + ZONE_NAME_MAX];
    char magic[4] = "";

    snprintf(path, sizeof path, "%s%s", DATABASE, zone);
    CLEANUP(close_file) FILE *file = fopen(path, "rbe");

    return file != NULL && fread(magic, sizeof magic, 1, file) == 1 && memcmp(magic, "TZif", sizeof magic) == 0;
}

static GTimeZone *find_zone(const char *zone)
{
    return is_identifier(zone) && has_file(zone) ? g_time_zone_new_identifier(zone) : NULL;
}

bool zone_known(const char *zone)
{
    CLEANUP(unref_zone) GTimeZone *found = find_zone(zone);

    return found != NULL;
}

/* When the clocks on the wall first show `local_s` or, where they leap over it, more. */
static int64_t first_instant_s(GTimeZone *zone, int64_t local_s)
{
    /* GLib moves what is leapt over to the end of the leap, and of two times chooses the standard one. */
    const int interval = g_time_zone_adjust_time(zone, G_TIME_TYPE_STANDARD, &local_s);

    if (interval > 0) {
        const int64_t earlier_s = local_s - g_time_zone_get_offset(zone, interval - 1);

        if (g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, earlier_s) == interval - 1)
            return earlier_s;
    }
    return local_s - g_time_zone_get_offset(zone, interval);
}

/* The local day of an instant. */
static GDate day_of(GTimeZone *zone, int64_t instant_s)
{
    const int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, instant_s);
    const int64_t local_s = instant_s + g_time_zone_get_offset(zone, interval);
    GDate day;

    g_date_clear(&day, 1);
    g_date_set_julian(&day, (guint32)((local_s + JULIAN_1970 * DAY_S) / DAY_S));
    return day;
}

/* Back to the day with whose cut-off a period may end. */
static void go_to_first(enum period period, GDate *day)
{
    if (period == PERIOD_WEEK)
        g_date_subtract_days(day, (guint)g_date_get_weekday(day) - G_DATE_MONDAY);
    if (period == PERIOD_MONTH)
        g_date_set_day(day, 1);
}

static void go_to_next(enum period period, GDate *day)
{
    if (period == PERIOD_MONTH)
        g_date_add_months(day, 1);
    else
        g_date_add_days(day, period == PERIOD_WEEK ? 7 : 1);
}

/*
 * Begins with the day of `after_ms` itself: the clocks have shown all of the days before it. Its own cut-off may still
 * come, or be over even though the clocks were put back since.
 */
static int64_t next_cutoff_ms(const char *name, enum period period, int cutoff_minutes, int64_t after_ms)
{
    PRE(cutoff_minutes >= 0 && cutoff_minutes <= CUTOFF_MINUTES_MAX);
    PRE(after_ms >= 0 && after_ms <= YEAR_9999_MS);
    CLEANUP(unref_zone) GTimeZone *zone = find_zone(name);

    if (zone == NULL)
        return -1;
    GDate day = day_of(zone, after_ms / 1000);

    for (go_to_first(period, &day);; go_to_next(period, &day)) {
        const int64_t local_s = ((int64_t)g_date_get_julian(&day) - JULIAN_1970) * DAY_S + cutoff_minutes * 60;
        const int64_t cutoff_ms = first_instant_s(zone, local_s) * 1000;

        if (cutoff_ms > after_ms)
            return cutoff_ms;
    }
}

int64_t zone_next_day_ms(const char *zone, int cutoff_minutes, int64_t after_ms)
{
    return next_cutoff_ms(zone, PERIOD_DAY, cutoff_minutes, after_ms);
}

int64_t zone_next_week_ms(const char *zone, int cutoff_minutes, int64_t after_ms)
{
    return next_cutoff_ms(zone, PERIOD_WEEK, cutoff_minutes, after_ms);
}

int64_t zone_next_month_ms(const char *zone, int cutoff_minutes, int64_t after_ms)
{
    return next_cutoff_ms(zone, PERIOD_MONTH, cutoff_minutes, after_ms);
}
