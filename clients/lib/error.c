/* What a call failed with: codes, and google.rpc.Status with ErrorInfo out of the trailing metadata. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "google/rpc/error_details.pb-c.h"
#include "google/rpc/status.pb-c.h"

const char *bmt_code_name(int code)
{
    static const char *const names[] = {
        "OK",        "CANCELLED",       "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS",  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",    "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED",
    };

    return code >= 0 && code < (int)(sizeof names / sizeof names[0]) ? names[code] : "UNKNOWN";
}

void client_fail(struct bmt_error *error, grpc_status_code status, const char *problem, const char *what)
{
    *error = (struct bmt_error){.code = (int)status};
    snprintf(error->message, sizeof error->message, "%s: %s", problem, what);
}

static void keep(char *to, size_t size, const char *text, size_t text_size)
{
    size_t n = text_size < size - 1 ? text_size : size - 1;

    while (n < text_size && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    memcpy(to, text, n);
    to[n] = '\0';
}

static void read_info(struct bmt_error *error, const ProtobufCBinaryData *packed)
{
    Google__Rpc__ErrorInfo *info = google__rpc__error_info__unpack(NULL, packed->len, packed->data);

    if (info == NULL)
        return;
    keep(error->reason, sizeof error->reason, info->reason, strlen(info->reason));
    for (size_t i = 0; i < info->n_metadata && error->n_metadata < BMT_ERROR_METADATA_MAX; i++) {
        const size_t at = error->n_metadata++;

        keep(error->metadata[at].key, sizeof error->metadata[at].key, info->metadata[i]->key,
             strlen(info->metadata[i]->key));
        keep(error->metadata[at].value, sizeof error->metadata[at].value, info->metadata[i]->value,
             strlen(info->metadata[i]->value));
    }
    google__rpc__error_info__free_unpacked(info, NULL);
}

static void read_details(struct bmt_error *error, grpc_slice value)
{
    Google__Rpc__Status *status =
        google__rpc__status__unpack(NULL, GRPC_SLICE_LENGTH(value), GRPC_SLICE_START_PTR(value));

    if (status == NULL)
        return;
    for (size_t i = 0; i < status->n_details; i++)
        if (strcmp(status->details[i]->type_url, "type.googleapis.com/google.rpc.ErrorInfo") == 0)
            read_info(error, &status->details[i]->value);
    google__rpc__status__free_unpacked(status, NULL);
}

void client_error(struct bmt_error *error, grpc_status_code status, grpc_slice message,
                  const grpc_metadata_array *trailing)
{
    *error = (struct bmt_error){.code = (int)status};
    keep(error->message, sizeof error->message, (const char *)GRPC_SLICE_START_PTR(message),
         GRPC_SLICE_LENGTH(message));
    for (size_t i = 0; i < trailing->count; i++)
        if (grpc_slice_str_cmp(trailing->metadata[i].key, "grpc-status-details-bin") == 0)
            read_details(error, trailing->metadata[i].value);
}
