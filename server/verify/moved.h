/* Transfers by their source, and what they should be. For this room alone. */
#ifndef BMT_VERIFY_MOVED_H
#define BMT_VERIFY_MOVED_H

#include "verify/pass.h"

/* The numbers of bmt.settlement.v1, once more: verify uses no code of the services but the tables of states. */
enum {
    MOVED_PAYMENT = 1,
    MOVED_REFUND = 2,
    MOVED_CLEARING = 3,
    MOVED_REVERSAL = 4,
    MOVED_DISPUTE = 10,
    MOVED_DISPUTE_WON = 11,
    MOVED_DISPUTE_LOST = 12,
    MOVED_DISPUTE_FEE = 13,
    MOVED_DISPUTE_FEE_RETURNED = 14,

    OF_CHANNEL_RECEIVABLE = 1,
    OF_CUSTOMER_LIABILITY = 2,
    OF_PARTNER_PAYABLE = 3,
    OF_PLATFORM_REVENUE = 4,
    OF_CHANNEL_FEES = 5,
    OF_REFUNDS = 7,
    OF_DISPUTES = 8,
};

/* One side that a transfer should have; 0 means none. */
struct side_seen {
    int64_t account, subject_id, amount;
};

/* The postings of one transfer, or of all of a source. */
struct moved_list {
    const struct moved_seen *list;
    size_t n;
};

/* Transfers of a kind with sources in (after, upto], sorted by source and number. 0 or -1. */
int moved_read(struct worker *worker, int64_t kind, int64_t after, int64_t upto,
               struct moved_list *ret_list) MUST_CHECK;
/* Transfers of two kinds, of the sources; sorted by source, number and kind. 0 or -1. */
int moved_read_of(struct worker *worker, int64_t kind, int64_t other_kind, const int64_t *sources, size_t n,
                  struct moved_list *ret_list) MUST_CHECK;

/* Those of a source; of one of its transfers. */
struct moved_list moved_of_source(const struct moved_list *all, int64_t source_id);
struct moved_list moved_of(const struct moved_list *of_source, int64_t kind, int64_t source_no);

/* What is posted to the account; to all accounts of the kind where subject_id is negative. */
int64_t moved_sum(const struct moved_list *moved, int64_t account, int64_t subject_id);
size_t moved_count(const struct moved_list *moved, int64_t account);

/* Names the transfers whose source, a `what`, is not among the ids; both sorted by it. */
void moved_tell_lost(struct worker *worker, const struct moved_list *all, const int64_t *ids, size_t n,
                     const char *what);

/* Whether the transfer has just these sides, of that business and currency. */
bool moved_is(const struct moved_list *moved, int64_t biz_id, const char *currency, const struct side_seen *sides,
              size_t n);

#endif
