/*
 * PayStatement: pays an approved statement to the partner's bank account, over the partner's payout channel.
 *
 *   1. begin   in a lane, one transaction: the statement can be paid and is PAYING, the payout is recorded as CREATED
 *              under the request_id, the money leaves what we owe the partner and is in transit.
 *   2. ask     over HTTP: the channel is asked to pay (our payout_id is its idempotency key).
 *   3. apply   in a lane, one transaction (complete_payout.h): the payout and its statement move by the channel's word.
 *
 * If we die after 1, settlement.ask_payout asks the channel about it, and again for it if it does not know it.
 */
#ifndef BMT_FLOWS_PAY_STATEMENT_H
#define BMT_FLOWS_PAY_STATEMENT_H

#include "payment/store.h"
#include "rpc/service.h"
#include "settlement/ops_payout.h"
#include "settlement/ops_statement.h"

struct begin_payout {
    struct command command;
    int64_t statement_id;
    const char *reason;

    int64_t payout_id;
    struct payout_row *payout; /* set where it is new */
    struct channel_account_row *account;
    bool is_new; /* the channel is to be asked; else the payout is an earlier one */
};

extern struct batch_plan begin_payout_plan;

/* How long a payout account must have been the partner's before it is paid to. Once, before the service starts. */
void pay_statement_use_account_hold(int64_t hold_ms);

void pay_statement_handle(struct lane *lane, struct call **calls, size_t n);

#endif
