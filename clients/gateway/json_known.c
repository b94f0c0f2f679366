/*
 * Messages that are one text in JSON: times as RFC 3339, durations in seconds, masks as names with commas; see json.h.
 * Ranges as the protos of google.protobuf state them.
 */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#define RULE_TIME     "is not a time such as 2026-01-31T10:00:00Z, from year 1 to 9999"
#define RULE_DURATION "is not a duration such as 90s or 1.5s, up to 315576000000s"
#define RULE_MASK     "is not a list of field names such as title,displayName"

enum { FRACTION_SIZE = 11 };

static const int64_t TIME_MIN_S = -62135596800;
static const int64_t TIME_MAX_S = 253402300799;
static const int64_t DURATION_MAX_S = 315576000000;

/* `.5` as `.500`: none, 3, 6 or 9 digits. */
static const char *fraction_of(unsigned nanos, char text[FRACTION_SIZE])
{
    text[0] = '\0';
    if (nanos % 1000000 == 0 && nanos != 0)
        snprintf(text, FRACTION_SIZE, ".%03u", nanos / 1000000 % 1000);
    else if (nanos % 1000 == 0 && nanos != 0)
        snprintf(text, FRACTION_SIZE, ".%06u", nanos / 1000 % 1000000);
    else if (nanos != 0)
        snprintf(text, FRACTION_SIZE, ".%09u", nanos % 1000000000);
    return text;
}

static void write_time(struct json_text *text, const Google__Protobuf__Timestamp *time)
{
    const time_t seconds = (time_t)time->seconds;
    struct tm day;
    char fraction[FRACTION_SIZE];
    char words[64];

    gmtime_r(&seconds, &day);
    snprintf(words, sizeof words, "\"%04d-%02d-%02dT%02d:%02d:%02d%sZ\"", day.tm_year + 1900, day.tm_mon + 1,
             day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec, fraction_of((unsigned)time->nanos, fraction));
    json_put_text(text, words);
}

static void write_duration(struct json_text *text, const Google__Protobuf__Duration *duration)
{
    const bool is_negative = duration->seconds < 0 || duration->nanos < 0;
    char fraction[FRACTION_SIZE];
    char words[64];

    snprintf(words, sizeof words, "\"%s%" PRId64 "%ss\"", is_negative ? "-" : "",
             duration->seconds < 0 ? -duration->seconds : duration->seconds,
             fraction_of((unsigned)(duration->nanos < 0 ? -duration->nanos : duration->nanos), fraction));
    json_put_text(text, words);
}

static void write_mask(struct json_text *text, const Google__Protobuf__FieldMask *mask)
{
    struct json_text words = {.arena = text->arena};
    char name[JSON_NAME_MAX];

    for (size_t i = 0; i < mask->n_paths; i++) {
        if (strlen(mask->paths[i]) >= sizeof name)
            continue;
        json_camel(mask->paths[i], name);
        json_put_text(&words, i > 0 ? "," : "");
        json_put_text(&words, name);
    }
    json_put(&words, "", 1); /* ends it */
    json_put_quoted(text, words.data);
}

bool json_write_known(struct json_text *text, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    if (type == &google__protobuf__timestamp__descriptor)
        write_time(text, (const Google__Protobuf__Timestamp *)message);
    else if (type == &google__protobuf__duration__descriptor)
        write_duration(text, (const Google__Protobuf__Duration *)message);
    else if (type == &google__protobuf__field_mask__descriptor)
        write_mask(text, (const Google__Protobuf__FieldMask *)message);
    return json_is_known(type);
}

bool json_is_known(const ProtobufCMessageDescriptor *type)
{
    return type == &google__protobuf__timestamp__descriptor || type == &google__protobuf__duration__descriptor ||
           type == &google__protobuf__field_mask__descriptor;
}

/* Exactly `n` digits. */
static bool take_digits(const char **words, int n, int *ret_value)
{
    *ret_value = 0;
    for (int i = 0; i < n; i++, (*words)++) {
        if (**words < '0' || **words > '9')
            return false;
        *ret_value = *ret_value * 10 + (**words - '0');
    }
    return true;
}

/* `.` and 1 to 9 digits, or nothing. */
static bool take_fraction(const char **words, int32_t *ret_nanos)
{
    int32_t unit = 100000000;

    *ret_nanos = 0;
    if (**words != '.')
        return true;
    (*words)++;
    for (; **words >= '0' && **words <= '9' && unit > 0; (*words)++, unit /= 10)
        *ret_nanos += (**words - '0') * unit;
    return unit < 100000000;
}

