/* Channels: secrets are read once and kept, what is missing costs no memory; what a channel told outlives its question.
 */
#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "payment/channel.h"

enum { SECOND_NS = 1000000000 };

static char folder[] = "/tmp/bmt-channels-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    channel_use_secrets_dir(folder);
    return 0;
}

static int remove_folder(void **state)
{
    char command[80];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void write_file(const char *name, const char *text)
{
    char path[80];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

static void write_key(const char *name)
{
    write_file(name, "-----BEGIN PUBLIC KEY-----\n"
                     "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                     "-----END PUBLIC KEY-----\n");
}

static int open_account(const char *secret_name, struct channel_account *ret_account)
{
    const struct channel_account_row row = {.channel = "sandbox", .secret_name = secret_name};
    struct err err = {0};

    return channel_open(&row, ret_account, &err);
}

/* Nothing under a sanitizer, which has an allocator of its own (and knows leaks itself). */
static size_t allocated_bytes(void)
{
    const struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* Neither many calls of one name, nor many names, nor a secret whose key is missing. */
static void misses_cost_no_memory(void **state)
{
    struct channel_account account;
    char name[32];
    size_t before;

    (void)state;
    write_file("half", "a secret\n");
    assert_int_equal(open_account("missing", &account), ERR_CHANNEL_SECRET_MISSING);
    before = allocated_bytes();
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "missing-%d", i);
        assert_int_equal(open_account("missing", &account), ERR_CHANNEL_SECRET_MISSING);
        assert_int_equal(open_account("half", &account), ERR_CHANNEL_SECRET_MISSING);
        assert_int_equal(open_account(name, &account), ERR_CHANNEL_SECRET_MISSING);
    }
    assert_true(allocated_bytes() <= before + 4096);
}

static void a_miss_is_remembered_for_a_second(void **state)
{
    struct channel_account account;
    struct channel_account again;
    const int64_t begin_ns = clock_steady_ns();

    (void)state;
    assert_int_equal(open_account("later", &account), ERR_CHANNEL_SECRET_MISSING);
    write_file("later", "a secret\n");
    write_key("later.pub");
    assert_int_equal(open_account("later", &account), ERR_CHANNEL_SECRET_MISSING);
    while (open_account("later", &account) != 0) {
        assert_true(clock_steady_ns() < begin_ns + 5L * SECOND_NS);
        poll(NULL, 0, 20);
    }
    assert_true(clock_steady_ns() >= begin_ns + SECOND_NS);
    assert_string_equal(account.secret->secret, "a secret");
    assert_int_equal(open_account("later", &again), 0);
    assert_ptr_equal(again.secret, account.secret);
}

/* Two questions about one payment come back together: what the first has told is still there when it is gone. */
static void a_verdict_outlives_its_question(void **state)
{
    struct arena *question = arena_new(4096);
    struct arena *batch CLEANUP(arena_cleanup) = arena_new(4096);
    const struct channel_verdict told = {.word = CHANNEL_HAS_MONEY,
                                         .payment_id = 7,
                                         .ref = arena_strdup(question, "cp_1"),
                                         .action_url = arena_strdup(question, "https://pay"),
                                         .failure = arena_strdup(question, "DECLINED")};
    const struct channel_verdict copy = channel_verdict_copy(&told, batch);

    (void)state;
    arena_free(question);
    assert_int_equal(copy.word, CHANNEL_HAS_MONEY);
    assert_int_equal(copy.payment_id, 7);
    assert_string_equal(copy.ref, "cp_1");
    assert_null(copy.transaction);
    assert_string_equal(copy.action_url, "https://pay");
    assert_string_equal(copy.failure, "DECLINED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misses_cost_no_memory),
        cmocka_unit_test(a_miss_is_remembered_for_a_second),
        cmocka_unit_test(a_verdict_outlives_its_question),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
