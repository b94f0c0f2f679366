/* Many updates as one statement: what they change, what they count, and that values of any size come through. */
#include "lib/db_suite.h"

#include <string.h>

#include "sql/joined.h"
#include "sql/tx.h"

struct thing {
    int64_t id;
    int32_t part;
    int32_t state, state_read;
    int64_t amount;
    bool flag;
    const char *name;
    struct sql_bytes bytes;
    char code[4];
    uint8_t hash[4];
};
static const struct sql_column insert_columns[] = {
    SQL_COLUMN(struct thing, id, SQL_I64),
    SQL_COLUMN(struct thing, part, SQL_I32),
    SQL_COLUMN(struct thing, state, SQL_I32),
};
static const struct sql_stmt INSERT = {
    .name = "thing_insert",
    .module = MODULE_PLATFORM,
    .text =
        "INSERT INTO bmt_platform.things (id, part, state, amount, flag, code, hash) VALUES (?, ?, ?, 1, 0, '', '')",
    .params = SQL_COLUMNS(insert_columns),
};
static const struct sql_column move_columns[] = {
    SQL_COLUMN(struct thing, state, SQL_I32),      SQL_COLUMN(struct thing, amount, SQL_I64),
    SQL_COLUMN(struct thing, flag, SQL_BOOL),      SQL_COLUMN(struct thing, name, SQL_TEXT),
    SQL_COLUMN(struct thing, bytes, SQL_BYTES),    SQL_COLUMN(struct thing, code, SQL_CHARS),
    SQL_COLUMN(struct thing, hash, SQL_FIXED),     SQL_COLUMN(struct thing, id, SQL_I64),
    SQL_COLUMN(struct thing, state_read, SQL_I32),
};
static const struct sql_stmt MOVE = {
    .name = "thing_move",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.things\n"
            "SET state = ?, amount = amount + ?, flag = ?, name = ?, bytes = ?, code = ?, hash = ?\n"
            "WHERE id = ? AND state = ?",
    .params = SQL_COLUMNS(move_columns),
    .is_distinct = true,
};

enum { THINGS_MAX = JOINED_MAX + 8 };
static struct thing things[THINGS_MAX];

static int begin(void **state)
{
    (void)state;
    db = test_db_start();
    test_db_run(db, "CREATE TABLE bmt_platform.things (id BIGINT NOT NULL, part INT NOT NULL, state INT NOT NULL,"
                    " amount BIGINT NOT NULL, flag TINYINT NOT NULL, name VARCHAR(2000) NULL, bytes VARBINARY(64) NULL,"
                    " code CHAR(3) NOT NULL, hash BINARY(4) NOT NULL, PRIMARY KEY (id, part), KEY (state),"
                    " CHECK (amount < 1000)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin");
    return 0;
}

/* All things of state 1, and what would move them to state 2. */
static int fill(void **state)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct err err = {0};

    (void)state;
    test_db_run(db, "DELETE FROM bmt_platform.things");
    for (int i = 0; i < THINGS_MAX; i++)
        things[i] = (struct thing){.id = (i + 1) * 10, .state = 1, .state_read = 1};
    assert_int_equal(tx_begin(db->session, MODULE_PLATFORM, &tx, &err), 0);
    assert_int_equal(sql_write(tx, &INSERT, things, THINGS_MAX, sizeof things[0], NULL, &err), 0);
    assert_int_equal(tx_commit(tx, &err), 0);
    for (int i = 0; i < THINGS_MAX; i++)
        things[i].state = 2;
    return 0;
}

static int move(size_t n)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct err err = {0};
    int rc = tx_begin(db->session, MODULE_PLATFORM, &tx, &err);

    if (rc == 0)
        rc = sql_write_each(tx, &MOVE, things, n, sizeof things[0], &err);
    return rc == 0 ? tx_commit(tx, &err) : rc;
}

static long long number(const char *query)
{
    return test_db_number(db, query);
}

static void every_number_of_rows_moves_just_those(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 31, 100, JOINED_MAX - 1, JOINED_MAX, JOINED_MAX + 1};

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        (void)fill(state);
        things[0].amount = 5;
        things[sizes[i] - 1].amount = 7; /* the one that is repeated: added once */
        assert_int_equal(move(sizes[i]), 0);
        assert_int_equal(number("SELECT COUNT(*) FROM bmt_platform.things WHERE state = 2"), sizes[i]);
        assert_int_equal(number("SELECT SUM(amount) FROM bmt_platform.things"), THINGS_MAX + (sizes[i] == 1 ? 7 : 12));
        assert_int_equal(number("SELECT MAX(id) FROM bmt_platform.things WHERE state = 2"), things[sizes[i] - 1].id);
    }
}

