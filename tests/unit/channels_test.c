/* Channels' secrets: read once and kept; what is missing costs no memory, however often it is asked for. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(misses_cost_no_memory),
        cmocka_unit_test(a_miss_is_remembered_for_a_second),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
