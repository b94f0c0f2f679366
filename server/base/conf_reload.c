/* Taking over what may change; see conf_reload.h. */
#include "base/conf_reload.h"

#include <inttypes.h>
#include <string.h>

#include "base/conf_entry.h"

/* Where their fields are in struct conf. */
static const size_t reloadable[] = {
#define CONF_STRING(path, field, fallback, sentence)
#define CONF_INT(path, field, unit, fallback, min, max, sentence)
#define CONF_BOOL(path, field, fallback, sentence)
#define CONF_RELOADABLE(field) offsetof(struct conf, field),
#include "base/conf.def"
#undef CONF_STRING
#undef CONF_INT
#undef CONF_BOOL
};

bool conf_entry_is_reloadable(const struct conf_entry *entry)
{
    bool is_reloadable = false;

    for (size_t i = 0; i < COUNT_OF(reloadable); i++)
        is_reloadable = is_reloadable || reloadable[i] == entry->offset;
    return is_reloadable;
}

static const char *text_of(const struct conf *conf, const struct conf_entry *entry, struct arena *arena)
{
    const void *field = (const char *)conf + entry->offset;

    switch (entry->kind) {
    case CONF_KIND_STRING: return *(const char *const *)field;
    case CONF_KIND_INT: return arena_printf(arena, "%" PRId64, *(const int64_t *)field);
    case CONF_KIND_BOOL: return *(const bool *)field ? "true" : "false";
    }
    return "";
}

static void take(struct conf *live, const struct conf *file, const struct conf_entry *entry)
{
    const size_t size = entry->kind == CONF_KIND_STRING ? sizeof(const char *)
                        : entry->kind == CONF_KIND_INT  ? sizeof(int64_t)
                                                        : sizeof(bool);

    memcpy((char *)live + entry->offset, (const char *)file + entry->offset, size);
}

void conf_take(struct conf *live, const struct conf *file, struct arena *arena,
               void (*tell)(const struct conf_change *change))
{
    for (size_t i = 0; i < conf_entries_count; i++) {
        const struct conf_entry *entry = &conf_entries[i];
        const struct conf_change change = {.path = entry->path,
                                           .before = text_of(live, entry, arena),
                                           .after = text_of(file, entry, arena),
                                           .is_taken = conf_entry_is_reloadable(entry)};

        if (change.is_taken)
            take(live, file, entry); /* equal texts too: they live where the file's do */
        if (strcmp(change.before, change.after) != 0)
            tell(&change);
    }
}
