/* The lowest layer: money, ids, text, errors, tables of states, fail points, settings, metrics. */
#include "lib/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/conf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "base/metrics.h"
#include "base/money.h"
#include "base/text.h"

static void money_adds_within_its_range(void **state)
{
    static const struct {
        int64_t a;
        int64_t b;
        int expected;
        int64_t sum;
    } cases[] = {
        {1, 2, 0, 3},
        {-5, 5, 0, 0},
        {MONEY_AMOUNT_MAX, 0, 0, MONEY_AMOUNT_MAX},
        {MONEY_AMOUNT_MAX, 1, ERR_AMOUNT_OVERFLOW, 0},
        {-MONEY_AMOUNT_MAX, -1, ERR_AMOUNT_OVERFLOW, 0},
        {INT64_MAX, INT64_MAX, ERR_AMOUNT_OVERFLOW, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct money sum = money_of(0, "EUR");

        assert_int_equal(money_add(money_of(cases[i].a, "EUR"), money_of(cases[i].b, "EUR"), &sum), cases[i].expected);
        if (cases[i].expected == 0)
            assert_int_equal(sum.amount_minor, cases[i].sum);
    }
    struct money unused;

    assert_int_equal(money_add(money_of(1, "EUR"), money_of(1, "USD"), &unused), ERR_CURRENCY_MISMATCH);
    assert_int_equal(money_subtract(money_of(1, "EUR"), money_of(1, "USD"), &unused), ERR_CURRENCY_MISMATCH);
    assert_int_equal(money_subtract(money_of(INT64_MIN, "EUR"), money_of(1, "EUR"), &unused), ERR_AMOUNT_OVERFLOW);
    assert_int_equal(money_multiply(money_of(MONEY_AMOUNT_MAX, "EUR"), 2, &unused), ERR_AMOUNT_OVERFLOW);
    assert_int_equal(money_multiply(money_of(INT64_MAX, "EUR"), 3, &unused), ERR_AMOUNT_OVERFLOW);
    assert_int_equal(money_multiply(money_of(250, "EUR"), 3, &unused), 0);
    assert_int_equal(unused.amount_minor, 750);
}

static void money_is_read_as_it_is_written(void **state)
{
    static const struct {
        const char *text;
        int64_t minor; /* -1: refused */
    } cases[] = {
        {"12.50 EUR", 1250}, {"12.5 EUR", 1250},  {"12 EUR", 1200},  {"0.01 EUR", 1},
        {"5 JPY", 5},        {"1.234 KWD", 1234}, {"1.5 JPY", -1},   {"1.234 EUR", -1},
        {"EUR", -1},         {"12.50", -1},       {"12.50 ZZZ", -1}, {"1. EUR", -1},
        {".5 EUR", -1},      {"12.50 EUR ", -1},  {"1e5 EUR", -1},   {"99999999999999999 EUR", -1},
    };
    char text[MONEY_TEXT_SIZE];
    struct money money;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const int rc = money_parse(cases[i].text, &money);

        assert_int_equal(rc, cases[i].minor < 0 ? ERR_FIELD_MALFORMED : 0);
        if (rc == 0)
            assert_int_equal(money.amount_minor, cases[i].minor);
    }
    assert_string_equal(money_text(money_of(-1205, "EUR"), text), "-12.05 EUR");
    assert_string_equal(money_text(money_of(7, "JPY"), text), "7 JPY");
    assert_int_equal(money_parse("-3.10 EUR", &money), 0);
    assert_int_equal(money.amount_minor, -310);
}

/* Whatever is split, nothing is lost and no part is more than a unit off its share. */
static void split_loses_nothing(void **state)
{
    const unsigned seed = (unsigned)getpid();

    (void)state;
    srand(seed);
    for (int round = 0; round < 2000; round++) {
        const size_t n = 1 + (size_t)(rand() % 20);
        const int64_t total = (int64_t)(rand() % 2000001) - 1000000;
        int64_t weights[20];
        struct money parts[20];
        int64_t sum = 0;
        int64_t weight_sum = 0;

        for (size_t i = 0; i < n; i++)
            weight_sum += weights[i] = rand() % 1000 + (i == 0);
        assert_int_equal(money_split(money_of(total, "EUR"), weights, n, parts), 0);
        for (size_t i = 0; i < n; i++) {
            const long double share = (long double)total * weights[i] / weight_sum;

            sum += parts[i].amount_minor;
            if (parts[i].amount_minor - share > 1 || share - parts[i].amount_minor > 1)
                fail_msg("part %zu of seed %u is off its share", i, seed);
        }
        assert_int_equal(sum, total);
    }
    struct money parts[3];

    assert_int_equal(money_split(money_of(100, "EUR"), (int64_t[]){1, 1, 1}, 3, parts), 0);
    assert_int_equal(parts[0].amount_minor, 34);
    assert_int_equal(parts[2].amount_minor, 33);
    assert_int_equal(money_split(money_of(INT64_MAX, "EUR"), (int64_t[]){1}, 1, parts), ERR_AMOUNT_OVERFLOW);
}

