/*
 * The HTTP face for operators: GET /metrics (OpenMetrics text) and GET /healthz (200 `ok` or 503 `not serving`).
 */
#ifndef BMT_HTTP_METRICS_HTTP_H
#define BMT_HTTP_METRICS_HTTP_H

#include <stdbool.h>
#include <stdio.h>

#include "base/check.h"

struct metrics_http;

/*
 * Listens on `address:port` (port 0 takes a free one). 0, or -1 with a line in `problems`. `is_serving` answers
 * /healthz; it is called on the thread of this listener.
 */
int metrics_http_start(const char *listen, bool (*is_serving)(void), struct metrics_http **ret_http,
                       FILE *problems) MUST_CHECK;
int metrics_http_port(const struct metrics_http *http);
void metrics_http_stop(struct metrics_http *http); /* NULL is ignored */

#endif
