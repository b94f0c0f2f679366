/* SettlementService: statements and payouts; from messages to commands and back. */
#include <string.h>

#include "bmt/settlement/v1/settlement.pb-c.h"
#include "rpc/proto.h"
#include "settlement/messages_statement.h"
#include "settlement/ops_statement.h"
#include "settlement/service.h"

void close_statement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__CloseStatementRequest *request = message;
    struct close_statement *c = into;

    (void)call;
    c->partner_id = proto_id_of(ID_PARTNER, request->partner_id);
    memcpy(c->currency, request->currency, CURRENCY_SIZE);
    c->to_time_ms = proto_time_ms(request->to_time);
}

const ProtobufCMessage *close_statement_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__CloseStatementResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__CloseStatementResponse);

    bmt__settlement__v1__close_statement_response__init(reply);
    reply->statement = statement_message(&((const struct close_statement *)from)->row, arena);
    return &reply->base;
}

void get_statement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetStatementRequest *request = message;

    (void)call;
    ((struct get_statement *)into)->statement_id = proto_id_of(ID_PARTNER_STATEMENT, request->statement_id);
}

const ProtobufCMessage *get_statement_reply(const void *from, struct arena *arena)
{
    const struct get_statement *c = from;
    Bmt__Settlement__V1__GetStatementResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__GetStatementResponse);

    bmt__settlement__v1__get_statement_response__init(reply);
    reply->statement = statement_message(&c->row, arena);
    reply->n_approvals = c->approvals.n;
    reply->approvals = approval_messages(&c->approvals, arena);
    return &reply->base;
}

void list_statements_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListStatementsRequest *request = message;
    struct list_statements *c = into;

    c->partner_id = proto_id_of(ID_PARTNER, request->partner_id);
    list_read(call, &c->command, request->page_size, request->page_token, request->partner_id, &c->list);
}

const ProtobufCMessage *list_statements_reply(const void *from, struct arena *arena)
{
    const struct list_statements *c = from;
    Bmt__Settlement__V1__ListStatementsResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__ListStatementsResponse);

    bmt__settlement__v1__list_statements_response__init(reply);
    reply->n_statements = list_shown(&c->list, c->n);
    reply->statements = arena_array_of(arena, Bmt__Settlement__V1__Statement *, reply->n_statements);
    for (size_t i = 0; i < reply->n_statements; i++)
        reply->statements[i] = statement_message(&c->rows[i], arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_statements - 1].statement_id : 0, arena);
    return &reply->base;
}

void approve_statement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ApproveStatementRequest *request = message;
    struct approve_statement *c = into;

    (void)call;
    c->statement_id = proto_id_of(ID_PARTNER_STATEMENT, request->statement_id);
    c->reason = request->reason;
}

const ProtobufCMessage *approve_statement_reply(const void *from, struct arena *arena)
{
    const struct approve_statement *c = from;
    Bmt__Settlement__V1__ApproveStatementResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__ApproveStatementResponse);

    bmt__settlement__v1__approve_statement_response__init(reply);
    reply->statement = statement_message(&c->row, arena);
    reply->n_approvals = c->approvals.n;
    reply->approvals = approval_messages(&c->approvals, arena);
    return &reply->base;
}

void prove_order_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ProveOrderRequest *request = message;

    (void)call;
    ((struct prove_order *)into)->order_id = proto_id_of(ID_ORDER, request->order_id);
}

const ProtobufCMessage *prove_order_reply(const void *from, struct arena *arena)
{
    const struct prove_order *c = from;
    Bmt__Settlement__V1__ProveOrderResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__ProveOrderResponse);

    bmt__settlement__v1__prove_order_response__init(reply);
    reply->n_proofs = c->n;
    reply->proofs = arena_array_of(arena, Bmt__Settlement__V1__EntryProof *, c->n);
    for (size_t i = 0; i < c->n; i++)
        reply->proofs[i] = entry_proof_message(&c->proofs[i], arena);
    return &reply->base;
}

void get_payout_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetPayoutRequest *request = message;

    (void)call;
    ((struct get_payout *)into)->payout_id = proto_id_of(ID_PAYOUT, request->payout_id);
}

const ProtobufCMessage *get_payout_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__GetPayoutResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__GetPayoutResponse);

    bmt__settlement__v1__get_payout_response__init(reply);
    reply->payout = payout_message(&((const struct get_payout *)from)->row, arena);
    return &reply->base;
}

void list_payouts_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListPayoutsRequest *request = message;
    struct list_payouts *c = into;

    c->partner_id = proto_id_of(ID_PARTNER, request->partner_id);
    list_read(call, &c->command, request->page_size, request->page_token, request->partner_id, &c->list);
}

const ProtobufCMessage *list_payouts_reply(const void *from, struct arena *arena)
{
    const struct list_payouts *c = from;
    Bmt__Settlement__V1__ListPayoutsResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__ListPayoutsResponse);

    bmt__settlement__v1__list_payouts_response__init(reply);
    reply->n_payouts = list_shown(&c->list, c->n);
    reply->payouts = arena_array_of(arena, Bmt__Settlement__V1__Payout *, reply->n_payouts);
    for (size_t i = 0; i < reply->n_payouts; i++)
        reply->payouts[i] = payout_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_payouts - 1].payout_id : 0, arena);
    return &reply->base;
}
