/* Reading many rows as they come: numbers, texts and bytes of any size, nothing, and statements that are refused. */
#include "lib/db_suite.h"

#include <stdlib.h>
#include <string.h>

#include "sql/scan.h"

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    test_db_run(db, "CREATE TABLE bmt_platform.things (id INT NOT NULL PRIMARY KEY, small TINYINT NULL, large BIGINT"
                    " NULL, name LONGTEXT NULL, bytes VARBINARY(8) NULL)");
    return 0;
}

static int fill(void **state)
{
    (void)state;
    test_db_run(db, "DELETE FROM bmt_platform.things");
    test_db_run(db, "INSERT INTO bmt_platform.things VALUES (1, -128, -9223372036854775808, '', x'00FF'),"
                    " (2, 127, 9223372036854775807, REPEAT('a', 256), ''), (3, NULL, NULL, NULL, NULL),"
                    " (4, 1, 1, REPEAT('b', 257), x'0000'), (5, 2, 2, REPEAT('c', 70000), x'01'), (6, 3, 3, 'd', 'e')");
    return 0;
}

static void begins(struct scan *scan, const char *text)
{
    assert_int_equal(scan_begin(db->session, MODULE_PLATFORM, text, stderr, scan), 0);
}

static void numbers_come_as_they_are(void **state)
{
    struct scan scan;

    (void)state;
    begins(&scan, "SELECT small, large, large IS NULL, id + 0.0 FROM bmt_platform.things ORDER BY id LIMIT 3");
    assert_true(scan_next(&scan));
    assert_int_equal(scan_i64(&scan, 0), -128);
    assert_true(scan_i64(&scan, 1) == INT64_MIN);
    assert_int_equal(scan_i64(&scan, 2), 0);
    assert_int_equal(scan_i64(&scan, 3), 1);
    assert_true(scan_next(&scan));
    assert_int_equal(scan_i64(&scan, 0), 127);
    assert_true(scan_i64(&scan, 1) == INT64_MAX);
    assert_true(scan_next(&scan));
    assert_int_equal(scan_i64(&scan, 0), 0);
    assert_true(scan_i64(&scan, 1) == 0);
    assert_int_equal(scan_i64(&scan, 2), 1);
    assert_false(scan_next(&scan));
    assert_false(scan.has_failed);
}

static void texts_of_any_size_come_whole(void **state)
{
    static const struct {
        size_t size;
        char letter;
        size_t bytes;
    } expected[] = {{0, 0, 2}, {256, 'a', 0}, {0, 0, 0}, {257, 'b', 2}, {70000, 'c', 1}, {1, 'd', 1}};
    struct scan scan;

    (void)state;
    begins(&scan, "SELECT name, bytes, id FROM bmt_platform.things ORDER BY id");
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_true(scan_next(&scan));
        const char *text = scan_text(&scan, 0);

        assert_int_equal(scan_size(&scan, 0), expected[i].size);
        assert_int_equal(strlen(text), expected[i].size);
        for (size_t at = 0; at < expected[i].size; at++)
            assert_int_equal(text[at], expected[i].letter);
        assert_int_equal(scan_i64(&scan, 2), i + 1);
        if (i == 0)
            assert_memory_equal(scan_text(&scan, 1), "\0\xff", 3);
        assert_int_equal(scan_size(&scan, 1), expected[i].bytes);
    }
    assert_false(scan_next(&scan));
    assert_false(scan.has_failed);
}

static void a_refused_statement_is_told(void **state)
{
    static const char *const wrong[] = {"SELECT nothing FROM bmt_platform.things", "SELECT", "DELETE FROM nowhere"};
    char *told = NULL;
    size_t size;
    struct scan scan;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        FILE *problems = open_memstream(&told, &size);

        assert_int_equal(scan_begin(db->session, MODULE_PLATFORM, wrong[i], problems, &scan), -1);
        assert_int_equal(scan_run(db->session, MODULE_PLATFORM, wrong[i], problems), -1);
        fclose(problems);
        assert_non_null(strstr(told, "database: "));
        free(told);
        begins(&scan, "SELECT 1 FROM bmt_platform.things WHERE id < 0"); /* the connection still serves */
        assert_false(scan_next(&scan));
        assert_false(scan.has_failed);
    }
}

static void what_breaks_off_has_failed(void **state)
{
    struct scan scan;
    int n = 0;

    (void)state;
    begins(&scan, "SELECT IF(id = 6, (SELECT id FROM bmt_platform.things), id) FROM bmt_platform.things ORDER BY id");
    while (scan_next(&scan))
        n++;
    assert_true(n < 6);
    assert_true(scan.has_failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers_come_as_they_are, fill),
        cmocka_unit_test_setup(texts_of_any_size_come_whole, fill),
        cmocka_unit_test_setup(a_refused_statement_is_told, fill),
        cmocka_unit_test_setup(what_breaks_off_has_failed, fill),
    };

    return cmocka_run_group_tests_name("scan", tests, begin, db_suite_end);
}
