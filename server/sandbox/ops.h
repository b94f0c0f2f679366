/* Commands on the sandbox's clock. */
#ifndef BMT_SANDBOX_OPS_H
#define BMT_SANDBOX_OPS_H

#include "sql/batch.h"

/* The rules' time may run at most this far ahead of the machines'. */
#define SANDBOX_AHEAD_MS_MAX (INT64_C(3660) * 86400 * 1000)

struct move_clock {
    struct command command;
    bool is_absolute;
    int64_t to_ms; /* absolute: the new time */
    int64_t by_ms; /* else: how far forward */

    int64_t now_ms; /* the rules' time after it */
};

extern struct batch_plan move_clock_plan;

/* The stored offset. */
int sandbox_store_read_offset(struct tx *tx, struct arena *arena, int64_t *ret_offset_ms, struct err *err) MUST_CHECK;

#endif
