/* Messages of payments; see messages.h. */
#include "payment/messages.h"

#include <string.h>

#include "payment/state.h"
#include "rpc/proto.h"

Bmt__Payment__V1__Payment *payment_message(const struct payment_row *row, struct arena *arena)
{
    Bmt__Payment__V1__Payment *payment = arena_new_of(arena, Bmt__Payment__V1__Payment);

    bmt__payment__v1__payment__init(payment);
    payment->payment_id = proto_id(ID_PAYMENT, row->payment_id, arena);
    payment->order_id = proto_id(ID_ORDER, row->order_id, arena);
    payment->user_id = proto_text(row->user_id);
    payment->channel_account_id = proto_id(ID_CHANNEL_ACCOUNT, row->channel_account_id, arena);
    payment->state = (Bmt__Payment__V1__PaymentState)row->state;
    payment->amount = proto_money(row->amount_minor, row->currency, arena);
    if (row->state == PAYMENT_PENDING) {
        payment->action = arena_new_of(arena, Bmt__Payment__V1__PaymentAction);
        bmt__payment__v1__payment_action__init(payment->action);
        payment->action->redirect_url = proto_text(row->action_url);
    }
    payment->channel_ref = proto_text(row->channel_ref != NULL ? row->channel_ref : "");
    payment->channel_transaction = proto_text(row->channel_transaction != NULL ? row->channel_transaction : "");
    payment->failure = proto_text(row->failure);
    payment->is_late = row->is_late;
    payment->version = row->version;
    payment->expire_time = proto_time(row->expire_time_ms, arena);
    payment->create_time = proto_time(row->create_time_ms, arena);
    payment->update_time = proto_time(row->update_time_ms, arena);
    payment->succeed_time = proto_time(row->succeed_time_ms, arena);
    payment->fee_minor = row->fee_minor;
    payment->refund_minor = row->refund_minor;
    return payment;
}

/* What it takes, as lists. */
static void add_limits(Bmt__Payment__V1__ChannelAccount *account, const struct channel_account_row *row,
                       struct arena *arena)
{
    enum { LENGTH = CURRENCY_SIZE - 1, PLATFORMS = BMT__PAYMENT__V1__CASHIER_PLATFORM__CASHIER_PLATFORM_ANDROID + 1 };

    account->n_currencies = strlen(row->currencies) / LENGTH;
    account->currencies = arena_array_of(arena, char *, account->n_currencies);
    for (size_t i = 0; i < account->n_currencies; i++)
        account->currencies[i] = arena_printf(arena, "%.*s", LENGTH, row->currencies + i * LENGTH);
    account->amount_min = row->amount_min;
    account->amount_max = row->amount_max;
    account->platforms = arena_array_of(arena, Bmt__Payment__V1__CashierPlatform, PLATFORMS);
    for (int i = 1; i < PLATFORMS; i++)
        if (row->platforms >> i & 1)
            account->platforms[account->n_platforms++] = (Bmt__Payment__V1__CashierPlatform)i;
}

Bmt__Payment__V1__ChannelAccount *channel_account_message(const struct channel_account_row *row, struct arena *arena)
{
    Bmt__Payment__V1__ChannelAccount *account = arena_new_of(arena, Bmt__Payment__V1__ChannelAccount);

    bmt__payment__v1__channel_account__init(account);
    account->channel_account_id = proto_id(ID_CHANNEL_ACCOUNT, row->channel_account_id, arena);
    account->code = proto_text(row->code);
    account->channel = proto_text(row->channel);
    account->title = proto_text(row->title);
    account->merchant = proto_text(row->merchant);
    account->secret_name = proto_text(row->secret_name);
    account->base_url = proto_text(row->base_url);
    account->notify_url = proto_text(row->notify_url);
    account->state = (Bmt__Payment__V1__ChannelAccountState)row->state;
    account->priority = row->priority;
    account->etag = proto_etag(row->version, arena);
    account->create_time = proto_time(row->create_time_ms, arena);
    account->update_time = proto_time(row->update_time_ms, arena);
    add_limits(account, row, arena);
    return account;
}
