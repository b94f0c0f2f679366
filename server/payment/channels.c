/* THE list of channels, and their secrets; see channel.h. */
#include <pthread.h>
#include <string.h>

#include "base/conf.h"
#include "payment/channel_sandbox.h"

static const struct channel *const channels[] = {&channel_sandbox};

const struct channel *channel_of_name(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(channels); i++)
        if (strcmp(channels[i]->name, name) == 0)
            return channels[i];
    return NULL;
}

enum { SECRETS_MAX = 256, SECRETS_BYTES_MAX = 1 << 20 };

/* Secrets read so far; only added to, so that pointers stay good. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *own;
static const char *folder = "";
static struct {
    const char *name;
    struct channel_secret secret;
} known[SECRETS_MAX];
static size_t n_known;

void channel_use_secrets_dir(const char *in_folder)
{
    folder = in_folder;
}

/* With the lock held. NULL when a file is missing or open to others. */
static const struct channel_secret *read_secret(const char *name)
{
    struct channel_secret secret = {0};
    FILE *nowhere = fopen("/dev/null", "w");
    bool is_read;

    if (own == NULL)
        own = arena_new(SECRETS_BYTES_MAX);
    is_read = n_known < SECRETS_MAX && nowhere != NULL && folder[0] != '\0' &&
              conf_read_secret(arena_printf(own, "%s/%s", folder, name), own, &secret.secret, nowhere) == 0 &&
              crypto_read_public_key(arena_printf(own, "%s/%s.pub", folder, name), &secret.channel_key, nowhere) == 0;
    if (nowhere != NULL)
        fclose(nowhere);
    if (!is_read)
        return NULL;
    known[n_known].name = arena_strdup(own, name);
    known[n_known].secret = secret;
    return &known[n_known++].secret;
}

static const struct channel_secret *find_secret(const char *name)
{
    const struct channel_secret *secret = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_known && secret == NULL; i++)
        if (strcmp(known[i].name, name) == 0)
            secret = &known[i].secret;
    if (secret == NULL)
        secret = read_secret(name);
    pthread_mutex_unlock(&lock);
    return secret;
}

int channel_open(const struct channel_account_row *row, struct channel_account *ret_account, struct err *err)
{
    struct channel_account account = {.channel = channel_of_name(row->channel), .row = row};

    if (account.channel == NULL)
        return err_fail(err, ERR_CHANNEL_UNKNOWN, row->channel);
    account.secret = find_secret(row->secret_name);
    if (account.secret == NULL)
        return err_fail(err, ERR_CHANNEL_SECRET_MISSING, row->secret_name);
    *ret_account = account;
    return 0;
}

struct channel_account_row *channel_account_copy(const struct channel_account_row *row, struct arena *arena)
{
    struct channel_account_row *copy = arena_memdup(arena, row, sizeof *row);

    copy->code = arena_strdup(arena, row->code);
    copy->channel = arena_strdup(arena, row->channel);
    copy->title = arena_strdup(arena, row->title);
    copy->merchant = arena_strdup(arena, row->merchant);
    copy->secret_name = arena_strdup(arena, row->secret_name);
    copy->base_url = arena_strdup(arena, row->base_url);
    copy->notify_url = arena_strdup(arena, row->notify_url);
    return copy;
}
