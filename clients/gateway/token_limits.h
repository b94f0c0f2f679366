/*
 * How much one client token may ask for. A token is known by a keyed hash of its text, before anybody has judged it:
 * what a stranger makes up has a limit of its own and takes nothing from that of a user.
 *
 * Memory is bounded: so many tokens are remembered, and the one that was used least lately makes room. Whoever wants to
 * be forgotten so must call with that many others first. Belongs to the HTTP thread.
 */
#ifndef BMT_GATEWAY_TOKEN_LIMITS_H
#define BMT_GATEWAY_TOKEN_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct token_limits;

struct token_limits_options {
    int64_t calls_per_minute; /* of one token, all at once if it likes; 0: no limit */
    int64_t streams;          /* of one token, open at once; 0: no limit */
    size_t tokens;            /* that are remembered; more than there can be open streams */
};

/* What one token has used. */
struct token_use;

/* Memory from the arena. */
struct token_limits *token_limits_new(const struct token_limits_options *options, struct arena *arena);

/* 0 when the call may begin, and it is counted; else in how many nanoseconds one may. */
int64_t token_limits_take_call(struct token_limits *limits, const char *token, int64_t now_ns);

/* The token's use, to be given back when the stream closes; NULL when it has too many. */
struct token_use *token_limits_open_stream(struct token_limits *limits, const char *token);
void token_limits_close_stream(struct token_limits *limits, struct token_use *use);

#endif
