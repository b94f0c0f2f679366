/*
 * Refusals and failures: one list (errors.def), one value that carries one of them.
 *
 * A fallible function returns 0 or an `enum err_id` as int, and describes it in a `struct err` of its caller. The
 * message is made from the line in errors.def by putting the values in place of `{key}`; the same values are the
 * metadata that a program reads. See docs/errors.md for the list as clients see it.
 */
#ifndef BMT_BASE_ERR_H
#define BMT_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"
#include "base/reason.h"

/* Status codes of gRPC, by number. */
enum err_status {
    STATUS_OK = 0,
    STATUS_CANCELLED = 1,
    STATUS_UNKNOWN = 2,
    STATUS_INVALID_ARGUMENT = 3,
    STATUS_DEADLINE_EXCEEDED = 4,
    STATUS_NOT_FOUND = 5,
    STATUS_ALREADY_EXISTS = 6,
    STATUS_PERMISSION_DENIED = 7,
    STATUS_RESOURCE_EXHAUSTED = 8,
    STATUS_FAILED_PRECONDITION = 9,
    STATUS_ABORTED = 10,
    STATUS_OUT_OF_RANGE = 11,
    STATUS_UNIMPLEMENTED = 12,
    STATUS_INTERNAL = 13,
    STATUS_UNAVAILABLE = 14,
    STATUS_DATA_LOSS = 15,
    STATUS_UNAUTHENTICATED = 16,
};

enum err_id {
    ERR_NONE = 0,
#define ERR(id, status, message, keys, sentence) ERR_##id,
#include "base/errors.def"
#undef ERR
    ERR_COUNT,
};

enum { ERR_KEYS_MAX = 4, ERR_TEXT_MAX = 320 };

/* One refusal. Zeroed means "none". Values longer than fit are cut at a character's edge and end in "...". */
struct err {
    enum err_id id;
    uint16_t used;
    uint16_t value_at[ERR_KEYS_MAX];
    char text[ERR_TEXT_MAX];
};

/* What errors.def says of a refusal. `keys` are the names of its metadata, NULL-terminated. */
struct err_info {
    const char *reason;
    enum err_status status;
    const char *message;
    const char *keys[ERR_KEYS_MAX + 1];
    const char *sentence;
};

const struct err_info *err_info(enum err_id id);

/* The status's name, such as `FAILED_PRECONDITION`. */
const char *err_status_name(enum err_status status);

/* Describes a refusal: the values follow in the order of the keys in errors.def, all `const char *`. Returns id. */
#define err_fail(err, id, ...) \
    (REASON_GIVEN(id), err_fail_values((err), (id), (const char *const[]){"" __VA_OPT__(, ) __VA_ARGS__, NULL}))
int err_fail_values(struct err *err, enum err_id id, const char *const *values_after_first);

/* Decimal text for the values of err_fail; lives as long as the enclosing block of the caller. */
#define err_i64(value) (err_i64_text((struct err_number){{0}}.text, (int64_t)(value)))
struct err_number {
    char text[24];
};
const char *err_i64_text(char *text, int64_t value);

/* The value of the n-th key; empty when there is none. */
const char *err_value(const struct err *err, size_t n);

/* Writes the message for people, cut to `size`. Returns `text`. */
const char *err_message(const struct err *err, char *text, size_t size);

void err_clear(struct err *err);

/* The whole list: docs/errors.md. */
void err_write_markdown(FILE *out);

#endif
