/*
 * Connections and unary calls; see bmtclient.h. One completion queue for all calls of a client; pollers take finished
 * ones from it and hand them to their callers. A waiting call (bmt_call) is a started one with a latch.
 */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail(struct bmt_error *error, const char *problem, const char *what)
{
    *error = (struct bmt_error){.code = GRPC_STATUS_INVALID_ARGUMENT};
    snprintf(error->message, sizeof error->message, "%s: %s", problem, what);
}

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
        fail(error, "file cannot be read",
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

static void *poll_calls(void *client);

static void add_metadata(struct bmt_client *client, const char *key, const char *value)
{
    client->metadata[client->n_metadata++] =
        (grpc_metadata){.key = grpc_slice_from_copied_string(key), .value = grpc_slice_from_copied_string(value)};
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

struct bmt_client *bmt_client_new(const struct bmt_client_options *options, struct bmt_error *error)
{
    struct bmt_client *client;
    grpc_channel_credentials *credentials;
    char bearer[2048];

    if (options->address == NULL || options->connections < 0 || options->connections > CONNECTIONS_MAX ||
        options->pollers < 0 || options->pollers > POLLERS_MAX || options->deadline_ms < 0) {
        fail(error, "missing or out of range",
             options->address == NULL ? "address" : "connections, pollers or deadline_ms");
        return NULL;
    }
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
        pthread_create(&client->pollers[i], NULL, poll_calls, client);
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

static struct pending *take_pending(struct bmt_client *client)
{
    struct pending *pending;

    pthread_mutex_lock(&client->lock);
    pending = client->free_calls;
    if (pending != NULL)
        client->free_calls = pending->next_free;
    client->n_pending++;
    pthread_mutex_unlock(&client->lock);
    if (pending == NULL)
        pending = calloc(1, sizeof *pending);
    pending->client = client;
    pending->reply = NULL;
    grpc_metadata_array_init(&pending->initial);
    grpc_metadata_array_init(&pending->trailing);
    return pending;
}

static void give_pending(struct bmt_client *client, struct pending *pending)
{
    grpc_call_unref(pending->call);
    grpc_metadata_array_destroy(&pending->initial);
    grpc_metadata_array_destroy(&pending->trailing);
    grpc_slice_unref(pending->message);
    if (pending->reply != NULL)
        grpc_byte_buffer_destroy(pending->reply);
    pthread_mutex_lock(&client->lock);
    pending->next_free = client->free_calls;
    client->free_calls = pending;
    if (--client->n_pending == 0)
        pthread_cond_broadcast(&client->idle);
    pthread_mutex_unlock(&client->lock);
}

void *client_bytes(grpc_byte_buffer *buffer, size_t *ret_size)
{
    grpc_byte_buffer_reader reader;
    char *bytes = NULL;
    size_t size = 0;

    if (!grpc_byte_buffer_reader_init(&reader, buffer))
        return NULL;
    grpc_slice whole = grpc_byte_buffer_reader_readall(&reader);

    size = GRPC_SLICE_LENGTH(whole);
    bytes = malloc(size + 1);
    memcpy(bytes, GRPC_SLICE_START_PTR(whole), size);
    grpc_slice_unref(whole);
    grpc_byte_buffer_reader_destroy(&reader);
    *ret_size = size;
    return bytes;
}

static void finish(struct pending *pending)
{
    struct bmt_error error;
    void *bytes;
    size_t size = 0;

    if (pending->status != GRPC_STATUS_OK || pending->reply == NULL) {
        const grpc_status_code status = pending->status != GRPC_STATUS_OK ? pending->status : GRPC_STATUS_INTERNAL;

        client_error(&error, status, pending->message, &pending->trailing);
        pending->done(pending->context, NULL, 0, &error);
    } else {
        bytes = client_bytes(pending->reply, &size);
        pending->done(pending->context, bytes, size, NULL);
        free(bytes);
    }
    give_pending(pending->client, pending);
}

static void *poll_calls(void *context)
{
    struct bmt_client *client = context;

    for (;;) {
        grpc_event event = grpc_completion_queue_next(client->queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        finish(event.tag);
    }
}

grpc_call *client_call(struct bmt_client *client, grpc_completion_queue *queue,
                       const ProtobufCServiceDescriptor *service, const char *method, int64_t deadline_ms)
{
    const unsigned turn = atomic_fetch_add_explicit(&client->turn, 1, memory_order_relaxed);
    const gpr_timespec deadline =
        deadline_ms == 0 ? gpr_inf_future(GPR_CLOCK_MONOTONIC)
                         : gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(deadline_ms, GPR_TIMESPAN));
    char path[PATH_MAX_SIZE];
    grpc_slice slice;
    grpc_call *call;

    snprintf(path, sizeof path, "/%s/%s", service->name, method);
    slice = grpc_slice_from_copied_string(path);
    call = grpc_channel_create_call(client->channels[turn % (unsigned)client->n_channels], NULL,
                                    GRPC_PROPAGATE_DEFAULTS, queue, slice, NULL, deadline, NULL);
    grpc_slice_unref(slice);
    return call;
}

static void start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                  const void *request, size_t request_size, int64_t deadline_ms,
                  void (*done)(void *context, const void *reply, size_t reply_size, const struct bmt_error *error),
                  void *context)
{
    struct pending *pending = take_pending(client);
    grpc_slice slice = grpc_slice_from_copied_buffer(request, request_size);
    grpc_byte_buffer *message = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA,
         .data.send_initial_metadata = {.count = client->n_metadata, .metadata = client->metadata}},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = message},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA, .data.recv_initial_metadata.recv_initial_metadata = &pending->initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &pending->reply},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {.trailing_metadata = &pending->trailing,
                                        .status = &pending->status,
                                        .status_details = &pending->message}},
    };

    grpc_slice_unref(slice);
    pending->done = done;
    pending->context = context;
    pending->call = client_call(client, client->queue, service, method, deadline_ms);
    grpc_call_start_batch(pending->call, ops, 6, pending, NULL);
    grpc_byte_buffer_destroy(message);
}

