/* Edges of settings, secrets, keys, fail points and currencies that stop a start, or must not. */
#include "lib/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/crypto.h"
#include "base/ed25519.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/money.h"

static struct arena *arena;
static char told[4096];
static FILE *problems;

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    memset(told, 0, sizeof told);
    problems = fmemopen(told, sizeof told, "w");
    return 0;
}

static int end(void **state)
{
    (void)state;
    fclose(problems);
    arena_free(arena);
    return 0;
}

static void expect_told(const char *what)
{
    fflush(problems);
    if (strstr(told, what) == NULL)
        fail_msg("'%s' is not told in: %s", what, told);
    rewind(problems);
    memset(told, 0, sizeof told);
}

static const char *given_file(const char *text)
{
    static char path[] = "/tmp/bmt-base-XXXXXX";

    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    const int fd = mkstemp(path); /* mode 0600 */

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

static void lists_of_the_database_must_agree(void **state)
{
    static const struct {
        const char *text;
        const char *told;
    } cases[] = {
        {"{ servers = ( {name=\"a\"; user=\"u\";}, {name=\"a\"; user=\"v\";} ); }", "server 'a' stands twice"},
        {"{ servers = ( {name=\"a\"; user=\"u\";} ); modules = ( {module=\"order\"; server=\"b\";} ); }",
         "'b', which is not in the list"},
        {"{ servers = ( {name=\"a\"; user=\"u\";} ); modules = ( {module=\"order\"; server=\"a\";}, "
         "{module=\"order\"; server=\"a\";} ); }",
         "module 'order' stands twice"},
        {"{ servers = ( 5 ); }", "are groups in braces"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct conf conf;
        char text[400];

        snprintf(text, sizeof text, "database: %s;", cases[i].text);
        const char *path = given_file(text);

        assert_int_equal(conf_load(path, arena, &conf, problems), -1);
        unlink(path);
        expect_told(cases[i].told);
    }
}

/* What we offer as a sample is what we read, and it means the defaults. */
static void the_sample_is_read_back(void **state)
{
    static char text[1 << 16];
    FILE *out = fmemopen(text, sizeof text, "w");
    struct conf conf;

    (void)state;
    conf_write_sample(out);
    assert_int_equal(fclose(out), 0);
    const char *path = given_file(text);

    assert_int_equal(conf_load(path, arena, &conf, problems), 0);
    unlink(path);
    assert_string_equal(conf.mode, "production");
    assert_int_equal(conf.rpc_queue_max, 4096);
    assert_int_equal(conf.n_servers, 1);
}

static void a_secret_is_never_cut(void **state)
{
    const char *secret = NULL;
    char text[2000];

    (void)state;
    memset(text, 's', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const char *path = given_file(text);

    assert_int_equal(conf_read_secret(path, arena, &secret, problems), -1);
    unlink(path);
    expect_told("longer than");
    assert_null(secret);
}

static void files_without_a_key_are_refused(void **state)
{
    struct ed25519_key *key = NULL;
    const char *path = given_file("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");

    (void)state;
    assert_int_equal(ed25519_read_private_key(path, &key, problems), -1);
    expect_told("holds no Ed25519 key");
    assert_int_equal(ed25519_read_public_key(path, &key, problems), -1);
    expect_told("holds no Ed25519 key");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(ed25519_read_private_key(path, &key, problems), -1);
    expect_told("readable by others");
    unlink(path);
    assert_int_equal(ed25519_read_public_key(path, &key, problems), -1);
    assert_null(key);
}

static void signatures_hold_for_their_bytes_only(void **state)
{
    struct ed25519_key *key = ed25519_new_private_key();
    struct ed25519_key *other = ed25519_new_private_key();
    uint8_t signature[ED25519_SIGNATURE_SIZE];

    (void)state;
    ed25519_sign(key, "hello", 5, signature);
    assert_true(ed25519_verify(key, "hello", 5, signature));
    assert_false(ed25519_verify(key, "hellO", 5, signature));
    assert_false(ed25519_verify(other, "hello", 5, signature));
    ed25519_key_free(key);
    ed25519_key_free(other);
}

/* RFC 8032 7.1, test 1: signed by the key of a file, checked by both halves. */
static void signatures_are_those_of_the_standard(void **state)
{
    static const uint8_t expected[] = {0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72};
    struct ed25519_key *private_key = NULL;
    struct ed25519_key *public_key = NULL;
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    const char *path = given_file("-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                  "-----END PRIVATE KEY-----\n");

    (void)state;
    assert_int_equal(ed25519_read_private_key(path, &private_key, problems), 0);
    unlink(path);
    path = given_file("-----BEGIN PUBLIC KEY-----\n"
                      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                      "-----END PUBLIC KEY-----\n");
    assert_int_equal(ed25519_read_public_key(path, &public_key, problems), 0);
    unlink(path);
    ed25519_sign(private_key, "", 0, signature);
    assert_memory_equal(signature, expected, sizeof expected);
    assert_true(ed25519_verify(private_key, "", 0, signature));
    assert_true(ed25519_verify(public_key, "", 0, signature));
    signature[63] ^= 0x10;
    assert_false(ed25519_verify(public_key, "", 0, signature));
    ed25519_key_free(private_key);
    ed25519_key_free(public_key);
}

/* FIPS 180-4 "abc"; RFC 4231, test case 2. */
static void digests_are_those_of_the_standards(void **state)
{
    uint8_t digest[SHA256_SIZE];

    (void)state;
    crypto_sha256("abc", 3, digest);
    assert_memory_equal(digest, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
    crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    assert_memory_equal(digest, "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e", 8);
    assert_true(crypto_equal("same", "same", 4));
    assert_false(crypto_equal("same", "sane", 4));
    crypto_wipe(digest, sizeof digest);
    assert_int_equal(digest[0] | digest[31], 0);
}

static void a_fail_point_needs_its_number(void **state)
{
    (void)state;
    assert_int_equal(failpoint_enable("a=error:", problems), -1);
    expect_told("a=error:");
    assert_int_equal(failpoint_enable("a=error:-1", problems), -1);
    failpoint_disable_all();
}

static void currencies_have_their_decimals(void **state)
{
    (void)state;
    assert_int_equal(currency_exponent("JPY"), 0);
    assert_int_equal(currency_exponent("EUR"), 2);
    assert_int_equal(currency_exponent("KWD"), 3);
    assert_int_equal(currency_exponent("CLF"), 4);
    assert_true(currency_known("XCG"));
    static const char *const unknown[] = {"", "E", "eur", "EURO", "ANG", "UR ", "XXX"};

    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_false(currency_known(unknown[i]));
}

static void fail_points_hold_within_their_plan(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    assert_int_equal(failpoint_enable("order.place/a=once", stderr), 0);
    assert_false(FAILPOINT("a"));
    assert_null(failpoint_within("order.pay"));
    assert_false(FAILPOINT("a"));
    assert_string_equal(failpoint_within("order.place"), "order.pay");
    assert_false(FAILPOINT("b"));
    assert_true(FAILPOINT("a"));
    assert_true(failpoint_was_hit("order.place/a"));
    (void)failpoint_within(NULL);
    failpoint_disable_all();
    log_set_level(LOG_INFO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_of_the_database_must_agree, begin, end),
        cmocka_unit_test_setup_teardown(the_sample_is_read_back, begin, end),
        cmocka_unit_test_setup_teardown(a_secret_is_never_cut, begin, end),
        cmocka_unit_test_setup_teardown(files_without_a_key_are_refused, begin, end),
        cmocka_unit_test(signatures_hold_for_their_bytes_only),
        cmocka_unit_test_setup_teardown(signatures_are_those_of_the_standard, begin, end),
        cmocka_unit_test(digests_are_those_of_the_standards),
        cmocka_unit_test_setup_teardown(a_fail_point_needs_its_number, begin, end),
        cmocka_unit_test(fail_points_hold_within_their_plan),
        cmocka_unit_test(currencies_have_their_decimals),
    };

    return cmocka_run_group_tests_name("base_edges", tests, NULL, NULL);
}
