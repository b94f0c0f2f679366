/*
 * Unary calls from the client's side: replies, refusals, limits, counts and lines of the log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "fixture.h"

typedef Bmt__Test__V1__EchoRequest EchoRequest;
typedef Bmt__Test__V1__EchoResponse EchoResponse;
typedef Bmt__Test__V1__FailRequest FailRequest;

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

static struct rpc_result echo(struct fixture *f, const char *text, const struct rpc_options *options)
{
    EchoRequest request = BMT__TEST__V1__ECHO_REQUEST__INIT;

    request.text = (char *)(uintptr_t)text;
    return rpc_unary(f->client, TEST_PATH("Echo"), &request.base, options, f->arena);
}

static void expect_refused(struct rpc_result result, enum err_id id)
{
    assert_string_equal(result.reason, err_info(id)->reason);
    assert_int_equal(result.status, err_info(id)->status);
    assert_string_equal(result.domain, "bmt");
    assert_null(result.reply.data);
}

static void reply_carries_the_message(void **state)
{
    struct fixture *f = *state;
    struct rpc_result result = echo(f, "h\xc3\xa9llo", NULL);
    const EchoResponse *response = rpc_reply(&result, &bmt__test__v1__echo_response__descriptor, f->arena);

    assert_int_equal(result.status, 0);
    assert_string_equal(response->text, "h\xc3\xa9llo");
    assert_null(result.details.data);
}

static void empty_request_and_reply_work(void **state)
{
    struct fixture *f = *state;
    struct rpc_result result = rpc_unary_bytes(f->client, TEST_PATH("Open"), "", 0, NULL, f->arena);

    assert_int_equal(result.status, 0);
    assert_non_null(result.reply.data);
    assert_int_equal(result.reply.size, 0);
}

/* The bytes of grpc-status-details-bin are read back in lib/rpc.c, which compares code and message with the status. */
static void refusal_carries_reason_and_values(void **state)
{
    struct fixture *f = *state;
    FailRequest request = BMT__TEST__V1__FAIL_REQUEST__INIT;

    request.order = (char *)(uintptr_t) "ord_1";
    request.state = (char *)(uintptr_t) "\xc3\x9c"
                                        "BERZAHLT";
    struct rpc_result result = rpc_unary(f->client, TEST_PATH("Fail"), &request.base, NULL, f->arena);
    expect_refused(result, ERR_ORDER_WRONG_STATE);
    assert_string_equal(result.message, "order ord_1 is \xc3\x9c"
                                        "BERZAHLT, it must be PAID");
    assert_string_equal(result.values[0], "order=ord_1");
    assert_string_equal(result.values[1], "state=\xc3\x9c"
                                          "BERZAHLT");
    assert_string_equal(result.values[2], "allowed=PAID");
}

static void unknown_methods_are_refused_at_once(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {TEST_PATH("Nope"), "/no.Service/Echo", "/", "/x"};

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        expect_refused(rpc_unary_bytes(f->client, paths[i], "", 0, NULL, f->arena), ERR_METHOD_UNKNOWN);
}

static void method_without_handler_is_not_yet(void **state)
{
    struct fixture *f = *state;
    struct rpc_result result = rpc_unary_bytes(f->client, TEST_PATH("Later"), "", 0, NULL, f->arena);

    expect_refused(result, ERR_METHOD_NOT_YET);
    assert_string_equal(result.values[0], "method=bmt.test.v1.TestService/Later");
}

static void malformed_bytes_are_refused(void **state)
{
    struct fixture *f = *state;

    expect_refused(rpc_unary_bytes(f->client, TEST_PATH("Echo"),
                                   "\x0a\x05"
                                   "abc",
                                   5, NULL, f->arena),
                   ERR_MESSAGE_MALFORMED);
    expect_refused(rpc_unary_bytes(f->client, TEST_PATH("Echo"), "\x0a\x01\xff", 3, NULL, f->arena),
                   ERR_FIELD_NOT_UTF8);
}

static void too_large_a_message_is_refused(void **state)
{
    struct fixture *f = *state;
    char *text = arena_alloc(f->arena, 300001);

    memset(text, 'a', 300000);
    expect_refused(echo(f, text, NULL), ERR_MESSAGE_TOO_LARGE);
    text[250000] = '\0';
    expect_refused(echo(f, text, NULL), ERR_FIELD_TOO_LONG);
    text[200000] = '\0';
    assert_int_equal(echo(f, text, NULL).status, 0);
}

/* Our own limit is 1 MiB below core's, so that up to there the refusal says why. */
static void far_too_large_a_message_is_refused_by_core(void **state)
{
    struct fixture *f = *state;
    const size_t size = (size_t)f->conf.rpc_message_max_bytes + 1024 * 1024;
    const char *bytes = arena_alloc(f->arena, size + 1);
    struct rpc_result result;

    expect_refused(rpc_unary_bytes(f->client, TEST_PATH("Echo"), bytes, size, NULL, f->arena), ERR_MESSAGE_TOO_LARGE);
    result = rpc_unary_bytes(f->client, TEST_PATH("Echo"), bytes, size + 1, NULL, f->arena);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(result.reason, "");
}

static void too_much_metadata_is_refused(void **state)
{
    struct fixture *f = *state;
    char *value = arena_alloc(f->arena, 20001);

    memset(value, 'a', 15000);
    struct rpc_options options = {.header_name = "x-big", .header_value = value};
    assert_int_equal(echo(f, "", &options).status, 0);
    memset(value, 'a', 20000);
    int status = echo(f, "", &options).status;

    /* Core refuses the stream; seldom its reset overtakes the status, and the client is told to try again. */
    for (int tries = 0; status == STATUS_UNAVAILABLE && tries < 3; tries++)
        status = echo(f, "", &options).status;
    assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
}

