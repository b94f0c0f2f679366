/*
 * SettlementService: the table of its methods. Reading and answering: service_partner.c, service_books.c,
 * service_report.c, service_adjustment.c, service_dispute.c, service_statement.c.
 */
#include "settlement/service.h"

#include "bmt/settlement/v1/settlement.pb-c.h"
#include "flows/ask_payout.h"
#include "flows/close_dispute.h"
#include "flows/create_adjustment.h"
#include "flows/create_partner.h"
#include "flows/create_split_rule.h"
#include "flows/open_dispute.h"
#include "flows/pay_statement.h"
#include "flows/query_payout.h"
#include "settlement/ops_books.h"
#include "settlement/ops_report.h"
#include "settlement/ops_statement.h"
#include "settlement/settlement.h"

void settlement_use_settings(const struct conf *conf)
{
    statement_use_approval_limit(conf->settlement_one_approval_max_minor);
    pay_statement_use_account_hold(conf->settlement_payout_account_hold_s * 1000);
    ask_payout_set_timeout(conf->payment_channel_timeout_ms);
}

static const struct rpc_method methods[] = {
    {"CreatePartner", RPC_BATCH(create_partner)},
    {"GetPartner", RPC_BATCH(get_partner)},
    {"ListPartners", RPC_BATCH(list_partners)},
    {"UpdatePartner", RPC_BATCH(update_partner)},
    {"CreateSplitRule", RPC_BATCH(create_rule)},
    {"EndSplitRule", RPC_BATCH(end_rule)},
    {"GetSplitRule", RPC_BATCH(get_rule)},
    {"ListSplitRules", RPC_BATCH(list_rules)},
    {"ListClearings", RPC_BATCH(list_clearings)},
    {"ListClearingEntries", RPC_BATCH(list_entries)},
    {"ListAccountBalances", RPC_BATCH(list_balances)},
    {"ListPostings", RPC_BATCH(list_postings)},
    {"GetTransfer", RPC_BATCH(get_transfer)},
    {"GetTrialBalance", RPC_BATCH(get_trial_balance)},
    {"GetMonthReport", RPC_BATCH(get_month_report)},
    {"CreateAdjustment", RPC_BATCH(create_adjustment)},
    {"OpenDispute", RPC_BATCH(open_dispute)},
    {"CloseDispute", RPC_BATCH(close_dispute)},
    {"GetDispute", RPC_BATCH(get_dispute)},
    {"ListDisputes", RPC_BATCH(list_disputes)},
    {"CloseStatement", RPC_BATCH(close_statement)},
    {"GetStatement", RPC_BATCH(get_statement)},
    {"ListStatements", RPC_BATCH(list_statements)},
    {"ApproveStatement", RPC_BATCH(approve_statement)},
    {"PayStatement", .handle = pay_statement_handle},
    {"ProveOrder", RPC_BATCH(prove_order)},
    {"GetPayout", RPC_BATCH(get_payout)},
    {"ListPayouts", RPC_BATCH(list_payouts)},
    {"QueryPayout", .handle = query_payout_handle},
};

const struct rpc_service settlement_service = RPC_SERVICE(bmt__settlement__v1__settlement_service__descriptor, methods);
