/* The parts of the business service that stand in service_keys.c; for this room alone. */
#ifndef BMT_BUSINESS_SERVICE_H
#define BMT_BUSINESS_SERVICE_H

#include "rpc/service.h"

RPC_PARTS(issue_key);
RPC_PARTS(rotate_key);
RPC_PARTS(revoke_key);
RPC_PARTS(list_keys);
void issue_client_token_handle(struct lane *lane, struct call **calls, size_t n);

#endif
