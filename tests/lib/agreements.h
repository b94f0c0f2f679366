/* Agreements as tests begin with them, made through the plans that calls use. */
#ifndef BMT_TESTS_LIB_AGREEMENTS_H
#define BMT_TESTS_LIB_AGREEMENTS_H

#include "lib/given.h"
#include "payment/ops_agreement.h"

/* A command to create a version with one English text. */
struct create_agreement agreement_named(const char *code, enum agreement_demand demand);

/* The version created; subject NULL: it goes with all orders. */
struct agreement_view given_agreement(struct test_db *test, const char *code, enum agreement_demand demand,
                                      const struct agreement_subject_row *subject);

/* A command to accept the version's first text, for no order. */
struct accept_agreement acceptance_of(const struct agreement_view *view, const char *user_id);
void given_acceptance(struct test_db *test, const struct agreement_view *view, const char *user_id);

#endif
