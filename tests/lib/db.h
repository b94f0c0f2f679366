/*
 * A database for tests: a private mariadbd in a temporary folder, on a Unix socket alone, one for each test program.
 * It ends with the program, whatever ends that. Schemas are migrated once; each test begins with empty tables.
 */
#ifndef BMT_TESTS_LIB_DB_H
#define BMT_TESTS_LIB_DB_H

#include "base/arena.h"
#include "base/conf.h"
#include "sql/db.h"

struct test_db {
    struct arena *arena;
    struct conf *conf; /* defaults in sandbox mode, with the private server */
    struct db *db;
    struct session *session;
    const char *folder; /* temporary; for secrets and sockets */
};

/* Starts the server and brings the schemas up; aborts the test program with the server's log when it cannot. */
struct test_db *test_db_start(void);

/* Stops the server and removes the folder. */
void test_db_stop(struct test_db *test);

/* Empties all tables but the bookkeeping of migrations, and restarts the sandbox's offset row. */
void test_db_clear(struct test_db *test);

/* One number by a query of the test's own, such as a count: -1 for NULL or no row. */
long long test_db_number(struct test_db *test, const char *query);

/* Runs a statement of the test's own. */
void test_db_run(struct test_db *test, const char *statement);

/* A number that changes whenever any row of any bmt table does. */
long long test_db_checksum(struct test_db *test);

/* The server's process, for tests that end or stop it. */
int test_db_pid(const struct test_db *test);

#endif
