/* The database room: types, bulk writes, reads by keys, lost connections. */
#include "lib/db_suite.h"

#include <string.h>

#include "base/failpoint.h"
#include "sql/sql.h"
#include "sql/tx.h"

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    test_db_run(
        db, "CREATE TABLE bmt_platform.things (id BIGINT NOT NULL, small INT NOT NULL, flag TINYINT NOT NULL,"
            " name VARCHAR(2000) NULL, bytes VARBINARY(64) NULL, code CHAR(3) NOT NULL, hash BINARY(4) NOT NULL,"
            " PRIMARY KEY (id), CHECK (small >= 0)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin");
    return 0;
}

static int clear(void **state)
{
    (void)state;
    failpoint_disable_all();
    test_db_run(db, "DELETE FROM bmt_platform.things");
    test_db_run(db, "DELETE FROM bmt_platform.requests");
    return 0;
}

struct thing {
    int64_t id;
    int32_t small;
    bool flag;
    const char *name;
    struct sql_bytes bytes;
    char code[4];
    uint8_t hash[4];
};
static const struct sql_column columns[] = {
    SQL_COLUMN(struct thing, id, SQL_I64),      SQL_COLUMN(struct thing, small, SQL_I32),
    SQL_COLUMN(struct thing, flag, SQL_BOOL),   SQL_COLUMN(struct thing, name, SQL_TEXT),
    SQL_COLUMN(struct thing, bytes, SQL_BYTES), SQL_COLUMN(struct thing, code, SQL_CHARS),
    SQL_COLUMN(struct thing, hash, SQL_FIXED),
};
static const struct sql_stmt THING_INSERT = {
    .name = "thing_insert",
    .module = MODULE_PLATFORM,
    .text = "INSERT INTO bmt_platform.things (id, small, flag, name, bytes, code, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
    .params = SQL_COLUMNS(columns),
};
static const struct sql_stmt THING_FIND = {
    .name = "thing_find",
    .module = MODULE_PLATFORM,
    .text = "SELECT id, small, flag, name, bytes, code, hash FROM bmt_platform.things WHERE id IN ({keys}) ORDER BY id",
    .keys = {.list = columns, .n = 1},
    .results = SQL_COLUMNS(columns),
    .result_size = sizeof(struct thing),
};
static const struct sql_stmt THING_BROKEN = {
    .name = "thing_broken", .module = MODULE_PLATFORM, .text = "SELECT nothing FROM bmt_platform.things"};

static struct thing thing_of(int64_t id)
{
    return (struct thing){.id = id, .small = 1, .name = "n", .code = "abc", .hash = {1, 2, 3, 4}};
}

