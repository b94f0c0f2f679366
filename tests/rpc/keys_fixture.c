/*
 * The secrets' files in a folder of their own, an authenticator over the store, a server with it.
 */
#include "keys_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

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

int keys_start(void **state)
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

int keys_stop(void **state)
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

int put_key(struct keys_fixture *k, struct auth_key row, char *text)
{
    auth_key_generate(false, text);
    auth_key_hash(k->authenticator, text, row.hash);
    return key_store_put(row);
}

int given_key(struct keys_fixture *k, enum role role, int64_t biz_id, char *text)
{
    return put_key(k, (struct auth_key){.biz_id = biz_id, .role = role}, text);
}

struct rpc_result call(struct keys_fixture *k, const char *method, const char *credential, const char *business)
{
    struct rpc_options options = {.business = business};

    if (credential != NULL)
        options.authorization = arena_printf(k->f->arena, "Bearer %s", credential);
    return rpc_unary_bytes(k->f->client, arena_printf(k->f->arena, TEST_PATH("%s"), method), "", 0, &options,
                           k->f->arena);
}

const EchoResponse *echo_as(struct keys_fixture *k, const char *credential, const char *business)
{
    struct rpc_result result = call(k, "Echo", credential, business);

    assert_string_equal(result.reason, "");
    assert_int_equal(result.status, 0);
    return rpc_reply(&result, &bmt__test__v1__echo_response__descriptor, k->f->arena);
}

void expect(struct rpc_result result, const char *reason)
{
    assert_string_equal(result.reason, reason);
}
