/*
 * The special-purpose registries of IANA (RFC 6890 and successors), as prefixes.
 */
#include "http/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"

struct prefix_v4 {
    uint32_t network;
    unsigned bits;
};

static const struct prefix_v4 closed_v4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* carrier-grade NAT */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, metadata services of clouds */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool address_is_public_v4(uint32_t address)
{
    for (size_t i = 0; i < COUNT_OF(closed_v4); i++) {
        if ((address ^ closed_v4[i].network) >> (32 - closed_v4[i].bits) == 0)
            return false;
    }
    return true;
}

/*
 * Of IPv6 only global unicast (2000::/3) is let through, without what carries an IPv4 address inside (6to4 2002::/16,
 * Teredo and other assignments 2001::/23) and documentation (2001:db8::/32, 3fff::/20). So v4-mapped, NAT64, unique
 * local, link-local and loopback addresses stay out as well.
 */
static bool address_is_public_v6(const uint8_t bytes[16])
{
    if ((bytes[0] & 0xe0) != 0x20)
        return false;
    if (bytes[0] == 0x20 && bytes[1] == 0x02)
        return false;
    if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] < 0x02)
        return false;
    if (memcmp(bytes, "\x20\x01\x0d\xb8", 4) == 0)
        return false;
    return !(bytes[0] == 0x3f && bytes[1] == 0xff && bytes[2] < 0x10);
}

bool http_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        return address_is_public_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof(v6));
        return address_is_public_v6(v6.sin6_addr.s6_addr);
    }
    return false;
}
