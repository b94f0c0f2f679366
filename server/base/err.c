/* Refusals; see err.h. Values stand one behind the other in err.text, each with its NUL. */
#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct err_info infos[ERR_COUNT] = {
    [ERR_NONE] = {.reason = "NONE", .message = "", .sentence = ""},
#define ERR(id, status_, message_, keys_, sentence_) \
    [ERR_##id] = {.reason = #id, .status = STATUS_##status_, .message = message_, .keys = keys_, .sentence = sentence_},
#include "base/errors.def"
#undef ERR
};

const struct err_info *err_info(enum err_id id)
{
    PRE(id < ERR_COUNT);

    return &infos[id];
}

static const char *const status_names[] = {
    "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
};

const char *err_status_name(enum err_status status)
{
    PRE((size_t)status < COUNT_OF(status_names));

    return status_names[status];
}

static size_t count_keys(enum err_id id)
{
    size_t n = 0;

    while (infos[id].keys[n] != NULL)
        n++;
    return n;
}

int err_fail_values(struct err *err, enum err_id id, const char *const *values_after_first)
{
    const char *const *values = values_after_first + 1;
    size_t used = 1; /* text[0] is the empty value */

    PRE(id > ERR_NONE && id < ERR_COUNT);
    const size_t n_keys = count_keys(id);

    *err = (struct err){.id = id};
    for (size_t i = 0; i < n_keys; i++) {
        PRE(values[i] != NULL);
        /* What is left is shared fairly, so that a long first value does not push out the others. */
        const size_t room = (ERR_TEXT_MAX - used) / (n_keys - i);

        err->value_at[i] = (uint16_t)used;
        used += text_cut(values[i], err->text + used, room) + 1;
    }
    PRE(values[n_keys] == NULL);
    err->used = (uint16_t)used;
    return (int)id;
}

const char *err_i64_text(char *text, int64_t value)
{
    snprintf(text, sizeof(struct err_number), "%" PRId64, value);
    return text;
}

const char *err_value(const struct err *err, size_t n)
{
    return n < ERR_KEYS_MAX ? err->text + err->value_at[n] : "";
}

/* The value of the key that `{key}...` names; `ret_size` is how much of the message it takes. */
static const char *value_of(const struct err *err, const char *marker, size_t *ret_size)
{
    const struct err_info *info = err_info(err->id);

    for (size_t i = 0; info->keys[i] != NULL; i++) {
        const size_t size = strlen(info->keys[i]);

        if (strncmp(marker + 1, info->keys[i], size) == 0 && marker[size + 1] == '}') {
            *ret_size = size + 2;
            return err_value(err, i);
        }
    }
    return NULL;
}

const char *err_message(const struct err *err, char *text, size_t size)
{
    const char *from = err_info(err->id)->message;
    size_t at = 0;

    PRE(size > 0);
    while (*from != '\0' && at + 1 < size) {
        size_t taken = 0;
        const char *value = *from == '{' ? value_of(err, from, &taken) : NULL;

        if (value != NULL) {
            at += text_cut(value, text + at, size - at);
            from += taken;
        } else {
            text[at++] = *from++;
        }
    }
    text[at] = '\0';
    return text;
}

void err_clear(struct err *err)
{
    err->id = ERR_NONE;
    err->used = 0;
    memset(err->value_at, 0, sizeof err->value_at);
    err->text[0] = '\0';
}

void err_write_markdown(FILE *out)
{
    fputs("# Errors\n\n"
          "Every refusal that a caller can meet. The status carries `google.rpc.ErrorInfo` with domain `bmt`, the\n"
          "reason and the metadata. What gRPC itself refuses before the server sees it carries none: a message more\n"
          "than 1 MiB above `rpc.message_max_bytes`, and metadata above 16 KiB (both RESOURCE_EXHAUSTED). Generated\n"
          "from `server/base/errors.def` by `bmtd --write-docs`; never edited.\n\n"
          "| reason | status | message | metadata | what to do |\n|---|---|---|---|---|\n",
          out);
    for (int id = ERR_NONE + 1; id < ERR_COUNT; id++) {
        const struct err_info *info = &infos[id];

        fprintf(out, "| `%s` | %s | %s | ", info->reason, err_status_name(info->status), info->message);
        for (size_t i = 0; info->keys[i] != NULL; i++)
            fprintf(out, "%s`%s`", i > 0 ? ", " : "", info->keys[i]);
        fprintf(out, " | %s |\n", info->sentence);
    }
}
