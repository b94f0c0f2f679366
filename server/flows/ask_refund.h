/*
 * Asks the channel to pay back, or what became of a refund, and applies its answer: one hop out and one back, never
 * inside a transaction; the counterpart of ask_channel.h.
 *
 *   ask_refund ----HTTP----> channel
 *                               |
 *   step `ask_refund.apply` <---+    complete_refund, then `answer`
 */
#ifndef BMT_FLOWS_ASK_REFUND_H
#define BMT_FLOWS_ASK_REFUND_H

#include "flows/answer_together.h"
#include "flows/complete_refund.h"

struct call;
struct lane;

/* One question. The caller fills the upper part; everything lives in `arena`, which belongs to the question. */
struct refund_ask {
    struct arena *arena;
    bool is_query; /* only what became of it */
    int64_t biz_id;
    int64_t refund_id;
    const char *actor;
    void *context;
    asked_answer *answer; /* of a struct refund_ask and its struct complete_refund */

    struct refund_turn turn; /* set by ask_refund, as is the account */
    struct channel_account account;
    struct channel_verdict verdict;
};

/* How long a channel may take; at any time. */
void ask_refund_set_timeout(int64_t timeout_ms);

/*
 * Sends the question. 0, or the error of channel_open: nothing was sent, `answer` is not called. What is no query may
 * only be sent for a refund that nobody has asked for, or that the channel has just said not to know.
 */
int ask_refund(struct refund_ask *ask, const struct channel_account_row *account, const struct refund_row *refund,
               struct err *err) MUST_CHECK;

/*
 * The same for a call whose refund has just been begun. The question lives in the call's arena, as the call lives until
 * it is answered: by `answer`, or here where nothing could be sent. The refund then stays CREATED; its timer asks
 * again.
 */
void ask_refund_for(struct call *call, const struct refund_row *refund, const struct channel_account_row *account,
                    asked_answer *answer);

#endif
