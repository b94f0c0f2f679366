/*
 * Settings that change while the server runs: those that conf.def lists as reloadable. Everything else needs a new
 * start.
 */
#ifndef BMT_BASE_CONF_RELOAD_H
#define BMT_BASE_CONF_RELOAD_H

#include "base/conf.h"

/* One setting that the file says otherwise than the server has it. */
struct conf_change {
    const char *path;
    const char *before;
    const char *after;
    bool is_taken; /* else it needs a new start */
};

/*
 * Takes the reloadable settings of `file` over into `live`, and tells every one that differs, in the order of conf.def;
 * texts live in the arena, and `live` keeps those of `file`. The lists of the database are not compared.
 */
void conf_take(struct conf *live, const struct conf *file, struct arena *arena,
               void (*tell)(const struct conf_change *change));

#endif
