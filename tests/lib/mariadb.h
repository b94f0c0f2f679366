/*
 * A private mariadbd for tests: its own folder and Unix socket, nothing shared with the system's. It ends with the
 * test program, whatever ends that.
 */
#ifndef BMT_TESTS_LIB_MARIADB_H
#define BMT_TESTS_LIB_MARIADB_H

#include <stdbool.h>

#include "base/arena.h"

struct mariadb;

/* `folder` exists; the server lives below it in `name`. Stops the test program with the server's log when it cannot. */
struct mariadb *mariadb_start(const char *folder, const char *name, struct arena *arena);
void mariadb_stop(struct mariadb *server);

/* kill -9, and the start after it on the same data; both wait. */
void mariadb_kill(struct mariadb *server);
void mariadb_restart(struct mariadb *server);

const char *mariadb_socket(const struct mariadb *server);
int mariadb_pid(const struct mariadb *server);

/* A new connection for the test's own statements; what the old one had prepared stays. */
void mariadb_new_eye(struct mariadb *server);

/* Statements of the test's own, on a connection apart from those under test. They stop the test when they fail. */
void mariadb_run(struct mariadb *server, const char *statement);
/* The first column of the first row, or NULL. */
const char *mariadb_text(struct mariadb *server, const char *query, struct arena *arena);
/* The sum over all rows of the last column, mixed with the row's place: for CHECKSUM TABLE. */
long long mariadb_mix(struct mariadb *server, const char *query);
/* Whether it failed. */
bool mariadb_try(struct mariadb *server, const char *statement);

#endif
