/* Notifications; see handle_notification.h. */
#include "flows/handle_notification.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "bmt/payment/v1/payment.pb-c.h"
#include "flows/ask_channel.h"
#include "rpc/lane.h"
#include "rpc/proto.h"

enum { BODY_KEPT_MAX = 4096 };

/* One notification on its way through step 1. */
struct read_notification {
    struct command command;
    struct call *call;
    int64_t account_id;
    const Bmt__Payment__V1__HandleNotificationRequest *request;

    struct channel_account_row *account;
    struct channel_notification notification;
    struct payment_row *payment;
    bool is_known;
};

/* Whose it is comes from the account, and that it is the channel's from the signature. */
static void prove(struct read_notification *c)
{
    const Bmt__Payment__V1__HandleNotificationRequest *request = c->request;
    struct arena *arena = call_arena(c->call);
    struct http_header *headers = arena_array_of(arena, struct http_header, request->n_headers);
    struct channel_account opened;

    if (c->account == NULL) {
        command_refuse(&c->command, ERR_CHANNEL_ACCOUNT_NOT_FOUND, id_show(ID_CHANNEL_ACCOUNT, c->account_id));
        return;
    }
    c->command.biz_id = c->account->biz_id;
    if (channel_open(c->account, &opened, &c->command.err) != 0) {
        c->command.is_done = true;
        return;
    }
    for (size_t i = 0; i < request->n_headers; i++)
        headers[i] = (struct http_header){.name = request->headers[i]->name, .value = request->headers[i]->value};
    if (!opened.channel->read_notification(&opened, headers, request->n_headers, request->body.data, request->body.len,
                                           clock_wall_ms(), arena, &c->notification))
        command_refuse(&c->command, ERR_NOTIFICATION_INVALID, id_show(ID_CHANNEL_ACCOUNT, c->account_id));
}

static int load_accounts(struct batch *batch, struct err *err)
{
    int64_t *ids = arena_array_of(batch->arena, int64_t, batch->n);
    struct channel_account_row *rows = NULL;
    size_t n = 0;
    int rc;

    for_each_command(struct read_notification, c, batch) ids[c_i] = c->account_id;
    rc = payment_store_find_accounts_by_id(batch->tx, ids, batch->n, batch->arena, &rows, &n, err);
    for_each_command(struct read_notification, c,
                     batch) for (size_t i = 0; i < n; i++) if (rows[i].channel_account_id == c->account_id) c->account =
        &rows[i];
    return rc;
}

static int find_known(struct batch *batch, struct err *err)
{
    struct notification_key *keys = arena_array_of(batch->arena, struct notification_key, batch->n);
    struct notification_key *rows = NULL;
    size_t n_keys = 0;
    size_t n = 0;
    int rc;

    for_each_command(struct read_notification, c, batch) keys[n_keys++] =
        (struct notification_key){.channel_account_id = c->account_id, .event_id = c->notification.event_id};
    rc = payment_store_find_notifications(batch->tx, keys, n_keys, batch->arena, &rows, &n, err);
    for_each_command(struct read_notification, c, batch) for (size_t i = 0; i < n; i++) c->is_known =
        c->is_known ||
        (rows[i].channel_account_id == c->account_id && strcmp(rows[i].event_id, c->notification.event_id) == 0);
    return rc;
}

/* What the notification says of amount and currency must be what we asked for, before anything else is believed. */
static void check_money(struct read_notification *c)
{
    const struct channel_verdict *verdict = &c->notification.verdict;
    const bool is_other_currency = strcmp(verdict->amount.currency, c->payment->currency) != 0;

    if (c->payment->channel_account_id != c->account_id)
        command_refuse(&c->command, ERR_NOTIFICATION_MISMATCH, "channel_account",
                       id_show(ID_PAYMENT, verdict->payment_id));
    else if (is_other_currency || verdict->amount.amount_minor != c->payment->amount_minor)
        command_refuse(&c->command, ERR_NOTIFICATION_MISMATCH, is_other_currency ? "currency" : "amount",
                       id_show(ID_PAYMENT, verdict->payment_id));
}

