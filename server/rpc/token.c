/*
 * Signs and proves client tokens. The signature is proven before anything of the content is believed.
 */
#include "rpc/token.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "rpc/auth.h"

#define TOKEN_PARTY "bmt"

static const char token_header[] = "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}";

static void token_free_json(json_t **json)
{
    json_decref(*json);
}

const char *token_issue(const struct ed25519_key *key, const struct token_claims *claims, struct arena *arena)
{
    char biz[ID_TEXT_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    json_t *json CLEANUP(token_free_json) =
        json_pack("{s:s, s:s, s:s, s:s, s:I}", "iss", TOKEN_PARTY, "aud", TOKEN_PARTY, "biz",
                  id_text(ID_BUSINESS, claims->biz_id, biz), "sub", claims->user_id, "exp",
                  (json_int_t)(claims->expire_time_ms / 1000));
    INVARIANT(json != NULL);
    char *text = json_dumps(json, JSON_COMPACT);
    INVARIANT(text != NULL);
    const char *signed_part =
        arena_printf(arena, "%s.%s", text_base64url((const uint8_t *)token_header, sizeof(token_header) - 1, arena),
                     text_base64url((const uint8_t *)text, strlen(text), arena));

    free(text);
    ed25519_sign(key, signed_part, strlen(signed_part), signature);
    return arena_printf(arena, "%s.%s", signed_part, text_base64url(signature, sizeof(signature), arena));
}

/* The three parts of `header.payload.signature`. */
struct token_parts {
    const char *text[3];
    size_t size[3];
};

static bool token_split(const char *token, struct token_parts *ret_parts)
{
    for (int i = 0; i < 3; i++) {
        ret_parts->text[i] = token;
        ret_parts->size[i] = strcspn(token, ".");
        token += ret_parts->size[i];
        if (ret_parts->size[i] == 0 || (i < 2) != (*token == '.'))
            return false;
        token++;
    }
    return true;
}

static json_t *token_json(const struct token_parts *parts, int part, struct arena *arena)
{
    size_t size = 0;
    const uint8_t *bytes = text_unbase64url(parts->text[part], parts->size[part], &size, arena);

    if (bytes == NULL)
        return NULL;
    json_t *json = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

static bool token_member_is(const json_t *json, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL && strcmp(text, value) == 0;
}

/* Whether the signature is of our key, and by the one algorithm that we use. */
static bool token_is_signed(const struct ed25519_key *key, const struct token_parts *parts, struct arena *arena)
{
    json_t *header CLEANUP(token_free_json) = token_json(parts, 0, arena);
    size_t size = 0;
    const uint8_t *signature = text_unbase64url(parts->text[2], parts->size[2], &size, arena);

    if (header == NULL || !token_member_is(header, "alg", "EdDSA") || json_object_get(header, "crit") != NULL)
        return false;
    if (signature == NULL || size != ED25519_SIGNATURE_SIZE)
        return false;
    size_t signed_size = parts->size[0] + 1 + parts->size[1];
    return ed25519_verify(key, parts->text[0], signed_size, signature);
}

int token_read(const struct ed25519_key *key, const char *token, int64_t now_ms, struct arena *arena,
               struct token_claims *ret_claims, struct err *err)
{
    struct token_parts parts;
    struct token_claims claims = {0};

    if (strlen(token) > TOKEN_TEXT_MAX || !token_split(token, &parts) || !token_is_signed(key, &parts, arena))
        return err_fail(err, ERR_CREDENTIAL_INVALID);

    json_t *json CLEANUP(token_free_json) = token_json(&parts, 1, arena);
    const char *biz = json_string_value(json_object_get(json, "biz"));
    const char *user = json_string_value(json_object_get(json, "sub"));
    const json_t *expires = json_object_get(json, "exp");
    if (json == NULL || !token_member_is(json, "iss", TOKEN_PARTY) || !token_member_is(json, "aud", TOKEN_PARTY) ||
        biz == NULL || id_parse(ID_BUSINESS, biz, &claims.biz_id) != 0 || user == NULL || user[0] == '\0' ||
        strlen(user) > USER_ID_MAX || !json_is_integer(expires) || json_integer_value(expires) > INT64_MAX / 1000)
        return err_fail(err, ERR_CREDENTIAL_INVALID);
    claims.user_id = arena_strdup(arena, user);
    claims.expire_time_ms = json_integer_value(expires) * 1000;
    if (now_ms >= claims.expire_time_ms)
        return err_fail(err, ERR_CREDENTIAL_EXPIRED);
    *ret_claims = claims;
    return 0;
}
