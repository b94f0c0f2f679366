/*
 * Client tokens, API keys and page tokens as texts: what forgers try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/ed25519.h"
#include "base/text.h"
#include "fixture.h"
#include "key_store.h"
#include "rpc/auth.h"
#include "rpc/page.h"
#include "rpc/token.h"

/* A token with this header and these claims, signed (or not) with this key. */
static const char *forge(const char *header, const char *claims, const struct ed25519_key *key, struct arena *arena)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE] = {0};
    const char *text = arena_printf(arena, "%s.%s", text_base64url((const uint8_t *)header, strlen(header), arena),
                                    text_base64url((const uint8_t *)claims, strlen(claims), arena));

    if (key != NULL)
        ed25519_sign(key, text, strlen(text), signature);
    return arena_printf(arena, "%s.%s", text, key != NULL ? text_base64url(signature, sizeof(signature), arena) : "");
}

#define GOOD_HEADER "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}"
#define CLAIMS(iss, aud, biz, sub, exp) \
    "{\"iss\":\"" iss "\",\"aud\":\"" aud "\",\"biz\":\"" biz "\",\"sub\":\"" sub "\",\"exp\":" exp "}"
#define GOOD_CLAIMS CLAIMS("bmt", "bmt", "biz_0000000000001", "u", "2000000000")

