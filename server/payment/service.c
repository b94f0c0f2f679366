/*
 * PaymentHubService: the table of its methods; accounts and reads. What goes over a channel: flows/create_payment.c,
 * flows/query_payment.c, flows/refund_payment.c, flows/handle_notification.c. Statement files: service_statement.c,
 * what a cashier shows: service_agreement.c.
 */
#include "payment/service.h"

#include <string.h>

#include "bmt/payment/v1/payment.pb-c.h"
#include "flows/accept_agreement.h"
#include "flows/ask_channel.h"
#include "flows/ask_refund.h"
#include "flows/create_agreement.h"
#include "flows/create_payment.h"
#include "flows/handle_notification.h"
#include "flows/list_cashier_channels.h"
#include "flows/query_payment.h"
#include "flows/refund_payment.h"
#include "payment/messages.h"
#include "payment/ops.h"
#include "payment/ops_statement.h"
#include "payment/payment.h"
#include "rpc/proto.h"

void payment_use_settings(const struct conf *conf)
{
    channel_use_secrets_dir(conf->secrets_dir);
    payment_use_questions(conf);
}

void payment_set_timeout(int64_t timeout_ms)
{
    ask_channel_set_timeout(timeout_ms);
    ask_refund_set_timeout(timeout_ms);
}

/* The codes one behind another. */
static const char *currencies_read(char *const *currencies, size_t n, struct command *command, struct arena *arena)
{
    char *text = arena_alloc(arena, n * (CURRENCY_SIZE - 1) + 1);

    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i && !command->is_done; j++)
            if (strcmp(currencies[i], currencies[j]) == 0)
                command_refuse(command, ERR_FIELD_DUPLICATE, "currencies", currencies[i]);
        memcpy(text + i * (CURRENCY_SIZE - 1), currencies[i], CURRENCY_SIZE - 1);
    }
    return text;
}

static int32_t platforms_read(const Bmt__Payment__V1__CashierPlatform *platforms, size_t n, struct command *command)
{
    int32_t bits = 0;

    for (size_t i = 0; i < n; i++) {
        if (platforms[i] == BMT__PAYMENT__V1__CASHIER_PLATFORM__CASHIER_PLATFORM_UNSPECIFIED && !command->is_done)
            command_refuse(command, ERR_FIELD_REQUIRED, "platforms");
        bits |= 1 << platforms[i];
    }
    return bits;
}

static void create_account_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__CreateChannelAccountRequest *request = message;
    struct create_account *c = into;

    c->row = (struct channel_account_row){
        .code = request->code,
        .channel = request->channel,
        .title = request->title,
        .merchant = request->merchant,
        .secret_name = request->secret_name,
        .base_url = request->base_url,
        .notify_url = request->notify_url,
        .priority = request->priority,
        .currencies = currencies_read(request->currencies, request->n_currencies, &c->command, call_arena(call)),
        .amount_min = request->amount_min,
        .amount_max = request->amount_max,
        .platforms = platforms_read(request->platforms, request->n_platforms, &c->command),
    };
    if (!c->command.is_done)
        payment_check_limits(&c->row, &c->command);
}

static const ProtobufCMessage *create_account_reply(const void *from, struct arena *arena)
{
    Bmt__Payment__V1__CreateChannelAccountResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__CreateChannelAccountResponse);

    bmt__payment__v1__create_channel_account_response__init(reply);
    reply->channel_account = channel_account_message(&((const struct create_account *)from)->row, arena);
    return &reply->base;
}

static void get_account_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__GetChannelAccountRequest *request = message;

    (void)call;
    ((struct get_account *)into)->account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->channel_account_id);
}

static const ProtobufCMessage *get_account_reply(const void *from, struct arena *arena)
{
    Bmt__Payment__V1__GetChannelAccountResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__GetChannelAccountResponse);

    bmt__payment__v1__get_channel_account_response__init(reply);
    reply->channel_account = channel_account_message(((const struct get_account *)from)->row, arena);
    return &reply->base;
}

static void list_accounts_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__ListChannelAccountsRequest *request = message;
    struct list_accounts *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

static const ProtobufCMessage *list_accounts_reply(const void *from, struct arena *arena)
{
    const struct list_accounts *c = from;
    Bmt__Payment__V1__ListChannelAccountsResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__ListChannelAccountsResponse);

    bmt__payment__v1__list_channel_accounts_response__init(reply);
    reply->n_channel_accounts = list_shown(&c->list, c->n);
    reply->channel_accounts = arena_array_of(arena, Bmt__Payment__V1__ChannelAccount *, reply->n_channel_accounts);
    for (size_t i = 0; i < reply->n_channel_accounts; i++)
        reply->channel_accounts[i] = channel_account_message(&c->rows[i], arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_channel_accounts - 1].channel_account_id : 0, arena);
    return &reply->base;
}

