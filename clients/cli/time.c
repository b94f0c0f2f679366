/* Times between people and messages, as RFC 3339 writes them: 2026-07-01T14:00:00.250+02:00. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

json_t *cli_time_json(int64_t seconds, int32_t nanos)
{
    const time_t whole = (time_t)seconds;
    struct tm parts;
    char text[48];
    size_t size;

    gmtime_r(&whole, &parts);
    size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + size, sizeof text - size, ".%03dZ", nanos / 1000000);
    return json_string(text);
}

/* Whether the text begins like the form, in which 0 stands for any digit. */
static bool has_form(const char *text, const char *form)
{
    for (; *form != '\0'; text++, form++)
        if (*form == '0' ? *text < '0' || *text > '9' : *text != *form)
            return false;
    return true;
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* `2026-07-01T00:00:00` as if it were UTC. False for what no calendar has, such as 30 February or 24:00:00. */
static bool read_seconds(const char *text, int64_t *ret_seconds)
{
    struct tm given = {0};
    struct tm normal;
    time_t seconds;

    if (!has_form(text, "0000-00-00T00:00:00"))
        return false;
    given.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900;
    given.tm_mon = two_digits(text + 5) - 1;
    given.tm_mday = two_digits(text + 8);
    given.tm_hour = two_digits(text + 11);
    given.tm_min = two_digits(text + 14);
    given.tm_sec = two_digits(text + 17);
    normal = given;
    seconds = timegm(&normal); /* carries what is too large */
    if (normal.tm_mon != given.tm_mon || normal.tm_mday != given.tm_mday || normal.tm_hour != given.tm_hour ||
        normal.tm_min != given.tm_min || normal.tm_sec != given.tm_sec)
        return false;
    *ret_seconds = seconds;
    return true;
}

/* `.250`, one to nine digits, or nothing. Returns what follows, NULL when it is none. */
static const char *read_fraction(const char *text, int32_t *ret_nanos)
{
    int32_t nanos = 0;
    size_t n;

    *ret_nanos = 0;
    if (*text != '.')
        return text;
    n = strspn(++text, "0123456789");
    if (n < 1 || n > 9)
        return NULL;
    for (size_t i = 0; i < 9; i++)
        nanos = nanos * 10 + (i < n ? text[i] - '0' : 0);
    *ret_nanos = nanos;
    return text + n;
}

/* `Z`, `+02:00` or `-07:30`, and then the end. */
static bool read_offset(const char *text, int64_t *ret_seconds)
{
    *ret_seconds = 0;
    if (strcmp(text, "Z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || !has_form(text + 1, "00:00") || text[6] != '\0' ||
        two_digits(text + 1) > 23 || two_digits(text + 4) > 59)
        return false;
    *ret_seconds = (two_digits(text + 1) * 60 + two_digits(text + 4)) * (*text == '-' ? -60 : 60);
    return true;
}

json_t *cli_time_object(const char *text)
{
    int64_t seconds;
    int64_t offset;
    int32_t nanos;
    const char *rest;

    if (!read_seconds(text, &seconds))
        return NULL;
    rest = read_fraction(text + sizeof "2026-07-01T00:00:00" - 1, &nanos);
    if (rest == NULL || !read_offset(rest, &offset))
        return NULL;
    return json_pack("{s:I, s:i}", "seconds", (json_int_t)(seconds - offset), "nanos", (int)nanos);
}
