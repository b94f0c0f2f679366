/*
 * A question to a channel about a payout, or the request to pay it: lane -> HTTP -> lane. What ask_refund.h is for
 * refunds.
 */
#ifndef BMT_FLOWS_ASK_PAYOUT_H
#define BMT_FLOWS_ASK_PAYOUT_H

#include "flows/answer_together.h"
#include "flows/complete_payout.h"
#include "jobs/jobs.h"

struct lane;

/* The caller sets the upper part; everything lives in `arena`, which belongs to the question. */
struct payout_ask {
    struct arena *arena;
    bool is_query; /* only what became of it */
    int64_t biz_id;
    int64_t payout_id;
    const char *actor;
    void *context;
    asked_answer *answer; /* of a struct payout_ask and its struct complete_payout */

    struct payout_turn turn; /* set by ask_payout, as is the account */
    struct channel_account account;
    struct channel_verdict verdict;
};

/* How long a channel may take. Once, before the service starts. */
void ask_payout_set_timeout(int64_t timeout_ms);

/*
 * Sends the question. 0, or an error of channel_open or channel_payout_account: nothing was sent, `answer` is not
 * called. What is no query may only be sent for a payout that nobody has asked for, or that the channel has just said
 * not to know.
 */
int ask_payout(struct payout_ask *ask, const struct channel_account_row *account, const struct payout_row *payout,
               struct err *err) MUST_CHECK;

/*
 * The timer of payouts: notes the next time to ask about each due payout, sends the questions and ends; the answers
 * come back in lanes. A payout that the channel does not know is asked for again in the same turn. Nobody gives up.
 */
int ask_due_payouts(struct job_run *run, size_t *ret_done, struct err *err) MUST_CHECK;

#endif
