/*
 * Time zones of the IANA database, and when local days, weeks and months end in them. The one door to GLib, which reads
 * the system's copy of the database (package tzdata). Thread-safe.
 *
 * A period ends at a cut-off: so many minutes (0 to 1439) after midnight by the clocks on the wall. Where the clocks
 * leap over it, it is the first instant after the leap; where they show it twice, the first time counts.
 */
#ifndef BMT_BASE_ZONE_H
#define BMT_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

enum { ZONE_NAME_MAX = 64, CUTOFF_MINUTES_MAX = 1439 };

/* Whether it is an identifier of the database, such as `Europe/Berlin` or `UTC`; an offset such as `+02:00` is not. */
bool zone_known(const char *zone);

/*
 * The first instant strictly after `after_ms` (1970 to 9999) that is the cut-off of a local day, of a Monday, of the
 * first of a month; ms since epoch. -1 when the database does not know the zone: systems drop old names at times.
 */
int64_t zone_next_day_ms(const char *zone, int cutoff_minutes, int64_t after_ms);
int64_t zone_next_week_ms(const char *zone, int cutoff_minutes, int64_t after_ms);
int64_t zone_next_month_ms(const char *zone, int cutoff_minutes, int64_t after_ms);

#endif
