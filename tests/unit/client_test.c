/* What bmtctl and the client library do without a server; the rest is tests/e2e/cli.test.js. */
#include "lib/suite.h"

#include <semaphore.h>
#include <stdlib.h>

#include <string.h>
#include <unistd.h>

#include "base/money.h"
#include "cli.h"
#include "clients/lib/client.h"
#include "grpc/health/v1/health.pb-c.h"

static void amounts_are_shown_with_the_decimals_of_their_currency(void **state)
{
    static const struct {
        const char *minor;
        const char *currency;
        const char *text;
    } cases[] = {
        {"1250", "EUR", "12.50 EUR"},
        {"5000", "UGX", "5000 UGX"},
        {"7", "TND", "0.007 TND"},
        {"12345", "CLF", "1.2345 CLF"},
        {"-5", "EUR", "-0.05 EUR"},
        {"-5", "JPY", "-5 JPY"},
        {"-9223372036854775808", "EUR", "-92233720368547758.08 EUR"},
        {"1250", "ZZZ", "1250 minor units of ZZZ"}, /* never guessed */
        {"1250", "", "1250 minor units of "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *money = json_pack("{s:s, s:s}", "amount_minor", cases[i].minor, "currency", cases[i].currency);
        char *text = cli_money_text(money);

        assert_string_equal(text, cases[i].text);
        free(text);
        json_decref(money);
    }
}

/* What bmtctl writes for an amount, the server reads as the same amount: for every triple of letters. */
static void client_and_server_agree_on_every_currency(void **state)
{
    int known = 0;

    (void)state;
    for (int i = 0; i < 26 * 26 * 26; i++) {
        const char currency[] = {(char)('A' + i / 676), (char)('A' + i / 26 % 26), (char)('A' + i % 26), '\0'};
        json_t *minor = json_pack("{s:s, s:s}", "amount_minor", "1234567", "currency", currency);
        char *text = cli_money_text(minor);
        json_t *again = cli_money_object(text);
        struct money money;

        assert_int_equal(again != NULL, currency_known(currency));
        if (again != NULL) {
            assert_int_equal(money_parse(text, &money), 0);
            assert_int_equal(money.amount_minor, 1234567);
            assert_true(json_equal(again, minor));
            known++;
        }
        free(text);
        json_decref(again);
        json_decref(minor);
    }
    assert_true(known > 150);
}

static void times_are_read_with_their_offset(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
        int nanos;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2026-07-01T00:00:00Z", 1782864000, 0},
        {"2026-07-01T02:00:00+02:00", 1782864000, 0},
        {"2026-06-30T16:30:00-07:30", 1782864000, 0},
        {"2026-07-01T00:00:00-00:00", 1782864000, 0},
        {"2026-07-01T00:00:00.25Z", 1782864000, 250000000},
        {"2026-07-01T05:45:00.000000001+05:45", 1782864000, 1},
        {"2024-02-29T23:59:59Z", 1709251199, 0},
        {"2026-07-01T00:00:00", -1, 0}, /* whose midnight? */
        {"2026-07-01T00:00:00+0200", -1, 0},
        {"2026-07-01T00:00:00+02", -1, 0},
        {"2026-07-01T00:00:00+24:00", -1, 0},
        {"2026-07-01T00:00:00+02:60", -1, 0},
        {"2026-07-01T00:00:00+02:00x", -1, 0},
        {"2026-07-01T00:00:00Z ", -1, 0},
        {"2026-07-01T00:00:00 CEST", -1, 0},
        {"2026-07-01T00:00:00.Z", -1, 0},
        {"2026-07-01T00:00:00.0000000001Z", -1, 0},
        {"2026-02-30T00:00:00Z", -1, 0},
        {"2026-13-01T00:00:00Z", -1, 0},
        {"2026-00-01T00:00:00Z", -1, 0},
        {"2026-07-00T00:00:00Z", -1, 0},
        {"2026-07-01T24:00:00Z", -1, 0},
        {"2026-07-01T00:00:60Z", -1, 0},
        {"2026-7-1T00:00:00Z", -1, 0},
        {" 2026-07-01T00:00:00Z", -1, 0},
        {"2026-07-01", -1, 0},
        {"1782864000", -1, 0},
        {"", -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *time = cli_time_object(cases[i].text);

        if ((time != NULL) != (cases[i].seconds >= 0))
            fail_msg("'%s' was %s", cases[i].text, time != NULL ? "taken" : "refused");
        if (time != NULL) {
            assert_int_equal(json_integer_value(json_object_get(time, "seconds")), cases[i].seconds);
            assert_int_equal(json_integer_value(json_object_get(time, "nanos")), cases[i].nanos);
        }
        json_decref(time);
    }
}

static void credentials_that_cannot_be_sent_are_refused(void **state)
{
    char long_key[API_KEY_MAX + 2];
    memset(long_key, 'a', sizeof long_key);
    long_key[sizeof long_key - 1] = '\0';
    const struct {
        const char *api_key;
        const char *business;
        const char *message; /* NULL: fine */
    } cases[] = {
        {"bmt_test_abc", "biz_1", NULL},
        {" ~", NULL, NULL},
        {"a\nb", NULL, "holds a character that is not printable ASCII: api_key"},
        {"a\x7f", NULL, "holds a character that is not printable ASCII: api_key"},
        {"caf\xc3\xa9", NULL, "holds a character that is not printable ASCII: api_key"},
        {"abc", "biz_1\r", "holds a character that is not printable ASCII: business"},
        {long_key + 1, NULL, NULL},
        {long_key, NULL, "too long: api_key"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bmt_error error = {0};
        struct bmt_client *client = bmt_client_new(&(struct bmt_client_options){.address = "127.0.0.1:9",
                                                                                .api_key = cases[i].api_key,
                                                                                .business = cases[i].business},
                                                   &error);

        assert_int_equal(client != NULL, cases[i].message == NULL);
        assert_string_equal(error.message, cases[i].message != NULL ? cases[i].message : "");
        bmt_client_free(client);
    }
}

static void keep_thread(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    (void)size;
    assert_null(reply);
    assert_int_equal(error->code, GRPC_STATUS_INTERNAL);
    *(pthread_t *)context = pthread_self();
}

static int no_message(void *context, const ProtobufCMessage *message)
{
    (void)context;
    (void)message;
    fail_msg("a message of a call that cannot start");
    return 1;
}

static void tell_end(void *context, const struct bmt_error *error)
{
    assert_int_equal(error->code, GRPC_STATUS_UNAVAILABLE);
    sem_post(context);
}

static void no_bytes(void *context, const void *message, size_t size)
{
    (void)context;
    (void)message;
    (void)size;
    fail_msg("a message of a stream that cannot begin");
}

/* A page leaves a stream at the moment of its end: no order of the two is wrong. */
static void a_stream_may_be_cancelled_until_it_is_freed(void **state)
{
    static const struct bmt_watch_events events = {.on_message = no_bytes, .on_end = tell_end};
    struct bmt_error error = {0};
    struct bmt_client *client = bmt_client_new(
        &(struct bmt_client_options){.address = "127.0.0.1:9", .api_key = "abc", .deadline_ms = 600000}, &error);
    struct bmt_watch *watch = NULL;
    sem_t is_over;

    (void)state;
    alarm(60); /* a stream that hangs ends the test */
    sem_init(&is_over, 0, 0);
    bmt_watch_start(client, &grpc__health__v1__health__descriptor, "Watch", "", 0, &(struct bmt_call_options){0},
                    &events, &is_over, &watch);
    while (sem_wait(&is_over) != 0)
        ;
    bmt_watch_cancel(watch);
    bmt_watch_cancel(watch);
    bmt_watch_free(watch);
    bmt_client_free(client);
    sem_destroy(&is_over);
    alarm(0);
}

/* Metadata that gRPC does not take, put behind the back of bmt_client_new: without a check the call never ends. */
static void a_call_that_cannot_start_ends_at_once(void **state)
{
    struct bmt_error error = {0};
    struct bmt_client *client = bmt_client_new(
        &(struct bmt_client_options){.address = "127.0.0.1:9", .api_key = "abc", .deadline_ms = 600000}, &error);
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;
    pthread_t thread = pthread_self();
    pthread_t poller;

    (void)state;
    alarm(60); /* a call that hangs ends the test */
    grpc_slice_unref(client->metadata[0].value);
    client->metadata[0].value = grpc_slice_from_copied_string("a\nb");
    for (int i = 0; i < 3; i++) {
        error = (struct bmt_error){0};
        assert_int_equal(
            bmt_call(client, &grpc__health__v1__health__descriptor, "Check", &request.base, &reply, &error),
            GRPC_STATUS_INTERNAL);
        assert_string_equal(error.message, grpc_call_error_to_string(GRPC_CALL_ERROR_INVALID_METADATA));
    }
    error = (struct bmt_error){0};
    assert_int_equal(
        bmt_stream(client, &grpc__health__v1__health__descriptor, "Watch", &request.base, 0, no_message, NULL, &error),
        GRPC_STATUS_INTERNAL);
    assert_string_equal(error.message, grpc_call_error_to_string(GRPC_CALL_ERROR_INVALID_METADATA));
    bmt_call_start(client, &grpc__health__v1__health__descriptor, "Check", "", 0, keep_thread, &thread);
    poller = client->pollers[0];
    bmt_client_free(client);
    assert_true(pthread_equal(thread, poller));
    alarm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_shown_with_the_decimals_of_their_currency),
        cmocka_unit_test(client_and_server_agree_on_every_currency),
        cmocka_unit_test(times_are_read_with_their_offset),
        cmocka_unit_test(credentials_that_cannot_be_sent_are_refused),
        cmocka_unit_test(a_call_that_cannot_start_ends_at_once),
        cmocka_unit_test(a_stream_may_be_cancelled_until_it_is_freed),
    };

    setenv("GRPC_VERBOSITY", "NONE", 1); /* it would log what it refuses */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
