/*
 * Who calls: keys, tokens, roles, scopes, staff, and what forgers try.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "fixture.h"
#include "key_store.h"
#include "rpc/health.h"

typedef Bmt__Test__V1__EchoResponse EchoResponse;

enum { BIZ = 77 };

struct keys_fixture {
    struct fixture *f;
    struct authenticator *authenticator;
    char folder[64];
    char admin_key[API_KEY_TEXT_SIZE];
};

static const char *write_file(struct keys_fixture *k, const char *name, const char *text)
{
    static char path[3][128];
    static int next;
    char *result = path[next++ % 3];

    snprintf(result, sizeof(path[0]), "%s/%s", k->folder, name);
    FILE *file = fopen(result, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(result, 0600), 0);
    return result;
}

static int start(void **state)
{
    static struct keys_fixture k;
    struct conf conf = fixture_conf();

    memset(&k, 0, sizeof(k));
    key_store_reset();
    snprintf(k.folder, sizeof(k.folder), "/tmp/bmt-auth-XXXXXX");
    assert_non_null(mkdtemp(k.folder));
    auth_key_generate(false, k.admin_key);
    conf.auth_pepper_file = write_file(&k, "pepper", "a pepper of the tests\n");
    conf.auth_admin_key_file = write_file(&k, "admin", k.admin_key);
    conf.auth_refresh_ms = 100;
    assert_int_equal(auth_start(&conf, NULL, &key_source, &k.authenticator, stderr), 0);
    k.f = fixture_start(&conf, NULL, k.authenticator);
    *state = &k;
    return 0;
}

static int stop(void **state)
{
    struct keys_fixture *k = *state;
    char command[160];

    fixture_stop(k->f);
    auth_stop(k->authenticator);
    snprintf(command, sizeof(command), "%s/pepper", k->folder);
    (void)unlink(command);
    snprintf(command, sizeof(command), "%s/admin", k->folder);
    (void)unlink(command);
    (void)rmdir(k->folder);
    return 0;
}

/* Puts a key into the store; `text` gets its secret. Returns its place. */
static int put_key(struct keys_fixture *k, struct auth_key row, char *text)
{
    auth_key_generate(false, text);
    auth_key_hash(k->authenticator, text, row.hash);
    return key_store_put(row);
}

static int given_key(struct keys_fixture *k, enum role role, int64_t biz_id, char *text)
{
    return put_key(k, (struct auth_key){.biz_id = biz_id, .role = role}, text);
}

static struct rpc_result call(struct keys_fixture *k, const char *method, const char *credential, const char *business)
{
    struct rpc_options options = {.business = business};

    if (credential != NULL)
        options.authorization = arena_printf(k->f->arena, "Bearer %s", credential);
    return rpc_unary_bytes(k->f->client, arena_printf(k->f->arena, TEST_PATH("%s"), method), "", 0, &options,
                           k->f->arena);
}

static const EchoResponse *echo_as(struct keys_fixture *k, const char *credential, const char *business)
{
    struct rpc_result result = call(k, "Echo", credential, business);

    assert_string_equal(result.reason, "");
    assert_int_equal(result.status, 0);
    return rpc_reply(&result, &bmt__test__v1__echo_response__descriptor, k->f->arena);
}

static void expect(struct rpc_result result, const char *reason)
{
    assert_string_equal(result.reason, reason);
}

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

static void unknown_key_is_looked_up_once(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];

    auth_key_generate(true, text);
    assert_int_equal(strncmp(text, "bmt_live_", 9), 0);
    expect(call(k, "Echo", text, NULL), "CREDENTIAL_INVALID");
    int before = key_store_finds();
    expect(call(k, "Echo", text, NULL), "CREDENTIAL_INVALID");
    assert_in_range(key_store_finds() - before, 0, 1); /* 0 within one refresh; a slow machine may need a second */
}

static void revoked_key_dies_with_the_refresh(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    int key = given_key(k, ROLE_MERCHANT, BIZ, text);

    (void)echo_as(k, text, NULL);
    key_store_revoke(key);
    key_store_touch(key);
    key_store_await_refresh();
    expect(call(k, "Echo", text, NULL), "CREDENTIAL_REVOKED");
}

static void forgotten_key_is_looked_up_again(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    int key = given_key(k, ROLE_MERCHANT, BIZ, text);

    (void)echo_as(k, text, NULL);
    key_store_hide(key);
    key_store_revoke(key);
    uint8_t hash[API_KEY_HASH_SIZE];
    auth_key_hash(k->authenticator, text, hash);
    auth_key_forget(k->authenticator, hash);
    expect(call(k, "Echo", text, NULL), "CREDENTIAL_REVOKED");
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

static void database_away_is_not_a_wrong_key(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];

    key_store_await_refresh();
    auth_key_generate(false, text);
    key_store_set_down(true);
    expect(call(k, "Echo", text, NULL), "DATABASE_UNAVAILABLE");
    key_store_await_refresh();
    assert_false(health_is_serving());
    key_store_set_down(false);
    key_store_await_refresh();
    assert_true(health_is_serving());
}

static void *stop_server(void *context)
{
    rpc_stop(context);
    return NULL;
}

/* A call that waits for its key when the server begins to stop: it is answered, and not begun any more. */
static void parked_call_is_refused_while_draining(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    pthread_t thread;

    key_store_await_refresh();
    key_store_hide(given_key(k, ROLE_MERCHANT, BIZ, text));
    key_store_hold(true);
    struct rpc_options options = {.authorization = arena_printf(k->f->arena, "Bearer %s", text)};
    struct rpc_call *parked = rpc_begin(k->f->client, TEST_PATH("Open"), &options, k->f->arena);
    key_store_await_held();
    assert_int_equal(pthread_create(&thread, NULL, stop_server, k->f->rpc), 0);
    while (health_is_serving())
        sched_yield();
    key_store_hold(false);
    expect(rpc_end(parked), "SHUTTING_DOWN");
    pthread_join(thread, NULL);
    k->f->rpc = NULL;
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
        cmocka_unit_test_setup_teardown(key_tells_role_and_business, start, stop),
        cmocka_unit_test_setup_teardown(keys_of_one_place_stay_apart, start, stop),
        cmocka_unit_test_setup_teardown(missing_and_garbled_credentials, start, stop),
        cmocka_unit_test_setup_teardown(unknown_key_is_looked_up_once, start, stop),
        cmocka_unit_test_setup_teardown(revoked_key_dies_with_the_refresh, start, stop),
        cmocka_unit_test_setup_teardown(forgotten_key_is_looked_up_again, start, stop),
        cmocka_unit_test_setup_teardown(expired_and_suspended_keys, start, stop),
        cmocka_unit_test_setup_teardown(admin_key_of_the_file_works_without_database, start, stop),
        cmocka_unit_test_setup_teardown(database_away_is_not_a_wrong_key, start, stop),
        cmocka_unit_test_setup_teardown(parked_call_is_refused_while_draining, start, stop),
        cmocka_unit_test_setup_teardown(roles_scopes_and_businesses, start, stop),
        cmocka_unit_test_setup_teardown(form_comes_before_permission, start, stop),
        cmocka_unit_test_setup_teardown(token_tells_business_and_user, start, stop),
        cmocka_unit_test_setup_teardown(known_token_still_expires, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
