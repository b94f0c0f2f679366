/*
 * The order module's verbs for flows and services, inside the caller's transaction. All work on arrays; an item names
 * the command it belongs to, items of commands already done are skipped, and a refusal is the command's. Functions
 * return 0, or an error of sql.h that rolls the whole batch back.
 */
#ifndef BMT_ORDER_OPS_H
#define BMT_ORDER_OPS_H

#include "base/money.h"
#include "order/rules.h"
#include "order/state.h"
#include "order/store.h"
#include "rpc/list.h"

/* An order that a command is about. The caller sets the upper part, order_lock or order_load the lower. */
struct order_ref {
    struct command *command;
    int64_t order_id;

    struct order_row *row; /* shared by all references to the same order */
};

/*
 * Finds the orders; those of other businesses, and for browsers of other users, are refused with ORDER_NOT_FOUND.
 * order_lock locks the rows by id, so that batches wait for each other in one order.
 */
int order_lock(struct batch *batch, struct order_ref *refs, size_t n, struct err *err) MUST_CHECK;
int order_load(struct batch *batch, struct order_ref *refs, size_t n, struct err *err) MUST_CHECK;

/* One move of a locked order. */
struct order_move {
    struct order_row *row;
    enum order_event event;
    enum close_reason close_reason; /* for events that close; else 0 */
    int64_t payment_id;             /* the payment that it came by; 0: none */
    const char *actor;
    const char *detail;
};

/* Refuses the command with ORDER_WRONG_STATE when the table does not allow the event now. */
bool order_allows(const struct order_row *row, enum order_event event, struct command *command);

/*
 * The moves of a batch as they gather: each changes its row in memory at once, so that the next one sees it.
 * order_move_add PREs that the table allows the event; order_moves_write writes rows and events.
 */
struct order_moves {
    struct order_row **rows;
    size_t n_rows;
    struct order_event_row *events;
    size_t n_events;
};
struct order_moves order_moves_begin(size_t n_max, struct arena *arena);
void order_move_add(struct order_moves *moves, const struct order_move *move, int64_t now_ms);
int order_moves_write(struct batch *batch, struct order_moves *moves, struct err *err) MUST_CHECK;

/* Lines of orders, grouped: `lines[i]`, `n_lines[i]` belong to the i-th row; rows may be NULL. */
struct order_lines {
    const struct order_line_row *list;
    size_t n;
};
int order_load_lines(struct batch *batch, struct order_row *const *rows, size_t n, struct order_lines *ret_lines,
                     struct err *err) MUST_CHECK;

/*
 * Of a locked order with its lines: the lines as the rules of refunds see them, and what has neither gone back nor is
 * disputed.
 */
struct refundable_line *order_refundable(const struct order_row *row, const struct order_lines *lines,
                                         struct arena *arena, int64_t *ret_left_minor);

/* The payment that was begun for a locked order. */
struct order_pay_claim {
    struct command *command;
    struct order_row *row;
    int64_t payment_id; /* 0: none was begun */
};

/* Notes payment_id on the orders of claims whose command is not done and that have one. */
int order_note_payments(struct batch *batch, const struct order_pay_claim *claims, size_t n,
                        struct err *err) MUST_CHECK;

/* Reads of orders: commands with their plans. */
struct get_order {
    struct command command;
    int64_t order_id;
    struct order_row *row;
    struct order_lines lines;
};

struct get_orders {
    struct command command;
    const int64_t *order_ids;
    size_t n;
    struct order_row **rows; /* NULL where there is none */
    struct order_lines *lines;
};

struct list_orders {
    struct command command;
    struct list list;
    struct order_filter filter;
    struct order_row *rows;
    struct order_lines *lines;
    size_t n;
};

struct list_order_events {
    struct command command;
    struct list list;
    int64_t order_id;
    struct order_row *row;
    struct order_event_row *rows;
    size_t n;
};

/* The first event of an order, which is the order row itself. */
struct order_event_row order_creation(const struct order_row *row);

extern struct batch_plan get_order_plan, get_orders_plan, list_orders_plan, list_order_events_plan;

#endif
