/*
 * Settings: every one is a line of conf.def; parser, --help-config, docs/config.md and the sample file come from it.
 *
 * The file is libconfig's format. Unknown settings, wrong types and values out of range are refused with file and
 * line. Secrets are never settings: a setting names a file (mode 0600) that holds one.
 */
#ifndef BMT_BASE_CONF_H
#define BMT_BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/check.h"

/* One server of database.servers. */
struct conf_server {
    const char *name;
    const char *socket; /* Unix socket, or empty for TCP */
    const char *host;
    int64_t port;
    const char *user;
    const char *password_file; /* empty: no password (Unix socket authentication) */
};

/* One line of database.modules: which server holds the module's schema. */
struct conf_module {
    const char *module;
    const char *server;
};

enum { CONF_SERVERS_MAX = 8, CONF_MODULES_MAX = 16 };

struct conf {
#define CONF_STRING(path, field, fallback, sentence)              const char *field;
#define CONF_INT(path, field, unit, fallback, min, max, sentence) int64_t field;
#define CONF_BOOL(path, field, fallback, sentence)                bool field;
#include "base/conf.def"
#undef CONF_STRING
#undef CONF_INT
#undef CONF_BOOL
    struct conf_server servers[CONF_SERVERS_MAX];
    size_t n_servers;
    struct conf_module modules[CONF_MODULES_MAX];
    size_t n_modules;
};

/*
 * Reads the file into `ret_conf`; its strings live in the arena. 0, or -1 with one clear line for each problem
 * written to `problems` (file, line, setting, rule).
 */
int conf_load(const char *path, struct arena *arena, struct conf *ret_conf, FILE *problems) MUST_CHECK;

/* All settings with unit, default, range and sentence: for --help-config, docs/config.md, and the sample file. */
void conf_write_help(FILE *out);
void conf_write_markdown(FILE *out);
void conf_write_sample(FILE *out);

/* Reads a secret: the file's first line. 0, or -1 with a line in `problems`: missing, empty, or readable by others. */
int conf_read_secret(const char *path, struct arena *arena, const char **ret_secret, FILE *problems) MUST_CHECK;

#endif
