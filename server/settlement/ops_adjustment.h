/*
 * Money that staff moves by hand: each adjustment is one transfer. What touches a partner is an entry too, which the
 * partner's next statement takes.
 *
 *   PARTNER_CREDIT   debit PLATFORM_REVENUE     credit PARTNER_PAYABLE
 *   PARTNER_DEBIT    debit PARTNER_PAYABLE      credit PLATFORM_REVENUE
 *   PROMOTION        debit PROMOTION_COST       credit PARTNER_PAYABLE
 *   CHANNEL_PAID     debit CASH                 credit CHANNEL_RECEIVABLE
 *   CONVERSION       debit CONVERSION           credit CASH, in the first currency
 *                    debit CASH                 credit CONVERSION, in the second
 */
#ifndef BMT_SETTLEMENT_OPS_ADJUSTMENT_H
#define BMT_SETTLEMENT_OPS_ADJUSTMENT_H

#include "settlement/ops_ledger.h"
#include "settlement/store_adjustment.h"

struct create_adjustment {
    struct command command;
    bool has_channel_account;  /* the flow has found the one that is given */
    const char *reason;        /* stands on the transfer */
    struct adjustment_row row; /* kind ... rate given; the rest is set */
    struct transfer_row transfer;
    struct posting_row *postings;
    size_t n_postings;
};

/*
 * Carries out the create_adjustment commands of a batch; `has_channel_account` is set by then. Refuses with
 * CONVERSION_RATE, PARTNER_NOT_FOUND, CURRENCY_MISMATCH, CHANNEL_ACCOUNT_NOT_FOUND.
 */
int settlement_adjust(struct batch *batch, struct err *err) MUST_CHECK;

#endif
