/*
 * Streams of all three kinds: order, ends, slow readers, limits, shutdown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rpc/call.h"

typedef Bmt__Test__V1__WatchRequest WatchRequest;
typedef Bmt__Test__V1__WatchResponse WatchResponse;
typedef Bmt__Test__V1__ChatRequest ChatRequest;
typedef Bmt__Test__V1__ChatResponse ChatResponse;

static int start(void **state)
{
    struct conf conf = fixture_conf();

    conf.rpc_streams_max = 4;
    conf.rpc_drain_ms = 1000;
    *state = fixture_start(&conf, NULL, NULL);
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

static struct rpc_call *watch(struct fixture *f, int count, const struct rpc_options *options)
{
    WatchRequest request = BMT__TEST__V1__WATCH_REQUEST__INIT;
    struct rpc_call *call = rpc_begin(f->client, TEST_PATH("Watch"), options, f->arena);

    request.count = count;
    (void)rpc_write(call, &request.base); /* fails when the stream is refused before it is read */
    rpc_half_close(call);
    return call;
}

static int read_number(struct rpc_call *call)
{
    struct sql_bytes bytes;

    if (!rpc_read(call, &bytes))
        return 0;
    WatchResponse *response = bmt__test__v1__watch_response__unpack(NULL, bytes.size, bytes.data);
    assert_non_null(response);
    int number = response->number;
    bmt__test__v1__watch_response__free_unpacked(response, NULL);
    return number;
}

static void messages_come_in_order_and_end(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = watch(f, 200, NULL);

    for (int i = 1; i <= 200; i++)
        assert_int_equal(read_number(call), i);
    assert_int_equal(read_number(call), 0);
    assert_int_equal(rpc_end(call).status, 0);
    gone_await(1);
}

static void client_that_leaves_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = watch(f, 0, NULL);

    watch_await(1);
    assert_int_equal(watch_flood(1, 0), 1);
    assert_int_equal(read_number(call), 1);
    rpc_cancel(call);
    assert_int_equal(rpc_end(call).status, STATUS_CANCELLED);
    gone_await(1);
    watch_await(0);
}

static void deadline_ends_a_stream(void **state)
{
    struct fixture *f = *state;
    struct rpc_options brief = {.deadline_ms = 100};

    assert_int_equal(rpc_end(watch(f, 0, &brief)).status, STATUS_DEADLINE_EXCEEDED);
    gone_await(1);
}

/* The default deadline of unary calls must not end a stream. */
static void stream_without_deadline_stays_open(void **state)
{
    struct fixture *f = *state;
    struct rpc_options endless = {.deadline_ms = -1};
    struct rpc_call *call = watch(f, 0, &endless);

    watch_await(1);
    rpc_cancel(call);
    (void)rpc_end(call);
    gone_await(1);
}

/* Nobody reads: messages pile up behind the window, then the stream is ended and told why. */
static void slow_reader_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = watch(f, 0, NULL);

    watch_await(1);
    int taken = watch_flood(1000, 65536);
    assert_in_range(taken, STREAM_QUEUE_MAX, 999);
    gone_await(1);
    struct rpc_result result = rpc_end(call);
    assert_int_equal(result.status, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(result.message, err_info(ERR_STREAM_TOO_SLOW)->message); /* a reset carries no details */
}

static void streams_are_limited(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *calls[4];

    for (int i = 0; i < 4; i++)
        calls[i] = watch(f, 0, NULL);
    watch_await(4);
    struct rpc_result result = rpc_end(watch(f, 0, NULL));
    assert_string_equal(result.reason, "STREAMS_FULL");
    rpc_cancel(calls[0]);
    (void)rpc_end(calls[0]);
    gone_await(1);
    calls[0] = watch(f, 0, NULL);
    watch_await(4);
    for (int i = 0; i < 4; i++) {
        rpc_cancel(calls[i]);
        (void)rpc_end(calls[i]);
    }
    gone_await(5);
}

static void client_stream_is_added_up(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = rpc_begin(f->client, TEST_PATH("Collect"), NULL, f->arena);
    Bmt__Test__V1__CollectRequest request = BMT__TEST__V1__COLLECT_REQUEST__INIT;

    for (int i = 1; i <= 100; i++) {
        request.number = i;
        assert_true(rpc_write(call, &request.base));
    }
    rpc_half_close(call);
    struct rpc_result result = rpc_end(call);
    const Bmt__Test__V1__CollectResponse *response =
        rpc_reply(&result, &bmt__test__v1__collect_response__descriptor, f->arena);
    assert_int_equal(result.status, 0);
    assert_int_equal(response->sum, 5050);
}

static bool chat(struct rpc_call *call, const char *text, char *answer, size_t size)
{
    ChatRequest request = BMT__TEST__V1__CHAT_REQUEST__INIT;
    struct sql_bytes bytes;

    request.text = (char *)(uintptr_t)text;
    assert_true(rpc_write(call, &request.base));
    if (!rpc_read(call, &bytes))
        return false;
    ChatResponse *response = bmt__test__v1__chat_response__unpack(NULL, bytes.size, bytes.data);
    assert_non_null(response);
    snprintf(answer, size, "%s", response->text);
    bmt__test__v1__chat_response__free_unpacked(response, NULL);
    return true;
}

static void both_sides_stream(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = rpc_begin(f->client, TEST_PATH("Chat"), NULL, f->arena);

    for (int i = 0; i < 50; i++) {
        char text[20];
        char answer[40];

        snprintf(text, sizeof(text), "line %d", i);
        assert_true(chat(call, text, answer, sizeof(answer)));
        assert_string_equal(answer, text);
    }
    rpc_half_close(call);
    assert_int_equal(rpc_end(call).status, 0);
}

/* Every message of a stream is checked like a request. */
static void form_of_stream_messages_is_checked(void **state)
{
    struct fixture *f = *state;
    struct rpc_call *call = rpc_begin(f->client, TEST_PATH("Chat"), NULL, f->arena);
    char text[102];
    char answer[8];

    assert_true(chat(call, "good", answer, sizeof(answer)));
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(chat(call, text, answer, sizeof(answer)));
    struct rpc_result result = rpc_end(call);
    assert_string_equal(result.reason, "FIELD_TOO_LONG");
}

/* Streams are ended by the server, with a reason that says: elsewhere. */
static void stop_ends_streams(void **state)
{
    struct conf conf = fixture_conf();
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    struct rpc_call *call = watch(f, 0, NULL);

    (void)state;
    watch_await(1);
    rpc_stop(f->rpc);
    struct rpc_result result = rpc_end(call);
    assert_string_equal(result.reason, "SHUTTING_DOWN");
    gone_await(1);
    rpc_client_free(f->client);
    arena_free(f->arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_come_in_order_and_end, start, stop),
        cmocka_unit_test_setup_teardown(client_that_leaves_is_noticed, start, stop),
        cmocka_unit_test_setup_teardown(deadline_ends_a_stream, start, stop),
        cmocka_unit_test_setup_teardown(stream_without_deadline_stays_open, start, stop),
        cmocka_unit_test_setup_teardown(slow_reader_is_cut_off, start, stop),
        cmocka_unit_test_setup_teardown(streams_are_limited, start, stop),
        cmocka_unit_test_setup_teardown(client_stream_is_added_up, start, stop),
        cmocka_unit_test_setup_teardown(both_sides_stream, start, stop),
        cmocka_unit_test_setup_teardown(form_of_stream_messages_is_checked, start, stop),
        cmocka_unit_test(stop_ends_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
