/* A row on each of three servers; see things.h. */
#include "lib/things.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "sql/recovery.h"
#include "sql/sql.h"

static const enum module parts[] = {MODULE_ORDER, MODULE_PRODUCT, MODULE_PAYMENT};

int things_begin(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR); /* recovery tells what it does */
    db = test_db_start_three();
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        test_db_run(db, arena_printf(db->arena,
                                     "CREATE TABLE %s.things (id BIGINT NOT NULL, PRIMARY KEY (id), CHECK (id > 0)) "
                                     "ENGINE = InnoDB",
                                     module_schema(parts[i])));
    return 0;
}

/* A session that died is a new one; nothing prepared is left from the test before. */
int things_clear(void **state)
{
    (void)state;
    failpoint_disable_all();
    session_free(db->session);
    db->session = session_new(db->db);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        test_db_run(db, arena_printf(db->arena, "DELETE FROM %s.things", module_schema(parts[i])));
    return 0;
}

static const struct sql_column columns[] = {SQL_COLUMN(struct thing, id, SQL_I64)};

#define INSERT_INTO(of, schema)                                                                          \
    {                                                                                                    \
        .name = "thing_insert", .module = (of), .text = "INSERT INTO " schema ".things (id) VALUES (?)", \
        .params = SQL_COLUMNS(columns)                                                                   \
    }
static const struct sql_stmt inserts[] = {INSERT_INTO(MODULE_ORDER, "bmt_order"),
                                          INSERT_INTO(MODULE_PRODUCT, "bmt_product"),
                                          INSERT_INTO(MODULE_PAYMENT, "bmt_payment")};

int things_write(struct tx *tx, size_t i, int64_t id, struct err *err)
{
    const struct thing thing = {.id = id};

    return sql_write(tx, &inserts[i], &thing, 1, sizeof thing, NULL, err);
}

/* One row on each of the three servers, with the order module as home. */
int things_write_everywhere(int64_t id)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct err err = {0};
    int rc = tx_begin(db->session, MODULE_ORDER, &tx, &err);

    for (size_t i = 0; i < COUNT_OF(parts) && rc == 0; i++)
        rc = things_write(tx, i, id, &err);
    return rc == 0 ? tx_commit(tx, &err) : rc;
}

long long things_number(const char *query)
{
    return test_db_number(db, query);
}

/* The row is on all three servers, or on none. */
void expect_everywhere(bool is_there)
{
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        assert_int_equal(
            things_number(arena_printf(db->arena, "SELECT COUNT(*) FROM %s.things", module_schema(parts[i]))),
            is_there);
}

size_t in_doubt(void)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db->db);
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);

    return recovery_list(session, arena).n;
}

/* Another replica's recovery, again and again until nothing is in doubt. */
void recover(void)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db->db);
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(16 << 20);

    for (int i = 0; in_doubt() > 0; i++) {
        assert_true(i < 150);
        (void)recovery_run(session, arena, NULL);
        arena_reset(arena);
        test_db_run(db, "SELECT SLEEP(0.02)");
    }
}
