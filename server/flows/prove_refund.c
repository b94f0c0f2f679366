/* Taking a failed refund up again; see prove_refund.h. Locks the payment, then the order, as complete_refund.h says. */
#include "flows/prove_refund.h"

#include "order/ops.h"

/* The order with what the refund recalls. */
struct taken_up {
    struct command command; /* of the order's look-up: that it is not there is no refusal of the caller's */
    struct order_ref ref;
    struct order_row *row;
    struct order_lines lines;
    struct refund_line_row *recalls;
    size_t n_recalls;
};

static int lock_order(struct batch *batch, const struct refund_row *refund, struct taken_up *order, struct err *err)
{
    int rc;

    order->command = (struct command){.biz_id = refund->biz_id};
    order->ref = (struct order_ref){.command = &order->command, .order_id = refund->order_id};
    rc = order_lock(batch, &order->ref, 1, err);
    order->row = rc == 0 ? order->ref.row : NULL;
    if (rc != 0 || order->row == NULL)
        return rc;
    rc = order_load_lines(batch, &order->row, 1, &order->lines, err);
    if (rc == 0)
        rc = order_store_find_refund_lines(batch->tx, &refund->refund_id, 1, batch->arena, &order->recalls,
                                           &order->n_recalls, err);
    return rc;
}

static int64_t left_of(const struct order_lines *lines, int32_t line_no)
{
    for (size_t i = 0; i < lines->n; i++)
        if (lines->list[i].line_no == line_no)
            return lines->list[i].quantity - lines->list[i].refunded_quantity;
    return 0;
}

static bool can_give_back(const struct taken_up *order, const struct refund_row *refund, struct arena *arena)
{
    struct refund_want *wants = arena_array_of(arena, struct refund_want, order->n_recalls);
    struct refundable_line *refundable;
    int64_t left_minor;
    int to;

    if (order->row == NULL || !fsm_next(&order_fsm, order->row->state, ORDER_EVENT_START_REFUND, &to))
        return false;
    for (size_t i = 0; i < order->n_recalls; i++) {
        if (order->recalls[i].quantity > left_of(&order->lines, order->recalls[i].line_no))
            return false;
        wants[i] = (struct refund_want){.line_no = order->recalls[i].line_no, .quantity = order->recalls[i].quantity};
    }
    refundable = order_refundable(order->row, &order->lines, arena, &left_minor);
    return refund->amount_minor <= left_minor &&
           refund->amount_minor <= order_refund_max(refundable, order->lines.n, wants, order->n_recalls);
}

static int begin_again(struct batch *batch, const struct complete_refund *c, struct order_row *order, struct err *err)
{
    struct order_moves moves = order_moves_begin(1, batch->arena);

    order->refund_id = c->refund_id;
    order_move_add(&moves,
                   &(struct order_move){.row = order,
                                        .event = ORDER_EVENT_START_REFUND,
                                        .payment_id = order->payment_id,
                                        .actor = c->command.actor,
                                        .detail = "proven by the channel's statement"},
                   batch->now_ms);
    return order_moves_write(batch, &moves, err);
}

int prove_refund(struct batch *batch, const struct complete_refund *c, bool *ret_can, struct err *err)
{
    struct taken_up *order = arena_new_of(batch->arena, struct taken_up);
    bool can = false;
    int rc;

    PRE(c->row->state == REFUND_FAILED);
    rc = refund_can_claim(batch, c->row, &can, err);
    if (rc == 0 && can && c->row->purpose == REFUND_OF_ORDER) {
        rc = lock_order(batch, c->row, order, err);
        can = rc == 0 && can_give_back(order, c->row, batch->arena);
    }
    if (rc != 0)
        return rc;
    *ret_can = can;
    if (!can || c->is_look)
        return 0;
    rc = refund_claim_again(batch, c->row, err);
    if (rc == 0 && c->row->purpose == REFUND_OF_ORDER)
        rc = begin_again(batch, c, order->row, err);
    return rc;
}
