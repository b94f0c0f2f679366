/*
 * Settings; see conf.h. conf.def becomes one table of entries; everything walks that table. Besides it there are the
 * two lists of the database:
 *
 *   database: { servers = ( { name = "main"; socket = "/run/db.sock"; user = "bmt"; } );
 *               modules = ( { module = "order"; server = "main"; } ); };
 *
 * A module that is not named lives on the first server.
 */
#include "base/conf.h"
#include "base/conf_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

const struct conf_entry conf_entries[] = {
#define CONF_STRING(path_, field, default_, sentence_) \
    {.path = path_,                                    \
     .kind = CONF_KIND_STRING,                         \
     .offset = offsetof(struct conf, field),           \
     .unit = "text",                                   \
     .text_default = default_,                         \
     .sentence = sentence_},
#define CONF_INT(path_, field, unit_, default_, min_, max_, sentence_) \
    {.path = path_,                                                    \
     .kind = CONF_KIND_INT,                                            \
     .offset = offsetof(struct conf, field),                           \
     .unit = unit_,                                                    \
     .int_default = default_,                                          \
     .min = min_,                                                      \
     .max = max_,                                                      \
     .sentence = sentence_},
#define CONF_BOOL(path_, field, default_, sentence_) \
    {.path = path_,                                  \
     .kind = CONF_KIND_BOOL,                         \
     .offset = offsetof(struct conf, field),         \
     .unit = "true or false",                        \
     .int_default = default_,                        \
     .max = 1,                                       \
     .sentence = sentence_},
#include "base/conf.def"
#undef CONF_STRING
#undef CONF_INT
#undef CONF_BOOL
};

const size_t conf_entries_count = COUNT_OF(conf_entries);

/* One reading of one file. */
struct reading {
    const char *path;
    struct arena *arena;
    FILE *problems;
    bool failed;
};

