/* Messages of settlement; see messages.h. */
#include "settlement/messages.h"

#include "rpc/proto.h"

Bmt__Settlement__V1__Partner *partner_message(const struct partner_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__Partner *partner = arena_new_of(arena, Bmt__Settlement__V1__Partner);

    bmt__settlement__v1__partner__init(partner);
    partner->partner_id = proto_id(ID_PARTNER, row->partner_id, arena);
    partner->code = proto_text(row->code);
    partner->title = proto_text(row->title);
    partner->state = (Bmt__Settlement__V1__PartnerState)row->state;
    partner->currency = proto_text(row->currency);
    partner->payout_channel_account_id = proto_id(ID_CHANNEL_ACCOUNT, row->payout_channel_account_id, arena);
    partner->payout_account = proto_text(row->payout_account);
    partner->payout_account_time = proto_time(row->payout_account_time_ms, arena);
    partner->schedule = (Bmt__Settlement__V1__StatementSchedule)row->schedule;
    partner->time_zone = proto_text(row->time_zone);
    partner->cutoff_minutes = row->cutoff_minutes;
    partner->threshold_minor = row->threshold_minor;
    partner->hold_back_s = row->hold_back_s;
    partner->period_end_time = proto_time(row->due_time_ms, arena);
    partner->etag = proto_etag(row->version, arena);
    partner->create_time = proto_time(row->create_time_ms, arena);
    partner->update_time = proto_time(row->update_time_ms, arena);
    return partner;
}

static Bmt__Settlement__V1__SplitPart *split_part_message(const struct split_part_row *row, struct arena *arena)
{
    Bmt__Settlement__V1__SplitPart *part = arena_new_of(arena, Bmt__Settlement__V1__SplitPart);

    bmt__settlement__v1__split_part__init(part);
    part->level = row->level;
    part->partner_id = proto_id(ID_PARTNER, row->partner_id, arena);
    part->kind = (Bmt__Settlement__V1__SplitKind)row->kind;
    part->value = row->value;
    return part;
}

static enum id_kind id_kind_of_scope(int32_t scope)
{
    switch (scope) {
    case SCOPE_SPU: return ID_SPU;
    case SCOPE_SKU: return ID_SKU;
    default: return ID_BUSINESS;
    }
}

Bmt__Settlement__V1__SplitRule *split_rule_message(const struct split_rule_row *row, const struct split_parts *parts,
                                                   struct arena *arena)
{
    Bmt__Settlement__V1__SplitRule *rule = arena_new_of(arena, Bmt__Settlement__V1__SplitRule);

    bmt__settlement__v1__split_rule__init(rule);
    rule->split_rule_id = proto_id(ID_SPLIT_RULE, row->rule_id, arena);
    rule->scope = (Bmt__Settlement__V1__SplitScope)row->scope;
    rule->scope_id = proto_id(id_kind_of_scope(row->scope), row->scope_id, arena);
    rule->n_parts = parts->n;
    rule->parts = arena_array_of(arena, Bmt__Settlement__V1__SplitPart *, parts->n);
    for (size_t i = 0; i < parts->n; i++)
        rule->parts[i] = split_part_message(&parts->list[i], arena);
    rule->remainder_partner_id = proto_id(ID_PARTNER, row->remainder_partner_id, arena);
    rule->currency = proto_text(row->currency);
    rule->from_time = proto_time(row->from_time_ms, arena);
    rule->to_time = proto_time(row->to_time_ms, arena);
    rule->etag = proto_etag(row->version, arena);
    rule->create_time = proto_time(row->create_time_ms, arena);
    return rule;
}
