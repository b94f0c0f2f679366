/* The payment module: money in, over channels. Flows use its verbs (payment/ops.h) and channels (payment/channel.h). */
#ifndef BMT_PAYMENT_PAYMENT_H
#define BMT_PAYMENT_PAYMENT_H

#include "base/conf.h"
#include "rpc/service.h"

extern const struct rpc_service payment_service;

/* Where secrets are. Once, before the service starts; `conf` must live on. */
void payment_use_settings(const struct conf *conf);

/* How long channels may take; at any time. */
void payment_set_timeout(int64_t timeout_ms);

#endif
