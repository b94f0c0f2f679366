/*
 * Questions that came back from channels at the same time, and their answers: those with the same answer together, so
 * that what it must read is read once. For ask_channel.h, ask_refund.h and ask_payout.h.
 */
#ifndef BMT_FLOWS_ANSWER_TOGETHER_H
#define BMT_FLOWS_ANSWER_TOGETHER_H

#include <stddef.h>

struct lane;
struct asked;

/* In a lane, after the channels' words were applied; the lane's arena lives until it returns. */
typedef void asked_answer(struct lane *lane, const struct asked *asked, size_t n);

/* A question, such as a struct ask, and the command that applied its word, with its refusal or its row. */
struct asked {
    asked_answer *answer;
    void *ask;
    const void *done;
};

/* Calls each answer once, with all that are its own in their order. What the array holds is lost. */
void answer_together(struct lane *lane, struct asked *asked, size_t n);

#endif
