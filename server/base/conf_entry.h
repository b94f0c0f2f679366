/* The table that conf.def becomes; known to the files of conf.h alone. */
#ifndef BMT_BASE_CONF_ENTRY_H
#define BMT_BASE_CONF_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_kind { CONF_KIND_STRING, CONF_KIND_INT, CONF_KIND_BOOL };

struct conf_entry {
    const char *path;
    enum conf_kind kind;
    size_t offset;
    const char *unit;
    const char *text_default;
    int64_t int_default; /* of a bool: 0 or 1 */
    int64_t min;
    int64_t max;
    const char *sentence;
};

/* Whether SIGHUP may change it (conf_reload.c). */
bool conf_entry_is_reloadable(const struct conf_entry *entry);

extern const struct conf_entry conf_entries[];
extern const size_t conf_entries_count;

#endif
