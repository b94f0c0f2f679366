/* Addresses that a process listens on, as settings write them. */
#ifndef BMT_HTTP_LISTEN_H
#define BMT_HTTP_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

/* Reads `127.0.0.1:7451` or `[::1]:7451`; port 0 stands for a free one. False for anything else, and for names. */
bool http_listen_address(const char *listen, struct sockaddr_storage *ret_address);

#endif
