/*
 * Which network addresses may be called from a production server: public ones only, so that a configured name can
 * never lead back into the platform's own network (server-side request forgery).
 */
#ifndef BMT_HTTP_ADDRESS_H
#define BMT_HTTP_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False for loopback, private, link-local, carrier-grade NAT, multicast, reserved and translated addresses. */
bool http_address_is_public(const struct sockaddr *address);

#endif
