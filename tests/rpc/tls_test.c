/*
 * TLS and mutual TLS, and settings of them that cannot work.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "fixture.h"

/* A folder with an authority, a certificate for localhost and one for a client. */
struct pem {
    char folder[40];
    struct arena *arena;
};

static const char *pem_path(const struct pem *pem, const char *name)
{
    return arena_printf(pem->arena, "%s/%s", pem->folder, name);
}

static const char *pem_text(const struct pem *pem, const char *name)
{
    FILE *file = fopen(pem_path(pem, name), "r");
    char *text = arena_alloc(pem->arena, 8192);

    assert_non_null(file);
    assert_true(fread(text, 1, 8191, file) > 0);
    fclose(file);
    return text;
}

static int make_pem(void **state)
{
    static struct pem pem;

    pem.arena = arena_new(1 << 20);
    snprintf(pem.folder, sizeof pem.folder, "/tmp/bmt-tls-XXXXXX");
    assert_non_null(mkdtemp(pem.folder));
    const char *script = arena_printf(
        pem.arena,
        "cd %s && umask 077 && exec 2>/dev/null &&"
        "new='openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' &&"
        "$new -x509 -days 2 -subj /CN=authority -keyout ca.key -out ca.pem &&"
        "$new -x509 -days 2 -subj /CN=other -keyout other.key -out other.pem &&"
        "for n in server client; do $new -subj /CN=$n -keyout $n.key -out $n.csr &&"
        "printf 'subjectAltName=DNS:localhost' >ext &&"
        "openssl x509 -req -days 2 -in $n.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out $n.pem; done",
        pem.folder);
    assert_int_equal(system(script), 0);
    *state = &pem;
    return 0;
}

static int remove_pem(void **state)
{
    struct pem *pem = *state;

    assert_int_equal(system(arena_printf(pem->arena, "rm -r %s", pem->folder)), 0);
    arena_free(pem->arena);
    return 0;
}

static struct conf tls_conf(const struct pem *pem)
{
    struct conf conf = fixture_conf();

    conf.tls_certificate_file = pem_path(pem, "server.pem");
    conf.tls_key_file = pem_path(pem, "server.key");
    return conf;
}

/* Calls Echo with these credentials: the status, briefly tried. */
static int echo_by(struct fixture *f, const struct rpc_tls *tls)
{
    struct rpc_client *client = rpc_client_new(rpc_port(f->rpc), tls);
    struct rpc_options options = {.deadline_ms = 1500};
    int status = rpc_unary_bytes(client, TEST_PATH("Echo"), "", 0, &options, f->arena).status;

    rpc_client_free(client);
    return status;
}

static void tls_needs_the_right_authority(void **state)
{
    const struct pem *pem = *state;
    struct conf conf = tls_conf(pem);
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    struct rpc_tls good = {.authority = pem_text(pem, "ca.pem")};
    struct rpc_tls bad = {.authority = pem_text(pem, "other.pem")};

    assert_int_equal(echo_by(f, &good), 0);
    assert_int_not_equal(echo_by(f, &bad), 0);
    assert_int_not_equal(echo_by(f, NULL), 0);
    fixture_stop(f);
}

static void mutual_tls_needs_a_client_certificate(void **state)
{
    const struct pem *pem = *state;
    struct conf conf = tls_conf(pem);
    conf.tls_client_ca_file = pem_path(pem, "ca.pem");
    struct fixture *f = fixture_start(&conf, NULL, NULL);
    struct rpc_tls good = {.authority = pem_text(pem, "ca.pem"),
                           .key = pem_text(pem, "client.key"),
                           .certificate = pem_text(pem, "client.pem")};
    struct rpc_tls none = {.authority = pem_text(pem, "ca.pem")};
    struct rpc_tls other = {.authority = pem_text(pem, "ca.pem"),
                            .key = pem_text(pem, "other.key"),
                            .certificate = pem_text(pem, "other.pem")};

    assert_int_equal(echo_by(f, &good), 0);
    assert_int_not_equal(echo_by(f, &none), 0);
    assert_int_not_equal(echo_by(f, &other), 0);
    fixture_stop(f);
}

static void bad_tls_settings_stop_the_start(void **state)
{
    const struct pem *pem = *state;
    const struct rpc_service *services[] = {&test_service};
    struct conf open_key = tls_conf(pem);
    struct conf missing = tls_conf(pem);
    struct conf half = fixture_conf();
    struct rpc *rpc = NULL;
    char problems[512];

    missing.tls_certificate_file = pem_path(pem, "nope.pem");
    half.tls_client_ca_file = pem_path(pem, "ca.pem");
    struct {
        struct conf *conf;
        const char *problem;
    } rows[] = {
        {&open_key,
         arena_printf(pem->arena, "%s: must not be accessible by others (mode 0600)\n", open_key.tls_key_file)},
        {&missing, arena_printf(pem->arena, "%s: could not be read\n", missing.tls_certificate_file)},
        {&half, "tls.client_ca_file: needs tls.certificate_file and tls.key_file\n"},
    };
    assert_int_equal(chmod(open_key.tls_key_file, 0644), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(problems, 0, sizeof(problems));
        FILE *out = fmemopen(problems, sizeof(problems) - 1, "w");
        if (i == 1)
            assert_int_equal(chmod(open_key.tls_key_file, 0600), 0);
        assert_int_equal(rpc_start(rows[i].conf, NULL, NULL, services, 1, &rpc, out), -1);
        fclose(out);
        assert_string_equal(problems, rows[i].problem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tls_needs_the_right_authority, make_pem, remove_pem),
        cmocka_unit_test_setup_teardown(mutual_tls_needs_a_client_certificate, make_pem, remove_pem),
        cmocka_unit_test_setup_teardown(bad_tls_settings_stop_the_start, make_pem, remove_pem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
