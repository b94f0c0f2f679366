/*
 * Disputes: payers have money of lines taken back by their banks. Verbs for flows/open_dispute.c and close_dispute.c,
 * and reads. Functions return 0, or an error of sql.h that rolls the whole batch back.
 *
 *   opened   debit DISPUTES             credit CHANNEL_RECEIVABLE
 *   won      debit CHANNEL_RECEIVABLE   credit DISPUTES
 *   lost     debit REFUNDS              credit DISPUTES, of a line that waits: it has less to divide
 *            debit those who had it     credit DISPUTES, of a line that is cleared
 *
 *   fee      debit PLATFORM_REVENUE     credit CHANNEL_RECEIVABLE, when it is opened; what the channel gives back of it
 *            when it ends goes the other way
 *
 * Until the dispute ends nobody bears it: the line is cleared and paid out as if there were none. Its fee is the
 * platform's from the beginning: CHANNEL_FEES holds what lines will share, and a fee that nobody could foresee when
 * shares were agreed on is not theirs. Who wants it of a partner says so by an adjustment.
 */
#ifndef BMT_SETTLEMENT_OPS_DISPUTE_H
#define BMT_SETTLEMENT_OPS_DISPUTE_H

#include "rpc/list.h"
#include "settlement/ops_clearing.h"
#include "settlement/state.h"
#include "settlement/store_dispute.h"

struct open_dispute {
    struct command command;
    int64_t order_id;
    int32_t line_no;
    struct money amount;
    struct money fee; /* of no currency: none */
    const char *channel_dispute;
    const char *reason;

    /* The order's refund under way, as its flow has found it: its amount (0: none), and what its units had cost. */
    int64_t refund_minor;
    const struct refunded_line *refunded;
    size_t n_refunded;

    struct dispute_row row; /* once it is decided; without an id it was refused */
};

struct close_dispute {
    struct command command;
    int64_t dispute_id;
    enum dispute_event event;  /* WIN or LOSE */
    struct money fee_returned; /* of no currency: nothing */
    const char *reason;

    struct dispute_row *row; /* locked; shared by all commands on the same dispute */
};

/* What a batch has decided and not written yet. */
struct dispute_work {
    struct clearing_row *lines; /* locked, of all orders of the batch */
    size_t n_lines;
    struct clearing_entry_row *entries; /* theirs */
    size_t n_entries;
    struct dispute_row *rows; /* new, or moved */
    struct dispute_event_row *events;
    size_t n;
    struct new_entries made;
    struct transfers transfers;
};

/*
 * The orders are locked by then. Locks their lines and decides; refuses with CLEARING_NOT_FOUND, ORDER_LINE_NOT_FOUND,
 * CURRENCY_MISMATCH, DISPUTE_TAKEN, DISPUTE_TOO_LARGE.
 */
int disputes_decide_opening(struct batch *batch, struct dispute_work *work, struct err *err) MUST_CHECK;
int disputes_write_opened(struct batch *batch, struct dispute_work *work, struct err *err) MUST_CHECK;

/* Disputes are locked before their orders, so that the orders are known; refuses with DISPUTE_NOT_FOUND. */
int disputes_lock(struct batch *batch, struct err *err) MUST_CHECK;
/* Refuses with CURRENCY_MISMATCH, DISPUTE_WRONG_STATE, DISPUTE_FEE_TOO_LARGE. */
int disputes_decide_closing(struct batch *batch, struct dispute_work *work, struct err *err) MUST_CHECK;
int disputes_write_closed(struct batch *batch, struct dispute_work *work, struct err *err) MUST_CHECK;

/* Within this room: the line among those that are locked, and the event of a row as it stands now. */
struct clearing_row *dispute_line_of(const struct dispute_work *work, int64_t order_id, int32_t line_no,
                                     int64_t biz_id);
struct dispute_event_row dispute_event_of(const struct dispute_row *row, enum dispute_event event, int from,
                                          const struct command *command, const char *detail);
/* Writes the lines of disputes that were opened or moved. */
int disputes_write_lines(struct batch *batch, const struct dispute_work *work, struct err *err) MUST_CHECK;

/* A line, and what was entered of it; only a dispute that is lost asks for the entries. */
struct dispute_line {
    struct clearing_row *row;
    const struct clearing_entry_row *entries;
    size_t n_entries;
};

enum { DISPUTE_TRANSFERS_MAX = 2 }; /* of one event */

/*
 * What a dispute's event moves: on its line's row, in the ledger (the fee, or what of it came back, included), and,
 * when it is lost over a cleared line, by entries of those who had the line's money, in proportion to what they have
 * left of it. Neither reads nor writes rows. PRE: the amount is left (OPEN), or disputed (WIN, LOSE).
 * ERR_INTERNAL_ERROR: a row that lies.
 */
int dispute_book(struct batch *batch, const struct dispute_row *row, enum dispute_event event, const char *note,
                 struct dispute_line *on, struct transfers *transfers, struct new_entries *made,
                 struct err *err) MUST_CHECK;

struct get_dispute {
    struct command command;
    int64_t dispute_id;
    struct dispute_row row;
};

struct list_disputes {
    struct command command;
    struct list list;
    int64_t order_id; /* 0: of all orders */
    int32_t state;    /* 0: in all states */
    struct dispute_row *rows;
    size_t n;
};

extern struct batch_plan get_dispute_plan, list_disputes_plan;

#endif