static void forged_tokens(void **state)
{
    static const struct {
        const char *header;
        const char *claims;
        enum err_id id;
    } rows[] = {
        {GOOD_HEADER, GOOD_CLAIMS, ERR_NONE},
        {"{\"alg\":\"none\"}", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {"{\"alg\":\"HS256\"}", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {"{\"alg\":\"eddsa\"}", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {"{\"typ\":\"JWT\"}", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {"{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {"{\"alg\":\"EdDSA\",\"crit\":[\"x\"]}", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {"[\"EdDSA\"]", GOOD_CLAIMS, ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, "[]", ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, CLAIMS("x", "bmt", "biz_0000000000001", "u", "2000000000"), ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, CLAIMS("bmt", "x", "biz_0000000000001", "u", "2000000000"), ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, CLAIMS("bmt", "bmt", "ord_0000000000001", "u", "2000000000"), ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, CLAIMS("bmt", "bmt", "biz_0000000000001", "", "2000000000"), ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, "{\"iss\":\"bmt\",\"aud\":\"bmt\",\"biz\":\"biz_0000000000001\",\"sub\":\"u\"}",
         ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, CLAIMS("bmt", "bmt", "biz_0000000000001", "u", "\"2000000000\""), ERR_CREDENTIAL_INVALID},
        {GOOD_HEADER, CLAIMS("bmt", "bmt", "biz_0000000000001", "u", "1000000000"), ERR_CREDENTIAL_EXPIRED},
    };
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct ed25519_key *key = ed25519_new_private_key();
    struct ed25519_key *other = ed25519_new_private_key();
    struct token_claims claims;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *token = forge(rows[i].header, rows[i].claims, key, arena);

        if (token_read(key, token, INT64_C(1700000000000), arena, &claims, &err) != (int)rows[i].id)
            fail_msg("row %zu", i);
    }
    const char *good = forge(GOOD_HEADER, GOOD_CLAIMS, key, arena);
    assert_int_equal(token_read(other, good, 0, arena, &claims, &err), ERR_CREDENTIAL_INVALID);
    assert_int_equal(token_read(key, forge(GOOD_HEADER, GOOD_CLAIMS, NULL, arena), 0, arena, &claims, &err),
                     ERR_CREDENTIAL_INVALID);
    assert_int_equal(token_read(key, arena_printf(arena, "%s.x", good), 0, arena, &claims, &err),
                     ERR_CREDENTIAL_INVALID);
    ed25519_key_free(key);
    ed25519_key_free(other);
}

static void keys_are_all_different_and_well_formed(void **state)
{
    char first[API_KEY_TEXT_SIZE];
    char second[API_KEY_TEXT_SIZE];

    (void)state;
    auth_key_generate(false, first);
    auth_key_generate(false, second);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(first), API_KEY_TEXT_SIZE - 1);
    assert_true(auth_key_is_well_formed(first));
    assert_false(auth_key_is_well_formed(""));
    first[2] = 'x';
    assert_false(auth_key_is_well_formed(first));
}

static void page_tokens_belong_to_their_query(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct page page;
    struct err err = {0};
    const char *token = page_next(INT64_C(0x7123456789abcdef), "ListOrders 7 PAID", arena);

    (void)state;
    assert_int_equal(page_read(10, token, "ListOrders 7 PAID", &page, &err), 0);
    assert_int_equal(page.size, 10);
    assert_true(page.after_id == INT64_C(0x7123456789abcdef));
    assert_int_equal(page_read(10, token, "ListOrders 8 PAID", &page, &err), ERR_PAGE_TOKEN_INVALID);
    assert_int_equal(page_read(10, "nonsense", "ListOrders 7 PAID", &page, &err), ERR_PAGE_TOKEN_INVALID);
    assert_int_equal(page_read(10, "!", "ListOrders 7 PAID", &page, &err), ERR_PAGE_TOKEN_INVALID);
    char *changed = arena_strdup(arena, token);
    changed[5] = changed[5] == 'A' ? 'B' : 'A';
    assert_int_equal(page_read(10, changed, "ListOrders 7 PAID", &page, &err), ERR_PAGE_TOKEN_INVALID);
    assert_int_equal(page_read(0, "", "q", &page, &err), 0);
    assert_int_equal(page.size, PAGE_SIZE_DEFAULT);
    assert_true(page.after_id == 0);
    assert_int_equal(page_read(100000, NULL, "q", &page, &err), 0);
    assert_int_equal(page.size, PAGE_SIZE_MAX);
}

static const char *secret_file(struct arena *arena, const char *folder, const char *name, const char *text)
{
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    return path;
}

/* What auth_start says of these settings; empty when it starts. Then a token of it must be good for a second one. */
static const char *start_auth(const struct conf *conf, struct arena *arena)
{
    struct authenticator *first = NULL;
    struct authenticator *second = NULL;
    struct caller caller;
    struct err err = {0};
    char *problems = arena_alloc(arena, 512);
    FILE *out = fmemopen(problems, 511, "w");
    int rc = auth_start(conf, NULL, &key_source, &first, out);

    fclose(out);
    if (rc != 0)
        return problems;
    assert_int_equal(auth_start(conf, NULL, &key_source, &second, stderr), 0);
    const char *token = auth_token_issue(first, 7, "u1", clock_now_ms() + 60000, arena);
    assert_int_equal(
        auth_caller(second, arena_printf(arena, "Bearer %s", token), NULL, arena, NULL, NULL, &caller, &err), 0);
    assert_int_equal(caller.biz_id, 7);
    auth_stop(first);
    auth_stop(second);
    return "";
}

static void secrets_are_checked_at_start(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct conf conf = fixture_conf();
    char folder[] = "/tmp/bmt-secrets-XXXXXX";

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_string_equal(start_auth(&conf, arena), "auth.pepper_file: must be set\n");
    conf.auth_pepper_file = arena_printf(arena, "%s/none", folder);
    assert_string_not_equal(start_auth(&conf, arena), "");
    conf.auth_pepper_file = secret_file(arena, folder, "pepper", "salt and pepper\n");
    conf.auth_admin_key_file = secret_file(arena, folder, "admin", "not a key\n");
    assert_string_equal(start_auth(&conf, arena),
                        arena_printf(arena, "%s: does not hold a well-formed API key\n", conf.auth_admin_key_file));
    conf.auth_admin_key_file = "";
    conf.auth_token_key_file = secret_file(arena, folder, "token", "not a key\n");
    assert_string_not_equal(start_auth(&conf, arena), "");
    const char *command = arena_printf(arena, "openssl genpkey -algorithm ed25519 -out %s", conf.auth_token_key_file);
    assert_int_equal(system(command), 0);
    assert_string_equal(start_auth(&conf, arena), "");
    assert_int_equal(system(arena_printf(arena, "rm -r %s", folder)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forged_tokens),
        cmocka_unit_test(secrets_are_checked_at_start),
        cmocka_unit_test(keys_are_all_different_and_well_formed),
        cmocka_unit_test(page_tokens_belong_to_their_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