static int insert_all(const struct thing *things, size_t n, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc = tx_begin(db->session, MODULE_PLATFORM, &tx, err);

    if (rc == 0)
        rc = sql_write(tx, &THING_INSERT, things, n, sizeof *things, NULL, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    return rc;
}

static void every_type_comes_back_as_it_was_written(void **state)
{
    char long_name[1500];
    struct thing things[2] = {thing_of(1), thing_of(INT64_MAX)};
    struct thing *found = NULL;
    struct err err = {0};
    size_t n = 0;

    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    things[0].flag = true;
    things[0].name = long_name;
    things[0].bytes = (struct sql_bytes){.data = (const uint8_t *)"a\0b", .size = 3};
    things[1].small = INT32_MAX;
    things[1].name = NULL;
    memcpy(things[1].code, "\xC3\xA4", 3);
    assert_int_equal(insert_all(things, 2, &err), 0);

    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    const int64_t keys[] = {INT64_MAX, 1, 1};

    assert_int_equal(tx_begin_read(db->session, &tx, &err), 0);
    assert_int_equal(sql_select_in(tx, &THING_FIND, NULL, keys, 3, sizeof keys[0], db->arena, &found, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_true(found[0].flag);
    assert_string_equal(found[0].name, long_name);
    assert_memory_equal(found[0].bytes.data, "a\0b", 3);
    assert_memory_equal(found[0].hash, "\1\2\3\4", 4);
    assert_true(found[1].id == INT64_MAX && found[1].small == INT32_MAX && found[1].name == NULL);
    assert_null(found[1].bytes.data);
    assert_string_equal(found[1].code, "\xC3\xA4");
}

static void any_number_of_rows_is_one_write(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 128, 1000};
    int64_t next = 1;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct thing *things = arena_array_of(db->arena, struct thing, sizes[i]);
        int64_t *keys = arena_array_of(db->arena, int64_t, sizes[i]);
        struct thing *found = NULL;
        struct err err = {0};
        size_t n = 0;

        for (size_t j = 0; j < sizes[i]; j++)
            things[j] = thing_of(keys[j] = next++);
        assert_int_equal(insert_all(things, sizes[i], &err), 0);
        struct tx *tx CLEANUP(tx_cleanup) = NULL;

        assert_int_equal(tx_begin_read(db->session, &tx, &err), 0);
        assert_int_equal(
            sql_select_in(tx, &THING_FIND, NULL, keys, sizes[i], sizeof *keys, db->arena, &found, &n, &err), 0);
        assert_int_equal(n, sizes[i]);
    }
}

static void what_is_not_committed_is_gone(void **state)
{
    const struct thing thing = thing_of(1);
    struct err err = {0};

    (void)state;
    {
        struct tx *tx CLEANUP(tx_cleanup) = NULL;

        assert_int_equal(tx_begin(db->session, MODULE_PLATFORM, &tx, &err), 0);
        assert_int_equal(sql_write(tx, &THING_INSERT, &thing, 1, sizeof thing, NULL, &err), 0);
    }
    assert_int_equal(test_db_number(db, "SELECT COUNT(*) FROM bmt_platform.things"), 0);
}

static void failures_have_their_kind(void **state)
{
    struct thing twice[] = {thing_of(5), thing_of(5)};
    struct thing negative = thing_of(6);
    struct thing *found = NULL;
    struct err err = {0};
    size_t n = 0;

    (void)state;
    negative.small = -1;
    assert_int_equal(insert_all(twice, 2, &err), ERR_BATCH_CONFLICT);
    assert_int_equal(insert_all(&negative, 1, &err), ERR_BATCH_CONFLICT);
    struct tx *tx CLEANUP(tx_cleanup) = NULL;

    assert_int_equal(tx_begin_read(db->session, &tx, &err), 0);
    assert_int_equal(sql_select(tx, &THING_BROKEN, NULL, db->arena, &found, &n, &err), ERR_INTERNAL_ERROR);
}

static void a_lost_connection_is_opened_again(void **state)
{
    const struct thing thing = thing_of(1);
    FILE *quiet = fopen("/dev/null", "w");
    struct err err = {0};

    (void)state;
    assert_int_equal(failpoint_enable("sql.statement=error", quiet), 0);
    assert_int_equal(insert_all(&thing, 1, &err), ERR_DATABASE_UNAVAILABLE);
    failpoint_disable_all();
    assert_int_equal(failpoint_enable("sql.connect=error", quiet), 0);
    assert_int_equal(insert_all(&thing, 1, &err), ERR_DATABASE_UNAVAILABLE);
    failpoint_disable_all();
    assert_int_equal(insert_all(&thing, 1, &err), 0);
    fclose(quiet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_type_comes_back_as_it_was_written, clear),
        cmocka_unit_test_setup(any_number_of_rows_is_one_write, clear),
        cmocka_unit_test_setup(what_is_not_committed_is_gone, clear),
        cmocka_unit_test_setup(failures_have_their_kind, clear),
        cmocka_unit_test_setup(a_lost_connection_is_opened_again, clear),
    };

    return cmocka_run_group_tests_name("sql", tests, begin, db_suite_end);
}
