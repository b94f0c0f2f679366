/*
 * The small change between our values and message fields: times, amounts, ids, pages. For service.c files.
 * Pointers made here live in the arena given.
 */
#ifndef BMT_RPC_PROTO_H
#define BMT_RPC_PROTO_H

#include "base/arena.h"
#include "base/id.h"
#include "base/money.h"
#include "bmt/common/v1/types.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "rpc/call.h"
#include "rpc/list.h"

/* NULL (absent) for 0. */
Google__Protobuf__Timestamp *proto_time(int64_t time_ms, struct arena *arena);

/* 0 when absent; rounds down to milliseconds. A time up to 1970 is as far past as any, and is 1. */
int64_t proto_time_ms(const Google__Protobuf__Timestamp *time);

Google__Protobuf__Duration *proto_duration(int64_t span_ms, struct arena *arena);
int64_t proto_duration_ms(const Google__Protobuf__Duration *duration);

Bmt__Common__V1__Money *proto_money(int64_t amount_minor, const char *currency, struct arena *arena);

/* The text of an id, empty for 0. */
char *proto_id(enum id_kind kind, int64_t id, struct arena *arena);

/* Reads an id whose form the runtime has checked; 0 for an empty text. */
int64_t proto_id_of(enum id_kind kind, const char *text);

/* Message fields are `char *` and are never written through. */
char *proto_text(const char *text);

/* The etag of a version, and back: -1 for an empty etag (any version), 0 for a malformed one (matches none). */
char *proto_etag(int32_t version, struct arena *arena);
int32_t proto_version_of(const char *etag);

/* Which of `paths` an update mask names, as bits by position. Refuses FIELD_MASK_UNKNOWN, and an empty mask. */
unsigned proto_mask(const Google__Protobuf__FieldMask *mask, const char *const *paths, size_t n_paths,
                    struct command *command);

/* Reads page_size and page_token for a query with these filters; refuses the command with PAGE_TOKEN_INVALID. */
void list_read(const struct call *call, struct command *command, int32_t page_size, const char *page_token,
               const char *filters, struct list *ret_list);

/* `n` rows were read, up to size + 1: how many to show, and the token of the next page (empty on the last). */
size_t list_shown(const struct list *list, size_t n);
char *list_next(const struct list *list, size_t n, int64_t last_shown_id, struct arena *arena);

#endif
