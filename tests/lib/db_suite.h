/*
 * The fixture of a test program that works on databases: one set of them, from the group's begin to its end.
 *
 *   cmocka_run_group_tests(tests, db_suite_begin, db_suite_end), each test with db_suite_empty or a set-up of its own
 */
#ifndef BMT_TESTS_LIB_DB_SUITE_H
#define BMT_TESTS_LIB_DB_SUITE_H

#include "lib/db.h"
#include "lib/suite.h"

/* The program's databases. NULL before db_suite_begin. */
extern struct test_db *db;

int db_suite_begin(void **state);
int db_suite_end(void **state);

/* The set-up of a test that begins with empty tables. */
int db_suite_empty(void **state);

#endif
