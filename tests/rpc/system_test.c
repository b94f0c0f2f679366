/*
 * The server as a whole: health, reflection, and stopping under load.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/clock.h"
#include "fixture.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"
#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/health.h"

typedef Grpc__Health__V1__HealthCheckRequest CheckRequest;
typedef Grpc__Health__V1__HealthCheckResponse CheckResponse;
typedef Grpc__Reflection__V1__ServerReflectionRequest Question;
typedef Grpc__Reflection__V1__ServerReflectionResponse Answer;

enum { UNKNOWN = 0, SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3 };

static int start(void **state)
{
    struct conf conf = fixture_conf();

    *state = fixture_start(&conf, NULL, NULL);
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

static int check_health(struct fixture *f, const char *service)
{
    CheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

    request.service = (char *)(uintptr_t)service;
    struct rpc_result result = rpc_unary(f->client, "/grpc.health.v1.Health/Check", &request.base, NULL, f->arena);

    if (result.status == STATUS_NOT_FOUND) {
        assert_string_equal(result.reason, "SERVICE_NOT_FOUND");
        return SERVICE_UNKNOWN;
    }
    const CheckResponse *response = rpc_reply(&result, &grpc__health__v1__health_check_response__descriptor, f->arena);
    assert_int_equal(result.status, 0);
    return (int)response->status;
}

static int read_health(struct rpc_call *call)
{
    struct sql_bytes bytes;

    if (!rpc_read(call, &bytes))
        return -1;
    CheckResponse *response = grpc__health__v1__health_check_response__unpack(NULL, bytes.size, bytes.data);
    int status = (int)response->status;
    grpc__health__v1__health_check_response__free_unpacked(response, NULL);
    return status;
}

static struct rpc_call *watch_health(struct fixture *f, const char *service)
{
    CheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct rpc_call *call = rpc_begin(f->client, "/grpc.health.v1.Health/Watch", NULL, f->arena);

    request.service = (char *)(uintptr_t)service;
    assert_true(rpc_write(call, &request.base));
    rpc_half_close(call);
    return call;
}

static void health_follows_the_database(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = watch_health(f, "");

    assert_int_equal(read_health(call), SERVING);
    assert_int_equal(check_health(f, ""), SERVING);
    assert_int_equal(check_health(f, "bmt.test.v1.TestService"), SERVING);
    assert_int_equal(check_health(f, "bmt.test.v1.Nope"), SERVICE_UNKNOWN);
    health_database(false);
    assert_int_equal(read_health(call), NOT_SERVING);
    assert_int_equal(check_health(f, ""), NOT_SERVING);
    health_database(false); /* no news */
    health_database(true);
    assert_int_equal(read_health(call), SERVING);
    rpc_cancel(call);
    (void)rpc_end(call);
    struct rpc_call *unknown = watch_health(f, "bmt.test.v1.Nope");
    assert_int_equal(read_health(unknown), SERVICE_UNKNOWN);
    rpc_cancel(unknown);
    (void)rpc_end(unknown);
}

/* A database that cannot be reached is told by the batches that need it. */
static void unreachable_database_is_told(void **state)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct conf conf = fixture_conf();
    struct db *db = NULL;
    Bmt__Test__V1__StoreRequest request = BMT__TEST__V1__STORE_REQUEST__INIT;

    (void)state;
    conf.n_servers = 1;
    conf.servers[0] = (struct conf_server){
        .name = "a", .socket = "/nonexistent/socket", .host = "", .user = "x", .password_file = ""};
    static const char *const modules[] = {"platform", "business", "product", "order", "payment"};
    for (size_t i = 0; i < COUNT_OF(modules); i++)
        conf.modules[conf.n_modules++] = (struct conf_module){.module = modules[i], .server = "a"};
    assert_int_equal(db_open(&conf, arena, &db, stderr), 0);
    struct fixture *f = fixture_start(&conf, db, NULL);
    request.request_id = (char *)(uintptr_t) "r1";
    struct rpc_result result = rpc_unary(f->client, TEST_PATH("Store"), &request.base, NULL, f->arena);
    assert_string_equal(result.reason, "DATABASE_UNAVAILABLE");
    assert_int_equal(check_health(f, ""), NOT_SERVING);
    fixture_stop(f);
    db_close(db);
}