static void values_of_each_type_and_size_come_through(void **state)
{
    char *name = arena_alloc(db->arena, 2000);

    (void)state;
    memset(name, 'n', 1999);
    name[1999] = '\0';
    for (int turn = 0; turn < 2; turn++) { /* the same statement with short values, and then with long ones */
        (void)fill(state);
        for (int i = 0; i < 6; i++) {
            struct thing *t = &things[i];

            t->flag = i % 2 == 1;
            t->name = i == 2 ? NULL : turn == 0 ? "" : name;
            t->bytes = (struct sql_bytes){.data = (const uint8_t *)"a\0b\xff", .size = turn == 0 ? 1 : 4};
            memcpy(t->code, turn == 0 ? "a" : "\xC3\xA4z", turn == 0 ? 2 : 4);
            memcpy(t->hash, turn == 0 ? "\0\0\0\0" : "\1\xff\0\2", 4);
            t->amount = turn == 0 ? 0 : -INT64_C(4000000000000000000);
        }
        assert_int_equal(move(6), 0);
        assert_int_equal(number("SELECT SUM(flag) FROM bmt_platform.things"), 3);
        assert_int_equal(number("SELECT SUM(LENGTH(name)) FROM bmt_platform.things"), turn == 0 ? 0 : 5 * 1999);
        assert_int_equal(number("SELECT COUNT(*) FROM bmt_platform.things WHERE state = 2 AND name IS NULL"), 1);
        assert_int_equal(number("SELECT COUNT(*) FROM bmt_platform.things WHERE HEX(bytes) IN ('61', '610062FF') AND"
                                " HEX(code) IN ('61', 'C3A47A') AND HEX(hash) IN ('00000000', '01FF0002')"),
                         6);
        assert_int_equal(number("SELECT MIN(amount) FROM bmt_platform.things"),
                         turn == 0 ? 1 : 1 - INT64_C(4000000000000000000));
    }
}

static void a_row_that_meets_none_is_a_conflict(void **state)
{
    (void)state;
    things[3].id = 11;
    assert_int_equal(move(6), ERR_BATCH_CONFLICT);
    things[3].id = 40;
    things[5].state_read = 3;
    assert_int_equal(move(6), ERR_BATCH_CONFLICT);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_platform.things WHERE state = 2"), 0);
}

static void what_is_met_and_stays_as_it_is_counts(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        things[i].state = 1;
        things[i].bytes = (struct sql_bytes){0};
    }
    assert_int_equal(move(6), 0);
    assert_int_equal(move(6), 0);
}

static void a_broken_check_spoils_all(void **state)
{
    (void)state;
    things[4].amount = 1000;
    assert_int_equal(move(6), ERR_BATCH_CONFLICT);
    assert_int_equal(number("SELECT COUNT(*) FROM bmt_platform.things WHERE state = 2"), 0);
}

static void all_stored_rows_of_a_key_are_met(void **state)
{
    const struct thing others[] = {{.id = 20, .part = 1, .state = 1}, {.id = 20, .part = 2, .state = 9}};
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    uint64_t affected = 0;
    struct err err = {0};

    (void)state;
    assert_int_equal(tx_begin(db->session, MODULE_PLATFORM, &tx, &err), 0);
    assert_int_equal(sql_write(tx, &INSERT, others, 2, sizeof others[0], NULL, &err), 0);
    assert_int_equal(sql_write(tx, &MOVE, things, 5, sizeof things[0], &affected, &err), 0);
    assert_int_equal(affected, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_number_of_rows_moves_just_those, fill),
        cmocka_unit_test_setup(values_of_each_type_and_size_come_through, fill),
        cmocka_unit_test_setup(a_row_that_meets_none_is_a_conflict, fill),
        cmocka_unit_test_setup(what_is_met_and_stays_as_it_is_counts, fill),
        cmocka_unit_test_setup(a_broken_check_spoils_all, fill),
        cmocka_unit_test_setup(all_stored_rows_of_a_key_are_met, fill),
    };

    return cmocka_run_group_tests_name("joined", tests, begin, db_suite_end);
}
