/*
 * Payouts: the module's verbs for the flows that pay statements (flows/pay_statement.h), and reads. Functions return 0,
 * or an error of sql.h that rolls the whole batch back.
 */
#ifndef BMT_SETTLEMENT_OPS_PAYOUT_H
#define BMT_SETTLEMENT_OPS_PAYOUT_H

#include "rpc/list.h"
#include "settlement/ops_ledger.h"
#include "settlement/state.h"
#include "settlement/store_payout.h"

/* A payout that a command is about. The caller sets the upper part. */
struct payout_ref {
    struct command *command;
    int64_t payout_id;

    struct payout_row *row; /* shared by all references to the same payout */
};
/* Refuse with PAYOUT_NOT_FOUND; payout_lock locks the rows by id. */
int payout_lock(struct batch *batch, struct payout_ref *refs, size_t n, struct err *err) MUST_CHECK;
int payout_load(struct batch *batch, struct payout_ref *refs, size_t n, struct err *err) MUST_CHECK;

/*
 * When a channel was asked about a payout. Who asks by timer counts an attempt first, and every move counts a version:
 * while the row is still at the turn, nobody has asked since.
 */
struct payout_turn {
    int32_t version;
    int32_t attempts;
};
struct payout_turn payout_turn_of(const struct payout_row *row);
bool payout_is_at(const struct payout_row *row, struct payout_turn turn);

/*
 * When the channel is asked next, 0: never. About open payouts with growing pauses, without an end; about those that
 * have succeeded once a day for PAYOUT_WATCH_DAYS, as banks send money back.
 */
enum { PAYOUT_WATCH_DAYS = 10 };
int64_t payout_next_question_ms(const struct payout_row *row, int64_t now_ms);

/* Records new payouts, CREATED. */
int payout_begin(struct batch *batch, const struct payout_row *rows, size_t n, const char *const *actors,
                 struct err *err) MUST_CHECK;

/* Moves as they gather; each changes its row in memory at once. */
struct payout_moves {
    struct payout_row **rows;
    size_t n_rows;
    struct payout_event_row *events;
    size_t n_events;
};
struct payout_moves payout_moves_begin(size_t n_max, struct arena *arena);
/* PREs that the table allows the event. */
void payout_move_add(struct payout_moves *moves, struct payout_row *row, enum payout_event event, const char *actor,
                     const char *detail, int64_t now_ms);
int payout_moves_write(struct batch *batch, const struct payout_moves *moves, struct err *err) MUST_CHECK;

/*
 * What a payout's event means: whether its statement moves, and by what; and the transfer in which the money moves.
 *
 *   created     what we owe the partner  --> in transit
 *   succeeded   in transit  --> the channel's debt to us
 *   failed      in transit  --> what we owe the partner
 *   returned    the channel's debt  --> what we owe the partner
 */
bool payout_moves_statement(enum payout_event event, enum statement_event *ret_event);
/* Gathers the transfer; for events that move no money nothing. */
void payout_book(struct transfers *transfers, const struct payout_row *row, enum payout_event event,
                 struct arena *arena);

struct get_payout {
    struct command command;
    int64_t payout_id;
    struct payout_row row;
};

struct list_payouts {
    struct command command;
    struct list list;
    int64_t partner_id; /* 0: of all */
    struct payout_row *rows;
    size_t n;
};

extern struct batch_plan get_payout_plan, list_payouts_plan;

#endif
