/*
 * Who calls: keys, tokens, roles, scopes, staff, and what forgers try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "keys_fixture.h"

static void key_tells_role_and_business(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    int key = given_key(k, ROLE_MERCHANT, BIZ, text);
    const EchoResponse *response = echo_as(k, text, NULL);

    assert_int_equal(response->biz, BIZ);
    assert_string_equal(response->actor,
                        arena_printf(k->f->arena, "merchant %s", id_show(ID_API_KEY, key_store_id(key))));
    assert_string_equal(response->user, "");
    /* A merchant cannot choose another business. */
    assert_int_equal(echo_as(k, text, id_show(ID_BUSINESS, 78))->biz, BIZ);
}

/* The first characters of the digest decide where the authenticator remembers a key. */
static unsigned place_of(const char *text)
{
    uint8_t digest[SHA256_SIZE];

    crypto_sha256(text, strlen(text), digest);
    return (unsigned)(digest[0] << 8 | digest[1]);
}

static void keys_of_one_place_stay_apart(void **state)
{
    struct keys_fixture *k = *state;
    struct auth_key row = {.biz_id = BIZ + 1, .role = ROLE_SUPPORT};
    char first[API_KEY_TEXT_SIZE];
    char second[API_KEY_TEXT_SIZE];

    given_key(k, ROLE_MERCHANT, BIZ, first);
    do
        auth_key_generate(false, second);
    while (place_of(second) != place_of(first));
    echo_as(k, first, NULL);
    expect(call(k, "Echo", second, NULL), "CREDENTIAL_INVALID"); /* nobody has it yet */

    auth_key_hash(k->authenticator, second, row.hash);
    key_store_put(row);
    key_store_await_refresh();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(echo_as(k, first, NULL)->biz, BIZ);
        assert_int_equal(echo_as(k, second, NULL)->biz, BIZ + 1);
    }
}

static void missing_and_garbled_credentials(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    struct rpc_options options = {0};

    given_key(k, ROLE_MERCHANT, BIZ, text);
    expect(call(k, "Echo", NULL, NULL), "CREDENTIAL_MISSING");
    int before = key_store_finds();
    for (size_t i = 0; i < API_KEY_TEXT_SIZE - 1; i++) {
        char garbled[API_KEY_TEXT_SIZE];

        memcpy(garbled, text, sizeof(garbled));
        garbled[i] = garbled[i] == 'x' ? 'y' : 'x';
        expect(call(k, "Echo", garbled, NULL), "CREDENTIAL_INVALID");
    }
    assert_int_equal(key_store_finds(), before); /* the checksum refuses them without a look-up */
    static const char *const headers[] = {"",          "Bearer",    "Bearer ",   "Basic YTpi",
                                          "bmt_test_", "Bearer  x", "Bearer ..", "Bearer a.b.c"};
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        options.authorization = headers[i];
        expect(rpc_unary_bytes(k->f->client, TEST_PATH("Echo"), "", 0, &options, k->f->arena), "CREDENTIAL_INVALID");
    }
}

static void expired_and_suspended_keys(void **state)
{
    struct keys_fixture *k = *state;
    char expired[API_KEY_TEXT_SIZE];
    char suspended[API_KEY_TEXT_SIZE];
    struct auth_key row = {.biz_id = BIZ, .role = ROLE_MERCHANT, .expire_time_ms = clock_now_ms() - 1};

    (void)put_key(k, row, expired);
    row = (struct auth_key){.biz_id = BIZ + 1, .role = ROLE_MERCHANT, .is_suspended = true};
    (void)put_key(k, row, suspended);
    expect(call(k, "Echo", expired, NULL), "CREDENTIAL_EXPIRED");
    expect(call(k, "Echo", suspended, NULL), "BUSINESS_SUSPENDED");
    /* Tokens of a suspended business are refused too, although they say nothing of it. */
    const char *token = auth_token_issue(k->authenticator, BIZ + 1, "u1", clock_now_ms() + 60000, k->f->arena);
    expect(call(k, "Echo", token, NULL), "BUSINESS_SUSPENDED");
}

