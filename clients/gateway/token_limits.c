/*
 * See token_limits.h. Calls are counted by the generic cell rate algorithm: one moment for each token, until which what
 * it has asked for is paid, and which may lie at most a minute ahead.
 */
#include "token_limits.h"

#include <string.h>

#include "base/check.h"
#include "base/crypto.h"

enum { KEY_SIZE = 16, SECRET_SIZE = 32 };
static const int64_t MINUTE_NS = INT64_C(60) * 1000000000;

struct token_use {
    uint8_t key[KEY_SIZE];
    struct token_use *next_in_slot;
    struct token_use *newer; /* in the list of those that may be forgotten, where one without streams is */
    struct token_use *older;
    int64_t paid_until_ns;
    int64_t n_streams;
};

struct token_limits {
    struct token_limits_options options;
    uint8_t secret[SECRET_SIZE]; /* so that nobody can choose the slot of a token */
    struct token_use *uses;
    size_t n_uses;
    struct token_use **slots;
    size_t n_slots; /* a power of two */
    struct token_use *newest;
    struct token_use *oldest;
};

struct token_limits *token_limits_new(const struct token_limits_options *options, struct arena *arena)
{
    struct token_limits *limits = arena_new_of(arena, struct token_limits);

    PRE(options->tokens > 0);
    *limits = (struct token_limits){.options = *options, .n_slots = 1};
    while (limits->n_slots < options->tokens)
        limits->n_slots *= 2;
    limits->uses = arena_array_of(arena, struct token_use, options->tokens);
    limits->slots = arena_array_of(arena, struct token_use *, limits->n_slots);
    crypto_random(limits->secret, sizeof limits->secret);
    return limits;
}

static struct token_use **slot_of(const struct token_limits *limits, const uint8_t key[KEY_SIZE])
{
    uint64_t number;

    memcpy(&number, key, sizeof number);
    return &limits->slots[number & (limits->n_slots - 1)];
}

static void leave_list(struct token_limits *limits, struct token_use *use)
{
    if (use->n_streams > 0)
        return;
    *(use->newer != NULL ? &use->newer->older : &limits->newest) = use->older;
    *(use->older != NULL ? &use->older->newer : &limits->oldest) = use->newer;
    use->newer = use->older = NULL;
}

static void enter_list(struct token_limits *limits, struct token_use *use)
{
    if (use->n_streams > 0)
        return;
    use->older = limits->newest;
    *(limits->newest != NULL ? &limits->newest->newer : &limits->oldest) = use;
    limits->newest = use;
}

static void leave_slot(struct token_limits *limits, const struct token_use *use)
{
    struct token_use **at = slot_of(limits, use->key);

    while (*at != use)
        at = &(*at)->next_in_slot;
    *at = use->next_in_slot;
}

/* A new one, or that of the token that was used least lately. */
static struct token_use *make_room(struct token_limits *limits)
{
    struct token_use *use = limits->oldest;

    if (limits->n_uses < limits->options.tokens)
        return &limits->uses[limits->n_uses++];
    INVARIANT(use != NULL); /* there are more than there can be streams */
    leave_list(limits, use);
    leave_slot(limits, use);
    return use;
}

/* Whoever calls it enters the use into the list again. */
static struct token_use *take_use(struct token_limits *limits, const char *token)
{
    uint8_t mac[SHA256_SIZE];
    struct token_use **slot;
    struct token_use *use;

    crypto_hmac_sha256(limits->secret, sizeof limits->secret, token, strlen(token), mac);
    slot = slot_of(limits, mac);
    for (use = *slot; use != NULL; use = use->next_in_slot)
        if (memcmp(use->key, mac, KEY_SIZE) == 0)
            break;
    if (use != NULL) {
        leave_list(limits, use);
    } else {
        use = make_room(limits);
        *use = (struct token_use){.next_in_slot = *slot};
        memcpy(use->key, mac, KEY_SIZE);
        *slot = use;
    }
    return use;
}

int64_t token_limits_take_call(struct token_limits *limits, const char *token, int64_t now_ns)
{
    struct token_use *use;
    int64_t paid_until_ns;

    if (limits->options.calls_per_minute == 0)
        return 0;
    use = take_use(limits, token);
    enter_list(limits, use);
    paid_until_ns =
        (use->paid_until_ns > now_ns ? use->paid_until_ns : now_ns) + MINUTE_NS / limits->options.calls_per_minute;
    if (paid_until_ns - now_ns > MINUTE_NS)
        return paid_until_ns - now_ns - MINUTE_NS;
    use->paid_until_ns = paid_until_ns;
    return 0;
}

struct token_use *token_limits_open_stream(struct token_limits *limits, const char *token)
{
    struct token_use *use = take_use(limits, token);
    const bool is_open = limits->options.streams == 0 || use->n_streams < limits->options.streams;

    use->n_streams += is_open;
    enter_list(limits, use);
    return is_open ? use : NULL;
}

void token_limits_close_stream(struct token_limits *limits, struct token_use *use)
{
    PRE(use->n_streams > 0);
    if (--use->n_streams == 0)
        enter_list(limits, use);
}
