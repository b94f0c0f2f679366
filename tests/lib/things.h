/* For tests of two-phase commit: a table `things` on each of three servers, and transactions that write to all. */
#ifndef BMT_TESTS_LIB_THINGS_H
#define BMT_TESTS_LIB_THINGS_H

#include "lib/db_suite.h"
#include "sql/tx.h"

enum { THINGS_SERVERS = 3 };

struct thing {
    int64_t id;
};

/* Set-up of a suite, which ends with db_suite_end, and of each test. */
int things_begin(void **state);
int things_clear(void **state);

/* A row on the server of the order (0), the product (1) or the payment module (2). */
int things_write(struct tx *tx, size_t i, int64_t id, struct err *err);

/* One row on each server, with the order module as home: what the commit said. */
int things_write_everywhere(int64_t id);

long long things_number(const char *query);

/* The row is on all three servers, or on none. */
void expect_everywhere(bool is_there);

size_t in_doubt(void);

/* Another replica's recovery, again and again until nothing is in doubt. */
void recover(void);

#endif
