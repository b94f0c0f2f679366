/* What the parts of PaymentHubService share; for this room's service files alone. */
#ifndef BMT_PAYMENT_SERVICE_H
#define BMT_PAYMENT_SERVICE_H

#include "rpc/service.h"

RPC_PARTS(import_statement);
RPC_PARTS(list_cashier_channels);
RPC_PARTS(create_agreement);
RPC_PARTS(list_agreements);
RPC_PARTS(accept_agreement);
RPC_PARTS(list_acceptances);

#endif
