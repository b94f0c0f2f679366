/*
 * Repairs of what verify finds at a payment: money that has come is used by its order or goes back, and what a
 * channel's statement proves is applied as any word of the channel is.
 */
#ifndef BMT_FLOWS_REPAIR_PAYMENT_H
#define BMT_FLOWS_REPAIR_PAYMENT_H

#include "payment/ops.h"

struct repair_payment {
    struct command command; /* biz_id, actor */
    int64_t payment_id;
    bool is_look; /* nothing is changed: only tell what would be */

    const char *done; /* what was done, or would be; NULL: there is nothing to do */
};

extern struct batch_plan repair_payment_plan;

/*
 * Applies a line of a statement to its payment, refund or payout (complete_*.c). `ret_done` is NULL
 * when that changes nothing, and lives in the arena. 0, or an error.
 */
struct statement_repair {
    int64_t line_id;
    const char *actor;
    bool is_look;
};
int repair_by_statement(struct session *session, const struct statement_repair *repair, struct arena *arena,
                        const char **ret_done, struct err *err) MUST_CHECK;

#endif
