/*
 * What a failure of the database means for us: conflict (run again), unavailable (nothing stays), or our own mistake.
 * The third kind is logged here with its cause, because the caller's error cannot carry it and a client must not see
 * it.
 */
#include <errmsg.h>
#include <mysqld_error.h>

#include "base/log.h"
#include "base/metrics.h"
#include "sql/session.h"

bool sql_is_lost(unsigned number)
{
    switch (number) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_NEW_ABORTING_CONNECTION:
    case 4031: /* MySQL 8: disconnected because of inactivity */ return true;
    default: return false;
    }
}

/* The rows are not as the optimist hoped, or someone else was faster: the batch looks first and runs again. */
static bool is_conflict(unsigned number)
{
    switch (number) {
    case ER_DUP_ENTRY:
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CONSTRAINT_FAILED:
    case ER_XA_RBROLLBACK: /* the branch was thrown back, such as by a deadlock */
    case ER_XA_RBTIMEOUT:
    case ER_XA_RBDEADLOCK:
    case ER_CHECKREAD: /* record has changed since last read (innodb_snapshot_isolation) */
    case 8002:         /* TiDB: write conflict, found at commit */
    case 8005:
    case 8022:
    case 8028:
    case 9007: return true;
    default: return false;
    }
}

static bool is_full(unsigned number)
{
    return number == ER_DISK_FULL || number == ER_RECORD_FILE_FULL;
}

/* The server lives and refuses work for now. */
static bool is_busy(unsigned number)
{
    return number == ER_CON_COUNT_ERROR || number == ER_TOO_MANY_USER_CONNECTIONS ||
           number == ER_OPTION_PREVENTS_STATEMENT || is_full(number);
}

int sql_commit_outcome(unsigned number)
{
    if (is_conflict(number))
        return ERR_BATCH_CONFLICT;
    return is_full(number) ? ERR_DATABASE_UNAVAILABLE : ERR_COMMIT_UNCERTAIN;
}

int sql_failed(struct connection *connection, unsigned number, const char *text, const char *doing, struct err *err)
{
    if (is_conflict(number)) {
        if (number == ER_LOCK_WAIT_TIMEOUT || number == ER_XA_RBTIMEOUT)
            connection->session->met_lock = true;
        log_debug("database conflict", log_text("statement", doing), log_text("problem", text),
                  log_i64("number", number));
        return err_fail(err, ERR_BATCH_CONFLICT);
    }
    if (sql_is_lost(number)) {
        connection_close(connection);
        return err_fail(err, ERR_DATABASE_UNAVAILABLE);
    }
    log_error("statement failed", log_text("statement", doing), log_text("problem", text), log_i64("number", number));
    return err_fail(err, is_busy(number) ? ERR_DATABASE_UNAVAILABLE : ERR_INTERNAL_ERROR);
}
