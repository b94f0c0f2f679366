/* Numbers of replicas; see replica.h. */
#include "jobs/replica.h"

#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"
#include "sql/sql.h"
#include "sql/tx.h"

enum { RENEWALS_A_LEASE = 4 };

struct replica_row {
    int64_t owner;
    int64_t lease_ms;
    int32_t replica;
    int64_t owner_again;
};

static const struct sql_column take_columns[] = {
    SQL_COLUMN(struct replica_row, owner, SQL_I64),
    SQL_COLUMN(struct replica_row, lease_ms, SQL_I64),
    SQL_COLUMN(struct replica_row, replica, SQL_I32),
    SQL_COLUMN(struct replica_row, owner_again, SQL_I64),
};
static const struct sql_column insert_columns[] = {
    SQL_COLUMN(struct replica_row, replica, SQL_I32),
};
static const struct sql_column owner_columns[] = {
    SQL_COLUMN(struct replica_row, owner, SQL_I64),
};

static const struct sql_stmt REPLICA_INSERT = {
    .name = "replica_insert",
    .module = MODULE_PLATFORM,
    .text = "INSERT INTO bmt_platform.replicas (replica, owner, lease_until_ms)\n"
            "VALUES (?, 0, 0)\n"
            "ON DUPLICATE KEY UPDATE replica = replica",
    .params = SQL_COLUMNS(insert_columns),
};

static const struct sql_stmt REPLICA_TAKE = {
    .name = "replica_take",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.replicas\n"
            "SET owner = ?, lease_until_ms = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) + ?\n"
            "WHERE replica = ?\n"
            "  AND (owner = ? OR lease_until_ms < CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED))",
    .params = SQL_COLUMNS(take_columns),
};

static const struct sql_stmt REPLICA_LEAVE = {
    .name = "replica_leave",
    .module = MODULE_PLATFORM,
    .text = "UPDATE bmt_platform.replicas\n"
            "SET owner = 0, lease_until_ms = 0\n"
            "WHERE owner = ?",
    .params = SQL_COLUMNS(owner_columns),
};

/* One process has one number: who we are to the database, and which number we hold. */
static int64_t owner;
static int32_t held;

static int take(struct session *session, int32_t replica, bool *ret_taken, struct err *err)
{
    const struct replica_row row = {.owner = owner,
                                    .lease_ms = session_conf(session)->jobs_replica_lease_ms,
                                    .replica = replica,
                                    .owner_again = owner};
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    uint64_t affected = 0;
    int rc;

    rc = tx_begin(session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = sql_write(tx, &REPLICA_INSERT, &row, 1, sizeof row, NULL, err);
    if (rc == 0)
        rc = sql_write(tx, &REPLICA_TAKE, &row, 1, sizeof row, &affected, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    if (rc == 0)
        *ret_taken = affected == 1;
    return rc;
}

int replica_join(struct session *session, struct err *err)
{
    if (owner == 0) {
        crypto_random(&owner, sizeof owner);
        owner = (owner & INT64_MAX) | 1;
    }
    for (int32_t replica = 0; replica <= ID_REPLICA_MAX; replica++) {
        bool is_taken = false;
        int rc = take(session, replica, &is_taken, err);

        if (rc == ERR_BATCH_CONFLICT) /* two replicas wanted the same row at once */
            continue;
        if (rc != 0)
            return rc;
        if (is_taken) {
            held = replica;
            id_set_replica((unsigned)replica);
            return 0;
        }
    }
    log_error("all replica numbers are taken", log_i64("replicas", ID_REPLICA_MAX + 1));
    return err_fail(err, ERR_INTERNAL_ERROR);
}

int replica_leave(struct session *session, struct err *err)
{
    const struct replica_row row = {.owner = owner};
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin(session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = sql_write(tx, &REPLICA_LEAVE, &row, 1, sizeof row, NULL, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    return rc;
}

static int renew(struct job_run *run, size_t *ret_done, struct err *err)
{
    bool is_held = false;
    int rc = take(run->session, held, &is_held, err);

    *ret_done = 0;
    if (rc != 0 || is_held)
        return rc;
    log_warn("replica number was lost, taking another", log_i64("replica", held));
    return replica_join(run->session, err);
}

static int64_t renew_every_ms(const struct conf *conf)
{
    return conf->jobs_replica_lease_ms / RENEWALS_A_LEASE;
}

const struct job replica_renew_job = {
    .name = "platform.renew_replica",
    .every_ms_of = renew_every_ms,
    .everywhere = true,
    .run = renew,
};
