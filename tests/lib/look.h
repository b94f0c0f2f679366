/* One run of verify over a test's databases, without pauses. */
#ifndef BMT_TESTS_LIB_LOOK_H
#define BMT_TESTS_LIB_LOOK_H

#include "lib/db.h"
#include "lib/suite.h"
#include "verify/verify.h"

/* What one run has found. */
struct found_list {
    int64_t by_kind[FINDING_COUNT];
    struct finding last;
    size_t n;
};

/* The report lives in the arena. */
struct found_list look_at_books(struct test_db *test, struct arena *arena, struct verify_report *ret_report);
/* Nothing disagrees. */
void expect_books_agree(struct test_db *test);

#endif
