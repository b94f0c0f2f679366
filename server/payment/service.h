/* What the parts of PaymentHubService share; for this room's service files alone. */
#ifndef BMT_PAYMENT_SERVICE_H
#define BMT_PAYMENT_SERVICE_H

#include "rpc/service.h"

RPC_PARTS(import_statement);

#endif
