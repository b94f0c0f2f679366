/* See channel_http.h. One thread; an answer always fits into the socket, for whoever asks waits for it. */
#include "bench/channel_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/shop.h"

enum { EVENTS_MAX = 64, CONNECTIONS_MAX = 4096 };

/* By their file descriptors; memory only where there were some. */
static struct connection {
    int fd;
    size_t n;
    char request[CHANNEL_REQUEST_MAX + 1];
} connections[CONNECTIONS_MAX];

static int listener;
static int epoll;

const char *channel_header(const char *head, const char *name, char *value, size_t size)
{
    const size_t name_size = strlen(name);

    value[0] = '\0';
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, name, name_size) == 0 && line[2 + name_size] == ':') {
            const char *from = line + 3 + name_size + strspn(line + 3 + name_size, " ");

            snprintf(value, size, "%.*s", (int)strcspn(from, "\r"), from);
        }
    return value;
}

/* Answers the request that is whole; 0, or -1 when the connection is to be closed. */
static int answer_whole(struct connection *connection)
{
    char text[CHANNEL_ANSWER_MAX];
    char length[24];
    char *body;
    size_t size;

    connection->request[connection->n] = '\0';
    body = strstr(connection->request, "\r\n\r\n");
    if (body == NULL)
        return connection->n == CHANNEL_REQUEST_MAX ? -1 : 0;
    body[2] = '\0'; /* the head ends with its last line */
    body += 4;
    size = strtoul(channel_header(connection->request, "content-length", length, sizeof length), NULL, 10);
    if (connection->n < (size_t)(body - connection->request) + size) {
        body[-2] = '\r';
        return connection->n == CHANNEL_REQUEST_MAX ? -1 : 0;
    }
    connection->n = 0;
    size = (size_t)channel_answer(connection->request, body, text, sizeof text);
    return size < sizeof text && send(connection->fd, text, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

static void serve(struct connection *connection)
{
    const ssize_t n =
        recv(connection->fd, connection->request + connection->n, CHANNEL_REQUEST_MAX - connection->n, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        connection->n += (size_t)n;
        if (answer_whole(connection) == 0)
            return;
    }
    close(connection->fd);
}

static void take_connection(void)
{
    const int fd = accept(listener, NULL, NULL);
    const int on = 1;

    if (fd < 0)
        return;
    if (fd >= CONNECTIONS_MAX)
        give_up("the channel has too many connections", NULL);
    connections[fd].fd = fd;
    connections[fd].n = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd}) != 0)
        give_up("the channel cannot take a connection", NULL);
}

static void *run(void *unused)
{
    struct epoll_event events[EVENTS_MAX];

    (void)unused;
    for (;;) {
        const int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                take_connection();
            else
                serve(&connections[events[i].data.fd]);
        }
    }
    return NULL;
}

int channel_http_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_t thread;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, SOMAXCONN) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener}) != 0 ||
        pthread_create(&thread, NULL, run, NULL) != 0)
        give_up("the channel cannot start", NULL);
    pthread_detach(thread);
    return ntohs(address.sin_port);
}
