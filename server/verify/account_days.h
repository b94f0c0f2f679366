/* The days of the ledger's accounts, while the chains are read; see account_days.c. For this room alone. */
#ifndef BMT_VERIFY_ACCOUNT_DAYS_H
#define BMT_VERIFY_ACCOUNT_DAYS_H

#include "verify/pass.h"

struct account_days;

/* Takes the snapshot; 0 or -1. What it keeps lives in the arena. */
int account_days_begin(struct worker *worker, struct arena *arena, struct account_days **ret_days) MUST_CHECK;

/* The postings of a transfer. Each posting once, from any thread. */
void account_days_add(struct account_days *days, const struct transfer_seen *transfer,
                      const struct posting_seen *postings, size_t n);
/* There is a posting of no transfer. From any thread. */
void account_days_stray(struct account_days *days);

/* Whether all postings are of transfers and each day is their sum. False proves nothing: account_days_check tells. */
bool account_days_agree(const struct account_days *days);

#endif