/* One refused command must not spoil the others, and refused ones need no database. */
static void reading_may_refuse_a_command(void **state)
{
    struct fixture *f = *state;
    Bmt__Test__V1__StoreRequest request = BMT__TEST__V1__STORE_REQUEST__INIT;

    request.request_id = (char *)(uintptr_t) "r1";
    request.refuse = true;
    struct rpc_result result = rpc_unary(f->client, TEST_PATH("Store"), &request.base, NULL, f->arena);
    expect_refused(result, ERR_SKU_NOT_FOUND);
    assert_string_equal(result.values[0], "sku=r1");
    request.request_id = (char *)(uintptr_t) "";
    expect_refused(rpc_unary(f->client, TEST_PATH("Store"), &request.base, NULL, f->arena), ERR_FIELD_REQUIRED);
}

static void command_has_its_calls_deadline(void **state)
{
    struct fixture *f = *state;
    const struct rpc_options options = {.deadline_ms = 8000};
    Bmt__Test__V1__StoreRequest request = BMT__TEST__V1__STORE_REQUEST__INIT;
    const int64_t begin_ns = clock_steady_ns();

    request.request_id = (char *)(uintptr_t) "r1";
    request.refuse = true;
    expect_refused(rpc_unary(f->client, TEST_PATH("Store"), &request.base, &options, f->arena), ERR_SKU_NOT_FOUND);
    /* gRPC rounds what it sends. */
    assert_true(store_deadline_ns() > begin_ns + 7000 * INT64_C(1000000));
    assert_true(store_deadline_ns() < clock_steady_ns() + 9000 * INT64_C(1000000));
}

static void calls_are_counted_by_method_and_code(void **state)
{
    struct fixture *f = *state;
    struct metric *ok =
        metrics_series(METRIC_COUNTER, "bmt_rpc_calls", "", "method=\"bmt.test.v1.TestService/Echo\",code=\"OK\"");
    struct metric *bad = metrics_series(METRIC_COUNTER, "bmt_rpc_calls", "",
                                        "method=\"bmt.test.v1.TestService/Echo\",code=\"INVALID_ARGUMENT\"");
    int64_t ok_before = metric_value(ok);
    int64_t bad_before = metric_value(bad);

    (void)echo(f, "", NULL);
    (void)rpc_unary_bytes(f->client, TEST_PATH("Echo"), "\x0a\x01\xff", 3, NULL, f->arena);
    assert_int_equal(metric_value(ok) - ok_before, 1);
    assert_int_equal(metric_value(bad) - bad_before, 1);
}

static void headers_sent_twice_are_refused(void **state)
{
    struct fixture *f = *state;
    struct rpc_options options = {
        .business = "biz_00000000000", .header_name = "bmt-business", .header_value = "biz_00000000001"};

    expect_refused(echo(f, "", &options), ERR_CREDENTIAL_INVALID);
}

static int start_logging(void **state)
{
    struct conf conf = fixture_conf();

    conf.log_calls = true;
    *state = fixture_start(&conf, NULL, NULL);
    return 0;
}

/* Reads what was written to stderr between; the file is a temporary one. */
static const char *with_stderr(FILE *file, struct arena *arena)
{
    char *text = arena_alloc(arena, 65536);

    rewind(file);
    (void)!fread(text, 1, 65535, file);
    fclose(file);
    return text;
}

static void calls_are_told_in_one_line(void **state)
{
    struct fixture *f = *state;
    Bmt__Test__V1__StoreRequest request = BMT__TEST__V1__STORE_REQUEST__INIT;
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    request.request_id = (char *)(uintptr_t) "req-7";
    request.refuse = true;
    (void)rpc_unary(f->client, TEST_PATH("Store"), &request.base, NULL, f->arena);
    fixture_stop(f); /* the lane has written its lines when it has ended */
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);

    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    const char *text = with_stderr(file, arena);
    assert_non_null(strstr(text, "\"event\":\"call\",\"method\":\"bmt.test.v1.TestService/Store\","
                                 "\"code\":\"NOT_FOUND\","
                                 "\"reason\":\"SKU_NOT_FOUND\",\"biz\":0,\"request_id\":\"req-7\""));
    assert_non_null(strstr(text, "\"batch\":1}\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reply_carries_the_message, start, stop),
        cmocka_unit_test_setup_teardown(empty_request_and_reply_work, start, stop),
        cmocka_unit_test_setup_teardown(refusal_carries_reason_and_values, start, stop),
        cmocka_unit_test_setup_teardown(unknown_methods_are_refused_at_once, start, stop),
        cmocka_unit_test_setup_teardown(method_without_handler_is_not_yet, start, stop),
        cmocka_unit_test_setup_teardown(malformed_bytes_are_refused, start, stop),
        cmocka_unit_test_setup_teardown(too_large_a_message_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(far_too_large_a_message_is_refused_by_core, start, stop),
        cmocka_unit_test_setup_teardown(too_much_metadata_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(reading_may_refuse_a_command, start, stop),
        cmocka_unit_test_setup_teardown(command_has_its_calls_deadline, start, stop),
        cmocka_unit_test_setup_teardown(calls_are_counted_by_method_and_code, start, stop),
        cmocka_unit_test_setup(calls_are_told_in_one_line, start_logging),
        cmocka_unit_test_setup_teardown(headers_sent_twice_are_refused, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
