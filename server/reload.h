/*
 * SIGHUP: the settings file is read again, and what may change is taken over (CONF_RELOADABLE in conf.def). A file that
 * is wrong changes nothing. What is taken over reaches the rooms by the same calls as at the start.
 */
#ifndef BMT_RELOAD_H
#define BMT_RELOAD_H

#include "base/conf.h"

/* Remembers what the server has started with. Once, before the first signal. */
void reload_begin(const char *path, const struct conf *conf);

/* One reading; logs what has changed, what needs a new start, or what is wrong. On the main thread. */
void reload_settings(void);

/* Hands reloadable settings to the rooms: at the start, and after each reading. */
void settings_apply(const struct conf *conf);

#endif
