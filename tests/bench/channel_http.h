/* HTTP for the channel, for keeping connections open alone: requests with a length, one at a time. */
#ifndef BMT_TESTS_BENCH_CHANNEL_HTTP_H
#define BMT_TESTS_BENCH_CHANNEL_HTTP_H

#include <stddef.h>

enum { CHANNEL_REQUEST_MAX = 8192, CHANNEL_ANSWER_MAX = 4096 };

/* Starts a thread that serves a free port of 127.0.0.1, and returns the port; ends the process if it cannot. */
int channel_http_start(void);

/* The channel's: writes the whole answer and returns its length, or -1 when the request is none. */
int channel_answer(const char *head, const char *body, char *text, size_t size);

/* The value of a header, cut off where its line ends; "" when it is missing. Returns `value`. */
const char *channel_header(const char *head, const char *name, char *value, size_t size);

#endif
