/* The first step of PayOrder: deciding and recording; see pay_order.h. Locks orders, then inserts payments. */
#include <string.h>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/plant.h"
#include "flows/open_agreements.h"
#include "flows/pay_order.h"

/* A repeat gets the payment as it is now. */
static int answer_repeats(struct batch *batch, struct err *err)
{
    struct payment_row **rows = arena_array_of(batch->arena, struct payment_row *, batch->n);
    int rc;

    rc = payment_find_repeats(batch, batch->commands, batch->n, rows, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        if (rows[i] != NULL)
            ((struct begin_payment *)(void *)batch->commands[i])->payment = rows[i];
    return rc;
}

/* Existence of order and account first, then what their states allow. */
static void check(struct begin_payment *c, const struct order_row *order, int64_t now_ms)
{
    if (!order_allows(order, ORDER_EVENT_PAY, &c->command))
        return;
    const struct money amount = money_of(order->amount_minor, order->currency);

    if (order->due_time_ms <= now_ms)
        command_refuse(&c->command, ERR_ORDER_EXPIRED, id_show(ID_ORDER, c->order_id));
    else
        (void)payment_account_allows(c->account, amount, &c->command);
}

/*
 * One payment of an order at a time: an open one of the same account is shown again when the payer can still go on
 * with it; any other open one may yet take the money, so a second channel is not charged.
 */
static void meet_open_payment(struct begin_payment *c, struct payment_row *open)
{
    if (PLANTED("second_channel"))
        return;
    if (open->channel_account_id == c->account_id && open->state == PAYMENT_PENDING) {
        c->payment = open;
        c->command.is_done = true;
    } else {
        command_refuse(&c->command, ERR_PAYMENT_IN_DOUBT, id_show(ID_PAYMENT, open->payment_id));
    }
}

/*
 * The order names the last payment that was begun for it. One that cannot be seen is in a branch that is still being
 * committed; reading it with a lock waits for that branch. Only those that cannot be seen are locked: who completes a
 * payment locks it before its order.
 */
static int wait_for_unseen(struct batch *batch, const struct order_ref *refs, struct err *err)
{
    struct payment_key *keys = arena_array_of(batch->arena, struct payment_key, batch->n);
    struct payment_row *rows = NULL;
    size_t n_keys = 0;
    size_t n_unseen = 0;
    size_t n = 0;
    int rc;

    for_each_command(struct begin_payment, c, batch) if (refs[c_i].row->payment_id != 0) keys[n_keys++] =
        (struct payment_key){.id = refs[c_i].row->payment_id, .biz_id = refs[c_i].row->biz_id};
    rc = payment_store_find(batch->tx, keys, n_keys, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n_keys; i++) {
        bool is_seen = false;

        for (size_t j = 0; j < n && !is_seen; j++)
            is_seen = rows[j].payment_id == keys[i].id;
        if (!is_seen)
            keys[n_unseen++] = keys[i];
    }
    return payment_store_lock(batch->tx, keys, n_unseen, batch->arena, &rows, &n, err);
}

static struct payment_row make_payment(const struct begin_payment *c, const struct order_row *order, int64_t now_ms)
{
    struct payment_row row = {
        .order_id = order->order_id,
        .user_id = order->user_id,
        .channel_account_id = c->account_id,
        .amount_minor = order->amount_minor,
        .return_url = c->return_url,
        .expire_time_ms = order->due_time_ms,
    };

    memcpy(row.currency, order->currency, CURRENCY_SIZE);
    payment_row_begin(&row, &c->command, now_ms);
    return row;
}

/* A payment that the order names and that nobody can see even now: whatever it is, it may take the money. */
static void meet_unseen_payment(struct begin_payment *c, const struct order_row *order, const struct payment_row *rows,
                                size_t n)
{
    bool is_seen = order->payment_id == 0 || PLANTED("blind_to_doubt");

    for (size_t i = 0; i < n; i++)
        is_seen = is_seen || rows[i].payment_id == order->payment_id;
    if (!is_seen)
        command_refuse(&c->command, ERR_PAYMENT_IN_DOUBT, id_show(ID_PAYMENT, order->payment_id));
}

static int meet_open_payments(struct batch *batch, const struct order_ref *refs, struct err *err)
{
    int64_t *order_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct payment_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct begin_payment, c, batch) order_ids[c_i] = c->order_id;
    rc = payment_store_find_of_orders(batch->tx, order_ids, batch->n, batch->arena, &rows, &n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct begin_payment, c,
                     batch) for (size_t i = 0; i < n && !c->command.is_done;
                                 i++) if (rows[i].order_id == c->order_id && payment_state_is_open(rows[i].state))
        meet_open_payment(c, &rows[i]);
    for_each_command(struct begin_payment, c, batch) meet_unseen_payment(c, refs[c_i].row, rows, n);
    return 0;
}

