/* The database of the server that is measured, for looking beside it. Whatever fails ends the process. */
#ifndef BMT_TESTS_BENCH_DATABASE_H
#define BMT_TESTS_BENCH_DATABASE_H

#include <mysql.h>
#include <stdint.h>

/* As root over BMT_DB_SOCKET. mysql_close it. */
MYSQL *database_open(void);

void database_change(MYSQL *db, const char *statement);

/* The one number that a query gives; 0 for NULL. */
int64_t database_ask(MYSQL *db, const char *query);

#endif