static void problem(struct reading *reading, const config_setting_t *setting, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void problem(struct reading *reading, const config_setting_t *setting, const char *format, ...)
{
    va_list args;

    reading->failed = true;
    fprintf(reading->problems, "%s", reading->path);
    if (setting != NULL)
        fprintf(reading->problems, ":%u", config_setting_source_line(setting));
    fputs(": ", reading->problems);
    va_start(args, format);
    vfprintf(reading->problems, format, args);
    va_end(args);
    fputc('\n', reading->problems);
}

static void *field_of(struct conf *conf, const struct conf_entry *entry)
{
    return (char *)conf + entry->offset;
}

static void set_default(struct conf *conf, const struct conf_entry *entry)
{
    void *field = field_of(conf, entry);

    if (entry->kind == CONF_KIND_STRING)
        *(const char **)field = entry->text_default;
    else if (entry->kind == CONF_KIND_INT)
        *(int64_t *)field = entry->int_default;
    else
        *(bool *)field = entry->int_default != 0;
}

static void read_int(struct reading *reading, struct conf *conf, const struct conf_entry *entry,
                     const config_setting_t *setting)
{
    const int type = config_setting_type(setting);
    const int64_t value =
        type == CONFIG_TYPE_INT64 ? config_setting_get_int64(setting) : config_setting_get_int(setting);

    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        problem(reading, setting, "%s must be a whole number (%s)", entry->path, entry->unit);
    else if (value < entry->min || value > entry->max)
        problem(reading, setting, "%s must be from %" PRId64 " to %" PRId64 " %s", entry->path, entry->min, entry->max,
                entry->unit);
    else
        *(int64_t *)field_of(conf, entry) = value;
}

static void read_entry(struct reading *reading, struct conf *conf, const struct conf_entry *entry,
                       const config_setting_t *setting)
{
    switch (entry->kind) {
    case CONF_KIND_STRING:
        if (config_setting_type(setting) != CONFIG_TYPE_STRING)
            problem(reading, setting, "%s must be a text in quotes", entry->path);
        else
            *(const char **)field_of(conf, entry) = arena_strdup(reading->arena, config_setting_get_string(setting));
        break;
    case CONF_KIND_INT: read_int(reading, conf, entry, setting); break;
    case CONF_KIND_BOOL:
        if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
            problem(reading, setting, "%s must be true or false", entry->path);
        else
            *(bool *)field_of(conf, entry) = config_setting_get_bool(setting) != 0;
        break;
    }
}

static const struct conf_entry *entry_of(const char *path)
{
    for (size_t i = 0; i < conf_entries_count; i++)
        if (strcmp(conf_entries[i].path, path) == 0)
            return &conf_entries[i];
    return NULL;
}

/* A text of a list's item; `fallback` NULL means that it must be there. */
static const char *item_text(struct reading *reading, const config_setting_t *item, const char *name,
                             const char *fallback)
{
    const char *text = NULL;

    if (config_setting_lookup_string(item, name, &text) == CONFIG_TRUE)
        return arena_strdup(reading->arena, text);
    if (fallback == NULL || config_setting_get_member(item, name) != NULL)
        problem(reading, item, "every item of %s needs the text '%s'", config_setting_name(config_setting_parent(item)),
                name);
    return fallback != NULL ? fallback : "";
}

static void check_item_names(struct reading *reading, const config_setting_t *item, const char *const *names, size_t n)
{
    for (int i = 0; i < config_setting_length(item); i++) {
        const config_setting_t *member = config_setting_get_elem(item, (unsigned)i);
        bool is_known = false;

        for (size_t j = 0; j < n; j++)
            is_known = is_known || strcmp(config_setting_name(member), names[j]) == 0;
        if (!is_known)
            problem(reading, member, "there is no setting '%s' here", config_setting_name(member));
    }
}

static void read_server(struct reading *reading, const config_setting_t *item, struct conf_server *server)
{
    static const char *const names[] = {"name", "socket", "host", "port", "user", "password_file"};
    int port = 3306;

    check_item_names(reading, item, names, COUNT_OF(names));
    server->name = item_text(reading, item, "name", NULL);
    server->socket = item_text(reading, item, "socket", "");
    server->host = item_text(reading, item, "host", "127.0.0.1");
    server->user = item_text(reading, item, "user", NULL);
    server->password_file = item_text(reading, item, "password_file", "");
    if (config_setting_get_member(item, "port") != NULL &&
        (config_setting_lookup_int(item, "port", &port) != CONFIG_TRUE || port < 1 || port > 65535))
        problem(reading, item, "port of a database server must be from 1 to 65535");
    server->port = port;
}

static void read_module(struct reading *reading, const config_setting_t *item, struct conf_module *module)
{
    static const char *const names[] = {"module", "server"};

    check_item_names(reading, item, names, COUNT_OF(names));
    module->module = item_text(reading, item, "module", NULL);
    module->server = item_text(reading, item, "server", NULL);
}

static void read_lists(struct reading *reading, struct conf *conf, const config_setting_t *list, bool is_servers)
{
    const int max = is_servers ? CONF_SERVERS_MAX : CONF_MODULES_MAX;
    const int n = config_setting_length(list);

    if (!config_setting_is_list(list) || n > max) {
        problem(reading, list, "%s must be a list of at most %d groups", config_setting_name(list), max);
        return;
    }
    for (int i = 0; i < n; i++) {
        const config_setting_t *item = config_setting_get_elem(list, (unsigned)i);

        if (!config_setting_is_group(item))
            problem(reading, list, "items of %s are groups in braces", config_setting_name(list));
        else if (is_servers)
            read_server(reading, item, &conf->servers[conf->n_servers++]);
        else
            read_module(reading, item, &conf->modules[conf->n_modules++]);
    }
}

/* Each module's server must be one of the list, and each name must mean one thing. */
static void check_lists(struct reading *reading, const struct conf *conf)
{
    for (size_t i = 0; i < conf->n_servers; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(conf->servers[i].name, conf->servers[j].name) == 0)
                problem(reading, NULL, "database server '%s' stands twice", conf->servers[i].name);
    for (size_t i = 0; i < conf->n_modules; i++) {
        bool is_known = false;

        for (size_t j = 0; j < conf->n_servers; j++)
            is_known = is_known || strcmp(conf->modules[i].server, conf->servers[j].name) == 0;
        if (!is_known)
            problem(reading, NULL, "module '%s' names the database server '%s', which is not in the list",
                    conf->modules[i].module, conf->modules[i].server);
        for (size_t j = 0; j < i; j++)
            if (strcmp(conf->modules[i].module, conf->modules[j].module) == 0)
                problem(reading, NULL, "module '%s' stands twice", conf->modules[i].module);
    }
}

static void read_group(struct reading *reading, struct conf *conf, const config_setting_t *group, const char *prefix)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *path = arena_printf(reading->arena, "%s%s", prefix, config_setting_name(setting));
        const struct conf_entry *entry = entry_of(path);

        if (entry != NULL)
            read_entry(reading, conf, entry, setting);
        else if (strcmp(path, "database.servers") == 0 || strcmp(path, "database.modules") == 0)
            read_lists(reading, conf, setting, strcmp(path, "database.servers") == 0);
        else if (config_setting_is_group(setting))
            read_group(reading, conf, setting, arena_printf(reading->arena, "%s.", path));
        else
            problem(reading, setting, "there is no setting '%s' (see bmtd --help-config)", path);
    }
}

