/*
 * Offers a payment to its channel again that was recorded and perhaps never asked for: its caller died, or never heard
 * that it was recorded. The channel sees the same payment_id, its idempotency key, so that a first request that did
 * reach it is found again.
 *
 *   1. offer   in a lane, one transaction: still CREATED, and untouched for so long that whoever was to ask cannot be
 *              waiting any more; time left to pay, its order waits for just this payment, its account is enabled. The
 *              history says OFFER, so that a late word to the first asker is known as such.
 *   2. create  over HTTP, as ASK_CREATE_AGAIN.
 *   3. apply   as any word of the channel; but a refusal of this request proves nothing about the first one.
 */
#ifndef BMT_FLOWS_OFFER_PAYMENT_H
#define BMT_FLOWS_OFFER_PAYMENT_H

#include "flows/ask_channel.h"

struct offer_payment {
    struct command command;
    int64_t payment_id;

    struct payment_row *row;
    struct channel_account_row *account;
    bool is_offered; /* the channel is to be asked */
};

extern struct batch_plan offer_payment_plan;

/* Whether nobody can be waiting for the channel's answer to a create any more. */
bool offer_payment_is_abandoned(const struct payment_row *row, int64_t now_ms);

/* A call whose payment an earlier request has begun. */
struct payment_answer {
    struct call *call;
    const struct payment_row *payment;
};

/*
 * Offers the abandoned ones of them, whose calls are then answered by `answer`. Returns how many are left to be
 * answered with their payments as they are; those stand in front.
 */
size_t offer_payment_again(struct lane *lane, struct payment_answer *answers, size_t n, asked_answer *answer);

#endif
