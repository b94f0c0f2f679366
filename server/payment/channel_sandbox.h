/* The two files of the sandbox channel's adapter: requests and answers, and statement files. */
#ifndef BMT_PAYMENT_CHANNEL_SANDBOX_H
#define BMT_PAYMENT_CHANNEL_SANDBOX_H

#include <jansson.h>

#include "payment/channel.h"

extern const struct channel channel_sandbox;

/* A text of an object, in the arena; NULL when there is none. */
const char *channel_sandbox_text(const json_t *json, const char *name, struct arena *arena);

/* `fee_minor` of an object, 0 when there is none; false when it is no part of the amount. */
bool channel_sandbox_fee(const json_t *json, int64_t amount_minor, int64_t *ret_fee_minor);

bool channel_sandbox_read_statement(const struct channel_account *account, const char *date, struct sql_bytes file,
                                    struct arena *arena, struct channel_statement *ret_statement,
                                    const char **ret_problem);

#endif
