/*
 * Unary calls from the client's side: replies, refusals, batches, queues, deadlines, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

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
    request.state = (char *)(uintptr_t) "\xc3\x9c" "BERZAHLT";
    struct rpc_result result = rpc_unary(f->client, TEST_PATH("Fail"), &request.base, NULL, f->arena);
    expect_refused(result, ERR_ORDER_WRONG_STATE);
    assert_string_equal(result.message, "order ord_1 is \xc3\x9c" "BERZAHLT, it must be PAID");
    assert_string_equal(result.values[0], "order=ord_1");
    assert_string_equal(result.values[1], "state=\xc3\x9c" "BERZAHLT");
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

    expect_refused(rpc_unary_bytes(f->client, TEST_PATH("Echo"), "\x0a\x05" "abc", 5, NULL, f->arena),
                   ERR_MESSAGE_MALFORMED);
    expect_refused(rpc_unary_bytes(f->client, TEST_PATH("Echo"), "\x0a\x01\xff", 3, NULL, f->arena),
                   ERR_FIELD_NOT_UTF8);
}

static void too_large_a_message_is_refused(void **state)
{
    struct fixture *f = *state;
    char *text = arena_alloc(f->arena, 300001);

    memset(text, 'a', 300000);
    struct rpc_result result = echo(f, text, NULL);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    text[250000] = '\0';
    expect_refused(echo(f, text, NULL), ERR_FIELD_TOO_LONG);
    text[200000] = '\0';
    assert_int_equal(echo(f, text, NULL).status, 0);
}

static void too_much_metadata_is_refused(void **state)
{
    struct fixture *f = *state;
    char *value = arena_alloc(f->arena, 20001);

    memset(value, 'a', 20000);
    struct rpc_options options = {.header_name = "x-big", .header_value = value};
    assert_int_equal(echo(f, "", &options).status, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(echo(f, "", NULL).status, 0);
}

/* Begins `n` calls of Slow; the first one or two hold the lanes, the others wait. */
static void begin_slow(struct fixture *f, struct rpc_call **calls, int n, const struct rpc_options *options)
{
    Bmt__Test__V1__SlowRequest request = BMT__TEST__V1__SLOW_REQUEST__INIT;

    for (int i = 0; i < n; i++) {
        calls[i] = rpc_begin(f->client, TEST_PATH("Slow"), options, f->arena);
        assert_true(rpc_write(calls[i], &request.base));
        rpc_half_close(calls[i]);
    }
}

/* Puts one call into each of the two lanes; the second lane wakes because the first one is stuck. */
static void hold_lanes(struct fixture *f, struct rpc_call **holders)
{
    begin_slow(f, holders, 1, NULL);
    gate_await(1);
    begin_slow(f, holders + 1, 1, NULL);
    gate_await(2);
}

static int64_t queue_length(const char *method)
{
    char labels[100];

    snprintf(labels, sizeof(labels), "queue=\"bmt.test.v1.TestService/%s\"", method);
    return metric_value(metrics_series(METRIC_GAUGE, "bmt_rpc_queue_length", "", labels));
}

static void pause_ms(int ms)
{
    struct timespec pause = {.tv_nsec = ms * 1000000};

    nanosleep(&pause, NULL);
}

static void await_queued(const char *method, int64_t n)
{
    for (int i = 0; queue_length(method) != n; i++) {
        if (i == RPC_WAIT_MS)
            fail_msg("queue of %s has %ld", method, (long)queue_length(method));
        pause_ms(1);
    }
}

static void waiting_calls_form_batches(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *calls[100];

    begin_slow(f, calls, 100, NULL);
    gate_await(2);
    /* Two lanes wait at the gate with what they took; the others gather. */
    await_queued("Slow", 100 - gate_calls());
    gate_open();
    for (int i = 0; i < 100; i++)
        assert_int_equal(rpc_end(calls[i]).status, 0);
    assert_int_equal(gate_calls(), 100);
    assert_int_equal(gate_batch_max(), 32);
}

