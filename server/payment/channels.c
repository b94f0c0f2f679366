/* THE list of channels, and their secrets; see channel.h. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/text.h"
#include "payment/channel_sandbox.h"

static const struct channel *const channels[] = {&channel_sandbox};

const struct channel *channel_of_name(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(channels); i++)
        if (strcmp(channels[i]->name, name) == 0)
            return channels[i];
    return NULL;
}

enum {
    SECRETS_MAX = 256,
    SECRETS_BYTES_MAX = 1 << 20, /* of what is kept, at most a line of 1 KiB each */
    SCRATCH_BYTES_MAX = 16 << 10,
    SECRET_NAME_SIZE = 64 * 4 + 1, /* VARCHAR(64) */
    MISSES_MAX = 64,
    MISS_LASTS_MS = 1000,
};

/* Secrets read so far; only added to, so that pointers stay good. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *own;
static const char *folder = "";
static struct {
    const char *name;
    struct channel_secret secret;
} known[SECRETS_MAX];
static size_t n_known;

/* The last misses, a ring: anybody may notify, so a missing file is not looked for at each call. */
static struct {
    char name[SECRET_NAME_SIZE];
    int64_t until_ns;
} missed[MISSES_MAX];
static size_t n_missed;

void channel_use_secrets_dir(const char *in_folder)
{
    pthread_mutex_lock(&lock);
    folder = in_folder;
    memset(missed, 0, sizeof missed);
    pthread_mutex_unlock(&lock);
}

static bool is_missed(const char *name)
{
    const int64_t now_ns = clock_steady_ns();

    for (size_t i = 0; i < MISSES_MAX; i++)
        if (now_ns < missed[i].until_ns && strcmp(missed[i].name, name) == 0)
            return true;
    return false;
}

static void note_miss(const char *name)
{
    const size_t at = n_missed++ % MISSES_MAX;

    if (strlen(name) >= sizeof missed[at].name)
        return;
    memcpy(missed[at].name, name, strlen(name) + 1);
    missed[at].until_ns = clock_steady_ns() + (int64_t)MISS_LASTS_MS * 1000000;
}

/* Both files, in memory of the scratch arena. */
static bool read_files(const char *name, struct arena *scratch, struct channel_secret *ret_secret)
{
    const char *path = arena_printf(scratch, "%s/%s", folder, name);
    FILE *nowhere = fopen("/dev/null", "w");
    bool is_read;

    if (nowhere == NULL)
        return false;
    is_read = conf_read_secret(path, scratch, &ret_secret->secret, nowhere) == 0 &&
              ed25519_read_public_key(arena_printf(scratch, "%s.pub", path), &ret_secret->channel_key, nowhere) == 0;
    fclose(nowhere);
    return is_read;
}

/* With the lock held. NULL when a file is missing or open to others: then nothing is kept but the miss. */
static const struct channel_secret *read_secret(const char *name)
{
    struct arena *scratch CLEANUP(arena_cleanup) = NULL;
    struct channel_secret secret = {0};

    if (n_known == SECRETS_MAX || folder[0] == '\0' || is_missed(name))
        return NULL;
    scratch = arena_new(SCRATCH_BYTES_MAX);
    if (!read_files(name, scratch, &secret)) {
        note_miss(name);
        return NULL;
    }
    if (own == NULL)
        own = arena_new(SECRETS_BYTES_MAX);
    known[n_known].name = arena_strdup(own, name);
    known[n_known].secret = (struct channel_secret){arena_strdup(own, secret.secret), secret.channel_key};
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

int channel_payout_account(const char *secret_name, struct arena *arena, const char **ret_account, struct err *err)
{
    const char *path = arena_printf(arena, "%s/%s", folder, secret_name);
    const char *account = NULL;
    FILE *nowhere = fopen("/dev/null", "w");
    const bool is_read = nowhere != NULL && folder[0] != '\0' &&
                         access(arena_printf(arena, "%s.pub", path), F_OK) != 0 &&
                         conf_read_secret(path, arena, &account, nowhere) == 0 &&
                         text_is_utf8((const uint8_t *)account, strlen(account));

    if (nowhere != NULL)
        fclose(nowhere);
    if (!is_read)
        return err_fail(err, ERR_CHANNEL_SECRET_MISSING, secret_name);
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
    copy->currencies = arena_strdup(arena, row->currencies);
    return copy;
}

static const char *copy_text(const char *text, struct arena *arena)
{
    return text != NULL ? arena_strdup(arena, text) : NULL;
}

struct channel_verdict channel_verdict_copy(const struct channel_verdict *verdict, struct arena *arena)
{
    struct channel_verdict copy = *verdict;

    copy.ref = copy_text(verdict->ref, arena);
    copy.transaction = copy_text(verdict->transaction, arena);
    copy.action_url = copy_text(verdict->action_url, arena);
    copy.failure = copy_text(verdict->failure, arena);
    return copy;
}
