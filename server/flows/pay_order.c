/* PayOrder's steps and its answer; see pay_order.h. */
#include "flows/pay_order.h"

#include <string.h>

#include "bmt/order/v1/order.pb-c.h"
#include "flows/offer_payment.h"
#include "order/messages.h"
#include "payment/messages.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

/* All that is left is to show the payments, with their orders as they are now: read in one statement. */
static void answer_all(struct lane *lane, const struct payment_answer *answers, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct get_order *commands = arena_array_of(arena, struct get_order, n);

    for (size_t i = 0; i < n; i++) {
        call_command(answers[i].call, NULL, &commands[i].command);
        commands[i].order_id = answers[i].payment->order_id;
    }
    batch_run(lane_session(lane), &get_order_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        Bmt__Order__V1__PayOrderResponse reply = BMT__ORDER__V1__PAY_ORDER_RESPONSE__INIT;

        if (commands[i].command.err.id != ERR_NONE) {
            call_fail(answers[i].call, &commands[i].command.err);
            continue;
        }
        reply.order = order_message(commands[i].row, &commands[i].lines, arena);
        reply.payment = payment_message(answers[i].payment, arena);
        call_reply(answers[i].call, &reply.base);
    }
}

/* Step 3 has been done: whatever the channel said, the payment tells it. */
static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    struct payment_answer *answers = arena_array_of(lane_arena(lane), struct payment_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        const struct ask *ask = asked[i].ask;
        const struct complete_payment *done = asked[i].done;
        struct call *call = ask->context;

        if (done->command.err.id != ERR_NONE)
            call_fail(call, &done->command.err);
        else
            answers[n_answers++] = (struct payment_answer){.call = call, .payment = done->row};
    }
    if (n_answers > 0)
        answer_all(lane, answers, n_answers);
}

/* Step 1. */
void pay_order_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct begin_payment *commands = arena_array_of(arena, struct begin_payment, n);
    struct payment_answer *answers = arena_array_of(arena, struct payment_answer, n);
    size_t n_answers = 0;

    for (size_t i = 0; i < n; i++) {
        const Bmt__Order__V1__PayOrderRequest *request = call_request(calls[i]);

        call_command(calls[i], request->request_id, &commands[i].command);
        commands[i].order_id = proto_id_of(ID_ORDER, request->order_id);
        commands[i].account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->channel_account_id);
        commands[i].return_url = request->return_url;
    }
    batch_run(lane_session(lane), &begin_payment_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            call_fail(calls[i], &commands[i].command.err);
        else if (commands[i].is_new)
            ask_channel_for(calls[i], ASK_CREATE, commands[i].payment, commands[i].account, answer_asked); /* step 2 */
        else
            answers[n_answers++] = (struct payment_answer){.call = calls[i], .payment = commands[i].payment};
    }
    n_answers = offer_payment_again(lane, answers, n_answers, answer_asked);
    if (n_answers > 0)
        answer_all(lane, answers, n_answers);
}
