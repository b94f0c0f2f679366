/* Messages of statements; see messages_statement.h. */
#include "settlement/messages_statement.h"

#include <string.h>

#include "rpc/proto.h"
#include "settlement/messages_books.h"

static ProtobufCBinaryData bytes_of(const void *data, size_t size, struct arena *arena)
{
    ProtobufCBinaryData bytes = {.len = size, .data = arena_array_of(arena, uint8_t, size)};

    if (size > 0)
        memcpy(bytes.data, data, size);
    return bytes;
}

Bmt__Settlement__V1__Statement *statement_message(const struct partner_statement_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__Statement *statement = arena_new_of(arena, Bmt__Settlement__V1__Statement);

    bmt__settlement__v1__statement__init(statement);
    statement->statement_id = proto_id(ID_PARTNER_STATEMENT, row->statement_id, arena);
    statement->partner_id = proto_id(ID_PARTNER, row->partner_id, arena);
    statement->currency = proto_text(row->currency);
    statement->from_time = proto_time(row->from_time_ms, arena);
    statement->to_time = proto_time(row->to_time_ms, arena);
    statement->state = (Bmt__Settlement__V1__StatementState)row->state;
    statement->entries = row->entry_count;
    statement->entries_minor = row->entries_minor;
    statement->carried_minor = row->carried_minor;
    statement->total_minor = row->total_minor;
    statement->carried_from_id = proto_id(ID_PARTNER_STATEMENT, row->carried_from_id, arena);
    statement->carried_to_id = proto_id(ID_PARTNER_STATEMENT, row->carried_to_id, arena);
    statement->root = bytes_of(row->root.data, row->root.size, arena);
    statement->approvals_needed = row->approvals_needed;
    statement->payout_id = proto_id(ID_PAYOUT, row->payout_id, arena);
    statement->etag = proto_etag(row->version, arena);
    statement->create_time = proto_time(row->create_time_ms, arena);
    statement->close_time = proto_time(row->close_time_ms, arena);
    return statement;
}

Bmt__Settlement__V1__Approval **approval_messages(const struct statement_approvals *approvals, struct arena *arena)
{
    Bmt__Settlement__V1__Approval **list = arena_array_of(arena, Bmt__Settlement__V1__Approval *, approvals->n);

    for (size_t i = 0; i < approvals->n; i++) {
        list[i] = arena_new_of(arena, Bmt__Settlement__V1__Approval);
        bmt__settlement__v1__approval__init(list[i]);
        list[i]->actor = proto_text(approvals->list[i].actor);
        list[i]->reason = proto_text(approvals->list[i].reason);
        list[i]->create_time = proto_time(approvals->list[i].create_time_ms, arena);
    }
    return list;
}

Bmt__Settlement__V1__EntryProof *entry_proof_message(const struct entry_proof *proof, struct arena *arena)
{
    Bmt__Settlement__V1__EntryProof *message = arena_new_of(arena, Bmt__Settlement__V1__EntryProof);

    bmt__settlement__v1__entry_proof__init(message);
    message->entry = entry_message(&proof->entry, arena);
    if (proof->root.size == 0)
        return message;
    message->leaf = bytes_of(proof->leaf, strlen(proof->leaf), arena);
    message->index = proof->index;
    message->tree_size = proof->tree_size;
    message->n_path = proof->n_path;
    message->path = arena_array_of(arena, ProtobufCBinaryData, proof->n_path);
    for (size_t i = 0; i < proof->n_path; i++)
        message->path[i] = bytes_of(proof->path[i], SHA256_SIZE, arena);
    message->root = bytes_of(proof->root.data, proof->root.size, arena);
    return message;
}

Bmt__Settlement__V1__Payout *payout_message(const struct payout_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__Payout *payout = arena_new_of(arena, Bmt__Settlement__V1__Payout);

    bmt__settlement__v1__payout__init(payout);
    payout->payout_id = proto_id(ID_PAYOUT, row->payout_id, arena);
    payout->partner_id = proto_id(ID_PARTNER, row->partner_id, arena);
    payout->statement_id = proto_id(ID_PARTNER_STATEMENT, row->statement_id, arena);
    payout->channel_account_id = proto_id(ID_CHANNEL_ACCOUNT, row->channel_account_id, arena);
    payout->payout_account = proto_text(row->payout_account);
    payout->state = (Bmt__Settlement__V1__PayoutState)row->state;
    payout->amount = proto_money(row->amount_minor, row->currency, arena);
    payout->channel_ref = proto_text(row->channel_ref != NULL ? row->channel_ref : "");
    payout->channel_transaction = proto_text(row->channel_transaction != NULL ? row->channel_transaction : "");
    payout->failure = proto_text(row->failure);
    payout->create_time = proto_time(row->create_time_ms, arena);
    payout->succeed_time = proto_time(row->succeed_time_ms, arena);
    payout->update_time = proto_time(row->update_time_ms, arena);
    return payout;
}
