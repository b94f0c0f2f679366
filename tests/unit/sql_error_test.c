/* What failures of the database mean, by number. */
#include "lib/suite.h"

#include <errmsg.h>
#include <mysqld_error.h>

#include "base/check.h"
#include "sql/session.h"

/* Only an answer that proves that nothing was stored is a failure; all the rest of the numbers are uncertain. */
static void commit_is_uncertain_unless_surely_refused(void **state)
{
    static const struct {
        unsigned number;
        int outcome;
    } cases[] = {
        {ER_DUP_ENTRY, ERR_BATCH_CONFLICT},
        {ER_LOCK_DEADLOCK, ERR_BATCH_CONFLICT},
        {ER_LOCK_WAIT_TIMEOUT, ERR_BATCH_CONFLICT},
        {ER_CONSTRAINT_FAILED, ERR_BATCH_CONFLICT},
        {ER_CHECKREAD, ERR_BATCH_CONFLICT},
        {8002, ERR_BATCH_CONFLICT},
        {9007, ERR_BATCH_CONFLICT},
        {ER_DISK_FULL, ERR_DATABASE_UNAVAILABLE},
        {ER_RECORD_FILE_FULL, ERR_DATABASE_UNAVAILABLE},
        {CR_SERVER_GONE_ERROR, ERR_COMMIT_UNCERTAIN},
        {CR_SERVER_LOST, ERR_COMMIT_UNCERTAIN},
        {CR_SERVER_LOST_EXTENDED, ERR_COMMIT_UNCERTAIN},
        {CR_UNKNOWN_ERROR, ERR_COMMIT_UNCERTAIN},
        {CR_COMMANDS_OUT_OF_SYNC, ERR_COMMIT_UNCERTAIN},
        {CR_MALFORMED_PACKET, ERR_COMMIT_UNCERTAIN},
        {CR_SSL_CONNECTION_ERROR, ERR_COMMIT_UNCERTAIN},
        {ER_SERVER_SHUTDOWN, ERR_COMMIT_UNCERTAIN},
        {ER_CONNECTION_KILLED, ERR_COMMIT_UNCERTAIN},
        {ER_QUERY_INTERRUPTED, ERR_COMMIT_UNCERTAIN},
        {ER_ERROR_DURING_COMMIT, ERR_COMMIT_UNCERTAIN},
        {ER_OPTION_PREVENTS_STATEMENT, ERR_COMMIT_UNCERTAIN},
        {ER_UNKNOWN_ERROR, ERR_COMMIT_UNCERTAIN},
        {8501, ERR_COMMIT_UNCERTAIN}, /* TiDB: the result of the commit is undetermined */
        {0, ERR_COMMIT_UNCERTAIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (sql_commit_outcome(cases[i].number) != cases[i].outcome)
            fail_msg("%u: expected %s", cases[i].number, err_info((enum err_id)cases[i].outcome)->reason);
}

/* What is new in some version of a server or of the client library must not be taken for "nothing was stored". */
static void few_numbers_prove_that_nothing_was_stored(void **state)
{
    int n = 0;

    (void)state;
    for (unsigned number = 0; number < 100000; number++)
        n += sql_commit_outcome(number) != ERR_COMMIT_UNCERTAIN;
    assert_int_equal(n, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_is_uncertain_unless_surely_refused),
        cmocka_unit_test(few_numbers_prove_that_nothing_was_stored),
    };

    return cmocka_run_group_tests_name("sql_error", tests, NULL, NULL);
}