static void ids_grow_and_come_back_from_text(void **state)
{
    int64_t before = 0;
    char text[ID_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        const int64_t id = id_new(5);
        int64_t again = 0;

        assert_true(id > before);
        assert_int_equal(id & 63, 5);
        assert_int_equal(id_parse(ID_ORDER, id_text(ID_ORDER, id, text), &again), 0);
        assert_true(again == id);
        before = id;
    }
    assert_true(id_first_of(id_time_ms(before)) <= before);
    assert_true(id_route(1, "u1") < 64);
    static const char *const malformed[] = {"",
                                            "ord_",
                                            "ord_0000000000000",
                                            "pay_0amepj8xg0001",
                                            "ord_0amepj8xg000u",
                                            "ord_zzzzzzzzzzzzz",
                                            "ord_0amepj8xg00011",
                                            "ORD_0amepj8xg0001"};

    for (size_t i = 0; i < COUNT_OF(malformed); i++)
        assert_int_equal(id_parse(ID_ORDER, malformed[i], &before), ERR_FIELD_MALFORMED);
    enum id_kind kind;

    assert_true(id_kind_of_prefix("lot", &kind) && kind == ID_LOT);
    assert_false(id_kind_of_prefix("nope", &kind));
}

enum { ID_THREADS = 4, IDS_A_THREAD = 20000 };
static int64_t drawn[ID_THREADS * IDS_A_THREAD];

