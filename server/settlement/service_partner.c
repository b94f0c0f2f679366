/* SettlementService: partners and split rules; from messages to commands and back. */
#include <string.h>

#include "base/zone.h"
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "rpc/proto.h"
#include "settlement/messages.h"
#include "settlement/ops_partner.h"
#include "settlement/ops_rule.h"
#include "settlement/service.h"

static const char *zone_of(const char *text)
{
    return text[0] != '\0' ? text : "UTC";
}

/* That the zone is known is form: it is checked before anything else is. */
static void check_zone(struct command *command, const char *text)
{
    if (!zone_known(zone_of(text)))
        command_refuse(command, ERR_FIELD_MALFORMED, "time_zone", "a time zone of the IANA database");
}

void create_partner_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__CreatePartnerRequest *request = message;
    struct create_partner *c = into;

    (void)call;
    check_zone(&c->command, request->time_zone);
    c->row = (struct partner_row){
        .code = request->code,
        .title = request->title,
        .payout_channel_account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->payout_channel_account_id),
        .payout_account = request->payout_account,
        .schedule = (int32_t)request->schedule,
        .time_zone = zone_of(request->time_zone),
        .cutoff_minutes = request->cutoff_minutes,
        .threshold_minor = request->threshold_minor,
        .hold_back_s = request->hold_back_s,
    };
    memcpy(c->row.currency, request->currency, CURRENCY_SIZE);
}

const ProtobufCMessage *create_partner_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__CreatePartnerResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__CreatePartnerResponse);

    bmt__settlement__v1__create_partner_response__init(reply);
    reply->partner = partner_message(&((const struct create_partner *)from)->row, arena);
    return &reply->base;
}

void get_partner_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetPartnerRequest *request = message;

    (void)call;
    ((struct get_partner *)into)->partner_id = proto_id_of(ID_PARTNER, request->partner_id);
}

const ProtobufCMessage *get_partner_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__GetPartnerResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__GetPartnerResponse);

    bmt__settlement__v1__get_partner_response__init(reply);
    reply->partner = partner_message(&((const struct get_partner *)from)->row, arena);
    return &reply->base;
}

void list_partners_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListPartnersRequest *request = message;
    struct list_partners *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

const ProtobufCMessage *list_partners_reply(const void *from, struct arena *arena)
{
    const struct list_partners *c = from;
    Bmt__Settlement__V1__ListPartnersResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__ListPartnersResponse);

    bmt__settlement__v1__list_partners_response__init(reply);
    reply->n_partners = list_shown(&c->list, c->n);
    reply->partners = arena_array_of(arena, Bmt__Settlement__V1__Partner *, reply->n_partners);
    for (size_t i = 0; i < reply->n_partners; i++)
        reply->partners[i] = partner_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_partners - 1].partner_id : 0, arena);
    return &reply->base;
}

/* What the named fields must be like. */
static void check_update(struct update_partner *c)
{
    struct command *command = &c->command;

    if (c->fields & PARTNER_TITLE && c->values.title[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "title");
    else if (c->fields & PARTNER_SCHEDULE && c->values.schedule == 0)
        command_refuse(command, ERR_FIELD_REQUIRED, "schedule");
    else if (c->fields & PARTNER_STATE && c->values.state == 0)
        command_refuse(command, ERR_FIELD_REQUIRED, "state");
}

void update_partner_read(const struct call *call, const void *message, void *into)
{
    static const char *const paths[] = {
        "title",          "payout_channel_account_id", "payout_account", "schedule", "time_zone",
        "cutoff_minutes", "threshold_minor",           "hold_back_s",    "state"};
    const Bmt__Settlement__V1__UpdatePartnerRequest *request = message;
    struct update_partner *c = into;

    (void)call;
    check_zone(&c->command, request->time_zone);
    c->partner_id = proto_id_of(ID_PARTNER, request->partner_id);
    c->version = proto_version_of(request->etag);
    c->values = (struct partner_row){
        .title = request->title,
        .payout_channel_account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->payout_channel_account_id),
        .payout_account = request->payout_account,
        .schedule = (int32_t)request->schedule,
        .time_zone = zone_of(request->time_zone),
        .cutoff_minutes = request->cutoff_minutes,
        .threshold_minor = request->threshold_minor,
        .hold_back_s = request->hold_back_s,
        .state = (int32_t)request->state,
    };
    if (!c->command.is_done)
        c->fields = proto_mask(request->update_mask, paths, COUNT_OF(paths), &c->command);
    if (!c->command.is_done)
        check_update(c);
}

const ProtobufCMessage *update_partner_reply(const void *from, struct arena *arena)
{
    Bmt__Settlement__V1__UpdatePartnerResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__UpdatePartnerResponse);

    bmt__settlement__v1__update_partner_response__init(reply);
    reply->partner = partner_message(&((const struct update_partner *)from)->row, arena);
    return &reply->base;
}