int conf_load(const char *path, struct arena *arena, struct conf *ret_conf, FILE *problems)
{
    struct reading reading = {.path = path, .arena = arena, .problems = problems};
    struct conf *conf = arena_new_of(arena, struct conf);
    config_t file;

    for (size_t i = 0; i < conf_entries_count; i++)
        set_default(conf, &conf_entries[i]);

    config_init(&file);
    if (config_read_file(&file, path) != CONFIG_TRUE) {
        if (config_error_type(&file) == CONFIG_ERR_FILE_IO)
            fprintf(problems, "%s: %s\n", path, errno != 0 ? strerror(errno) : "cannot be read");
        else
            fprintf(problems, "%s:%d: %s\n", path, config_error_line(&file), config_error_text(&file));
        reading.failed = true;
    } else {
        read_group(&reading, conf, config_root_setting(&file), "");
        if (strcmp(conf->mode, "sandbox") != 0 && strcmp(conf->mode, "production") != 0)
            problem(&reading, config_lookup(&file, "mode"), "mode must be \"sandbox\" or \"production\", not \"%s\"",
                    conf->mode);
        check_lists(&reading, conf);
    }
    config_destroy(&file);
    if (reading.failed)
        return -1;
    *ret_conf = *conf;
    return 0;
}

int conf_read_secret(const char *path, struct arena *arena, const char **ret_secret, FILE *problems)
{
    struct stat info;
    char line[1024] = "";
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return fprintf(problems, "%s: %s\n", path, strerror(errno)), -1;
    const bool is_open_to_others = fstat(fileno(file), &info) != 0 || (info.st_mode & 077) != 0;
    const bool is_read = fgets(line, sizeof line, file) != NULL;
    const bool is_cut = is_read && strchr(line, '\n') == NULL && fgetc(file) != EOF;

    fclose(file);
    if (is_open_to_others)
        return fprintf(problems, "%s: is readable by others, make it mode 0600\n", path), -1;
    if (is_cut)
        return fprintf(problems, "%s: its first line is longer than %zu bytes\n", path, sizeof line - 2), -1;
    line[strcspn(line, "\r\n")] = '\0';
    if (!is_read || line[0] == '\0')
        return fprintf(problems, "%s: holds no secret in its first line\n", path), -1;
    *ret_secret = arena_strdup(arena, line);
    return 0;
}
