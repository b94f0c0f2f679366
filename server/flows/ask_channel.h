/*
 * Asks the channel about a payment, or to close it, and applies its answer: one hop out and one back, never inside a
 * transaction.
 *
 *   ask_channel ----HTTP----> channel
 *                                |
 *   step `ask_channel.apply` <---+    complete_payment, then `answer`
 */
#ifndef BMT_FLOWS_ASK_CHANNEL_H
#define BMT_FLOWS_ASK_CHANNEL_H

#include "flows/answer_together.h"
#include "flows/complete_payment.h"

struct call;
struct lane;

/* ASK_CREATE_AGAIN: what nobody knows to have been asked for (offer_payment.h); that it is refused proves nothing. */
enum channel_question { ASK_CREATE, ASK_CREATE_AGAIN, ASK_QUERY, ASK_CLOSE };

/* One question. The caller fills the upper part; everything lives in `arena`, which belongs to the question. */
struct ask {
    struct arena *arena;
    enum channel_question question;
    int64_t biz_id;
    int64_t payment_id;
    const char *actor;
    struct notification_row notification; /* what made us ask; event_id NULL: nothing */
    void *context;
    asked_answer *answer; /* of a struct ask and its struct complete_payment */

    int32_t version;                /* of the payment as it was asked about; set by ask_channel */
    struct channel_account account; /* opened by ask_channel */
    struct channel_verdict verdict;
};

/* How long a channel may take. At any time. */
void ask_channel_set_timeout(int64_t timeout_ms);
int64_t ask_channel_timeout_ms(void);

/* Sends the question; rows and texts are copied. 0, or the error of channel_open: nothing was sent, `answer` is not
 * called. */
int ask_channel(struct ask *ask, const struct channel_account_row *account, const struct payment_row *payment,
                struct err *err) MUST_CHECK;

/* The same for a call, which is `context` then; the question lives in the call's arena, as the call lives until it is
 * answered. A channel that cannot be asked fails the call: a payment just begun stays CREATED then, and is offered
 * again. */
void ask_channel_for(struct call *call, enum channel_question question, const struct payment_row *payment,
                     const struct channel_account_row *account, asked_answer *answer);

#endif