static void *stop_in_thread(void *context)
{
    rpc_stop(context);
    return NULL;
}

/* While a call is still running: watchers hear NOT_SERVING, the running call ends well. */
static void draining_says_so_and_lets_calls_end(void **state)
{
    struct conf conf = fixture_conf();
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    struct rpc_call *health = watch_health(f, "");
    struct rpc_call *slow = rpc_begin(f->client, TEST_PATH("Slow"), NULL, f->arena);
    Bmt__Test__V1__SlowRequest request = BMT__TEST__V1__SLOW_REQUEST__INIT;
    pthread_t thread;

    (void)state;
    assert_int_equal(read_health(health), SERVING);
    assert_true(rpc_write(slow, &request.base));
    rpc_half_close(slow);
    gate_await(1);
    assert_int_equal(pthread_create(&thread, NULL, stop_in_thread, f->rpc), 0);
    assert_int_equal(read_health(health), NOT_SERVING);
    assert_string_equal(rpc_end(health).reason, "SHUTTING_DOWN");
    gate_open();
    assert_int_equal(rpc_end(slow).status, 0);
    pthread_join(thread, NULL);
    rpc_client_free(f->client);
    arena_free(f->arena);
}

/* A handler that does not end in time: its client is told, and the stop still waits for the handler. */
static void stop_cancels_after_the_grace(void **state)
{
    struct conf conf = fixture_conf();
    conf.rpc_drain_ms = 50;
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    struct rpc_call *slow = rpc_begin(f->client, TEST_PATH("Slow"), NULL, f->arena);
    Bmt__Test__V1__SlowRequest request = BMT__TEST__V1__SLOW_REQUEST__INIT;
    pthread_t thread;

    (void)state;
    assert_true(rpc_write(slow, &request.base));
    rpc_half_close(slow);
    gate_await(1);
    assert_int_equal(pthread_create(&thread, NULL, stop_in_thread, f->rpc), 0);
    assert_int_not_equal(rpc_end(slow).status, 0);
    gate_open();
    pthread_join(thread, NULL);
    rpc_client_free(f->client);
    arena_free(f->arena);
}

enum { LOADERS = 4, LOAD_CALLS_MIN = 200 };

static _Atomic int n_ok;
static _Atomic int n_refused;

/* Calls Echo until the server is gone. */
static void *load(void *context)
{
    const struct fixture *f = context;
    struct rpc_client *client = rpc_client_new(rpc_port(f->rpc), NULL);

    for (;;) {
        struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
        Bmt__Test__V1__EchoRequest request = BMT__TEST__V1__ECHO_REQUEST__INIT;
        struct rpc_options options = {.deadline_ms = 500};

        request.text = (char *)(uintptr_t) "load";
        struct rpc_result result = rpc_unary(client, TEST_PATH("Echo"), &request.base, &options, arena);
        if (result.status == 0) {
            n_ok++;
            continue;
        }
        n_refused++;
        break;
    }
    rpc_client_free(client);
    return NULL;
}

static void stop_under_load(void **state)
{
    struct conf conf = fixture_conf();
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    pthread_t threads[LOADERS];

    (void)state;
    n_ok = n_refused = 0;
    for (int i = 0; i < LOADERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load, f), 0);
    while (n_ok < LOAD_CALLS_MIN)
        sched_yield();
    rpc_stop(f->rpc);
    for (int i = 0; i < LOADERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(n_refused, LOADERS);
    rpc_client_free(f->client);
    arena_free(f->arena);
}

/* One question on its own stream. */
static const Answer *ask(struct fixture *f, const char *version, const Question *question)
{
    const char *path = arena_printf(f->arena, "/grpc.reflection.%s.ServerReflection/ServerReflectionInfo", version);
    struct rpc_call *call = rpc_begin(f->client, path, NULL, f->arena);

    assert_true(rpc_write(call, &question->base));
    rpc_half_close(call);
    struct rpc_result result = rpc_end(call);
    assert_int_equal(result.status, 0);
    const Answer *answer = rpc_reply(&result, &grpc__reflection__v1__server_reflection_response__descriptor, f->arena);
    assert_non_null(answer);
    return answer;
}

