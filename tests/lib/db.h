/*
 * The databases of a test program: one private mariadbd, or with BMT_TEST_SERVERS=3 three of them, with the modules
 * product and payment on servers of their own. Schemas are migrated once; each test begins with empty tables. The
 * test's own statements go to the server of the first schema that they name.
 */
#ifndef BMT_TESTS_LIB_DB_H
#define BMT_TESTS_LIB_DB_H

#include "base/arena.h"
#include "base/conf.h"
#include "lib/mariadb.h"
#include "sql/db.h"

struct test_db {
    struct arena *arena;
    struct conf *conf; /* defaults in sandbox mode, with the private server */
    struct db *db;
    struct session *session;
    const char *folder; /* temporary; for secrets and sockets */
};

/* Starts servers and brings the schemas up; aborts the test program with the server's log when it cannot. */
struct test_db *test_db_start(void);

/* The same, always with three servers. */
struct test_db *test_db_start_three(void);

/* Stops the servers and removes the folder. */
void test_db_stop(struct test_db *test);

/* Empties all tables but the bookkeeping of migrations, and restarts the sandbox's offset row. */
void test_db_clear(struct test_db *test);

/* One number by a query of the test's own, such as a count: -1 for NULL or no row. */
long long test_db_number(struct test_db *test, const char *query);
/* The first column of the first row, or NULL. */
const char *test_db_text(struct test_db *test, const char *query);

/* Runs a statement of the test's own. */
void test_db_run(struct test_db *test, const char *statement);

/* A number that changes whenever any row of any bmt table does. */
long long test_db_checksum(struct test_db *test);

/* The server that holds the module's schema. */
struct mariadb *test_db_server(enum module module);

#endif
