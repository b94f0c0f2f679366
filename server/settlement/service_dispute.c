/* SettlementService: disputes; from messages to commands and back. */
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "rpc/proto.h"
#include "settlement/ops_dispute.h"
#include "settlement/service.h"

static Bmt__Settlement__V1__Dispute *dispute_message(const struct dispute_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__Dispute *dispute = arena_new_of(arena, Bmt__Settlement__V1__Dispute);

    bmt__settlement__v1__dispute__init(dispute);
    dispute->dispute_id = proto_id(ID_DISPUTE, row->dispute_id, arena);
    dispute->order_id = proto_id(ID_ORDER, row->order_id, arena);
    dispute->line_no = row->line_no;
    dispute->state = (Bmt__Settlement__V1__DisputeState)row->state;
    dispute->amount = proto_money(row->amount_minor, row->currency, arena);
    if (row->fee_minor > 0)
        dispute->fee = proto_money(row->fee_minor, row->currency, arena);
    if (row->fee_returned_minor > 0)
        dispute->fee_returned = proto_money(row->fee_returned_minor, row->currency, arena);
    dispute->channel_dispute = proto_text(row->channel_dispute);
    dispute->reason = proto_text(row->reason);
    dispute->create_time = proto_time(row->create_time_ms, arena);
    dispute->update_time = proto_time(row->update_time_ms, arena);
    return dispute;
}

void open_dispute_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__OpenDisputeRequest *request = message;
    struct open_dispute *c = into;

    (void)call;
    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    c->line_no = request->line_no;
    c->amount = money_of(request->amount->amount_minor, request->amount->currency);
    if (request->fee != NULL)
        c->fee = money_of(request->fee->amount_minor, request->fee->currency);
    c->channel_dispute = request->channel_dispute;
    c->reason = request->reason;
}

const ProtobufCMessage *open_dispute_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__OpenDisputeResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__OpenDisputeResponse);

    bmt__settlement__v1__open_dispute_response__init(reply);
    reply->dispute = dispute_message(&((const struct open_dispute *)from)->row, arena);
    return &reply->base;
}

void close_dispute_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__CloseDisputeRequest *request = message;
    struct close_dispute *c = into;

    (void)call;
    c->dispute_id = proto_id_of(ID_DISPUTE, request->dispute_id);
    c->event = (int)request->outcome == DISPUTE_LOST ? DISPUTE_EVENT_LOSE : DISPUTE_EVENT_WIN;
    if (request->fee_returned != NULL)
        c->fee_returned = money_of(request->fee_returned->amount_minor, request->fee_returned->currency);
    c->reason = request->reason;
    if ((int)request->outcome != DISPUTE_WON && (int)request->outcome != DISPUTE_LOST)
        command_refuse(&c->command, ERR_FIELD_MALFORMED, "outcome", "WON or LOST");
}

const ProtobufCMessage *close_dispute_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__CloseDisputeResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__CloseDisputeResponse);

    bmt__settlement__v1__close_dispute_response__init(reply);
    reply->dispute = dispute_message(((const struct close_dispute *)from)->row, arena);
    return &reply->base;
}

void get_dispute_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetDisputeRequest *request = message;

    (void)call;
    ((struct get_dispute *)into)->dispute_id = proto_id_of(ID_DISPUTE, request->dispute_id);
}

const ProtobufCMessage *get_dispute_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__GetDisputeResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__GetDisputeResponse);

    bmt__settlement__v1__get_dispute_response__init(reply);
    reply->dispute = dispute_message(&((const struct get_dispute *)from)->row, arena);
    return &reply->base;
}

void list_disputes_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListDisputesRequest *request = message;
    struct list_disputes *c = into;
    const char *filters;

    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    c->state = (int32_t)request->state;
    filters = arena_printf(call_arena(call), "%lld %d", (long long)c->order_id, (int)c->state);
    list_read(call, &c->command, request->page_size, request->page_token, filters, &c->list);
}

const ProtobufCMessage *list_disputes_reply(const void *from, struct arena *arena)
{
    const struct list_disputes *c = from;
    Bmt__Settlement__V1__ListDisputesResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__ListDisputesResponse);

    bmt__settlement__v1__list_disputes_response__init(reply);
    reply->n_disputes = list_shown(&c->list, c->n);
    reply->disputes = arena_array_of(arena, Bmt__Settlement__V1__Dispute *, reply->n_disputes);
    for (size_t i = 0; i < reply->n_disputes; i++)
        reply->disputes[i] = dispute_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_disputes - 1].dispute_id : 0, arena);
    return &reply->base;
}