/*
 * What must be accepted holds back a payment that would begin, not one that has begun. The first that is not accepted
 * is named; who has accepted it hears of the next.
 */
static int demand_agreements(struct batch *batch, const struct order_ref *refs, struct err *err)
{
    struct agreement_look *looks = arena_array_of(batch->arena, struct agreement_look, batch->n);
    struct order_row **orders = arena_array_of(batch->arena, struct order_row *, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        const struct begin_payment *c = (const void *)batch->commands[i];

        orders[i] = refs[i].row;
        looks[i] = (struct agreement_look){.command = batch->commands[i], .only_required = true};
        if (!c->command.is_done)
            looks[i].version = c->account->agreement_version;
    }
    rc = open_agreements(batch, looks, orders, batch->n, err);
    for (size_t i = 0; i < batch->n && rc == 0; i++)
        if (looks[i].n > 0)
            command_refuse(batch->commands[i], ERR_AGREEMENT_NOT_ACCEPTED,
                           id_show(ID_TEMPLATE, looks[i].list[0].template_id), looks[i].list[0].code,
                           err_i64(looks[i].list[0].version));
    return rc;
}

static int record(struct batch *batch, struct order_pay_claim *claims, struct err *err)
{
    struct payment_row *rows = arena_array_of(batch->arena, struct payment_row, batch->n);
    size_t n = 0;
    int rc;

    for_each_command(struct begin_payment, c, batch)
    {
        for (size_t i = 0; i < n && !c->command.is_done; i++) /* an earlier command of this batch */
            if (rows[i].order_id == c->order_id)
                command_refuse(&c->command, ERR_PAYMENT_IN_DOUBT, id_show(ID_PAYMENT, rows[i].payment_id));
        if (c->command.is_done)
            continue;
        rows[n] = make_payment(c, claims[c_i].row, batch->now_ms);
        claims[c_i].payment_id = rows[n].payment_id;
        c->payment = &rows[n++];
        c->is_new = true;
    }
    rc = payment_store_insert(batch->tx, rows, n, err);
    if (rc == 0)
        rc = failpoint_step("begin_payment.recorded", err);
    if (rc == 0)
        rc = order_note_payments(batch, claims, batch->n, err);
    return rc;
}

static int begin_payment_body(struct batch *batch, struct err *err)
{
    struct order_pay_claim *claims = arena_array_of(batch->arena, struct order_pay_claim, batch->n);
    struct order_ref *refs = arena_array_of(batch->arena, struct order_ref, batch->n);
    int64_t *account_ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct channel_account_row **accounts = arena_array_of(batch->arena, struct channel_account_row *, batch->n);
    int rc;

    for (size_t i = 0; i < batch->n; i++) {
        struct begin_payment *c = (void *)batch->commands[i];

        c->is_new = false;
        account_ids[i] = c->account_id;
        refs[i] = (struct order_ref){.command = &c->command, .order_id = c->order_id};
    }
    rc = answer_repeats(batch, err);
    if (rc == 0)
        rc = order_lock(batch, refs, batch->n, err);
    if (rc == 0)
        rc = failpoint_step("begin_payment.locked", err);
    if (rc == 0 && !PLANTED("blind_to_doubt"))
        rc = wait_for_unseen(batch, refs, err);
    if (rc == 0)
        rc = answer_repeats(batch, err); /* the same request may have held the locks that we waited for */
    if (rc == 0)
        rc = payment_load_accounts(batch, batch->commands, account_ids, batch->n, accounts, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < batch->n; i++)
        claims[i] = (struct order_pay_claim){.command = batch->commands[i], .row = refs[i].row};
    for_each_command(struct begin_payment, c, batch)
    {
        c->account = accounts[c_i];
        check(c, refs[c_i].row, batch->now_ms);
    }
    rc = meet_open_payments(batch, refs, err);
    if (rc == 0)
        rc = demand_agreements(batch, refs, err);
    if (rc == 0)
        rc = record(batch, claims, err);
    return rc;
}

struct batch_plan begin_payment_plan = {
    .name = "payment.begin",
    .home = MODULE_ORDER,
    .body = begin_payment_body,
};
