/* Offering payments again; see offer_payment.h. Locks payments, reads orders and accounts. */
#include "flows/offer_payment.h"

#include "base/clock.h"
#include "order/ops.h"
#include "rpc/call.h"
#include "rpc/lane.h"

bool offer_payment_is_abandoned(const struct payment_row *row, int64_t now_ms)
{
    return row->state == PAYMENT_CREATED && now_ms < row->expire_time_ms &&
           now_ms - row->update_time_ms >= 2 * ask_channel_timeout_ms();
}

/* What must still allow a payment, each with a command of its own: what does not is no refusal of the caller's. */
struct look {
    struct offer_payment *offer;
    struct command command;
};

/* An order that waits for another payment, or for none any more, is not paid by this one. */
static void look_at_order(struct look *look, const struct order_row *order, int64_t now_ms)
{
    if (!look->command.is_done && order_allows(order, ORDER_EVENT_PAY, &look->command))
        look->command.is_done = order->due_time_ms <= now_ms || order->payment_id != look->offer->payment_id;
}

static int load_orders(struct batch *batch, struct look *looks, size_t n, struct err *err)
{
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, n);
    struct look **of = arena_array_of(batch->arena, struct look *, n);
    size_t n_refs = 0;
    int rc;

    for (size_t i = 0; i < n; i++) {
        if (looks[i].offer->row->order_id == 0)
            continue;
        of[n_refs] = &looks[i];
        refs[n_refs++] = (struct order_ref){.command = &looks[i].command, .order_id = looks[i].offer->row->order_id};
    }
    rc = order_load(batch, refs, n_refs, err);
    for (size_t i = 0; i < n_refs && rc == 0; i++)
        look_at_order(of[i], refs[i].row, batch->now_ms);
    return rc;
}

static int load_accounts(struct batch *batch, struct look *looks, size_t n, struct err *err)
{
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, n);
    struct command **commands = arena_array_of(batch->arena, struct command *, n);
    int64_t *ids = arena_array_of(batch->arena, int64_t, n);
    int rc;

    for (size_t i = 0; i < n; i++) {
        commands[i] = &looks[i].command;
        ids[i] = looks[i].offer->row->channel_account_id;
    }
    rc = payment_load_accounts(batch, commands, ids, n, accounts, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        const struct payment_row *row = looks[i].offer->row;

        looks[i].offer->account = accounts[i];
        if (!commands[i]->is_done)
            (void)payment_account_allows(accounts[i], money_of(row->amount_minor, row->currency), commands[i]);
    }
    return rc;
}

static int offer_payment_body(struct batch *batch, struct err *err)
{
    struct payment_ref *refs = arena_array_of(batch->arena, struct payment_ref, batch->n);
    struct look *looks = arena_array_of(batch->arena, struct look, batch->n);
    struct payment_moves moves = payment_moves_begin(batch->n, batch->arena);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payment_ref){.command = batch->commands[i],
                                       .payment_id = ((struct offer_payment *)(void *)batch->commands[i])->payment_id};
    rc = payment_lock(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct offer_payment, c, batch)
    {
        c->row = refs[c_i].row;
        c->is_offered = false;
        if (offer_payment_is_abandoned(c->row, batch->now_ms))
            looks[n++] = (struct look){.offer = c, .command = {.biz_id = c->row->biz_id}};
    }
    rc = load_orders(batch, looks, n, err);
    if (rc == 0)
        rc = load_accounts(batch, looks, n, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct offer_payment *c = looks[i].offer;

        if (looks[i].command.is_done || !offer_payment_is_abandoned(c->row, batch->now_ms)) /* by a neighbour */
            continue;
        payment_move_add(&moves, c->row, PAYMENT_EVENT_OFFER, c->command.actor, "", batch->now_ms);
        c->is_offered = true;
    }
    return rc == 0 ? payment_moves_write(batch, &moves, err) : rc;
}

struct batch_plan offer_payment_plan = {.name = "payment.offer", .home = MODULE_PAYMENT, .body = offer_payment_body};

size_t offer_payment_again(struct lane *lane, struct payment_answer *answers, size_t n, asked_answer *answer)
{
    struct arena *arena = lane_arena(lane);
    struct offer_payment *commands = arena_array_of(arena, struct offer_payment, n);
    struct call **calls = arena_array_of(arena, struct call *, n);
    const int64_t now_ms = clock_now_ms();
    size_t n_commands = 0;
    size_t n_left = 0;

    for (size_t i = 0; i < n; i++) {
        if (!offer_payment_is_abandoned(answers[i].payment, now_ms)) {
            answers[n_left++] = answers[i];
            continue;
        }
        calls[n_commands] = answers[i].call;
        call_command(answers[i].call, NULL, &commands[n_commands].command);
        commands[n_commands++].payment_id = answers[i].payment->payment_id;
    }
    if (n_commands > 0)
        batch_run(lane_session(lane), &offer_payment_plan, arena, commands, n_commands, sizeof *commands);
    for (size_t i = 0; i < n_commands; i++) {
        const struct offer_payment *c = &commands[i];

        if (c->command.err.id != ERR_NONE)
            call_fail(calls[i], &c->command.err);
        else if (c->is_offered)
            ask_channel_for(calls[i], ASK_CREATE_AGAIN, c->row, c->account, answer);
        else
            answers[n_left++] = (struct payment_answer){.call = calls[i], .payment = c->row};
    }
    return n_left;
}