static void admin_key_of_the_file_works_without_database(void **state)
{
    struct keys_fixture *k = *state;

    key_store_set_down(true);
    const EchoResponse *response = echo_as(k, k->admin_key, NULL);
    assert_string_equal(response->actor, "admin operator");
    assert_int_equal(response->biz, 0);
    assert_int_equal(echo_as(k, k->admin_key, id_show(ID_BUSINESS, BIZ))->biz, BIZ);
}

static void roles_scopes_and_businesses(void **state)
{
    struct keys_fixture *k = *state;
    char merchant[API_KEY_TEXT_SIZE];
    char limited[API_KEY_TEXT_SIZE];
    char support[API_KEY_TEXT_SIZE];
    char finance[API_KEY_TEXT_SIZE];

    given_key(k, ROLE_MERCHANT, BIZ, merchant);
    struct auth_key row = {.biz_id = BIZ, .role = ROLE_MERCHANT, .scopes = "things:write things:readonly"};
    (void)put_key(k, row, limited);
    given_key(k, ROLE_SUPPORT, 0, support);
    given_key(k, ROLE_FINANCE, 0, finance);
    const char *token = auth_token_issue(k->authenticator, BIZ, "u1", clock_now_ms() + 60000, k->f->arena);

    expect(call(k, "Scoped", merchant, NULL), "");
    expect(call(k, "Scoped", limited, NULL), "SCOPE_NOT_ALLOWED");
    expect(call(k, "Scoped", support, NULL), "BUSINESS_REQUIRED");
    expect(call(k, "Scoped", support, "biz_nonsense"), "FIELD_MALFORMED");
    expect(call(k, "Scoped", support, id_show(ID_BUSINESS, BIZ)), "");
    struct rpc_result result = call(k, "Scoped", finance, id_show(ID_BUSINESS, BIZ));
    expect(result, "ROLE_NOT_ALLOWED");
    assert_string_equal(result.values[0], "role=finance");
    expect(call(k, "Scoped", token, NULL), "ROLE_NOT_ALLOWED");
    expect(call(k, "Scoped", k->admin_key, NULL), "ROLE_NOT_ALLOWED");
    expect(call(k, "Open", NULL, NULL), "");
    expect(call(k, "Later", NULL, NULL), "CREDENTIAL_MISSING");
    expect(call(k, "Later", merchant, NULL), "METHOD_NOT_YET");
}

static void form_comes_before_permission(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    struct rpc_options options = {0};

    given_key(k, ROLE_FINANCE, 0, text);
    options.authorization = arena_printf(k->f->arena, "Bearer %s", text);
    expect(rpc_unary_bytes(k->f->client, TEST_PATH("Echo"), "\x0a\x01\xff", 3, &options, k->f->arena),
           "FIELD_NOT_UTF8");
    expect(rpc_unary_bytes(k->f->client, TEST_PATH("Echo"),
                           "\x0a\x01"
                           "a",
                           3, &options, k->f->arena),
           "ROLE_NOT_ALLOWED");
}

static void token_tells_business_and_user(void **state)
{
    struct keys_fixture *k = *state;
    const char *token = auth_token_issue(k->authenticator, BIZ, "u\"1\xc3\xa9", clock_now_ms() + 60000, k->f->arena);

    for (int i = 0; i < 2; i++) { /* the second time it is known */
        const EchoResponse *response = echo_as(k, token, NULL);

        assert_int_equal(response->biz, BIZ);
        assert_string_equal(response->user, "u\"1\xc3\xa9");
        assert_string_equal(response->actor, "browser u\"1\xc3\xa9");
    }
}

static void known_token_still_expires(void **state)
{
    struct keys_fixture *k = *state;
    int64_t second = (clock_now_ms() / 1000 + 2) * 1000;
    const char *token = auth_token_issue(k->authenticator, BIZ, "u1", second, k->f->arena);

    (void)echo_as(k, token, NULL);
    clock_advance_to_offset(clock_offset_ms() + 3000);
    expect(call(k, "Echo", token, NULL), "CREDENTIAL_EXPIRED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_tells_role_and_business, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(keys_of_one_place_stay_apart, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(missing_and_garbled_credentials, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(expired_and_suspended_keys, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(admin_key_of_the_file_works_without_database, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(roles_scopes_and_businesses, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(form_comes_before_permission, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(token_tells_business_and_user, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(known_token_still_expires, keys_start, keys_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
