/* BusinessService: the table of its methods; businesses. Keys and tokens: service_keys.c. */
#include "business/service.h"

#include <string.h>

#include "bmt/business/v1/business.pb-c.h"
#include "business/business.h"
#include "business/ops.h"
#include "rpc/proto.h"

static Bmt__Business__V1__Business *business_message(const struct business_row *row, struct arena *arena)
{
    Bmt__Business__V1__Business *business = arena_new_of(arena, Bmt__Business__V1__Business);

    bmt__business__v1__business__init(business);
    business->business_id = proto_id(ID_BUSINESS, row->biz_id, arena);
    business->code = proto_text(row->code);
    business->name = proto_text(row->name);
    business->state = (Bmt__Business__V1__BusinessState)row->state;
    business->currency = arena_strdup(arena, row->currency);
    business->contact_email = proto_text(row->contact_email);
    business->order_expires_in_s = row->order_expires_in_s;
    business->order_confirm_after_s = row->order_confirm_after_s;
    business->etag = proto_etag(row->version, arena);
    business->create_time = proto_time(row->create_time_ms, arena);
    business->update_time = proto_time(row->update_time_ms, arena);
    business->late_money = (Bmt__Business__V1__LateMoney)row->late_money;
    business->failed_payment = (Bmt__Business__V1__FailedPayment)row->failed_payment;
    return business;
}

static void register_business_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__RegisterBusinessRequest *request = message;
    struct register_business *c = into;

    (void)call;
    c->row = (struct business_row){
        .code = request->code,
        .name = request->name,
        .contact_email = request->contact_email,
        .order_expires_in_s = (int32_t)request->order_expires_in_s,
        .order_confirm_after_s = (int32_t)request->order_confirm_after_s,
        .late_money = request->late_money != 0 ? (int32_t)request->late_money : LATE_MONEY_REFUND,
        .failed_payment = request->failed_payment != 0 ? (int32_t)request->failed_payment : FAILED_PAYMENT_KEEP_ORDER,
    };
    memcpy(c->row.currency, request->currency, CURRENCY_SIZE);
}

static const ProtobufCMessage *register_business_reply(const void *from, struct arena *arena)
{
    Bmt__Business__V1__RegisterBusinessResponse *reply =
        arena_new_of(arena, Bmt__Business__V1__RegisterBusinessResponse);

    bmt__business__v1__register_business_response__init(reply);
    reply->business = business_message(&((const struct register_business *)from)->row, arena);
    return &reply->base;
}

static void get_business_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__GetBusinessRequest *request = message;

    (void)call;
    ((struct get_business *)into)->biz_id = proto_id_of(ID_BUSINESS, request->business_id);
}

static const ProtobufCMessage *get_business_reply(const void *from, struct arena *arena)
{
    Bmt__Business__V1__GetBusinessResponse *reply = arena_new_of(arena, Bmt__Business__V1__GetBusinessResponse);

    bmt__business__v1__get_business_response__init(reply);
    reply->business = business_message(&((const struct get_business *)from)->row, arena);
    return &reply->base;
}

static void list_businesses_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__ListBusinessesRequest *request = message;
    struct list_businesses *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

static const ProtobufCMessage *list_businesses_reply(const void *from, struct arena *arena)
{
    const struct list_businesses *c = from;
    Bmt__Business__V1__ListBusinessesResponse *reply = arena_new_of(arena, Bmt__Business__V1__ListBusinessesResponse);

    bmt__business__v1__list_businesses_response__init(reply);
    reply->n_businesses = list_shown(&c->list, c->n);
    reply->businesses = arena_array_of(arena, Bmt__Business__V1__Business *, reply->n_businesses);
    for (size_t i = 0; i < reply->n_businesses; i++)
        reply->businesses[i] = business_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_businesses - 1].biz_id : 0, arena);
    return &reply->base;
}

/* What the named fields must be like, and who may name them. */
static void check_update(const struct call *call, struct update_business *c,
                         const Bmt__Business__V1__UpdateBusinessRequest *request)
{
    const struct caller *caller = call_caller(call);

    if (c->command.is_done)
        return;
    if (c->fields & BUSINESS_NAME && request->name[0] == '\0')
        command_refuse(&c->command, ERR_FIELD_REQUIRED, "name");
    else if (c->fields & BUSINESS_STATE &&
             request->state == BMT__BUSINESS__V1__BUSINESS_STATE__BUSINESS_STATE_UNSPECIFIED)
        command_refuse(&c->command, ERR_FIELD_REQUIRED, "state");
    else if (c->fields & BUSINESS_LATE_MONEY && request->late_money == 0)
        command_refuse(&c->command, ERR_FIELD_REQUIRED, "late_money");
    else if (c->fields & BUSINESS_FAILED_PAYMENT && request->failed_payment == 0)
        command_refuse(&c->command, ERR_FIELD_REQUIRED, "failed_payment");
    else if (c->fields & BUSINESS_STATE && caller->role != ROLE_ADMIN)
        command_refuse(&c->command, ERR_ROLE_NOT_ALLOWED, role_name(caller->role), call_method(call));
}

static void update_business_read(const struct call *call, const void *message, void *into)
{
    static const char *const paths[] = {"name",  "contact_email", "order_expires_in_s", "order_confirm_after_s",
                                        "state", "late_money",    "failed_payment"};
    const Bmt__Business__V1__UpdateBusinessRequest *request = message;
    struct update_business *c = into;

    c->biz_id = proto_id_of(ID_BUSINESS, request->business_id);
    c->version = proto_version_of(request->etag);
    c->fields = proto_mask(request->update_mask, paths, COUNT_OF(paths), &c->command);
    c->values = (struct business_row){
        .name = request->name,
        .contact_email = request->contact_email,
        .order_expires_in_s = (int32_t)request->order_expires_in_s,
        .order_confirm_after_s = (int32_t)request->order_confirm_after_s,
        .state = (int32_t)request->state,
        .late_money = (int32_t)request->late_money,
        .failed_payment = (int32_t)request->failed_payment,
    };
    check_update(call, c, request);
}

static const ProtobufCMessage *update_business_reply(const void *from, struct arena *arena)
{
    Bmt__Business__V1__UpdateBusinessResponse *reply = arena_new_of(arena, Bmt__Business__V1__UpdateBusinessResponse);

    bmt__business__v1__update_business_response__init(reply);
    reply->business = business_message(&((const struct update_business *)from)->row, arena);
    return &reply->base;
}

static const struct rpc_method methods[] = {
    {"RegisterBusiness", RPC_BATCH(register_business)},
    {"GetBusiness", RPC_BATCH(get_business)},
    {"ListBusinesses", RPC_BATCH(list_businesses)},
    {"UpdateBusiness", RPC_BATCH(update_business)},
    {"IssueApiKey", RPC_BATCH(issue_key)},
    {"ListApiKeys", RPC_BATCH(list_keys)},
    {"RotateApiKey", RPC_BATCH(rotate_key)},
    {"RevokeApiKey", RPC_BATCH(revoke_key)},
    {"IssueClientToken", .handle = issue_client_token_handle},
    RPC_LATER("GetConfiguration"),
    RPC_LATER("PlanConfiguration"),
    RPC_LATER("ApplyConfiguration"),
};

const struct rpc_service business_service = RPC_SERVICE(bmt__business__v1__business_service__descriptor, methods);
