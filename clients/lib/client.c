/* The life of a client: its options, credentials, connections and pollers; see bmtclient.h. Calls are in call.c. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole file as text, NULL when it cannot be read; free() it. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = file != NULL ? calloc(1, 65536) : NULL;

    if (text != NULL && fread(text, 1, 65535, file) == 0) {
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

/* NULL with an error when a file cannot be read. */
static grpc_channel_credentials *make_credentials(const struct bmt_client_options *options, struct bmt_error *error)
{
    const bool is_mutual = options->certificate_file != NULL && options->key_file != NULL;
    grpc_channel_credentials *credentials = NULL;
    char *authorities;
    char *certificate = NULL;
    char *key = NULL;

    if (options->ca_file == NULL)
        return grpc_insecure_credentials_create();
    authorities = read_file(options->ca_file);
    if (is_mutual) {
        certificate = read_file(options->certificate_file);
        key = read_file(options->key_file);
    }
    if (authorities == NULL || (is_mutual && (certificate == NULL || key == NULL))) {
        client_fail(error, GRPC_STATUS_INVALID_ARGUMENT, "file cannot be read",
                    authorities == NULL   ? options->ca_file
                    : certificate == NULL ? options->certificate_file
                                          : options->key_file);
    } else {
        grpc_ssl_pem_key_cert_pair pair = {.private_key = key, .cert_chain = certificate};

        credentials = grpc_ssl_credentials_create(authorities, is_mutual ? &pair : NULL, NULL, NULL);
    }
    free(authorities);
    free(certificate);
    free(key);
    return credentials;
}

static void add_metadata(struct bmt_client *client, const char *key, const char *value)
{
    client->metadata[client->n_metadata++] =
        (grpc_metadata){.key = grpc_slice_from_copied_string(key), .value = grpc_slice_from_copied_string(value)};
}

struct carried client_carry(const struct bmt_client *client, const char *credential)
{
    struct carried carried = {.n = 0};
    char bearer[sizeof "Bearer " + API_KEY_MAX];

    if (credential != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", credential);
        carried.metadata[carried.n++] = (grpc_metadata){.key = grpc_slice_from_static_string("authorization"),
                                                        .value = grpc_slice_from_copied_string(bearer)};
        return carried;
    }
    for (; carried.n < client->n_metadata; carried.n++)
        carried.metadata[carried.n] = (grpc_metadata){.key = grpc_slice_ref(client->metadata[carried.n].key),
                                                      .value = grpc_slice_ref(client->metadata[carried.n].value)};
    return carried;
}

void client_drop(struct carried *carried)
{
    for (size_t i = 0; i < carried->n; i++) {
        grpc_slice_unref(carried->metadata[i].key);
        grpc_slice_unref(carried->metadata[i].value);
    }
}

void client_enter(struct bmt_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->n_pending++;
    pthread_mutex_unlock(&client->lock);
}

void client_leave(struct bmt_client *client)
{
    pthread_mutex_lock(&client->lock);
    if (--client->n_pending == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

/* Each connection of its own: channels with equal arguments would share one. */
static grpc_channel *open_channel(const char *address, grpc_channel_credentials *credentials)
{
    grpc_arg arguments[] = {
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.use_local_subchannel_pool", .value.integer = 1},
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.enable_retries", .value.integer = 0},
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.initial_reconnect_backoff_ms", .value.integer = 100},
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.min_reconnect_backoff_ms", .value.integer = 100},
        {.type = GRPC_ARG_INTEGER, .key = (char *)"grpc.max_reconnect_backoff_ms", .value.integer = 2000},
    };
    grpc_channel_args args = {.num_args = sizeof arguments / sizeof arguments[0], .args = arguments};

    return grpc_channel_create(address, credentials, &args);
}

/* Metadata carries printable ASCII only; gRPC would start no call with anything else. */
static bool is_carried(const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return true;
}

/* Names the option that is wrong, never its value: it may be a key. */
static bool check_options(const struct bmt_client_options *options, struct bmt_error *error)
{
    const char *problem = NULL;
    const char *what = "api_key";

    if (options->address == NULL || options->connections < 0 || options->connections > CONNECTIONS_MAX ||
        options->pollers < 0 || options->pollers > POLLERS_MAX || options->deadline_ms < 0) {
        problem = "missing or out of range";
        what = options->address == NULL ? "address" : "connections, pollers or deadline_ms";
    } else if (!is_carried(options->api_key) || !is_carried(options->business)) {
        problem = "holds a character that is not printable ASCII";
        what = !is_carried(options->api_key) ? "api_key" : "business";
    } else if (options->api_key != NULL && strlen(options->api_key) > API_KEY_MAX) {
        problem = "too long";
    }
    if (problem != NULL)
        client_fail(error, GRPC_STATUS_INVALID_ARGUMENT, problem, what);
    return problem == NULL;
}

struct bmt_client *bmt_client_new(const struct bmt_client_options *options, struct bmt_error *error)
{
    struct bmt_client *client;
    grpc_channel_credentials *credentials;
    char bearer[sizeof "Bearer " + API_KEY_MAX];

    if (!check_options(options, error))
        return NULL;
    grpc_init();
    credentials = make_credentials(options, error);
    if (credentials == NULL) {
        grpc_shutdown();
        return NULL;
    }
    client = calloc(1, sizeof *client);
    client->deadline_ms = options->deadline_ms > 0 ? options->deadline_ms : 5000;
    client->n_channels = options->connections > 0 ? options->connections : 1;
    for (int i = 0; i < client->n_channels; i++)
        client->channels[i] = open_channel(options->address, credentials);
    grpc_channel_credentials_release(credentials);
    if (options->api_key != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", options->api_key);
        add_metadata(client, "authorization", bearer);
    }
    if (options->business != NULL)
        add_metadata(client, "bmt-business", options->business);
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->idle, NULL);
    client->queue = grpc_completion_queue_create_for_next(NULL);
    client->n_pollers = options->pollers > 0 ? options->pollers : 1;
    for (int i = 0; i < client->n_pollers; i++)
        pthread_create(&client->pollers[i], NULL, client_poll, client);
    return client;
}

void bmt_client_free(struct bmt_client *client)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    while (client->n_pending > 0)
        pthread_cond_wait(&client->idle, &client->lock);
    pthread_mutex_unlock(&client->lock);
    grpc_completion_queue_shutdown(client->queue);
    for (int i = 0; i < client->n_pollers; i++)
        pthread_join(client->pollers[i], NULL);
    grpc_completion_queue_destroy(client->queue);
    for (int i = 0; i < client->n_channels; i++)
        grpc_channel_destroy(client->channels[i]);
    for (size_t i = 0; i < client->n_metadata; i++) {
        grpc_slice_unref(client->metadata[i].key);
        grpc_slice_unref(client->metadata[i].value);
    }
    while (client->free_calls != NULL) {
        struct pending *next = client->free_calls->next_free;

        free(client->free_calls);
        client->free_calls = next;
    }
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->idle);
    free(client);
    grpc_shutdown();
}