void bmt_call_start(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                    const void *request, size_t request_size,
                    void (*done)(void *context, const void *reply, size_t reply_size, const struct bmt_error *error),
                    void *context)
{
    start(client, service, method, request, request_size, client->deadline_ms, done, context);
}

/* What a waiting caller waits for. */
struct latch {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
    void *reply;
    size_t reply_size;
    struct bmt_error error;
};

static void open_latch(void *context, const void *reply, size_t reply_size, const struct bmt_error *error)
{
    struct latch *latch = context;

    pthread_mutex_lock(&latch->lock);
    if (error != NULL) {
        latch->error = *error;
    } else {
        latch->reply = malloc(reply_size + 1);
        memcpy(latch->reply, reply, reply_size);
        latch->reply_size = reply_size;
    }
    latch->is_open = true;
    pthread_cond_signal(&latch->opened);
    pthread_mutex_unlock(&latch->lock);
}

/* Reads, and writes that carry a request_id, cannot double anything: after UNAVAILABLE they are sent again. */
static bool may_repeat(const ProtobufCMessage *request)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "request_id");

    return field == NULL || **(char *const *)(const void *)((const char *)request + field->offset) != '\0';
}

static void call_once(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
                      const void *bytes, size_t size, int64_t left_ms, struct latch *latch)
{
    *latch = (struct latch){.lock = PTHREAD_MUTEX_INITIALIZER, .opened = PTHREAD_COND_INITIALIZER};
    start(client, service, method, bytes, size, left_ms, open_latch, latch);
    pthread_mutex_lock(&latch->lock);
    while (!latch->is_open)
        pthread_cond_wait(&latch->opened, &latch->lock);
    pthread_mutex_unlock(&latch->lock);
}

int bmt_call(struct bmt_client *client, const ProtobufCServiceDescriptor *service, const char *method,
             const ProtobufCMessage *request, ProtobufCMessage **ret_reply, struct bmt_error *error)
{
    const int64_t end_ms = now_ms() + client->deadline_ms;
    const ProtobufCMethodDescriptor *descriptor = protobuf_c_service_descriptor_get_method_by_name(service, method);
    const size_t size = protobuf_c_message_get_packed_size(request);
    uint8_t *bytes = malloc(size + 1);
    struct latch latch;
    int64_t pause_ms = 50;

    protobuf_c_message_pack(request, bytes);
    for (;;) {
        const int64_t left_ms = end_ms - now_ms();

        call_once(client, service, method, bytes, size, left_ms > 1 ? left_ms : 1, &latch);
        if (latch.reply != NULL || latch.error.code != GRPC_STATUS_UNAVAILABLE || !may_repeat(request) ||
            now_ms() + pause_ms >= end_ms)
            break;
        nanosleep(&(struct timespec){.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000}, NULL);
        pause_ms = pause_ms * 2 > 1000 ? 1000 : pause_ms * 2;
    }
    free(bytes);
    if (latch.reply == NULL) {
        *error = latch.error;
        return latch.error.code;
    }
    *ret_reply = protobuf_c_message_unpack(descriptor->output, NULL, latch.reply_size, latch.reply);
    free(latch.reply);
    if (*ret_reply == NULL) {
        fail(error, "the reply is not valid", descriptor->output->name);
        return error->code = GRPC_STATUS_INTERNAL;
    }
    return 0;
}
