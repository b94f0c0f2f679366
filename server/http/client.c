/*
 * The one door to libcurl: one thread, one multi handle. Requests are handed over in a list; each has its arena,
 * which holds everything of it.
 */
#include "http/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "http/address.h"

/* No settings: the thread is woken when there is work; half of a request's time may go by connecting. */
enum { POLL_MS = 1000, CONNECT_PART = 2, REPLY_HEADERS_MAX = 64 };

struct exchange {
    struct arena *arena;
    void (*done)(void *context, const struct http_reply *reply);
    void *context;
    CURL *easy;
    struct curl_slist *headers;
    char *body; /* of the reply; grows by doubling in the arena */
    size_t body_size;
    size_t body_room;
    bool is_too_large;
    struct http_header *reply_headers;
    size_t n_reply_headers;
    char problem[CURL_ERROR_SIZE];
    bool is_forbidden;         /* not an address that may be called: never given to curl */
    bool is_repeatable;        /* a GET: may be sent twice */
    bool is_broken;            /* a kept connection broke after it had carried the request: not sent again */
    struct exchange *next;     /* waiting for the thread */
    struct exchange *previous; /* with next: under way */
};

static struct {
    pthread_t thread;
    CURLM *multi;
    bool allows_plain_http;
    struct exchange *running; /* the thread's own */
    pthread_mutex_t lock;     /* guards what follows */
    struct exchange *first, *last;
    bool is_stopping;
    bool is_started;
} client = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t exchange_on_body(char *data, size_t size, size_t n, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * n;

    if (exchange->body_size + length > HTTP_BODY_MAX) {
        exchange->is_too_large = true;
        return 0;
    }
    if (exchange->body_size + length + 1 > exchange->body_room) {
        size_t room = (exchange->body_size + length + 1) * 2;
        char *body = arena_try_alloc(exchange->arena, room);

        if (body == NULL) {
            exchange->is_too_large = true;
            return 0;
        }
        if (exchange->body_size > 0)
            memcpy(body, exchange->body, exchange->body_size);
        exchange->body = body;
        exchange->body_room = room;
    }
    memcpy(exchange->body + exchange->body_size, data, length);
    exchange->body_size += length;
    exchange->body[exchange->body_size] = '\0';
    return length;
}

/* One header line; a new status line (after 100 Continue) begins the list anew. */
static size_t exchange_on_header(char *data, size_t size, size_t n, void *context)
{
    struct exchange *exchange = context;
    size_t length = size * n;
    const char *colon = memchr(data, ':', length);

    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0)
        exchange->n_reply_headers = 0;
    if (colon == NULL || exchange->n_reply_headers == REPLY_HEADERS_MAX)
        return length;
    char *line = arena_try_alloc(exchange->arena, length + 1);
    if (line == NULL)
        return length;
    memcpy(line, data, length);
    line[length] = '\0';
    char *value = line + (colon - data);
    *value++ = '\0';
    for (char *c = line; *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
    value += strspn(value, " \t");
    for (size_t end = strlen(value); end > 0 && strchr(" \t\r\n", value[end - 1]) != NULL; end--)
        value[end - 1] = '\0';
    exchange->reply_headers[exchange->n_reply_headers++] = (struct http_header){.name = line, .value = value};
    return length;
}

/*
 * Whether a byte of the request has been sent, by whichever of curl's tries: it may have been read over a connection
 * that broke, before curl by itself tried a new one.
 */
static bool exchange_was_sent(const struct exchange *exchange)
{
    long request_size = 0;

    return curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &request_size) != CURLE_OK || request_size > 0;
}

/*
 * Before each try, connected and with nothing of it sent: curl sends a request again by itself when a kept connection
 * breaks under it. The outside may have acted on what it has read, so only a GET goes out a second time.
 */
