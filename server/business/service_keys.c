/* BusinessService: API keys and client tokens; from messages to commands and back. */
#include <string.h>

#include "base/clock.h"
#include "bmt/business/v1/business.pb-c.h"
#include "business/business.h"
#include "business/ops.h"
#include "business/service.h"
#include "rpc/proto.h"

enum { OLD_KEY_LIVES_S = 86400, TOKEN_LIVES_S = 900 }; /* the proto promises them: no settings */

static struct authenticator *authenticator;
static bool keys_are_live;

static void forget(const uint8_t (*hashes)[API_KEY_HASH_SIZE], size_t n)
{
    for (size_t i = 0; i < n; i++)
        auth_key_forget(authenticator, hashes[i]);
}

void business_use_authenticator(struct authenticator *with, bool is_live)
{
    authenticator = with;
    keys_are_live = is_live;
    business_keys_changed = forget;
}

/* The request's own key; see auth_key_derive. */
static const char *derive(const struct call *call, const struct command *command, uint8_t ret_hash[API_KEY_HASH_SIZE])
{
    char *key = arena_alloc(call_arena(call), API_KEY_TEXT_SIZE);

    PRE(authenticator != NULL);
    auth_key_derive(
        authenticator, keys_are_live,
        arena_printf(call_arena(call), "%lld %s %s", (long long)command->biz_id, command->method, command->request_id),
        key);
    auth_key_hash(authenticator, key, ret_hash);
    return key;
}

static Bmt__Business__V1__ApiKey *key_message(const struct api_key_row *row, struct arena *arena)
{
    Bmt__Business__V1__ApiKey *key = arena_new_of(arena, Bmt__Business__V1__ApiKey);
    char *at = arena_strdup(arena, row->scopes);

    bmt__business__v1__api_key__init(key);
    key->api_key_id = proto_id(ID_API_KEY, row->key_id, arena);
    key->role = (Bmt__Business__V1__KeyRole)row->role;
    key->scopes = arena_array_of(arena, char *, strlen(at) / 2 + 1);
    while (*at != '\0') {
        char *end = at + strcspn(at, " ");
        const bool is_last = *end == '\0';

        *end = '\0';
        key->scopes[key->n_scopes++] = at;
        at = is_last ? end : end + 1;
    }
    key->label = proto_text(row->label);
    key->state = (Bmt__Business__V1__ApiKeyState)row->state;
    key->last_four = arena_strdup(arena, row->last_four);
    key->expire_time = proto_time(row->expire_time_ms, arena);
    key->create_time = proto_time(row->create_time_ms, arena);
    key->revoke_time = proto_time(row->revoke_time_ms, arena);
    return key;
}

/* Nobody gives away more than it has: a business's key is a merchant's, scopes are among the caller's own. */
static void check_issue(const struct call *call, struct issue_key *c,
                        const Bmt__Business__V1__IssueApiKeyRequest *request)
{
    const struct caller *caller = call_caller(call);
    const bool is_for_business = c->command.biz_id != 0;
    const bool asks_merchant = request->role == BMT__BUSINESS__V1__KEY_ROLE__KEY_ROLE_MERCHANT;

    if (is_for_business != asks_merchant) {
        command_refuse(&c->command, ERR_ROLE_NOT_ALLOWED, role_name(caller->role), call_method(call));
        return;
    }
    if (request->n_scopes == 0 && caller->scopes != NULL && caller->scopes[0] != '\0') {
        command_refuse(&c->command, ERR_SCOPE_NOT_ALLOWED, "(all)");
        return;
    }
    for (size_t i = 0; i < request->n_scopes && !c->command.is_done; i++)
        if (!auth_has_scope(caller, request->scopes[i]))
            command_refuse(&c->command, ERR_SCOPE_NOT_ALLOWED, request->scopes[i]);
    if (!c->command.is_done && c->row.expire_time_ms != 0 && c->row.expire_time_ms <= clock_now_ms())
        command_refuse(&c->command, ERR_FIELD_OUT_OF_RANGE, "expire_time", "now", "any later time");
}

