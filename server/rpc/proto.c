/* Values and message fields; see proto.h. */
#include "rpc/proto.h"

#include <stdlib.h>
#include <string.h>

Google__Protobuf__Timestamp *proto_time(int64_t time_ms, struct arena *arena)
{
    if (time_ms == 0)
        return NULL;
    Google__Protobuf__Timestamp *time = arena_new_of(arena, Google__Protobuf__Timestamp);

    google__protobuf__timestamp__init(time);
    time->seconds = time_ms / 1000;
    time->nanos = (int32_t)(time_ms % 1000) * 1000000;
    return time;
}

int64_t proto_time_ms(const Google__Protobuf__Timestamp *time)
{
    if (time == NULL)
        return 0;
    const int64_t time_ms = time->seconds * 1000 + time->nanos / 1000000;

    return time_ms > 0 ? time_ms : 1;
}

Google__Protobuf__Duration *proto_duration(int64_t span_ms, struct arena *arena)
{
    Google__Protobuf__Duration *duration = arena_new_of(arena, Google__Protobuf__Duration);

    google__protobuf__duration__init(duration);
    duration->seconds = span_ms / 1000;
    duration->nanos = (int32_t)(span_ms % 1000) * 1000000;
    return duration;
}

int64_t proto_duration_ms(const Google__Protobuf__Duration *duration)
{
    return duration == NULL ? 0 : duration->seconds * 1000 + duration->nanos / 1000000;
}

Bmt__Common__V1__Money *proto_money(int64_t amount_minor, const char *currency, struct arena *arena)
{
    Bmt__Common__V1__Money *money = arena_new_of(arena, Bmt__Common__V1__Money);

    bmt__common__v1__money__init(money);
    money->amount_minor = amount_minor;
    money->currency = proto_text(currency);
    return money;
}

char *proto_id(enum id_kind kind, int64_t id, struct arena *arena)
{
    if (id == 0)
        return proto_text("");
    char *text = arena_alloc(arena, ID_TEXT_SIZE);

    id_text(kind, id, text);
    return text;
}

int64_t proto_id_of(enum id_kind kind, const char *text)
{
    int64_t id = 0;

    if (text[0] == '\0')
        return 0;
    INVARIANT(id_parse(kind, text, &id) == 0);
    return id;
}

char *proto_text(const char *text)
{
    return (char *)(uintptr_t)text;
}

char *proto_etag(int32_t version, struct arena *arena)
{
    return arena_printf(arena, "v%d", version);
}

int32_t proto_version_of(const char *etag)
{
    char *end = NULL;
    long version;

    if (etag[0] == '\0')
        return -1;
    if (etag[0] != 'v' || etag[1] < '1' || etag[1] > '9')
        return 0;
    version = strtol(etag + 1, &end, 10);
    return *end == '\0' && version > 0 && version < INT32_MAX ? (int32_t)version : 0;
}

unsigned proto_mask(const Google__Protobuf__FieldMask *mask, const char *const *paths, size_t n_paths,
                    struct command *command)
{
    unsigned bits = 0;

    for (size_t i = 0; i < mask->n_paths; i++) {
        size_t j = 0;

        while (j < n_paths && strcmp(mask->paths[i], paths[j]) != 0)
            j++;
        if (j == n_paths) {
            command_refuse(command, ERR_FIELD_MASK_UNKNOWN, mask->paths[i]);
            return 0;
        }
        bits |= 1u << j;
    }
    if (bits == 0)
        command_refuse(command, ERR_FIELD_REQUIRED, "update_mask");
    return bits;
}

void list_read(const struct call *call, struct command *command, int32_t page_size, const char *page_token,
               const char *filters, struct list *ret_list)
{
    struct list list = {0};

    list.query = arena_printf(call_arena(call), "%s %lld %s %s", call_method(call), (long long)command->biz_id,
                              command->user_id != NULL ? command->user_id : "", filters);
    if (page_read(page_size, page_token, list.query, &list.page, &command->err) != 0)
        command->is_done = true;
    *ret_list = list;
}

size_t list_shown(const struct list *list, size_t n)
{
    return n > (size_t)list->page.size ? (size_t)list->page.size : n;
}

char *list_next(const struct list *list, size_t n, int64_t last_shown_id, struct arena *arena)
{
    if (n <= (size_t)list->page.size)
        return proto_text("");
    return proto_text(page_next(last_shown_id, list->query, arena));
}
