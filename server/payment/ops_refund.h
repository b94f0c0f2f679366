/*
 * The payment module's verbs on refunds, for flows: money that goes back over the channel that it came by. Functions
 * return 0, or an error of sql.h that rolls the whole batch back.
 */
#ifndef BMT_PAYMENT_OPS_REFUND_H
#define BMT_PAYMENT_OPS_REFUND_H

#include "payment/state.h"
#include "payment/store.h"

/* A refund that a command is about. The caller sets the upper part. */
struct refund_ref {
    struct command *command;
    int64_t refund_id;

    struct refund_row *row; /* shared by all references to the same refund */
};

/* Finds refunds; others' are refused with REFUND_NOT_FOUND. refund_lock locks the rows by id. */
int refund_lock(struct batch *batch, struct refund_ref *refs, size_t n, struct err *err) MUST_CHECK;
int refund_load(struct batch *batch, struct refund_ref *refs, size_t n, struct err *err) MUST_CHECK;

/*
 * A new refund of a payment, CREATED. Of late money it is due at once; of others its caller asks the channel, and the
 * timer only if that fails. `amount_minor` is at most what is left of the payment.
 */
struct refund_row refund_make(int64_t refund_id, const struct payment_row *payment, int64_t amount_minor,
                              enum refund_purpose purpose, int64_t now_ms);

/*
 * When a channel was asked about a refund. Who asks by timer counts an attempt first, and every move counts a version:
 * while the row is still at the turn, nobody has asked since.
 */
struct refund_turn {
    int32_t version;
    int32_t attempts;
};
struct refund_turn refund_turn_of(const struct refund_row *row);
bool refund_is_at(const struct refund_row *row, struct refund_turn turn);

/* Whether the timer, whose attempt is counted, is the first to ask. Of an order's refund, RefundOrder was to ask. */
bool refund_is_unasked(const struct refund_row *row);

/* Claims their money from their payments and records them. More than a payment took is a conflict. */
int refund_begin(struct batch *batch, const struct refund_row *rows, size_t n, struct err *err) MUST_CHECK;

/*
 * Of a locked refund that has failed, so that its claim was given back: whether the payment, which is locked, has so
 * much left; and claims it again.
 */
int refund_can_claim(struct batch *batch, const struct refund_row *row, bool *ret_can, struct err *err) MUST_CHECK;
int refund_claim_again(struct batch *batch, const struct refund_row *row, struct err *err) MUST_CHECK;

/* Moves as they gather; each changes its row in memory at once. */
struct refund_moves {
    struct refund_row **rows;
    size_t n_rows;
    struct refund_event_row *events;
    size_t n_events;
};
struct refund_moves refund_moves_begin(size_t n_max, struct arena *arena);
/* PREs that the table allows the event. */
void refund_move_add(struct refund_moves *moves, struct refund_row *row, enum refund_event event, const char *actor,
                     const char *detail, int64_t now_ms);
/* Writes them, and gives the claims of those that failed back to their payments. */
int refund_moves_write(struct batch *batch, struct refund_moves *moves, struct err *err) MUST_CHECK;

#endif