void issue_key_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__IssueApiKeyRequest *request = message;
    struct issue_key *c = into;
    const char *scopes = "";

    for (size_t i = 0; i < request->n_scopes; i++)
        scopes = arena_printf(call_arena(call), "%s%s%s", scopes, i > 0 ? " " : "", request->scopes[i]);
    c->row = (struct api_key_row){
        .role = (int32_t)request->role,
        .scopes = scopes,
        .label = request->label,
        .expire_time_ms = proto_time_ms(request->expire_time),
    };
    check_issue(call, c, request);
    if (!c->command.is_done)
        c->key = derive(call, &c->command, c->row.hash);
}

const ProtobufCMessage *issue_key_reply(const void *from, struct arena *arena)
{
    const struct issue_key *c = from;
    Bmt__Business__V1__IssueApiKeyResponse *reply = arena_new_of(arena, Bmt__Business__V1__IssueApiKeyResponse);

    bmt__business__v1__issue_api_key_response__init(reply);
    reply->api_key = key_message(&c->row, arena);
    reply->key = proto_text(c->key);
    return &reply->base;
}

void rotate_key_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__RotateApiKeyRequest *request = message;
    const struct caller *caller = call_caller(call);
    struct rotate_key *c = into;

    c->old_key_id = proto_id_of(ID_API_KEY, request->api_key_id);
    c->old_key_lives_ms = (request->old_key_lives_s != 0 ? request->old_key_lives_s : OLD_KEY_LIVES_S) * 1000;
    c->caller_scopes = caller->scopes != NULL ? caller->scopes : "";
    c->key = derive(call, &c->command, c->hash);
}

const ProtobufCMessage *rotate_key_reply(const void *from, struct arena *arena)
{
    const struct rotate_key *c = from;
    Bmt__Business__V1__RotateApiKeyResponse *reply = arena_new_of(arena, Bmt__Business__V1__RotateApiKeyResponse);

    bmt__business__v1__rotate_api_key_response__init(reply);
    reply->api_key = key_message(&c->row, arena);
    reply->key = proto_text(c->key);
    reply->old_api_key = key_message(&c->old_row, arena);
    return &reply->base;
}

void revoke_key_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__RevokeApiKeyRequest *request = message;

    (void)call;
    ((struct revoke_key *)into)->key_id = proto_id_of(ID_API_KEY, request->api_key_id);
}

const ProtobufCMessage *revoke_key_reply(const void *from, struct arena *arena)
{
    Bmt__Business__V1__RevokeApiKeyResponse *reply = arena_new_of(arena, Bmt__Business__V1__RevokeApiKeyResponse);

    bmt__business__v1__revoke_api_key_response__init(reply);
    reply->api_key = key_message(&((const struct revoke_key *)from)->row, arena);
    return &reply->base;
}

void list_keys_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Business__V1__ListApiKeysRequest *request = message;
    struct list_keys *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

const ProtobufCMessage *list_keys_reply(const void *from, struct arena *arena)
{
    const struct list_keys *c = from;
    Bmt__Business__V1__ListApiKeysResponse *reply = arena_new_of(arena, Bmt__Business__V1__ListApiKeysResponse);

    bmt__business__v1__list_api_keys_response__init(reply);
    reply->n_api_keys = list_shown(&c->list, c->n);
    reply->api_keys = arena_array_of(arena, Bmt__Business__V1__ApiKey *, reply->n_api_keys);
    for (size_t i = 0; i < reply->n_api_keys; i++)
        reply->api_keys[i] = key_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_api_keys - 1].key_id : 0, arena);
    return &reply->base;
}

/* Needs no database: the token is proven by its signature. */
void issue_client_token_handle(struct lane *lane, struct call **calls, size_t n)
{
    PRE(authenticator != NULL);
    for (size_t i = 0; i < n; i++) {
        const Bmt__Business__V1__IssueClientTokenRequest *request = call_request(calls[i]);
        Bmt__Business__V1__IssueClientTokenResponse reply = BMT__BUSINESS__V1__ISSUE_CLIENT_TOKEN_RESPONSE__INIT;
        const int64_t lives_s = request->lives_s != 0 ? request->lives_s : TOKEN_LIVES_S;
        const int64_t expire_ms = (clock_now_ms() / 1000 + lives_s) * 1000; /* tokens count in seconds */

        reply.token = proto_text(auth_token_issue(authenticator, call_caller(calls[i])->biz_id, request->user_id,
                                                  expire_ms, lane_arena(lane)));
        reply.expire_time = proto_time(expire_ms, lane_arena(lane));
        call_reply(calls[i], &reply.base);
    }
}
