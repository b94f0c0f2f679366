/*
 * The product module: what is sold, for how much, how many are left, and what a buyer holds afterwards.
 * Flows use its verbs (product/ops.h).
 */
#ifndef BMT_PRODUCT_PRODUCT_H
#define BMT_PRODUCT_PRODUCT_H

#include <stdint.h>

#include "rpc/service.h"

extern const struct rpc_service product_service;

/* How long quotes bind; at any time. */
void product_set_quote_life(int64_t quote_lives_ms);

#endif
