/* The log; see log.h. A line is made in a buffer on the stack and written by one write, so that lines never mix. */
#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"

/*
 * A text is cut when less than ROOM_TEXT is left, so that its end, a number and the line's end always fit; a field is
 * begun only when ROOM_FIELD is left.
 */
enum { LINE_MAX_SIZE = 4096, ROOM_TEXT = 64, ROOM_FIELD = 128, KEY_SIZE_MAX = 48 };

static _Atomic int least_level = LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level)
{
    atomic_store(&least_level, (int)level);
}

bool log_level_of(const char *name, enum log_level *ret_level)
{
    for (size_t i = 0; i < COUNT_OF(level_names); i++)
        if (strcmp(level_names[i], name) == 0) {
            *ret_level = (enum log_level)i;
            return true;
        }
    return false;
}

bool log_wants(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

/* What is written so far. */
struct line {
    char text[LINE_MAX_SIZE];
    size_t used;
};

static void put(struct line *line, const char *bytes, size_t size)
{
    INVARIANT(size <= sizeof line->text - line->used);
    memcpy(line->text + line->used, bytes, size);
    line->used += size;
}

static size_t room(const struct line *line)
{
    return sizeof line->text - line->used;
}

/* One byte of a string of JSON (RFC 8259, section 7); control characters as \u00XX, so that a terminal is safe too. */
static void put_escaped(struct line *line, unsigned char c, bool is_utf8)
{
    char escaped[8];

    if (c == '"' || c == '\\')
        put(line, (const char[]){'\\', (char)c}, 2);
    else if (c < 0x20 || c == 0x7F || (c >= 0x80 && !is_utf8))
        put(line, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
    else
        put(line, (const char *)&c, 1);
}

/* A string of JSON. Bytes that are not UTF-8 are shown as Latin-1, what does not fit is cut at a character's edge. */
static void put_string(struct line *line, const char *text)
{
    const bool is_utf8 = text_is_utf8((const uint8_t *)text, strlen(text));

    put(line, "\"", 1);
    for (; *text != '\0'; text++) {
        const bool is_inside_character = is_utf8 && ((unsigned char)*text & 0xC0) == 0x80;

        if (room(line) < ROOM_TEXT && !is_inside_character) {
            put(line, "...", 3);
            break;
        }
        put_escaped(line, (unsigned char)*text, is_utf8);
    }
    put(line, "\"", 1);
}

static void put_time(struct line *line)
{
    const int64_t now_ms = clock_wall_ms();
    const time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts;
    char text[40];
    size_t size;

    gmtime_r(&seconds, &parts);
    size = strftime(text, sizeof text, "\"%Y-%m-%dT%H:%M:%S", &parts);
    size += (size_t)snprintf(text + size, sizeof text - size, ".%03dZ\"", (int)(now_ms % 1000));
    put(line, text, size);
}

static void put_field(struct line *line, const struct log_field *field)
{
    char number[24];

    PRE(strlen(field->key) < KEY_SIZE_MAX);
    if (room(line) < ROOM_FIELD)
        return; /* left out as a whole */
    put(line, ",", 1);
    put_string(line, field->key);
    put(line, ":", 1);
    if (field->text != NULL)
        put_string(line, field->text);
    else
        put(line, number, (size_t)snprintf(number, sizeof number, "%" PRId64, field->number));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    struct line line;

    if (!log_wants(level))
        return;
    line.used = 0;
    put(&line, "{\"time\":", 8);
    put_time(&line);
    put_field(&line, &log_text("level", level_names[level]));
    put_field(&line, &log_text("event", event));
    for (size_t i = 0; i < n; i++)
        put_field(&line, &fields[i]);
    put(&line, "}\n", 2);
    if (write(STDERR_FILENO, line.text, line.used) < 0)
        return; /* nobody reads the log: nowhere to say so */
}