#define QUESTION(member, kind, value)                                                                    \
    {                                                                                                    \
        .base = PROTOBUF_C_MESSAGE_INIT(&grpc__reflection__v1__server_reflection_request__descriptor),   \
        .host = (char *)(uintptr_t) "",                                                                  \
        .message_request_case = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##kind, \
        .member = (char *)(uintptr_t)(value)                                                             \
    }

static bool has_file(const Answer *answer, const char *name)
{
    const Grpc__Reflection__V1__FileDescriptorResponse *files = answer->file_descriptor_response;
    bool found = false;

    assert_non_null(files);
    for (size_t i = 0; i < files->n_file_descriptor_proto; i++) {
        Google__Protobuf__FileDescriptorProto *file = google__protobuf__file_descriptor_proto__unpack(
            NULL, files->file_descriptor_proto[i].len, files->file_descriptor_proto[i].data);

        assert_non_null(file);
        found = found || strcmp(file->name, name) == 0;
        google__protobuf__file_descriptor_proto__free_unpacked(file, NULL);
    }
    return found;
}

static void reflection_answers(void **state)
{
    struct fixture *f = *state;
    static const char *const versions[] = {"v1", "v1alpha"};

    for (size_t v = 0; v < COUNT_OF(versions); v++) {
        Question list = QUESTION(list_services, LIST_SERVICES, "*");
        Question symbol = QUESTION(file_containing_symbol, FILE_CONTAINING_SYMBOL, "bmt.test.v1.TestService.Echo");
        Question name = QUESTION(file_by_filename, FILE_BY_FILENAME, "bmt/common/v1/options.proto");
        Question numbers =
            QUESTION(all_extension_numbers_of_type, ALL_EXTENSION_NUMBERS_OF_TYPE, "google.protobuf.FieldOptions");
        Question unknown = QUESTION(file_containing_symbol, FILE_CONTAINING_SYMBOL, "bmt.Nope");
        Question nothing = QUESTION(list_services, _NOT_SET, NULL);
        Question extension = QUESTION(list_services, FILE_CONTAINING_EXTENSION, NULL);
        Grpc__Reflection__V1__ExtensionRequest field = GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
        const Answer *answer = ask(f, versions[v], &list);

        assert_int_equal(answer->list_services_response->n_service, 4);
        assert_string_equal(answer->list_services_response->service[0]->name, "bmt.test.v1.TestService");
        answer = ask(f, versions[v], &symbol);
        assert_true(has_file(answer, "bmt/test/v1/test.proto"));
        assert_true(has_file(answer, "google/protobuf/descriptor.proto")); /* what it imports comes along */
        assert_true(has_file(ask(f, versions[v], &name), "bmt/common/v1/options.proto"));
        answer = ask(f, versions[v], &numbers);
        assert_int_equal(answer->all_extension_numbers_response->n_extension_number, 1);
        assert_int_equal(answer->all_extension_numbers_response->extension_number[0], 50002);
        assert_int_equal(ask(f, versions[v], &unknown)->error_response->error_code, STATUS_NOT_FOUND);
        assert_int_equal(ask(f, versions[v], &nothing)->error_response->error_code, STATUS_NOT_FOUND);
        field.containing_type = (char *)(uintptr_t) "google.protobuf.MethodOptions";
        field.extension_number = 50001;
        extension.file_containing_extension = &field;
        assert_true(has_file(ask(f, versions[v], &extension), "bmt/common/v1/options.proto"));
        field.extension_number = 1;
        assert_int_equal(ask(f, versions[v], &extension)->error_response->error_code, STATUS_NOT_FOUND);
    }
}

static void reflection_can_be_switched_off(void **state)
{
    struct conf conf = fixture_conf();
    conf.reflection = false;
    struct fixture *f = fixture_start(&conf, NULL, NULL);

    (void)state;
    struct rpc_result result =
        rpc_unary_bytes(f->client, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "", 0, NULL, f->arena);
    assert_string_equal(result.reason, "METHOD_UNKNOWN");
    fixture_stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(health_follows_the_database, start, stop),
        cmocka_unit_test(unreachable_database_is_told),
        cmocka_unit_test(draining_says_so_and_lets_calls_end),
        cmocka_unit_test(stop_cancels_after_the_grace),
        cmocka_unit_test(stop_under_load),
        cmocka_unit_test_setup_teardown(reflection_answers, start, stop),
        cmocka_unit_test(reflection_can_be_switched_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
