/* Addresses to listen on; see listen.h. */
#include "http/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_SIZE = 64 };

bool http_listen_address(const char *listen, struct sockaddr_storage *ret_address)
{
    char host[HOST_SIZE];
    const char *colon = strrchr(listen, ':');
    char *end = NULL;
    bool is_v6 = listen[0] == '[';

    if (colon == NULL || (size_t)(colon - listen) >= sizeof host || (is_v6 && colon[-1] != ']'))
        return false;
    size_t length = (size_t)(colon - listen) - (is_v6 ? 2 : 0);
    memcpy(host, listen + (is_v6 ? 1 : 0), length);
    host[length] = '\0';
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] == '\0' || *end != '\0' || port > UINT16_MAX)
        return false;

    memset(ret_address, 0, sizeof *ret_address);
    if (is_v6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret_address;

        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret_address;
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}
