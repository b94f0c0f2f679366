/* Payouts that tests begin with: a partner's money in a closed and approved statement, paid by channel account 5. */
#ifndef BMT_TESTS_LIB_PAYOUTS_H
#define BMT_TESTS_LIB_PAYOUTS_H

#include "flows/complete_payout.h"
#include "lib/partners.h"

enum { PAYOUT_ACCOUNT = 5, PAYOUT_MINOR = 750 };

/* The secret `artist-bank`: where a partner is paid to. */
void write_bank_account(struct test_db *test);

/* The channel account, and who may be paid by it: every partner that is there, to a bank account that he has had long.
 */
void given_bank_account(struct test_db *test);

/* Everything of his in the currency that is payable by now, in a closed statement. */
int64_t given_closed_statement(struct test_db *test, int64_t partner_id, const char *currency);

/* PAYOUT_MINOR of EUR on their way to the partner, once one person has approved them. */
int64_t given_payout(struct test_db *test, int64_t partner_id);

/* The channel tells what became of the payout. */
void hear_of_payout(struct test_db *test, int64_t payout_id, enum channel_word word);

#endif