/* What the named fields must be like. */
static void check_update(struct update_account *c)
{
    struct command *command = &c->command;

    if (command->is_done)
        return;
    if (c->fields & ACCOUNT_TITLE && c->values.title[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "title");
    else if (c->fields & ACCOUNT_BASE_URL && c->values.base_url[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "base_url");
    else if (c->fields & ACCOUNT_NOTIFY_URL && c->values.notify_url[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "notify_url");
    else if (c->fields & ACCOUNT_STATE && c->values.state == 0)
        command_refuse(command, ERR_FIELD_REQUIRED, "state");
}

static void update_account_read(const struct call *call, const void *message, void *into)
{
    static const char *const paths[] = {"title",      "priority",   "base_url",   "notify_url", "state",
                                        "currencies", "amount_min", "amount_max", "platforms"};
    const Bmt__Payment__V1__UpdateChannelAccountRequest *request = message;
    struct update_account *c = into;

    c->account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->channel_account_id);
    c->version = proto_version_of(request->etag);
    c->fields = proto_mask(request->update_mask, paths, COUNT_OF(paths), &c->command);
    c->values = (struct channel_account_row){
        .title = request->title,
        .priority = request->priority,
        .base_url = request->base_url,
        .notify_url = request->notify_url,
        .state = (int32_t)request->state,
        .amount_min = request->amount_min,
        .amount_max = request->amount_max,
    };
    check_update(c);
    if (c->command.is_done)
        return;
    c->values.currencies = currencies_read(request->currencies, request->n_currencies, &c->command, call_arena(call));
    c->values.platforms = platforms_read(request->platforms, request->n_platforms, &c->command);
}

static const ProtobufCMessage *update_account_reply(const void *from, struct arena *arena)
{
    Bmt__Payment__V1__UpdateChannelAccountResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__UpdateChannelAccountResponse);

    bmt__payment__v1__update_channel_account_response__init(reply);
    reply->channel_account = channel_account_message(&((const struct update_account *)from)->row, arena);
    return &reply->base;
}

static void get_payment_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__GetPaymentRequest *request = message;

    (void)call;
    ((struct get_payment *)into)->payment_id = proto_id_of(ID_PAYMENT, request->payment_id);
}

static const ProtobufCMessage *get_payment_reply(const void *from, struct arena *arena)
{
    Bmt__Payment__V1__GetPaymentResponse *reply = arena_new_of(arena, Bmt__Payment__V1__GetPaymentResponse);

    bmt__payment__v1__get_payment_response__init(reply);
    reply->payment = payment_message(((const struct get_payment *)from)->row, arena);
    return &reply->base;
}

static void list_payments_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__ListPaymentsRequest *request = message;
    struct list_payments *c = into;

    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    list_read(call, &c->command, request->page_size, request->page_token, request->order_id, &c->list);
}

static const ProtobufCMessage *list_payments_reply(const void *from, struct arena *arena)
{
    const struct list_payments *c = from;
    Bmt__Payment__V1__ListPaymentsResponse *reply = arena_new_of(arena, Bmt__Payment__V1__ListPaymentsResponse);

    bmt__payment__v1__list_payments_response__init(reply);
    reply->n_payments = list_shown(&c->list, c->n);
    reply->payments = arena_array_of(arena, Bmt__Payment__V1__Payment *, reply->n_payments);
    for (size_t i = 0; i < reply->n_payments; i++)
        reply->payments[i] = payment_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_payments - 1].payment_id : 0, arena);
    return &reply->base;
}

static const struct rpc_method methods[] = {
    {"CreateChannelAccount", RPC_BATCH(create_account)},
    {"GetChannelAccount", RPC_BATCH(get_account)},
    {"ListChannelAccounts", RPC_BATCH(list_accounts)},
    {"UpdateChannelAccount", RPC_BATCH(update_account)},
    {"ListCashierChannels", RPC_BATCH(list_cashier_channels)},
    RPC_LATER("CreateRoute"),
    RPC_LATER("ListRoutes"),
    RPC_LATER("DeleteRoute"),
    {"CreateAgreementTemplate", RPC_BATCH(create_agreement)},
    {"ListAgreementTemplates", RPC_BATCH(list_agreements)},
    {"AcceptAgreement", RPC_BATCH(accept_agreement)},
    {"ListAgreementAcceptances", RPC_BATCH(list_acceptances)},
    {"CreatePayment", .handle = create_payment_handle},
    {"GetPayment", RPC_BATCH(get_payment)},
    {"ListPayments", RPC_BATCH(list_payments)},
    {"QueryPayment", .handle = query_payment_handle},
    {"ClosePayment", .handle = close_payment_handle},
    {"HandleNotification", .handle = handle_notification_handle},
    {"RefundPayment", .handle = refund_payment_handle},
    {"ImportStatement", RPC_BATCH(import_statement)},
};

const struct rpc_service payment_service = RPC_SERVICE(bmt__payment__v1__payment_hub_service__descriptor, methods);
