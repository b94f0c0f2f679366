/*
 * The log: JSON lines on stderr, one event a line, written whole.
 *
 * Only edges log above debug: the runtime (one line a call), the scheduler, main. Fields are typed pairs, so that
 * nothing needs escaping at the call. No secrets, no card or contract data.
 */
#ifndef BMT_BASE_LOG_H
#define BMT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_DEBUG, /* for us */
    LOG_INFO,  /* life of the process, one line a call */
    LOG_WARN,  /* we went on: "..., ignoring", "..., trying again" */
    LOG_ERROR, /* someone must look */
};

struct log_field {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

#define log_text(k, v) ((struct log_field){.key = (k), .text = (v) != NULL ? (v) : ""})
#define log_i64(k, v)  ((struct log_field){.key = (k), .number = (int64_t)(v)})

void log_set_level(enum log_level level);
bool log_level_of(const char *name, enum log_level *ret_level);
bool log_wants(enum log_level level);

/* `event` is a short lower-case sentence, the same for the same event: values go into the fields. */
void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);

/*
 * From here to log_flush the lines of this thread are written together, as many at a time as one write keeps whole. For
 * whoever writes many lines at once; what else the thread does in between may die with them.
 */
void log_gather(void);
void log_flush(void);

#define LOG_FIELDS_(...) \
    (const struct log_field[]){__VA_ARGS__}, sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)
#define log_debug(event, ...) (log_wants(LOG_DEBUG) ? log_write(LOG_DEBUG, (event), LOG_FIELDS_(__VA_ARGS__)) : (void)0)
#define log_info(event, ...)  log_write(LOG_INFO, (event), LOG_FIELDS_(__VA_ARGS__))
#define log_warn(event, ...)  log_write(LOG_WARN, (event), LOG_FIELDS_(__VA_ARGS__))
#define log_error(event, ...) log_write(LOG_ERROR, (event), LOG_FIELDS_(__VA_ARGS__))

#endif
