/* The business module: who sells through the platform, and the credentials of their services and pages. */
#ifndef BMT_BUSINESS_BUSINESS_H
#define BMT_BUSINESS_BUSINESS_H

#include "rpc/auth.h"
#include "rpc/service.h"

extern const struct rpc_service business_service;

/* Where the authenticator finds keys. */
extern const struct auth_source business_auth_source;

/* What issuing keys and tokens needs. Once, before the service starts; `is_live` decides the prefix of keys. */
void business_use_authenticator(struct authenticator *authenticator, bool is_live);

#endif
