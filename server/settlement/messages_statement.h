/* Messages of statements and payouts, made from rows. All memory is the arena's; texts of rows are not copied. */
#ifndef BMT_SETTLEMENT_MESSAGES_STATEMENT_H
#define BMT_SETTLEMENT_MESSAGES_STATEMENT_H

#include "bmt/settlement/v1/statement.pb-c.h"
#include "settlement/ops_payout.h"
#include "settlement/ops_statement.h"

Bmt__Settlement__V1__Statement *statement_message(const struct partner_statement_row *row, struct arena *arena);
Bmt__Settlement__V1__Approval **approval_messages(const struct statement_approvals *approvals, struct arena *arena);
Bmt__Settlement__V1__EntryProof *entry_proof_message(const struct entry_proof *proof, struct arena *arena);
Bmt__Settlement__V1__Payout *payout_message(const struct payout_row *row, struct arena *arena);

#endif
