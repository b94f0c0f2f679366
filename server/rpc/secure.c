/*
 * The port's credentials: plain, TLS, or TLS with client certificates.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "rpc/core.h"

enum { PEM_MAX = 256 * 1024 };

/* A PEM file as text in the arena; NULL with a line in `problems`. */
static const char *secure_read(const char *path, bool is_secret, struct arena *arena, FILE *problems)
{
    FILE *file = fopen(path, "re");
    struct stat status;

    if (file == NULL || fstat(fileno(file), &status) != 0) {
        fprintf(problems, "%s: could not be read\n", path);
        if (file != NULL)
            fclose(file);
        return NULL;
    }
    char *text = NULL;
    if (is_secret && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fprintf(problems, "%s: must not be accessible by others (mode 0600)\n", path);
    } else if (status.st_size <= 0 || status.st_size > PEM_MAX) {
        fprintf(problems, "%s: must hold 1 to %d bytes\n", path, PEM_MAX);
    } else {
        text = arena_alloc(arena, (size_t)status.st_size + 1);
        if (fread(text, 1, (size_t)status.st_size, file) != (size_t)status.st_size) {
            fprintf(problems, "%s: could not be read\n", path);
            text = NULL;
        }
    }
    fclose(file);
    return text;
}

static grpc_server_credentials *secure_tls(const struct conf *conf, struct arena *arena, FILE *problems)
{
    bool is_mutual = conf->tls_client_ca_file[0] != '\0';
    grpc_ssl_pem_key_cert_pair pair = {0};
    const char *authorities = NULL;

    pair.cert_chain = secure_read(conf->tls_certificate_file, false, arena, problems);
    pair.private_key = secure_read(conf->tls_key_file, true, arena, problems);
    if (is_mutual)
        authorities = secure_read(conf->tls_client_ca_file, false, arena, problems);
    if (pair.cert_chain == NULL || pair.private_key == NULL || (is_mutual && authorities == NULL))
        return NULL;

    grpc_ssl_server_certificate_config *config = grpc_ssl_server_certificate_config_create(authorities, &pair, 1);
    grpc_ssl_server_credentials_options *options = grpc_ssl_server_credentials_create_options_using_config(
        is_mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
        config);
    grpc_server_credentials *credentials = grpc_ssl_server_credentials_create_with_options(options);
    if (credentials == NULL)
        fprintf(problems, "%s: not usable as certificate\n", conf->tls_certificate_file);
    return credentials;
}

grpc_server_credentials *secure_credentials(const struct conf *conf, FILE *problems)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(4 * PEM_MAX);

    if (conf->tls_certificate_file[0] != '\0')
        return secure_tls(conf, arena, problems);
    if (conf->tls_client_ca_file[0] == '\0')
        return grpc_insecure_server_credentials_create();
    fprintf(problems, "tls.client_ca_file: needs tls.certificate_file and tls.key_file\n");
    return NULL;
}