/* `Z` or `+08:00`; the seconds by which the clock is ahead. */
static bool take_offset(const char **words, int *ret_offset_s)
{
    const char sign = *(*words)++;
    int hours = 0;
    int minutes = 0;

    *ret_offset_s = 0;
    if (sign == 'Z')
        return true;
    if ((sign != '+' && sign != '-') || !take_digits(words, 2, &hours) || *(*words)++ != ':' ||
        !take_digits(words, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_offset_s = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
    return true;
}

static bool read_time(Google__Protobuf__Timestamp *time, const char *words)
{
    struct tm day = {0};
    struct tm back;
    int offset_s;

    if (!take_digits(&words, 4, &day.tm_year) || *words++ != '-' || !take_digits(&words, 2, &day.tm_mon) ||
        *words++ != '-' || !take_digits(&words, 2, &day.tm_mday) || *words++ != 'T' ||
        !take_digits(&words, 2, &day.tm_hour) || *words++ != ':' || !take_digits(&words, 2, &day.tm_min) ||
        *words++ != ':' || !take_digits(&words, 2, &day.tm_sec) || !take_fraction(&words, &time->nanos) ||
        !take_offset(&words, &offset_s) || *words != '\0')
        return false;
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    back = day;
    time->seconds = timegm(&back) - offset_s;
    /* timegm makes March of a 30th of February: what it changed was no time. */
    return back.tm_mday == day.tm_mday && back.tm_hour == day.tm_hour && back.tm_min == day.tm_min &&
           back.tm_sec == day.tm_sec && time->seconds >= TIME_MIN_S && time->seconds <= TIME_MAX_S;
}

static bool read_duration(Google__Protobuf__Duration *duration, const char *words)
{
    const bool is_negative = *words == '-';
    int64_t seconds = 0;
    int n = 0;

    words += is_negative;
    for (; *words >= '0' && *words <= '9' && n < 13; words++, n++)
        seconds = seconds * 10 + (*words - '0');
    if (n == 0 || !take_fraction(&words, &duration->nanos) || strcmp(words, "s") != 0 || seconds > DURATION_MAX_S)
        return false;
    duration->seconds = is_negative ? -seconds : seconds;
    if (is_negative)
        duration->nanos = -duration->nanos;
    return true;
}

/* `displayName` as `display_name`; NULL for what is no name, or cannot be told apart on the way back. */
static char *snake(const char *words, size_t size, struct arena *arena)
{
    char *name = arena_alloc(arena, 2 * size + 1);
    char *to = name;

    for (size_t i = 0; i < size; i++) {
        const bool is_digit = words[i] >= '0' && words[i] <= '9';
        const bool is_letter = (words[i] | 32) >= 'a' && (words[i] | 32) <= 'z';

        if (!is_digit && !is_letter && words[i] != '.')
            return NULL;
        if (words[i] >= 'A' && words[i] <= 'Z') {
            *to++ = '_';
            *to++ = (char)(words[i] - 'A' + 'a');
        } else {
            *to++ = words[i];
        }
    }
    return size > 0 ? name : NULL;
}

static bool read_mask(Google__Protobuf__FieldMask *mask, const char *words, struct arena *arena)
{
    size_t n = 1;

    if (*words == '\0')
        return true;
    for (const char *c = words; *c != '\0'; c++)
        n += *c == ',';
    mask->paths = arena_array_of(arena, char *, n);
    while (mask->n_paths < n) {
        const size_t size = strcspn(words, ",");
        char *name = size < JSON_NAME_MAX / 2 ? snake(words, size, arena) : NULL;

        if (name == NULL)
            return false;
        mask->paths[mask->n_paths++] = name;
        words += size + (words[size] == ',');
    }
    return true;
}

bool json_read_known(ProtobufCMessage *message, const char *words, struct arena *arena, const char **ret_rule)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;

    *ret_rule = NULL;
    if (type == &google__protobuf__timestamp__descriptor) {
        if (!read_time((Google__Protobuf__Timestamp *)message, words))
            *ret_rule = RULE_TIME;
    } else if (type == &google__protobuf__duration__descriptor) {
        if (!read_duration((Google__Protobuf__Duration *)message, words))
            *ret_rule = RULE_DURATION;
    } else if (type == &google__protobuf__field_mask__descriptor) {
        if (!read_mask((Google__Protobuf__FieldMask *)message, words, arena))
            *ret_rule = RULE_MASK;
    }
    return json_is_known(type);
}
