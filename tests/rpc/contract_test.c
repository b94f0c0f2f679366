/*
 * The check of contracts: each thing that a contract must not hold is found. The contracts are built here, as
 * descriptor sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bmt/test/v1/test.pb-c.h"
#include "fixture.h"
#include "rpc/contract.h"

/*
 * Compiles a proto text by protoc into a set and returns what the check says of it. The text stands in a file of
 * package bmt.x.v1 with the options imported.
 */
static const char *check(struct arena *arena, const char *text)
{
    char folder[] = "/tmp/bmt-contract-XXXXXX";
    char command[1024];
    static char problems[4096];
    uint8_t *set = arena_alloc(arena, 1 << 20);

    assert_non_null(mkdtemp(folder));
    FILE *file = fopen(arena_printf(arena, "%s/x.proto", folder), "w");
    assert_non_null(file);
    fprintf(file,
            "syntax = \"proto3\"; package bmt.x.v1; import \"bmt/common/v1/options.proto\";"
            " import \"google/protobuf/struct.proto\"; %s",
            text);
    fclose(file);
    snprintf(command, sizeof(command),
             "protoc -I %s -I " BMT_SOURCE_DIR "/protos -I /usr/include --include_imports "
             "--descriptor_set_out=%s/x.binpb x.proto 2>%s/errors",
             folder, folder, folder);
    if (system(command) != 0) {
        snprintf(command, sizeof(command), "cat %s/errors", folder);
        (void)!system(command);
        fail_msg("protoc refused: %s", text);
    }
    file = fopen(arena_printf(arena, "%s/x.binpb", folder), "r");
    assert_non_null(file);
    size_t size = fread(set, 1, 1 << 20, file);
    fclose(file);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);

    const struct contract *contract = contract_read(set, size, arena);
    assert_non_null(contract);
    memset(problems, 0, sizeof(problems));
    FILE *out = fmemopen(problems, sizeof(problems) - 1, "w");
    int rc = contract_check_set(contract, out);
    fclose(out);
    assert_int_equal(rc, problems[0] != '\0' ? -1 : 0);
    return problems;
}

#define RULE        "option (bmt.common.v1.method) = {roles: [ROLE_ADMIN] priority: PRIORITY_READ batch_max: 8};"
#define PUBLIC_RULE "option (bmt.common.v1.method) = {roles: [ROLE_PUBLIC] priority: PRIORITY_READ batch_max: 8};"
#define HARMLESS_RULE                                                                            \
    "option (bmt.common.v1.method) = {roles: [ROLE_ADMIN] priority: PRIORITY_READ batch_max: 8 " \
    "without_request_id: true};"
#define READS            "option idempotency_level = NO_SIDE_EFFECTS;"
#define SERVICE(options) "service S { rpc Do(Q) returns (R) { " options " } } message R {} "
#define ID_FIELD         "string request_id = 1 [(bmt.common.v1.field) = {required: true max_bytes: 64}];"

