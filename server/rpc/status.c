/*
 * Builds google.rpc.Status for a refusal.
 */
#include "rpc/status.h"

#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/call.h"

static char error_info_type[] = "type.googleapis.com/google.rpc.ErrorInfo";
static char error_info_domain[] = STATUS_DOMAIN;

/* The metadata: the keys of errors.def with this refusal's values. */
static void status_details_metadata(const struct err *err, const struct err_info *info, struct arena *arena,
                                    Google__Rpc__ErrorInfo *error_info)
{
    Google__Rpc__ErrorInfo__MetadataEntry **entries =
        arena_array_of(arena, Google__Rpc__ErrorInfo__MetadataEntry *, ERR_KEYS_MAX);
    size_t n = 0;

    for (; n < ERR_KEYS_MAX && info->keys[n] != NULL; n++) {
        entries[n] = arena_new_of(arena, Google__Rpc__ErrorInfo__MetadataEntry);
        google__rpc__error_info__metadata_entry__init(entries[n]);
        entries[n]->key = arena_strdup(arena, info->keys[n]);
        entries[n]->value = arena_strdup(arena, err_value(err, n));
    }
    error_info->metadata = entries;
    error_info->n_metadata = n;
}

struct sql_bytes status_details(const struct err *err, struct arena *arena)
{
    const struct err_info *info = err_info(err->id);
    Google__Rpc__ErrorInfo error_info = GOOGLE__RPC__ERROR_INFO__INIT;
    Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
    Google__Protobuf__Any *details[] = {&any};
    Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
    char message[STATUS_MESSAGE_SIZE];

    error_info.reason = arena_strdup(arena, info->reason);
    error_info.domain = error_info_domain;
    status_details_metadata(err, info, arena, &error_info);

    struct sql_bytes packed = call_pack(&error_info.base, arena);
    any.type_url = error_info_type;
    any.value.data = (uint8_t *)(uintptr_t)packed.data;
    any.value.len = packed.size;
    status.code = (int32_t)info->status;
    err_message(err, message, sizeof(message));
    status.message = message;
    status.details = details;
    status.n_details = COUNT_OF(details);
    return call_pack(&status.base, arena);
}
