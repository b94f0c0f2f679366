/* The parts of the settlement service that stand in other files than the table; for this room alone. */
#ifndef BMT_SETTLEMENT_SERVICE_H
#define BMT_SETTLEMENT_SERVICE_H

#include "rpc/service.h"

RPC_PARTS(create_partner);
RPC_PARTS(get_partner);
RPC_PARTS(list_partners);
RPC_PARTS(update_partner);
RPC_PARTS(create_rule);
RPC_PARTS(end_rule);
RPC_PARTS(get_rule);
RPC_PARTS(list_rules);
RPC_PARTS(list_clearings);
RPC_PARTS(list_entries);
RPC_PARTS(list_balances);
RPC_PARTS(list_postings);
RPC_PARTS(get_transfer);
RPC_PARTS(get_trial_balance);
RPC_PARTS(get_month_report);
RPC_PARTS(create_adjustment);
RPC_PARTS(open_dispute);
RPC_PARTS(close_dispute);
RPC_PARTS(get_dispute);
RPC_PARTS(list_disputes);
RPC_PARTS(close_statement);
RPC_PARTS(get_statement);
RPC_PARTS(list_statements);
RPC_PARTS(approve_statement);
RPC_PARTS(prove_order);
RPC_PARTS(get_payout);
RPC_PARTS(list_payouts);

#endif
