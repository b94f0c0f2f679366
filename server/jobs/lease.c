/* Leases; see lease.h. */
#include "jobs/lease.h"

#include "base/plant.h"
#include "sql/sql.h"
#include "sql/tx.h"

struct lease_row {
    const char *name;
    int64_t owner;
    int64_t lease_ms;
    int64_t owner_again;
};

static const struct sql_column insert_columns[] = {
    SQL_COLUMN(struct lease_row, name, SQL_TEXT),
};
static const struct sql_column take_columns[] = {
    SQL_COLUMN(struct lease_row, owner, SQL_I64),
    SQL_COLUMN(struct lease_row, lease_ms, SQL_I64),
    SQL_COLUMN(struct lease_row, name, SQL_TEXT),
    SQL_COLUMN(struct lease_row, owner_again, SQL_I64),
};
static const struct sql_column release_columns[] = {
    SQL_COLUMN(struct lease_row, name, SQL_TEXT),
    SQL_COLUMN(struct lease_row, owner, SQL_I64),
};

static const struct sql_stmt LEASE_INSERT = {
    .name = "lease_insert",
    .module = MODULE_PLATFORM,
    .text = "INSERT INTO bmt_platform.jobs (name, owner, lease_until_ms)\n"
            "VALUES (?, 0, 0)\n"
            "ON DUPLICATE KEY UPDATE name = name",
    .params = SQL_COLUMNS(insert_columns),
};

static const struct sql_stmt LEASE_TAKE = {
    .name = "lease_take",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.jobs\n"
            "SET owner = ?, lease_until_ms = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) + ?\n"
            "WHERE name = ?\n"
            "  AND (owner = ? OR lease_until_ms < CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED))",
    .params = SQL_COLUMNS(take_columns),
};

static const struct sql_stmt LEASE_RELEASE = {
    .name = "lease_release",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.jobs\n"
            "SET owner = 0, lease_until_ms = 0\n"
            "WHERE name = ? AND owner = ?",
    .params = SQL_COLUMNS(release_columns),
};

static const struct sql_stmt LEASE_KEEP = {
    .name = "lease_keep",
    .module = MODULE_PLATFORM,
    .text = "SELECT name\n"
            "FROM bmt_platform.jobs\n"
            "WHERE name = ? AND owner = ?\n"
            "FOR UPDATE",
    .params = SQL_COLUMNS(release_columns),
    .results = SQL_COLUMNS(insert_columns),
    .result_size = sizeof(struct lease_row),
};

int lease_keep(struct tx *tx, const char *name, int64_t owner, struct arena *arena, struct err *err)
{
    const struct lease_row row = {.name = name, .owner = owner};
    struct lease_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = sql_select(tx, &LEASE_KEEP, &row, arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    return n == 1 ? 0 : err_fail(err, ERR_BATCH_CONFLICT);
}

int lease_take(struct session *session, const char *name, int64_t owner, int64_t lease_ms, bool *ret_held,
               struct err *err)
{
    const struct lease_row row = {.name = name, .owner = owner, .lease_ms = lease_ms, .owner_again = owner};
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    uint64_t affected = 0;
    int rc;

    rc = tx_begin(session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = sql_write(tx, &LEASE_INSERT, &row, 1, sizeof row, NULL, err);
    if (rc == 0)
        rc = sql_write(tx, &LEASE_TAKE, &row, 1, sizeof row, &affected, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    if (rc == 0)
        *ret_held = affected == 1 || PLANTED("timer_runs_twice");
    return rc;
}

int lease_release(struct session *session, const char *name, int64_t owner, struct err *err)
{
    const struct lease_row row = {.name = name, .owner = owner};
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin(session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = sql_write(tx, &LEASE_RELEASE, &row, 1, sizeof row, NULL, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    return rc;
}