static void contracts(void **state)
{
    static const struct {
        const char *text;
        const char *problem; /* empty: none */
    } rows[] = {
        {SERVICE(RULE READS) "message Q {}", ""},
        {SERVICE(READS) "message Q {}", "bmt.x.v1.S/Do: no rule\n"},
        {SERVICE(READS "option (bmt.common.v1.method) = {priority: PRIORITY_READ batch_max: 8};") "message Q {}",
         "bmt.x.v1.S/Do: no role\n"},
        {SERVICE(READS "option (bmt.common.v1.method) = {roles: [ROLE_ADMIN] batch_max: 8};") "message Q {}",
         "bmt.x.v1.S/Do: no priority\n"},
        {SERVICE(READS "option (bmt.common.v1.method) = {roles: [ROLE_ADMIN] priority: PRIORITY_READ};") "message Q {}",
         "bmt.x.v1.S/Do: batch_max outside 1 to 512\n"},
        {SERVICE(
             READS
             "option (bmt.common.v1.method) = {roles: [ROLE_ADMIN] priority: PRIORITY_READ batch_max: 513};") "message "
                                                                                                              "Q {}",
         "bmt.x.v1.S/Do: batch_max outside 1 to 512\n"},
        {SERVICE(RULE) "message Q {}", "bmt.x.v1.S/Do: writes (idempotency_level) without request_id\n"},
        {SERVICE(RULE) "message Q { " ID_FIELD " }", ""},
        {SERVICE(RULE) "message Q { string request_id = 1 [(bmt.common.v1.field).max_bytes = 64]; }",
         "bmt.x.v1.S/Do: request_id: must be required\n"},
        {SERVICE(RULE "option idempotency_level = IDEMPOTENT;") "message Q {}",
         "bmt.x.v1.S/Do: writes (idempotency_level) without request_id\n"},
        {SERVICE(PUBLIC_RULE "option idempotency_level = IDEMPOTENT;") "message Q {}", ""},
        {SERVICE(HARMLESS_RULE "option idempotency_level = IDEMPOTENT;") "message Q {}", ""},
        {SERVICE(HARMLESS_RULE) "message Q {}", "bmt.x.v1.S/Do: writes (idempotency_level) without request_id\n"},
        {SERVICE(PUBLIC_RULE) "message Q {}", "bmt.x.v1.S/Do: writes (idempotency_level) without request_id\n"},
        {SERVICE(RULE READS) "message Q { string text = 1; }", "bmt.x.v1.S/Do: text: text without max_bytes or id\n"},
        {SERVICE(RULE READS) "message Q { bytes blob = 1; }", "bmt.x.v1.S/Do: blob: text without max_bytes or id\n"},
        {SERVICE(RULE READS) "message Q { string id = 1 [(bmt.common.v1.field).id = \"ord\"]; }", ""},
        {SERVICE(RULE READS) "message Q { I i = 1; } message I { J j = 1; } message J { string text = 1; }",
         "bmt.x.v1.S/Do: i.j.text: text without max_bytes or id\n"},
        {SERVICE(RULE READS) "message Q { repeated int32 n = 1; }", "bmt.x.v1.S/Do: n: list without max_items\n"},
        {SERVICE(RULE READS) "message Q { int32 n = 1 [(bmt.common.v1.field).range = {min: 2 max: 1}]; }",
         "bmt.x.v1.S/Do: n: range whose min is above its max\n"},
        {SERVICE(RULE READS) "message Q { optional int32 n = 1; }",
         "bmt.x.v1.S/Do: n: proto3 optional is not supported by protobuf-c\n"},
        {SERVICE(RULE READS) "message Q { Q q = 1; }", "bmt.x.v1.S/Do: q: message that can hold itself\n"},
        {SERVICE(RULE READS) "message Q { A a = 1; } message A { B b = 1; } message B { A a = 1; }",
         "bmt.x.v1.S/Do: a.b.a: message that can hold itself\n"},
        {SERVICE(RULE READS) "message Q { google.protobuf.ListValue v = 1; }",
         "bmt.x.v1.S/Do: v.values.struct_value.fields.value: message that can hold itself\n"
         "bmt.x.v1.S/Do: v.values.list_value: message that can hold itself\n"},
        {"service S { rpc ListThings(Q) returns (R) { " RULE READS " } } message Q {} message R {}",
         "bmt.x.v1.S/ListThings: list without page_size and page_token\n"
         "bmt.x.v1.S/ListThings: list without next_page_token\n"},
        {"service S { rpc ListThings(Q) returns (R) { " RULE READS " } } message Q { int32 page_size = 1; "
         "string page_token = 2 [(bmt.common.v1.field).max_bytes = 64]; } message R { string next_page_token = 1; }",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(64 << 20);
        const char *problems = check(arena, rows[i].text);

        if (strcmp(problems, rows[i].problem) != 0)
            fail_msg("row %zu: %s", i, problems);
    }
}

static void malformed_set_is_refused(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);

    (void)state;
    assert_null(contract_read((const uint8_t *)"\x0a\x7f"
                                               "12345678",
                              10, arena));
    assert_null(contract_read((const uint8_t *)"\x12\x01"
                                               "1",
                              3, arena));
    assert_null(contract_read((const uint8_t *)"\x0a\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, arena));
}

static void methods_are_read_with_their_rules(void **state)
{
    struct contract_method method;

    (void)state;
    assert_true(contract_find_method(contract_embedded(), "bmt.test.v1.TestService", "Scoped", &method));
    assert_true(method.has_rule);
    assert_int_equal(method.roles, 1u << ROLE_MERCHANT | 1u << ROLE_SUPPORT);
    assert_int_equal(method.priority, PRIORITY_REPORT);
    assert_int_equal(method.batch_max, 8);
    assert_string_equal(method.scope, "things:read");
    assert_int_equal(method.idempotency, IDEMPOTENCY_NO_SIDE_EFFECTS);
    assert_false(method.is_server_streaming || method.is_client_streaming);
    assert_true(contract_find_method(contract_embedded(), "bmt.test.v1.TestService", "Watch", &method));
    assert_true(method.is_server_streaming && !method.is_client_streaming);
    assert_true(contract_find_method(contract_embedded(), "bmt.test.v1.TestService", "Chat", &method));
    assert_true(method.is_server_streaming && method.is_client_streaming);
    assert_false(contract_find_method(contract_embedded(), "bmt.test.v1.TestService", "Nope", &method));
    assert_false(contract_find_method(contract_embedded(), "bmt.test.v1.EchoRequest", "text", &method));
}

/* Starts with this table and returns what is said; the start must fail. */
static const char *start_with(const struct rpc_method *methods, size_t n)
{
    static char problems[4096];
    struct rpc_service service = {
        .descriptor = &bmt__test__v1__test_service__descriptor, .methods = methods, .n_methods = n};
    const struct rpc_service *services[] = {&service};
    struct conf conf = fixture_conf();
    struct rpc *rpc = NULL;

    memset(problems, 0, sizeof(problems));
    FILE *out = fmemopen(problems, sizeof(problems) - 1, "w");
    assert_int_equal(rpc_start(&conf, NULL, NULL, services, 1, &rpc, out), -1);
    fclose(out);
    return problems;
}

static int no_body(struct batch *batch, struct err *err)
{
    (void)batch;
    (void)err;
    return 0;
}

static void table_and_contract_must_agree(void **state)
{
    static struct batch_plan plan = {.name = "x", .body = no_body};
    struct rpc_method methods[20];
    size_t n = test_service.n_methods;

    (void)state;
    memcpy(methods, test_service.methods, n * sizeof(methods[0]));
    assert_string_equal(start_with(methods, n - 1), "bmt.test.v1.TestService/Chat: is not in the service's table\n");

    methods[n] = (struct rpc_method){.name = "More", .handle = methods[0].handle};
    assert_string_equal(start_with(methods, n + 1),
                        "bmt.test.v1.TestService/More: is in the table but not in the contract\n");

    methods[0].plan = &plan;
    assert_string_equal(start_with(methods, n),
                        "bmt.test.v1.TestService/Echo: has both a plan and a handler\n"
                        "bmt.test.v1.TestService/Echo: has a plan but no read, reply or command\n"
                        "bmt.test.v1.TestService/Echo: says NO_SIDE_EFFECTS, but its batch may write\n");
}

static void taken_port_is_told(void **state)
{
    struct conf conf = fixture_conf();
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    const struct rpc_service *services[] = {&test_service};
    struct rpc *rpc = NULL;
    char problems[256] = "";

    (void)state;
    conf.listen = arena_printf(f->arena, "127.0.0.1:%d", rpc_port(f->rpc));
    FILE *out = fmemopen(problems, sizeof(problems) - 1, "w");
    assert_int_equal(rpc_start(&conf, NULL, NULL, services, 1, &rpc, out), RPC_PORT_TAKEN);
    fclose(out);
    assert_string_equal(problems, arena_printf(f->arena, "listen: could not bind %s\n", conf.listen));
    fixture_stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contracts),
        cmocka_unit_test(malformed_set_is_refused),
        cmocka_unit_test(methods_are_read_with_their_rules),
        cmocka_unit_test(table_and_contract_must_agree),
        cmocka_unit_test(taken_port_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
