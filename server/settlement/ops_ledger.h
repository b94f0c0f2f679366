/*
 * The double-entry ledger, for flows and for this module's other verbs.
 *
 * A transfer is gathered in memory (transfer_begin, transfer_debit, transfer_credit) and posted with all others of the
 * batch by one ledger_post, which must be the transaction's last write: it locks the chain's row, and whoever holds it
 * meets nobody else in the account's rows. A transfer is posted once for each source: its unique key has the last word.
 *
 * Chains: each thread that posts has a hash chain of its own (a few share one), so that no two batches wait for each
 * other. A transfer's hash covers the hash before it in its chain, itself and its postings; a row that is changed,
 * missing or too many breaks it.
 */
#ifndef BMT_SETTLEMENT_OPS_LEDGER_H
#define BMT_SETTLEMENT_OPS_LEDGER_H

#include "settlement/store_ledger.h"
#include "sql/batch.h"

/* The numbers of bmt.settlement.v1.AccountKind. */
enum account {
    ACCOUNT_CHANNEL_RECEIVABLE = 1,
    ACCOUNT_CUSTOMER_LIABILITY = 2,
    ACCOUNT_PARTNER_PAYABLE = 3,
    ACCOUNT_PLATFORM_REVENUE = 4,
    ACCOUNT_CHANNEL_FEES = 5,
    ACCOUNT_PROMOTION_COST = 6,
    ACCOUNT_REFUNDS = 7,
    ACCOUNT_DISPUTES = 8,
    ACCOUNT_ROUNDING = 9,
    ACCOUNT_PAYOUT_IN_TRANSIT = 10,
    ACCOUNT_CASH = 11,
    ACCOUNT_CONVERSION = 12,
    ACCOUNT_KIND_COUNT,
};

/* The numbers of bmt.settlement.v1.TransferKind. */
enum transfer_kind {
    TRANSFER_PAYMENT = 1,
    TRANSFER_REFUND = 2,
    TRANSFER_CLEARING = 3,
    TRANSFER_REVERSAL = 4,
    TRANSFER_PAYOUT = 5,
    TRANSFER_PAYOUT_PAID = 6,
    TRANSFER_PAYOUT_FAILED = 7,
    TRANSFER_PAYOUT_RETURNED = 8,
    TRANSFER_ADJUSTMENT = 9,
    TRANSFER_DISPUTE = 10,
    TRANSFER_DISPUTE_WON = 11,
    TRANSFER_DISPUTE_LOST = 12,
    TRANSFER_DISPUTE_FEE = 13,
    TRANSFER_DISPUTE_FEE_RETURNED = 14,
};

enum { POSTINGS_MAX = SPLIT_PARTS_MAX + 6, CHAIN_COUNT = 64 };

/* One movement as it is gathered. */
struct transfer {
    int64_t biz_id;
    enum transfer_kind kind;
    int64_t source_id;
    int32_t source_no;
    const char *note; /* NULL: none */
    char currency[CURRENCY_SIZE];
    struct posting_row *postings; /* room for n_max */
    size_t n_max;
    size_t n;
    int64_t transfer_id; /* set by ledger_post */
};

struct transfers {
    struct transfer *list;
    size_t n;
    size_t n_max;
};

struct transfers transfers_begin(size_t n_max, struct arena *arena);

/* A new transfer with room for `n_postings`; valid as long as the arena. */
struct transfer *transfer_begin(struct transfers *all, const struct transfer *head, size_t n_postings,
                                struct arena *arena);

/*
 * Adds to a side of an account, in the transfer's currency as it is now. 0: nothing. A negative amount is the other
 * side's. The same account again changes its posting, so that an account is once in a transfer.
 */
void transfer_debit(struct transfer *transfer, enum account account, int64_t subject_id, int64_t amount_minor);
void transfer_credit(struct transfer *transfer, enum account account, int64_t subject_id, int64_t amount_minor);

/*
 * Posts those that moved anything, and gives them their ids. INVARIANT: each adds up to 0 in each currency. The batch's
 * last write. 0, or an error of sql.h.
 */
int ledger_post(struct batch *batch, struct transfers *all, struct err *err) MUST_CHECK;

#endif