static void *draw(void *from)
{
    int64_t *ids = from;

    for (int i = 0; i < IDS_A_THREAD; i++)
        ids[i] = id_new(0);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static void ids_of_many_threads_differ(void **state)
{
    pthread_t threads[ID_THREADS];

    (void)state;
    for (int i = 0; i < ID_THREADS; i++)
        pthread_create(&threads[i], NULL, draw, drawn + i * IDS_A_THREAD);
    for (int i = 0; i < ID_THREADS; i++)
        pthread_join(threads[i], NULL);
    qsort(drawn, COUNT_OF(drawn), sizeof drawn[0], compare);
    for (size_t i = 1; i < COUNT_OF(drawn); i++)
        assert_true(drawn[i] != drawn[i - 1]);
}

static void text_knows_utf8_and_cuts_at_characters(void **state)
{
    static const struct {
        const char *bytes;
        bool expected;
    } cases[] = {
        {"plain", true},         {"gr\xC3\xBC\xC3\x9F", true}, {"\xF0\x9F\x8D\x80", true},  {"\xC3", false},
        {"\xC0\xAF", false},     {"\xED\xA0\x80", false},      {"\xF4\x90\x80\x80", false}, {"\xFF", false},
        {"\xE0\x80\xAF", false}, {"\xF0\x80\x80\x80", false},
    };
    char cut[8];
    uint8_t bytes[4];
    char hex[9];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(text_is_utf8((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes)), cases[i].expected);
    assert_false(text_is_utf8((const uint8_t *)"a\0b", 3));
    assert_int_equal(text_cut("short", cut, sizeof cut), 5);
    text_cut("gr\xC3\xBC\xC3\x9F Gott", cut, sizeof cut);
    assert_string_equal(cut, "gr\xC3\xBC...");
    assert_true(text_unhex("00ff10Ab", bytes, 4) && bytes[1] == 0xFF && bytes[3] == 0xAB);
    assert_string_equal(text_hex(bytes, 4, hex), "00ff10ab");
    assert_false(text_unhex("0g", bytes, 1));
    assert_false(text_unhex("000", bytes, 1));
}

static void base64_comes_back_and_has_one_spelling(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    size_t size = 0;

    (void)state;
    for (size_t n = 0; n < 20; n++) {
        const char *text = text_base64url(
            (const uint8_t *)"\xFF\xEE\xDD\xCC\xBB\xAA\x99\x88\x77\x66\x55\x44\x33\x22\x11\x00\x01\x02\x03\x04", n,
            arena);
        const uint8_t *back = text_unbase64url(text, strlen(text), &size, arena);

        assert_non_null(back);
        assert_int_equal(size, n);
        assert_memory_equal(back, "\xFF\xEE\xDD\xCC\xBB\xAA\x99\x88\x77\x66\x55\x44\x33\x22\x11\x00\x01\x02\x03\x04",
                            n);
    }
    assert_null(text_unbase64url("_-8=", 4, &size, arena));
    assert_null(text_unbase64url("AB", 2, &size, arena)); /* bits that nobody reads */
    assert_non_null(text_unbase64("TWE=", &size, arena));
    assert_int_equal(size, 2);
    assert_null(text_unbase64("TWE", &size, arena));
    arena_free(arena);
}

/* Every {key} of a message is in the list of keys, and every key is told in the message or needed by programs. */
static void every_error_names_its_keys(void **state)
{
    (void)state;
    for (int id = ERR_NONE + 1; id < ERR_COUNT; id++) {
        const struct err_info *info = err_info((enum err_id)id);
        const char *values[ERR_KEYS_MAX + 2] = {""};
        struct err err;
        char message[2 * ERR_TEXT_MAX];
        size_t n = 0;

        for (; info->keys[n] != NULL; n++)
            values[n + 1] = "VALUE";
        assert_int_equal(err_fail_values(&err, (enum err_id)id, values), id);
        err_message(&err, message, sizeof message);
        assert_null(strchr(message, '{'));
        assert_true(info->message[0] >= 'A' &&
                    (info->message[0] > 'Z' || n == 0 || strncmp(info->message, "SKU", 3) == 0 ||
                     strncmp(info->message, "SPU", 3) == 0 || strncmp(info->message, "API", 3) == 0));
        assert_true(message[strlen(message) - 1] != '.');
        assert_true(info->sentence[strlen(info->sentence) - 1] == '.');
        for (size_t i = 0; i < n; i++)
            assert_string_equal(err_value(&err, i), "VALUE");
    }
    assert_string_equal(err_value(&(struct err){0}, 9), "");
    assert_string_equal(err_status_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
}

static void long_values_of_errors_are_cut(void **state)
{
    char value[1000];
    char message[2 * ERR_TEXT_MAX];
    struct err err = {0};

    (void)state;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_int_equal(err_fail(&err, ERR_FIELD_OUT_OF_RANGE, value, "1", "2"), ERR_FIELD_OUT_OF_RANGE);
    assert_string_equal(err_value(&err, 2), "2");
    assert_non_null(strstr(err_value(&err, 0), "..."));
    assert_true(strlen(err_message(&err, message, 40)) < 40);
    err_clear(&err);
    assert_int_equal(err.id, ERR_NONE);
}

static void arena_gives_zeroed_memory_up_to_its_limit(void **state)
{
    struct arena *arena = arena_new(100000);

    (void)state;
    for (int round = 0; round < 3; round++) {
        char *first = arena_alloc(arena, 10);
        char *large = arena_alloc(arena, 60000);

        for (int i = 0; i < 60000; i++)
            assert_int_equal(large[i], 0);
        assert_true(((uintptr_t)first & 15) == 0);
        memset(large, 1, 60000);
        assert_null(arena_try_alloc(arena, 50000));
        assert_null(arena_try_alloc(arena, SIZE_MAX));
        assert_true(arena_used(arena) >= 60010);
        arena_reset(arena);
        assert_int_equal(arena_used(arena), 0);
    }
    assert_string_equal(arena_printf(arena, "%d-%s", 5, "x"), "5-x");
    arena_free(arena);
    arena_free(NULL);
}

static void fail_points_let_some_pass(void **state)
{
    FILE *quiet = fopen("/dev/null", "w");

    (void)state;
    assert_false(FAILPOINT("a"));
    assert_int_equal(failpoint_enable("a=error:2,b=error", quiet), 0);
    assert_false(FAILPOINT("a"));
    assert_false(FAILPOINT("a"));
    assert_true(FAILPOINT("a"));
    assert_true(FAILPOINT("b"));
    assert_false(FAILPOINT("c"));
    failpoint_disable_all();
    assert_false(FAILPOINT("b"));
    assert_int_equal(failpoint_enable("a", quiet), -1);
    assert_int_equal(failpoint_enable("a=boom", quiet), -1);
    assert_int_equal(failpoint_enable("a=error:x", quiet), -1);
    fclose(quiet);
}

static const char *write_file(const char *text, mode_t mode)
{
    static char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/tmp/bmt-conf-%d", (int)getpid());
    file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return path;
}

/* Loads settings; returns what was told of problems. */
static const char *problems_of(const char *text, struct conf *conf, struct arena *arena, int expected)
{
    char *told = arena_alloc(arena, 4096);
    FILE *problems = fmemopen(told, 4095, "w");

    assert_int_equal(conf_load(write_file(text, 0600), arena, conf, problems), expected);
    fclose(problems);
    return told;
}

static void settings_are_checked_with_file_and_line(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct conf conf;
    static const struct {
        const char *text;
        const char *told;
    } cases[] = {
        {"modes = \"sandbox\";", "there is no setting 'modes'"},
        {"mode = 5;", "mode must be a text"},
        {"mode = \"play\";", "mode must be \"sandbox\" or \"production\""},
        {"rpc: { pollers = 0; };", "rpc.pollers must be from 1 to 16"},
        {"rpc: { pollers = \"2\"; };", "must be a whole number"},
        {"reflection = 1;", "must be true or false"},
        {"database: { servers = ( { name = \"a\"; } ); };", "needs the text 'user'"},
        {"database: { servers = ( { name = \"a\"; user = \"u\"; port = 99999; } ); };", "port of a database server"},
        {"database: { servers = ( { nam = \"a\"; user = \"u\"; } ); };", "there is no setting 'nam'"},
        {"database: { servers = 5; };", "must be a list"},
        {"\n\nmode = ", ":3:"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_non_null(strstr(problems_of(cases[i].text, &conf, arena, -1), cases[i].told));
    problems_of("mode = \"sandbox\"; rpc: { pollers = 3; }; reflection = false;"
                "database: { servers = ( { name = \"a\"; user = \"u\"; socket = \"/s\"; } ); modules = ( { module = "
                "\"order\"; server = \"a\"; } ); };",
                &conf, arena, 0);
    assert_int_equal(conf.rpc_pollers, 3);
    assert_false(conf.reflection);
    assert_int_equal(conf.n_servers, 1);
    assert_string_equal(conf.modules[0].module, "order");
    assert_int_equal(conf.jobs_batch_max, 256); /* its default */
    arena_free(arena);
}

static void secrets_must_be_ours_alone(void **state)
{
    struct arena *arena = arena_new(1 << 16);
    FILE *quiet = fopen("/dev/null", "w");
    const char *secret = NULL;

    (void)state;
    assert_int_equal(conf_read_secret(write_file("hush\nmore\n", 0600), arena, &secret, quiet), 0);
    assert_string_equal(secret, "hush");
    assert_int_equal(conf_read_secret(write_file("hush\n", 0644), arena, &secret, quiet), -1);
    assert_int_equal(conf_read_secret(write_file("\n", 0600), arena, &secret, quiet), -1);
    assert_int_equal(conf_read_secret("/nowhere", arena, &secret, quiet), -1);
    fclose(quiet);
    arena_free(arena);
}

static void metrics_are_open_metrics_text(void **state)
{
    struct arena *arena = arena_new(32 << 20);
    struct metric *calls = metrics_series(METRIC_COUNTER, "test_calls", "calls", "m=\"a\"");

    (void)state;
    assert_ptr_equal(calls, metrics_series(METRIC_COUNTER, "test_calls", "calls", "m=\"a\""));
    metric_add(calls, 3);
    metric_set(metrics_series(METRIC_GAUGE, "test_open", "open", ""), 7);
    metric_observe_ns(metrics_series(METRIC_HISTOGRAM, "test_seconds", "time", ""), 300000);
    const char *text = metrics_text(arena);

    assert_non_null(strstr(text, "# TYPE test_calls counter\n# HELP test_calls calls\ntest_calls_total{m=\"a\"} 3\n"));
    assert_non_null(strstr(text, "test_open 7\n"));
    assert_non_null(strstr(text, "test_seconds_bucket{le=\"0.00025\"} 0\ntest_seconds_bucket{le=\"0.0005\"} 1\n"));
    assert_non_null(strstr(text, "test_seconds_count 1\ntest_seconds_sum 0.000300000\n"));
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    arena_free(arena);
}

static void checksum_is_that_of_zlib(void **state)
{
    (void)state;
    assert_int_equal(crypto_crc32("123456789", 9), 0xCBF43926);
}

static void clock_only_runs_forward(void **state)
{
    (void)state;
    clock_advance_to_offset(5000);
    clock_advance_to_offset(3000);
    assert_int_equal(clock_offset_ms(), 5000);
    assert_true(clock_now_ms() >= clock_wall_ms() + 4999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_adds_within_its_range),
        cmocka_unit_test(money_is_read_as_it_is_written),
        cmocka_unit_test(split_loses_nothing),
        cmocka_unit_test(ids_grow_and_come_back_from_text),
        cmocka_unit_test(ids_of_many_threads_differ),
        cmocka_unit_test(text_knows_utf8_and_cuts_at_characters),
        cmocka_unit_test(base64_comes_back_and_has_one_spelling),
        cmocka_unit_test(every_error_names_its_keys),
        cmocka_unit_test(long_values_of_errors_are_cut),
        cmocka_unit_test(arena_gives_zeroed_memory_up_to_its_limit),
        cmocka_unit_test(fail_points_let_some_pass),
        cmocka_unit_test(settings_are_checked_with_file_and_line),
        cmocka_unit_test(secrets_must_be_ours_alone),
        cmocka_unit_test(metrics_are_open_metrics_text),
        cmocka_unit_test(checksum_is_that_of_zlib),
        cmocka_unit_test(clock_only_runs_forward),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