static int read_notification_body(struct batch *batch, struct err *err)
{
    struct payment_ref *refs = arena_array_of(batch->arena, struct payment_ref, batch->n);
    int rc;

    rc = load_accounts(batch, err);
    if (rc != 0)
        return rc;
    for_each_command(struct read_notification, c, batch) prove(c);
    for (size_t i = 0; i < batch->n; i++)
        refs[i] = (struct payment_ref){
            .command = batch->commands[i],
            .payment_id = ((struct read_notification *)(void *)batch->commands[i])->notification.verdict.payment_id};
    rc = payment_load(batch, refs, batch->n, err);
    if (rc != 0)
        return rc;
    for_each_command(struct read_notification, c, batch)
    {
        c->payment = refs[c_i].row;
        check_money(c);
    }
    return find_known(batch, err);
}

static struct batch_plan read_notification_plan = {
    .name = "payment.read_notification", .home = MODULE_PAYMENT, .is_read = true, .body = read_notification_body};

static void acknowledge(struct call *call)
{
    Bmt__Payment__V1__HandleNotificationResponse reply = BMT__PAYMENT__V1__HANDLE_NOTIFICATION_RESPONSE__INIT;

    reply.body = proto_text("{\"accepted\":true}");
    call_reply(call, &reply.base);
}

/* Step 3 has been done. What the channel did not confirm is not acknowledged: it will notify again. */
static void answer_one(struct ask *ask, const struct complete_payment *done)
{
    struct call *call = ask->context;
    struct err err = {0};

    if (done->command.err.id != ERR_NONE) {
        call_fail(call, &done->command.err);
    } else if (ask->verdict.word == CHANNEL_UNCLEAR || ask->verdict.word == CHANNEL_NOT_ASKED) {
        (void)err_fail(&err, ERR_CHANNEL_UNAVAILABLE);
        call_fail(call, &err);
    } else {
        acknowledge(call);
    }
}

static void answer_asked(struct lane *lane, const struct asked *asked, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++)
        answer_one(asked[i].ask, asked[i].done);
}

/* Step 2. */
static void confirm(const struct read_notification *c)
{
    struct arena *arena = call_arena(c->call);
    struct ask *ask = arena_new_of(arena, struct ask);
    const size_t kept = c->request->body.len < BODY_KEPT_MAX ? c->request->body.len : BODY_KEPT_MAX;
    struct err err = {0};

    *ask = (struct ask){
        .arena = arena,
        .question = ASK_QUERY,
        .biz_id = c->command.biz_id,
        .payment_id = c->payment->payment_id,
        .actor = arena_printf(arena, "channel %s", c->account->channel),
        .notification = {.channel_account_id = c->account_id,
                         .event_id = c->notification.event_id,
                         .body = {.data = c->request->body.data, .size = kept}},
        .context = c->call,
        .answer = answer_asked,
    };
    if (ask_channel(ask, c->account, c->payment, &err) != 0)
        call_fail(c->call, &err);
}

/* Step 1. */
void handle_notification_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct read_notification *commands = arena_array_of(arena, struct read_notification, n);

    for (size_t i = 0; i < n; i++) {
        commands[i].command.actor = "channel";
        commands[i].call = calls[i];
        commands[i].request = call_request(calls[i]);
        commands[i].account_id = proto_id_of(ID_CHANNEL_ACCOUNT, commands[i].request->channel_account_id);
    }
    batch_run(lane_session(lane), &read_notification_plan, arena, commands, n, sizeof *commands);
    for (size_t i = 0; i < n; i++) {
        if (commands[i].command.err.id != ERR_NONE)
            call_fail(calls[i], &commands[i].command.err);
        else if (commands[i].is_known)
            acknowledge(calls[i]);
        else
            confirm(&commands[i]);
    }
}
