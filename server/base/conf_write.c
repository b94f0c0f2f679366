/* What people read of the settings: --help-config, docs/config.md and the sample file; see conf.h. */
#include <inttypes.h>
#include <string.h>

#include "base/conf.h"
#include "base/conf_entry.h"

static const char *default_text(const struct conf_entry *entry, char *text, size_t size)
{
    if (entry->kind == CONF_KIND_STRING)
        snprintf(text, size, "\"%s\"", entry->text_default);
    else if (entry->kind == CONF_KIND_INT)
        snprintf(text, size, "%" PRId64, entry->int_default);
    else
        snprintf(text, size, "%s", entry->int_default != 0 ? "true" : "false");
    return text;
}

static const char *range_text(const struct conf_entry *entry, char *text, size_t size)
{
    text[0] = '\0';
    if (entry->kind == CONF_KIND_INT)
        snprintf(text, size, "%" PRId64 " to %" PRId64, entry->min, entry->max);
    return text;
}

void conf_write_help(FILE *out)
{
    char value[128];
    char range[64];

    for (size_t i = 0; i < conf_entries_count; i++) {
        const struct conf_entry *entry = &conf_entries[i];

        fprintf(out, "%s = %s  (%s%s%s%s)\n    %s\n", entry->path, default_text(entry, value, sizeof value),
                entry->unit, entry->kind == CONF_KIND_INT ? ", " : "", range_text(entry, range, sizeof range),
                conf_entry_is_reloadable(entry) ? ", reloadable" : "", entry->sentence);
    }
    fputs("database.servers = ( { name, user, socket | host, port, password_file } )\n"
          "    the database servers; at least one\n"
          "database.modules = ( { module, server } )\n"
          "    which server holds which module's schema; the first one by default\n",
          out);
}

void conf_write_markdown(FILE *out)
{
    char value[128];
    char range[64];

    fputs(
        "# Settings of bmtd\n\n"
        "The file is in [libconfig](https://hyperrealm.github.io/libconfig/)'s format; a dot is a group. Unknown "
        "settings\n"
        "are refused. SIGHUP reads the file again: reloadable settings change at once, others with the next start, and "
        "a "
        "file\n"
        "that is wrong changes nothing. Generated from `server/base/conf.def` by `bmtd --write-docs`; never edited.\n\n"
        "| setting | default | unit | range | reloadable | meaning |\n|---|---|---|---|---|---|\n",
        out);
    for (size_t i = 0; i < conf_entries_count; i++) {
        const struct conf_entry *entry = &conf_entries[i];

        fprintf(out, "| `%s` | `%s` | %s | %s | %s | %s |\n", entry->path, default_text(entry, value, sizeof value),
                entry->unit, range_text(entry, range, sizeof range), conf_entry_is_reloadable(entry) ? "yes" : "",
                entry->sentence);
    }
    fputs(
        "| `database.servers` | | list | 1 to 8 | | `{ name, user, socket \\| host, port, password_file }` each |\n"
        "| `database.modules` | | list | 0 to 16 | | `{ module, server }` each: which server holds the module's schema "
        "|\n",
        out);
}

/* Groups are written as `group: { ... };` when the prefix changes. */
void conf_write_sample(FILE *out)
{
    char value[128];
    const char *group = "";
    size_t group_size = 0;

    fputs("# Settings of bmtd with their defaults; bmtd --help-config explains them.\n", out);
    for (size_t i = 0; i < conf_entries_count; i++) {
        const struct conf_entry *entry = &conf_entries[i];
        const char *dot = strchr(entry->path, '.');
        const size_t size = dot != NULL ? (size_t)(dot - entry->path) : 0;

        if (size != group_size || strncmp(group, entry->path, size) != 0) {
            if (group_size > 0)
                fputs("};\n", out);
            if (size > 0)
                fprintf(out, "%.*s:\n{\n", (int)size, entry->path);
            if (size == strlen("database") && strncmp(entry->path, "database", size) == 0)
                fputs("  servers = ( { name = \"main\"; socket = \"/run/mysqld/mysqld.sock\"; user = \"bmt\"; } );\n",
                      out);
            group = entry->path;
            group_size = size;
        }
        fprintf(out, "%s# %s\n%s%s = %s;\n", size > 0 ? "  " : "", entry->sentence, size > 0 ? "  " : "",
                size > 0 ? dot + 1 : entry->path, default_text(entry, value, sizeof value));
    }
    if (group_size > 0)
        fputs("};\n", out);
}
