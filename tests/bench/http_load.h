/*
 * Loads a gateway over HTTP/1.1 with the calls of a `struct load`, as JSON by the Connect protocol: so many callers
 * with a connection each, kept open, and one call under way on each; an answer starts the next. One thread.
 */
#ifndef BMT_TESTS_BENCH_HTTP_LOAD_H
#define BMT_TESTS_BENCH_HTTP_LOAD_H

#include "bench/load.h"

/* Where, and as whom: a client token, whose user all requests are for. */
struct http_place {
    int port; /* of 127.0.0.1 */
    const char *token;
    void (*answered)(const char *json); /* sees every good answer; NULL when nobody wants them */
};

/* `callers` for `seconds`, after a warm-up of a fifth of it. Ends the process when the connection breaks. */
void http_load_run(const struct http_place *place, const struct load *load, int callers, double seconds,
                   struct load_result *ret_result);

/* Opens a WatchOrder stream and waits for the order itself; stays open until the process ends. */
void http_load_watch(const struct http_place *place, const char *order_id);

#endif
