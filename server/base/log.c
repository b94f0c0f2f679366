/* The log; see log.h. A line is made in a buffer of its thread and written by one write, so that lines never mix. */
#include "base/log.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
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

/* A write to a pipe is whole up to PIPE_BUF bytes. */
_Static_assert(LINE_MAX_SIZE <= PIPE_BUF, "a line is written whole");

/* What a thread keeps: a line in the making, the lines that wait for log_flush, and the second that it told last. */
static _Thread_local struct {
    struct line line;
    bool is_gathering;
    size_t gathered;
    char lines[PIPE_BUF];
    time_t second;
    size_t second_size; /* 0: none yet */
    char second_text[32];
} own;

static void put(struct line *line, const char *bytes, size_t size)
{
    INVARIANT(size <= sizeof line->text - line->used);
    memcpy(line->text + line->used, bytes, size);
    line->used += size;
}

static void put_byte(struct line *line, char byte)
{
    INVARIANT(line->used < sizeof line->text);
    line->text[line->used++] = byte;
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
        put_byte(line, (char)c);
}

/* How much of the text needs neither escapes nor a look at its characters. */
static size_t plain_size(const char *text)
{
    size_t n = 0;

    while (text[n] >= 0x20 && text[n] < 0x7F && text[n] != '"' && text[n] != '\\')
        n++;
    return n;
}

/* A string of JSON. Bytes that are not UTF-8 are shown as Latin-1, what does not fit is cut at a character's edge. */
static void put_string(struct line *line, const char *text)
{
    const size_t plain = plain_size(text);

    put_byte(line, '"');
    if (room(line) >= plain + ROOM_TEXT) {
        put(line, text, plain);
        text += plain;
    }
    const bool is_utf8 = *text == '\0' || text_is_utf8((const uint8_t *)text, strlen(text));

    for (; *text != '\0'; text++) {
        const bool is_inside_character = is_utf8 && ((unsigned char)*text & 0xC0) == 0x80;

        if (room(line) < ROOM_TEXT && !is_inside_character) {
            put(line, "...", 3);
            break;
        }
        put_escaped(line, (unsigned char)*text, is_utf8);
    }
    put_byte(line, '"');
}

static void put_number(struct line *line, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        put_byte(line, '-');
    put(line, digits + at, sizeof digits - at);
}

static void put_time(struct line *line)
{
    const int64_t now_ms = clock_wall_ms();
    const time_t second = (time_t)(now_ms / 1000);
    const int ms = (int)(now_ms % 1000);
    struct tm parts;

    if (own.second_size == 0 || own.second != second) {
        gmtime_r(&second, &parts);
        own.second_size = strftime(own.second_text, sizeof own.second_text, "\"%Y-%m-%dT%H:%M:%S.", &parts);
        own.second = second;
    }
    put(line, own.second_text, own.second_size);
    put(line, (const char[]){(char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z', '"'}, 5);
}

static void put_field(struct line *line, const struct log_field *field)
{
    const size_t key_size = strlen(field->key);

    PRE(key_size < KEY_SIZE_MAX); /* and a word of ours: nothing to escape */
    if (room(line) < ROOM_FIELD)
        return; /* left out as a whole */
    put_byte(line, ',');
    put_byte(line, '"');
    put(line, field->key, key_size);
    put_byte(line, '"');
    put_byte(line, ':');
    if (field->text != NULL)
        put_string(line, field->text);
    else
        put_number(line, field->number);
}

static void write_out(const char *lines, size_t size)
{
    if (size > 0 && write(STDERR_FILENO, lines, size) < 0)
        return; /* nobody reads the log: nowhere to say so */
}

void log_gather(void)
{
    own.is_gathering = true;
}

void log_flush(void)
{
    write_out(own.lines, own.gathered);
    own.gathered = 0;
    own.is_gathering = false;
}

static void line_is_made(const struct line *line)
{
    if (!own.is_gathering) {
        write_out(line->text, line->used);
        return;
    }
    if (line->used > sizeof own.lines - own.gathered) {
        write_out(own.lines, own.gathered);
        own.gathered = 0;
    }
    memcpy(own.lines + own.gathered, line->text, line->used);
    own.gathered += line->used;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    struct line *line = &own.line;

    if (!log_wants(level))
        return;
    line->used = 0;
    put(line, "{\"time\":", 8);
    put_time(line);
    put_field(line, &log_text("level", level_names[level]));
    put_field(line, &log_text("event", event));
    for (size_t i = 0; i < n; i++)
        put_field(line, &fields[i]);
    put(line, "}\n", 2);
    line_is_made(line);
}
