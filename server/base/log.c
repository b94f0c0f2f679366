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

enum { LINE_MAX_SIZE = 4096 };

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

/* What is written so far; the last bytes are kept free for the line's end. */
struct line {
    char text[LINE_MAX_SIZE];
    size_t used;
};

static void put(struct line *line, const char *bytes, size_t size)
{
    if (size > sizeof line->text - 8 - line->used)
        return; /* what does not fit is left out as a whole */
    memcpy(line->text + line->used, bytes, size);
    line->used += size;
}

/* JSON's string (RFC 8259, section 7); control characters as \u00XX, so that a terminal is safe as well. */
static void put_string(struct line *line, const char *text)
{
    put(line, "\"", 1);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        char escaped[8];

        if (c == '"' || c == '\\') {
            escaped[0] = '\\';
            escaped[1] = (char)c;
            put(line, escaped, 2);
        } else if (c < 0x20 || c == 0x7F) {
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
            put(line, escaped, 6);
        } else {
            put(line, text, 1);
        }
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
    line.text[line.used++] = '}';
    line.text[line.used++] = '\n';
    if (write(STDERR_FILENO, line.text, line.used) < 0)
        return; /* nobody reads the log: nowhere to say so */
}