/* The id that goes with the scope, and no other: a rule must not be for more than was meant. */
static void check_scope(struct command *command, const Bmt__Settlement__V1__CreateSplitRuleRequest *request)
{
    const bool is_of_spu = (int)request->scope == SCOPE_SPU;
    const bool is_of_sku = (int)request->scope == SCOPE_SKU;

    if (is_of_spu && request->spu_id[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "spu_id");
    else if (!is_of_spu && request->spu_id[0] != '\0')
        command_refuse(command, ERR_FIELD_MALFORMED, "spu_id", "empty for this scope");
    else if (is_of_sku && request->sku_id[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "sku_id");
    else if (!is_of_sku && request->sku_id[0] != '\0')
        command_refuse(command, ERR_FIELD_MALFORMED, "sku_id", "empty for this scope");
}

static void check_currency(struct command *command, const Bmt__Settlement__V1__CreateSplitRuleRequest *request)
{
    bool has_fixed = false;

    for (size_t i = 0; i < request->n_parts; i++)
        has_fixed = has_fixed || (int)request->parts[i]->kind == SPLIT_FIXED;
    if (has_fixed && request->currency[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "currency");
    else if (!has_fixed && request->currency[0] != '\0')
        command_refuse(command, ERR_FIELD_MALFORMED, "currency", "empty without fixed parts");
}

void create_rule_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__CreateSplitRuleRequest *request = message;
    struct create_rule *c = into;

    check_scope(&c->command, request);
    if (!c->command.is_done)
        check_currency(&c->command, request);
    if (c->command.is_done)
        return;
    c->scope = (int32_t)request->scope;
    c->scope_id = c->scope == SCOPE_SPU   ? proto_id_of(ID_SPU, request->spu_id)
                  : c->scope == SCOPE_SKU ? proto_id_of(ID_SKU, request->sku_id)
                                          : c->command.biz_id;
    c->currency = request->currency;
    c->remainder_partner_id = proto_id_of(ID_PARTNER, request->remainder_partner_id);
    c->from_time_ms = proto_time_ms(request->from_time);
    c->to_time_ms = proto_time_ms(request->to_time);
    c->parts.n = request->n_parts;
    c->parts.list = arena_array_of(call_arena(call), struct split_part_row, c->parts.n);
    for (size_t i = 0; i < c->parts.n; i++)
        c->parts.list[i] = (struct split_part_row){
            .level = request->parts[i]->level,
            .partner_id = proto_id_of(ID_PARTNER, request->parts[i]->partner_id),
            .kind = (int32_t)request->parts[i]->kind,
            .value = request->parts[i]->value,
        };
}

const ProtobufCMessage *create_rule_reply(const void *from, struct arena *arena)
{
    const struct create_rule *c = from;
    Bmt__Settlement__V1__CreateSplitRuleResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__CreateSplitRuleResponse);

    bmt__settlement__v1__create_split_rule_response__init(reply);
    reply->split_rule = split_rule_message(&c->row, &c->parts, arena);
    return &reply->base;
}

void end_rule_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__EndSplitRuleRequest *request = message;
    struct end_rule *c = into;

    (void)call;
    c->rule_id = proto_id_of(ID_SPLIT_RULE, request->split_rule_id);
    c->to_time_ms = proto_time_ms(request->to_time);
}

const ProtobufCMessage *end_rule_reply(const void *from, struct arena *arena)
{
    const struct end_rule *c = from;
    Bmt__Settlement__V1__EndSplitRuleResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__EndSplitRuleResponse);

    bmt__settlement__v1__end_split_rule_response__init(reply);
    reply->split_rule = split_rule_message(&c->row, &c->parts, arena);
    return &reply->base;
}

void get_rule_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetSplitRuleRequest *request = message;

    (void)call;
    ((struct get_rule *)into)->rule_id = proto_id_of(ID_SPLIT_RULE, request->split_rule_id);
}

const ProtobufCMessage *get_rule_reply(const void *from, struct arena *arena)
{
    const struct get_rule *c = from;
    Bmt__Settlement__V1__GetSplitRuleResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__GetSplitRuleResponse);

    bmt__settlement__v1__get_split_rule_response__init(reply);
    reply->split_rule = split_rule_message(&c->row, &c->parts, arena);
    return &reply->base;
}

void list_rules_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListSplitRulesRequest *request = message;
    struct list_rules *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

const ProtobufCMessage *list_rules_reply(const void *from, struct arena *arena)
{
    const struct list_rules *c = from;
    Bmt__Settlement__V1__ListSplitRulesResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__ListSplitRulesResponse);

    bmt__settlement__v1__list_split_rules_response__init(reply);
    reply->n_split_rules = list_shown(&c->list, c->n);
    reply->split_rules = arena_array_of(arena, Bmt__Settlement__V1__SplitRule *, reply->n_split_rules);
    for (size_t i = 0; i < reply->n_split_rules; i++)
        reply->split_rules[i] = split_rule_message(&c->rows[i], &c->parts[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_split_rules - 1].rule_id : 0, arena);
    return &reply->base;
}
