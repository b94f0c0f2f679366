/* RefundOrder's steps and its answer, and GetRefund; see refund_order.h. */
#include "flows/refund_order.h"

#include <string.h>

#include "base/id.h"
#include "bmt/order/v1/order.pb-c.h"
#include "flows/ask_refund.h"
#include "order/messages.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

static const char *reason_of(const struct get_refund *c)
{
    if (c->of_order != NULL)
        return c->of_order->reason;
    return c->row->purpose == REFUND_OF_CHARGE ? c->row->reason : "the money came too late for its order";
}

static Bmt__Order__V1__Refund *refund_message(const struct get_refund *c, struct arena *arena)
{
    Bmt__Order__V1__Refund *refund = arena_new_of(arena, Bmt__Order__V1__Refund);

    bmt__order__v1__refund__init(refund);
    refund->refund_id = proto_id(ID_REFUND, c->row->refund_id, arena);
    refund->order_id = proto_id(ID_ORDER, c->row->order_id, arena);
    refund->payment_id = proto_id(ID_PAYMENT, c->row->payment_id, arena);
    refund->state = (Bmt__Order__V1__RefundState)c->row->state;
    refund->amount = proto_money(c->row->amount_minor, c->row->currency, arena);
    refund->n_lines = c->n_lines;
    refund->lines = arena_array_of(arena, Bmt__Order__V1__RefundLine *, c->n_lines);
    for (size_t i = 0; i < c->n_lines; i++) {
        refund->lines[i] = arena_new_of(arena, Bmt__Order__V1__RefundLine);
        bmt__order__v1__refund_line__init(refund->lines[i]);
        refund->lines[i]->line_no = c->lines[i].line_no;
        refund->lines[i]->quantity = c->lines[i].quantity;
    }
    refund->reason = proto_text(reason_of(c));
    refund->failure = proto_text(c->row->failure);
    refund->channel_transaction = proto_text(c->row->channel_transaction != NULL ? c->row->channel_transaction : "");
    refund->create_time = proto_time(c->row->create_time_ms, arena);
    refund->update_time = proto_time(c->row->update_time_ms, arena);
    return refund;
}

void get_refund_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__GetRefundRequest *request = message;

    (void)call;
    ((struct get_refund *)into)->refund_id = proto_id_of(ID_REFUND, request->refund_id);
}

const ProtobufCMessage *get_refund_reply(const void *from, struct arena *arena)
{
    Bmt__Order__V1__GetRefundResponse *reply = arena_new_of(arena, Bmt__Order__V1__GetRefundResponse);

    bmt__order__v1__get_refund_response__init(reply);
    reply->refund = refund_message(from, arena);
    return &reply->base;
}

/* A call whose refund is known: all that is left is to show it, with the order as it is now. */
struct refund_answer {
    struct call *call;
    int64_t refund_id;
};

static void answer_one(struct call *call, const struct get_refund *refund, const struct get_order *order,
                       struct arena *arena)
{
    Bmt__Order__V1__RefundOrderResponse reply = BMT__ORDER__V1__REFUND_ORDER_RESPONSE__INIT;

    if (refund->command.err.id != ERR_NONE) {
        call_fail(call, &refund->command.err);
    } else if (order->command.err.id != ERR_NONE) {
        call_fail(call, &order->command.err);
    } else {
        reply.refund = refund_message(refund, arena);
        reply.order = order_message(order->row, &order->lines, arena);
        call_reply(call, &reply.base);
    }
}

static void answer_all(struct lane *lane, const struct refund_answer *answers, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct get_refund *refunds = arena_array_of(arena, struct get_refund, n);
    struct get_order *orders = arena_array_of(arena, struct get_order, n);

    for (size_t i = 0; i < n; i++) {
        call_command(answers[i].call, NULL, &refunds[i].command);
        refunds[i].refund_id = answers[i].refund_id;
    }
    batch_run(lane_session(lane), &get_refund_plan, arena, refunds, n, sizeof *refunds);
    for (size_t i = 0; i < n; i++) {
        call_command(answers[i].call, NULL, &orders[i].command);
        if (refunds[i].command.err.id == ERR_NONE)
            orders[i].order_id = refunds[i].row->order_id;
        else
            orders[i].command.is_done = true; /* such as a refund whose other branch is still being committed */
    }
    batch_run(lane_session(lane), &get_order_plan, arena, orders, n, sizeof *orders);
    for (size_t i = 0; i < n; i++)
        answer_one(answers[i].call, &refunds[i], &orders[i], arena);
}

/* Step 3 has been done: whatever the channel said, the refund tells it. */
static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    struct refund_answer *answers = arena_array_of(lane_arena(lane), struct refund_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        const struct refund_ask *ask = asked[i].ask;
        const struct complete_refund *done = asked[i].done;
        struct call *call = ask->context;

        if (done->command.err.id != ERR_NONE)
            call_fail(call, &done->command.err);
        else
            answers[n_answers++] = (struct refund_answer){.call = call, .refund_id = ask->refund_id};
    }
    if (n_answers > 0)
        answer_all(lane, answers, n_answers);
}

/* Each line once; the amount positive, where there is one. */
static void check_request(struct command *command, const Bmt__Order__V1__RefundOrderRequest *request)
{
    for (size_t i = 0; i < request->n_lines; i++)
        for (size_t j = 0; j < i && !command->is_done; j++)
            if (request->lines[i]->line_no == request->lines[j]->line_no)
                command_refuse(command, ERR_FIELD_DUPLICATE, "lines.line_no", err_i64(request->lines[i]->line_no));
    if (!command->is_done && request->amount != NULL &&
        (request->amount->amount_minor <= 0 || request->amount->amount_minor > MONEY_AMOUNT_MAX))
        command_refuse(command, ERR_FIELD_OUT_OF_RANGE, "amount.amount_minor", "1", err_i64(MONEY_AMOUNT_MAX));
    else if (!command->is_done && request->amount != NULL && !currency_known(request->amount->currency))
        command_refuse(command, ERR_FIELD_MALFORMED, "amount.currency", "a currency of ISO 4217");
}

static void read_request(const struct call *call, struct begin_refund *c)
{
    const Bmt__Order__V1__RefundOrderRequest *request = call_request(call);

    call_command(call, request->request_id, &c->command);
    check_request(&c->command, request);
    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    c->reason = request->reason;
    c->wants_all = request->n_lines == 0;
    c->n_wants = request->n_lines;
    c->wants = arena_array_of(call_arena(call), struct refund_want, c->n_wants);
    for (size_t i = 0; i < c->n_wants; i++)
        c->wants[i] =
            (struct refund_want){.line_no = request->lines[i]->line_no, .quantity = request->lines[i]->quantity};
    if (request->amount != NULL && !c->command.is_done)
        c->amount = money_of(request->amount->amount_minor, request->amount->currency);
}

/* Step 1. */
void refund_order_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct begin_refund *commands = arena_array_of(arena, struct begin_refund, n);
    struct refund_answer *answers = arena_array_of(arena, struct refund_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++)
        read_request(calls[i], &commands[i]);
    batch_run(lane_session(lane), &begin_refund_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            call_fail(calls[i], &commands[i].command.err);
        else if (commands[i].is_new)
            ask_refund_for(calls[i], commands[i].refund, commands[i].account, answer_asked); /* step 2 */
        else
            answers[n_answers++] = (struct refund_answer){.call = calls[i], .refund_id = commands[i].refund_id};
    }
    if (n_answers > 0)
        answer_all(lane, answers, n_answers);
}
