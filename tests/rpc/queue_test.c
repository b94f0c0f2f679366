/*
 * What waits: batches, queues, deadlines, cancellations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/metrics.h"
#include "fixture.h"

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
    Bmt__Test__V1__EchoRequest request = BMT__TEST__V1__ECHO_REQUEST__INIT;

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
    /* Two lanes wait at the gate with what they took, the second one perhaps a moment later; the others gather. */
    for (int i = 0; queue_length("Slow") + gate_calls() != 100; i++) {
        if (i == RPC_WAIT_MS)
            fail_msg("queue of Slow has %ld, the gate %d", (long)queue_length("Slow"), gate_calls());
        pause_ms(1);
    }
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

static int start_brief(void **state)
{
    struct conf conf = fixture_conf();

    conf.rpc_deadline_default_ms = 100;
    conf.rpc_deadline_max_ms = 200;
    *state = fixture_start(&conf, NULL, NULL);
    return 0;
}

/* Calls without a deadline, or with too long a one, get the server's; nobody has cancelled them. */
static void server_limits_deadlines(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *holders[2];
    struct rpc_call *late[2];
    struct rpc_options endless = {.deadline_ms = -1};
    struct rpc_options hour = {.deadline_ms = 3600000};

    hold_lanes(f, holders);
    begin_slow(f, &late[0], 1, &endless);
    begin_slow(f, &late[1], 1, &hour);
    await_queued("Slow", 2);
    pause_ms(300);
    gate_open();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rpc_end(holders[i]).status, 0);
        expect_refused(rpc_end(late[i]), ERR_DEADLINE_PASSED);
    }
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
    assert_string_equal(result.values[1], "full=bmt.test.v1.TestService/Slow");
    assert_int_equal(echo(f, "others go on", NULL).status, 0);
    gate_open();
    for (int i = 0; i < 2; i++)
        assert_int_equal(rpc_end(holders[i]).status, 0);
    for (int i = 0; i < 16; i++)
        assert_int_equal(rpc_end(waiting[i]).status, 0);
}

static int start_small_class(void **state)
{
    struct conf conf = fixture_conf();

    conf.rpc_class_queue_max = 16;
    *state = fixture_start(&conf, NULL, NULL);
    return 0;
}

/* The queue of Store is empty, but Slow's calls have taken all places of their class; other classes go on. */
static void full_class_refuses(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *holders[2];
    struct rpc_call *waiting[16];
    Bmt__Test__V1__StoreRequest store = BMT__TEST__V1__STORE_REQUEST__INIT;
    char request_id[] = "one";

    store.request_id = request_id;
    hold_lanes(f, holders);
    begin_slow(f, waiting, 16, NULL);
    await_queued("Slow", 16);
    struct rpc_result result = rpc_unary(f->client, TEST_PATH("Store"), &store.base, NULL, f->arena);
    expect_refused(result, ERR_QUEUE_FULL);
    assert_string_equal(result.values[0], "method=bmt.test.v1.TestService/Store");
    assert_string_equal(result.values[1], "full=class sale");
    assert_int_equal(echo(f, "reads go on", NULL).status, 0);
    gate_open();
    for (int i = 0; i < 2; i++)
        assert_int_equal(rpc_end(holders[i]).status, 0);
    for (int i = 0; i < 16; i++)
        assert_int_equal(rpc_end(waiting[i]).status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waiting_calls_form_batches, start, stop),
        cmocka_unit_test_setup_teardown(deadline_is_told_by_the_queue, start, stop),
        cmocka_unit_test_setup_teardown(server_limits_deadlines, start_brief, stop),
        cmocka_unit_test_setup_teardown(cancelled_calls_are_not_worked_on, start, stop),
        cmocka_unit_test_setup_teardown(full_queue_refuses, start_small_queue, stop),
        cmocka_unit_test_setup_teardown(full_class_refuses, start_small_class, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
