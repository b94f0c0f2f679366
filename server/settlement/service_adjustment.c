/* SettlementService: money moved by hand; from messages to commands and back. */
#include <string.h>

#include "bmt/settlement/v1/settlement.pb-c.h"
#include "rpc/proto.h"
#include "settlement/messages_books.h"
#include "settlement/ops_adjustment.h"
#include "settlement/rules.h"
#include "settlement/service.h"

/* Each kind has its fields and no other: money must not move otherwise than was meant. */
static void check_field(struct command *command, const char *field, bool is_given, bool is_wanted)
{
    if (command->is_done)
        return;
    if (is_wanted && !is_given)
        command_refuse(command, ERR_FIELD_REQUIRED, field);
    else if (!is_wanted && is_given)
        command_refuse(command, ERR_FIELD_MALFORMED, field, "empty for this kind");
}

static void check_form(struct command *command, const Bmt__Settlement__V1__CreateAdjustmentRequest *request)
{
    const int kind = (int)request->kind;
    const bool is_conversion = kind == ADJUSTMENT_CONVERSION;
    const bool is_of_channel = kind == ADJUSTMENT_CHANNEL_PAID;

    check_field(command, "partner_id", request->partner_id[0] != '\0', !is_conversion && !is_of_channel);
    check_field(command, "channel_account_id", request->channel_account_id[0] != '\0', is_of_channel);
    check_field(command, "to_amount", request->to_amount != NULL, is_conversion);
    check_field(command, "rate", request->rate[0] != '\0', is_conversion);
    if (!command->is_done && is_conversion && request->to_amount != NULL &&
        conversion_check(request->amount->amount_minor, request->amount->currency, request->to_amount->amount_minor,
                         request->to_amount->currency, request->rate) == CONVERSION_RATE_MALFORMED)
        command_refuse(command, ERR_FIELD_MALFORMED, "rate", "a positive decimal such as 1.0834");
}

void create_adjustment_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__CreateAdjustmentRequest *request = message;
    struct create_adjustment *c = into;

    (void)call;
    check_form(&c->command, request);
    if (c->command.is_done)
        return;
    c->reason = request->reason;
    c->row = (struct adjustment_row){
        .kind = (int32_t)request->kind,
        .partner_id = proto_id_of(ID_PARTNER, request->partner_id),
        .channel_account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->channel_account_id),
        .amount_minor = request->amount->amount_minor,
        .rate = request->rate,
    };
    memcpy(c->row.currency, request->amount->currency, CURRENCY_SIZE);
    if (request->to_amount != NULL) {
        c->row.to_amount_minor = request->to_amount->amount_minor;
        memcpy(c->row.to_currency, request->to_amount->currency, CURRENCY_SIZE);
    }
}

const ProtobufCMessage *create_adjustment_reply(const void *from, struct arena *arena)
{
    const struct create_adjustment *c = from;
    Bmt__Settlement__V1__CreateAdjustmentResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__CreateAdjustmentResponse);

    bmt__settlement__v1__create_adjustment_response__init(reply);
    reply->adjustment_id = proto_id(ID_ADJUSTMENT, c->row.adjustment_id, arena);
    reply->transfer = transfer_message(&c->transfer, c->postings, c->n_postings, arena);
    return &reply->base;
}
