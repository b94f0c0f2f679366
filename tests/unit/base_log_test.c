/* The log: whatever the values are, a line stays one line of JSON. */
#include "lib/suite.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum { ROOM = 8192 };

/* Writes one line and returns it as it came out of stderr; "" when nothing was written. */
static const char *line_of(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    static char line[ROOM];
    FILE *file = tmpfile();
    const int kept = dup(STDERR_FILENO);

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_write(level, event, fields, n);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(file);
    line[fread(line, 1, sizeof line - 1, file)] = '\0';
    fclose(file);
    return line;
}

static json_t *parsed(const char *line)
{
    json_error_t error;
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);

    if (json == NULL)
        fail_msg("%s in: %s", error.text, line);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    return json;
}

static void a_line_carries_its_fields(void **state)
{
    const struct log_field fields[] = {log_text("a", "q\"b\\n\n\x7F g\xC3\xBC"), log_i64("n", INT64_MIN),
                                       log_text("none", (const char *)NULL), log_text("raw", "\xFF")};
    json_t *json = parsed(line_of(LOG_WARN, "went on", fields, 4));

    (void)state;
    assert_string_equal(json_string_value(json_object_get(json, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(json, "event")), "went on");
    assert_string_equal(json_string_value(json_object_get(json, "a")), "q\"b\\n\n\x7F g\xC3\xBC");
    assert_true(json_integer_value(json_object_get(json, "n")) == INT64_MIN);
    assert_string_equal(json_string_value(json_object_get(json, "none")), "");
    assert_string_equal(json_string_value(json_object_get(json, "raw")), "\xC3\xBF"); /* as Latin-1 */
    assert_int_equal(strlen(json_string_value(json_object_get(json, "time"))), strlen("2026-01-01T00:00:00.000Z"));
    json_decref(json);
}

/* Every length around the line's end, with characters of one, two and four bytes and with escapes. */
static void a_full_line_is_still_json(void **state)
{
    static const char *const pieces[] = {"x", "\xC3\xBC", "\xF0\x9F\x8D\x80", "\n", "\""};
    static char text[ROOM];

    (void)state;
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++)
        for (size_t bytes = 500; bytes < 4300; bytes += bytes < 3700 ? 101 : 1) {
            size_t size = 0;

            for (; size < bytes; size += strlen(pieces[p]))
                memcpy(text + size, pieces[p], strlen(pieces[p]) + 1);
            const struct log_field fields[] = {log_text("long", text), log_i64("n", INT64_MIN), log_text("more", text)};

            json_decref(parsed(line_of(LOG_ERROR, "full", fields, 3)));
        }
}

/* Reads what one write has written to a socket that keeps them apart: the number of lines. */
static int lines_of_write(int from, int first_n)
{
    static char lines[PIPE_BUF + 1];
    const ssize_t size = read(from, lines, PIPE_BUF);
    int n = 0;

    assert_true(size > 0 && lines[size - 1] == '\n');
    lines[size] = '\0';
    for (char *line = lines; *line != '\0'; n++) {
        char *end = strchr(line, '\n');
        json_t *json = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);

        assert_int_equal(json_integer_value(json_object_get(json, "n")), first_n + n);
        json_decref(json);
        line = end + 1;
    }
    return n;
}

static void gathered_lines_are_written_together_and_whole(void **state)
{
    enum { LINES = 60 };
    static char text[3000];
    const int kept = dup(STDERR_FILENO);
    int ends[2];
    int n_writes = 0;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_gather();
    for (int i = 0; i < LINES; i++)
        log_info("one of many", log_i64("n", i), log_text("text", i % 20 == 7 ? text : "short"));
    log_flush();
    log_info("alone", log_i64("n", LINES));
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    close(ends[1]);

    for (int n = 0; n < LINES; n_writes++)
        n += lines_of_write(ends[0], n);
    assert_in_range(n_writes, 2, 9);
    assert_int_equal(lines_of_write(ends[0], LINES), 1);
    close(ends[0]);
}

static void lines_below_the_level_are_not_written(void **state)
{
    enum log_level level;

    (void)state;
    assert_true(log_level_of("warn", &level));
    assert_int_equal(level, LOG_WARN);
    assert_false(log_level_of("loud", &level));
    log_set_level(LOG_WARN);
    assert_string_equal(line_of(LOG_INFO, "small talk", NULL, 0), "");
    assert_true(log_wants(LOG_ERROR));
    log_set_level(LOG_INFO);
    assert_false(log_wants(LOG_DEBUG));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_carries_its_fields),
        cmocka_unit_test(a_full_line_is_still_json),
        cmocka_unit_test(gathered_lines_are_written_together_and_whole),
        cmocka_unit_test(lines_below_the_level_are_not_written),
    };

    return cmocka_run_group_tests_name("base_log", tests, NULL, NULL);
}