static int exchange_on_try(void *context, char *to_address, char *from_address, int to_port, int from_port)
{
    struct exchange *exchange = context;

    (void)to_address;
    (void)from_address;
    (void)to_port;
    (void)from_port;
    exchange->is_broken = !exchange->is_repeatable && exchange_was_sent(exchange);
    return exchange->is_broken ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* What curl's verdict means for the outside's side: only if no byte of the request was sent is it surely unseen. */
static enum http_outcome exchange_outcome(const struct exchange *exchange, CURLcode code)
{
    if (code == CURLE_OK)
        return HTTP_ANSWERED;
    return exchange_was_sent(exchange) ? HTTP_UNKNOWN : HTTP_NOT_SENT;
}

/* The end of an exchange; its arena belongs to the caller again when `done` begins. */
static void exchange_end(struct exchange *exchange, enum http_outcome outcome, const char *problem)
{
    struct http_reply reply = {
        .outcome = outcome,
        .headers = exchange->reply_headers,
        .n_headers = exchange->n_reply_headers,
        .body = exchange->body != NULL ? exchange->body : "",
        .body_size = exchange->body_size,
        .problem = outcome == HTTP_ANSWERED ? NULL : arena_strdup(exchange->arena, problem),
    };
    long status = 0;

    if (exchange->easy != NULL) {
        if (outcome == HTTP_ANSWERED)
            (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_cleanup(exchange->easy);
    }
    curl_slist_free_all(exchange->headers);
    reply.status = (int)status;
    exchange->done(exchange->context, &reply);
}

static void client_link(struct exchange *exchange)
{
    exchange->previous = NULL;
    exchange->next = client.running;
    if (client.running != NULL)
        client.running->previous = exchange;
    client.running = exchange;
}

static void client_unlink(struct exchange *exchange)
{
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else
        client.running = exchange->next;
    if (exchange->next != NULL)
        exchange->next->previous = exchange->previous;
}

static void client_begin(struct exchange *exchange)
{
    if (exchange->is_forbidden) {
        exchange_end(exchange, HTTP_NOT_SENT, "the address may not be called");
        return;
    }
    if (curl_multi_add_handle(client.multi, exchange->easy) != CURLM_OK) {
        exchange_end(exchange, HTTP_NOT_SENT, "could not begin the request");
        return;
    }
    client_link(exchange);
}

/* Takes over what was handed in; says whether to go on. */
static bool client_take(void)
{
    pthread_mutex_lock(&client.lock);
    struct exchange *exchange = client.first;
    client.first = client.last = NULL;
    bool goes_on = !client.is_stopping;
    pthread_mutex_unlock(&client.lock);
    while (exchange != NULL) {
        struct exchange *next = exchange->next;

        client_begin(exchange);
        exchange = next;
    }
    return goes_on;
}

static void client_finish(struct exchange *exchange, CURLcode code)
{
    const char *problem = exchange->problem[0] != '\0' ? exchange->problem : curl_easy_strerror(code);

    if (exchange->is_too_large)
        problem = "the reply is too large";
    if (exchange->is_broken)
        problem = "the connection broke under the request";
    (void)curl_multi_remove_handle(client.multi, exchange->easy);
    client_unlink(exchange);
    exchange_end(exchange, exchange_outcome(exchange, code), problem);
}

static void client_collect(void)
{
    int left = 0;
    CURLMsg *message;

    while ((message = curl_multi_info_read(client.multi, &left)) != NULL) {
        struct exchange *exchange = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        client_finish(exchange, message->data.result);
    }
}

static void *client_run(void *context)
{
    int running = 0;

    (void)context;
    while (client_take()) {
        (void)curl_multi_perform(client.multi, &running);
        client_collect();
        (void)curl_multi_poll(client.multi, NULL, 0, POLL_MS, NULL);
    }
    while (client.running != NULL) {
        struct exchange *exchange = client.running;

        (void)curl_multi_remove_handle(client.multi, exchange->easy);
        client_unlink(exchange);
        exchange_end(exchange, HTTP_UNKNOWN, "the process is stopping");
    }
    return NULL;
}

int http_client_start(bool allows_plain_http, int64_t connections_max)
{
    PRE(!client.is_started);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -1;
    client.multi = curl_multi_init();
    if (client.multi == NULL)
        return -1;
    (void)curl_multi_setopt(client.multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections_max);
    client.allows_plain_http = allows_plain_http;
    client.is_stopping = false;
    client.is_started = true;
    int rc = pthread_create(&client.thread, NULL, client_run, NULL);
    INVARIANT(rc == 0);
    return 0;
}

void http_client_stop(void)
{
    if (!client.is_started)
        return;
    pthread_mutex_lock(&client.lock);
    client.is_stopping = true;
    pthread_mutex_unlock(&client.lock);
    (void)curl_multi_wakeup(client.multi);
    pthread_join(client.thread, NULL);
    client.is_started = false;
    (void)curl_multi_cleanup(client.multi);
    curl_global_cleanup();
}

static struct curl_slist *exchange_headers(const struct http_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:"); /* no 100 Continue: it costs a round trip */

    for (size_t i = 0; list != NULL && i < request->n_headers; i++) {
        char line[2048];
        int length = snprintf(line, sizeof(line), "%s: %s", request->headers[i].name, request->headers[i].value);

        PRE(length > 0 && (size_t)length < sizeof(line) && strpbrk(line, "\r\n") == NULL);
        list = curl_slist_append(list, line);
    }
    INVARIANT(list != NULL);
    return list;
}

/*
 * In production only public addresses are connected to, whatever a name resolves to: the check sits between the
 * look-up and the connection, so that a second answer of the name server cannot slip in between.
 */
static curl_socket_t exchange_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    if (!client.allows_plain_http && !http_address_is_public(&address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void exchange_prepare(struct exchange *exchange, const struct http_request *request)
{
    CURL *easy = curl_easy_init();

    INVARIANT(easy != NULL);
    exchange->easy = easy;
    exchange->headers = exchange_headers(request);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->problem);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, client.allows_plain_http ? "http,https" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(request->timeout_ms / CONNECT_PART));
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->is_once ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, exchange_open_socket);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, exchange_on_try);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    if (request->body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
    }
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, exchange_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, exchange_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
}

static bool client_may_call(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || (client.allows_plain_http && strncasecmp(url, "http://", 7) == 0);
}

void http_send(const struct http_request *request, struct arena *arena,
               void (*done)(void *context, const struct http_reply *reply), void *context)
{
    struct exchange *exchange = arena_new_of(arena, struct exchange);

    PRE(request->n_headers <= HTTP_HEADERS_MAX && request->timeout_ms > 0);
    exchange->arena = arena;
    exchange->done = done;
    exchange->context = context;
    exchange->reply_headers = arena_array_of(arena, struct http_header, REPLY_HEADERS_MAX);
    exchange->is_repeatable = strcmp(request->method, "GET") == 0;
    exchange->is_forbidden = !client_may_call(request->url);
    if (!exchange->is_forbidden)
        exchange_prepare(exchange, request);

    pthread_mutex_lock(&client.lock);
    bool is_refused = client.is_stopping || !client.is_started;
    if (!is_refused) {
        if (client.last != NULL)
            client.last->next = exchange;
        else
            client.first = exchange;
        client.last = exchange;
    }
    pthread_mutex_unlock(&client.lock);
    if (is_refused)
        exchange_end(exchange, HTTP_NOT_SENT, "the process is stopping");
    else
        (void)curl_multi_wakeup(client.multi);
}

const char *http_header_value(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->n_headers; i++) {
        if (strcmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    }
    return NULL;
}
