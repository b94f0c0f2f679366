/* What must agree in settlement's rows whatever has happened, by sums of the tests' own. */
#ifndef BMT_TESTS_LIB_MONEY_SUMS_H
#define BMT_TESTS_LIB_MONEY_SUMS_H

#include "lib/db.h"

/* The first thing that does not, with how many there are; NULL: all agree. */
const char *money_sums_wrong(struct test_db *test);

#endif
