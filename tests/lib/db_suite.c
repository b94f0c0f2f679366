/* What most groups of tests do; see db_suite.h. */
#include "lib/db_suite.h"

struct test_db *db;

int db_suite_begin(void **state)
{
    (void)state;
    db = test_db_start();
    return 0;
}

int db_suite_end(void **state)
{
    (void)state;
    test_db_stop(db);
    return 0;
}

int db_suite_empty(void **state)
{
    (void)state;
    test_db_clear(db);
    return 0;
}
