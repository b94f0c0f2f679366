/*
 * Settlement: who gets the money of orders. Partners and split rules, the double-entry ledger, clearing, statements.
 *
 * Not here: what touches another service's rows (flows/), money in (payment).
 */
#ifndef BMT_SETTLEMENT_SETTLEMENT_H
#define BMT_SETTLEMENT_SETTLEMENT_H

#include "base/conf.h"
#include "rpc/service.h"

extern const struct rpc_service settlement_service;

/* Once, before the service starts. */
void settlement_use_settings(const struct conf *conf);

#endif
