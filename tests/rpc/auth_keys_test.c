/*
 * Keys that are held, looked up, refreshed and forgotten, and calls that wait for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "keys_fixture.h"
#include "rpc/health.h"

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

/* The key dies while it is being looked up: what was read before is not held as what is true now. */
static void forgotten_key_is_not_brought_back(void **state)
{
    struct keys_fixture *k = *state;
    char text[API_KEY_TEXT_SIZE];
    uint8_t hash[API_KEY_HASH_SIZE];

    key_store_await_refresh();
    int key = given_key(k, ROLE_MERCHANT, BIZ, text);
    key_store_hide(key);
    key_store_hold(true);
    struct rpc_options options = {.authorization = arena_printf(k->f->arena, "Bearer %s", text)};
    struct rpc_call *parked = rpc_begin(k->f->client, TEST_PATH("Echo"), &options, k->f->arena);
    key_store_await_held();
    key_store_revoke(key);
    auth_key_hash(k->authenticator, text, hash);
    auth_key_forget(k->authenticator, hash);
    key_store_hold(false);
    expect(rpc_end(parked), "CREDENTIAL_REVOKED");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_key_is_looked_up_once, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(revoked_key_dies_with_the_refresh, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(forgotten_key_is_looked_up_again, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(forgotten_key_is_not_brought_back, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(database_away_is_not_a_wrong_key, keys_start, keys_stop),
        cmocka_unit_test_setup_teardown(parked_call_is_refused_while_draining, keys_start, keys_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
