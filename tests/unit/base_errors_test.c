/* The one list of refusals, errors.def: each line's message, keys and page in the docs. */
#include "lib/suite.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

/* How often `{key}` stands in the message. */
static int count_of(const char *message, const char *key)
{
    char marker[80];
    int n = 0;

    snprintf(marker, sizeof marker, "{%s}", key);
    for (const char *at = strstr(message, marker); at != NULL; at = strstr(at + 1, marker))
        n++;
    return n;
}

static int count_char(const char *text, char wanted)
{
    int n = 0;

    for (; *text != '\0'; text++)
        n += *text == wanted;
    return n;
}

static void every_message_names_exactly_its_keys(void **state)
{
    (void)state;
    for (int id = ERR_NONE + 1; id < ERR_COUNT; id++) {
        const struct err_info *info = err_info((enum err_id)id);
        int n = 0;

        for (; info->keys[n] != NULL; n++)
            if (count_of(info->message, info->keys[n]) != 1)
                fail_msg("%s: key %s must stand once in the message", info->reason, info->keys[n]);
        if (count_char(info->message, '{') != n || count_char(info->message, '}') != n)
            fail_msg("%s: the message has a {key} that is not in KEYS", info->reason);
    }
}

static void values_are_cut_between_characters(void **state)
{
    char value[ERR_TEXT_MAX * 2 + 1];
    struct err err;

    (void)state;
    for (size_t shift = 0; shift < 4; shift++) { /* wherever the edge falls in the four bytes */
        memset(value, 'x', shift);
        for (size_t at = shift; at + 4 < sizeof value; at += 4)
            memcpy(value + at, "\xF0\x9F\x8D\x80", 5);
        assert_int_equal(err_fail(&err, ERR_ORDER_NOT_FOUND, value), ERR_ORDER_NOT_FOUND);
        const char *kept = err_value(&err, 0);

        assert_true(text_is_utf8((const uint8_t *)kept, strlen(kept)));
        assert_string_equal(kept + strlen(kept) - 3, "...");
    }
}

static void a_value_is_never_read_as_a_key(void **state)
{
    char message[200];
    struct err err;

    (void)state;
    assert_int_equal(err_fail(&err, ERR_FIELD_TOO_LONG, "{max}", err_i64(-7)), ERR_FIELD_TOO_LONG);
    assert_string_equal(err_message(&err, message, sizeof message), "field {max} is longer than -7 bytes");
}

static void the_docs_hold_every_line(void **state)
{
    static char page[1 << 17];
    FILE *out = fmemopen(page, sizeof page, "w");

    (void)state;
    err_write_markdown(out);
    assert_int_equal(fclose(out), 0);
    for (int id = ERR_NONE + 1; id < ERR_COUNT; id++) {
        const struct err_info *info = err_info((enum err_id)id);
        char row[600];

        snprintf(row, sizeof row, "\n| `%s` | %s | %s | ", info->reason, err_status_name(info->status), info->message);
        if (strstr(page, row) == NULL)
            fail_msg("%s is missing", info->reason);
        assert_null(strchr(info->message, '|'));
        assert_null(strchr(info->sentence, '|'));
    }
    assert_non_null(strstr(page, "`field`, `max`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_names_exactly_its_keys),
        cmocka_unit_test(values_are_cut_between_characters),
        cmocka_unit_test(a_value_is_never_read_as_a_key),
        cmocka_unit_test(the_docs_hold_every_line),
    };

    return cmocka_run_group_tests_name("base_errors", tests, NULL, NULL);
}