static void deadline_is_told_by_the_queue(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *holders[2];
    struct rpc_call *late[5];
    struct rpc_options brief = {.deadline_ms = 100};

    hold_lanes(f, holders);
    begin_slow(f, late, 5, &brief);
    for (int i = 0; i < 5; i++)
        assert_int_equal(rpc_end(late[i]).status, STATUS_DEADLINE_EXCEEDED);
    await_queued("Slow", 5);
    pause_ms(50); /* grpc-timeout is rounded up, so the server's deadline is a little later than the client's */
    gate_open();
    for (int i = 0; i < 2; i++)
        assert_int_equal(rpc_end(holders[i]).status, 0);
    await_queued("Slow", 0);
    assert_int_equal(echo(f, "", NULL).status, 0);
    assert_int_equal(gate_calls(), 2);
}

static void cancelled_calls_are_not_worked_on(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *holders[2];
    struct rpc_call *gone[5];

    hold_lanes(f, holders);
    begin_slow(f, gone, 5, NULL);
    await_queued("Slow", 5);
    for (int i = 0; i < 5; i++) {
        rpc_cancel(gone[i]);
        assert_int_equal(rpc_end(gone[i]).status, STATUS_CANCELLED);
    }
    /* The server has seen the cancellations when a later call on the same connection is answered. */
    assert_int_equal(echo(f, "", NULL).status, 0);
    gate_open();
    for (int i = 0; i < 2; i++)
        assert_int_equal(rpc_end(holders[i]).status, 0);
    await_queued("Slow", 0);
    assert_int_equal(gate_calls(), 2);
}

static int start_small_queue(void **state)
{
    struct conf conf = fixture_conf();

    conf.rpc_queue_max = 16;
    *state = fixture_start(&conf, NULL, NULL);
    return 0;
}

static void full_queue_refuses(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *holders[2];
    struct rpc_call *waiting[16];
    Bmt__Test__V1__SlowRequest request = BMT__TEST__V1__SLOW_REQUEST__INIT;

    hold_lanes(f, holders);
    begin_slow(f, waiting, 16, NULL);
    await_queued("Slow", 16);
    struct rpc_result result = rpc_unary(f->client, TEST_PATH("Slow"), &request.base, NULL, f->arena);
    expect_refused(result, ERR_QUEUE_FULL);
    assert_string_equal(result.values[0], "method=bmt.test.v1.TestService/Slow");
    assert_int_equal(echo(f, "others go on", NULL).status, 0);
    gate_open();
    for (int i = 0; i < 2; i++)
        assert_int_equal(rpc_end(holders[i]).status, 0);
    for (int i = 0; i < 16; i++)
        assert_int_equal(rpc_end(waiting[i]).status, 0);
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

static void calls_are_counted_by_method_and_code(void **state)
{
    struct fixture *f = *state;
    struct metric *ok = metrics_series(METRIC_COUNTER, "bmt_rpc_calls", "",
                                       "method=\"bmt.test.v1.TestService/Echo\",code=\"OK\"");
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
        cmocka_unit_test_setup_teardown(too_much_metadata_is_refused, start, stop),
        cmocka_unit_test_setup_teardown(waiting_calls_form_batches, start, stop),
        cmocka_unit_test_setup_teardown(deadline_is_told_by_the_queue, start, stop),
        cmocka_unit_test_setup_teardown(cancelled_calls_are_not_worked_on, start, stop),
        cmocka_unit_test_setup_teardown(full_queue_refuses, start_small_queue, stop),
        cmocka_unit_test_setup_teardown(reading_may_refuse_a_command, start, stop),
        cmocka_unit_test_setup_teardown(calls_are_counted_by_method_and_code, start, stop),
        cmocka_unit_test_setup_teardown(headers_sent_twice_are_refused, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
