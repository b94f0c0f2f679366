/*
 * What a channel tells: `POST /notifications/CHANNEL_ACCOUNT`, handed on to HandleNotification as it came; see
 * gateway.h.
 *
 * Body and headers are not looked at here: whether the channel has signed them is for bmtd to say, which knows the
 * channel. The channel gets the word that it waits for only when bmtd has it durable; anything else is an error, upon
 * which channels tell again.
 */
#include <string.h>

#include "bmt/payment/v1/payment.pb-c.h"
#include "gateway.h"

#define PATH "/notifications/"

/* As the rules of HandleNotificationRequest have it (protos/bmt/payment/v1/payment.proto). */
enum { HEADERS_MAX = 64, NAME_MAX_SIZE = 64, VALUE_MAX_SIZE = 1024 };
static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

const char *notification_account(const char *path)
{
    const char *id = path + strlen(PATH);

    if (strncmp(path, PATH, strlen(PATH)) != 0 || *id == '\0')
        return NULL;
    return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id) ? id : NULL;
}

struct headers {
    struct arena *arena;
    Bmt__Payment__V1__NotificationHeader *list[HEADERS_MAX];
    size_t n;
    bool are_too_many;
};

/* What bmtd would refuse is no signature of a channel's: proxies add such things. */
static bool may_be_passed(const char *name, const char *value)
{
    if (name[0] == '\0' || strlen(name) > NAME_MAX_SIZE || strspn(name, name_characters) != strlen(name) ||
        strlen(value) > VALUE_MAX_SIZE)
        return false;
    for (const char *c = value; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            return false;
    return true;
}

static bool take_header(void *context, const char *name, const char *value)
{
    struct headers *headers = context;
    Bmt__Payment__V1__NotificationHeader *header;

    if (!may_be_passed(name, value))
        return true;
    if (headers->n == HEADERS_MAX) {
        headers->are_too_many = true;
        return false;
    }
    header = arena_new_of(headers->arena, Bmt__Payment__V1__NotificationHeader);
    bmt__payment__v1__notification_header__init(header);
    header->name = (char *)(uintptr_t)name;
    header->value = (char *)(uintptr_t)value;
    headers->list[headers->n++] = header;
    return true;
}

/* The channel's own words for `I have it`: JSON for one, plain text for another. */
static void acknowledge(struct exchange *exchange, const void *bytes, size_t size)
{
    Bmt__Payment__V1__HandleNotificationResponse *response =
        bmt__payment__v1__handle_notification_response__unpack(NULL, size, bytes);

    if (response == NULL) {
        answer_refusal(exchange, CONNECT_INTERNAL, "", "the server's reply cannot be read");
        return;
    }
    exchange->reply = (struct json_text){.arena = exchange->arena};
    json_put_text(&exchange->reply, response->body);
    exchange->content_type = response->body[0] == '{' ? "application/json" : "text/plain; charset=utf-8";
    exchange->status = MHD_HTTP_OK;
    exchange->is_answered = true;
    bmt__payment__v1__handle_notification_response__free_unpacked(response, NULL);
}

bool notification_begin(struct exchange *exchange)
{
    Bmt__Payment__V1__HandleNotificationRequest request = BMT__PAYMENT__V1__HANDLE_NOTIFICATION_REQUEST__INIT;
    struct headers headers = {.arena = exchange->arena};
    uint8_t *packed;

    http_each_header(exchange, take_header, &headers);
    if (headers.are_too_many) {
        answer_status(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE);
        return false;
    }
    request.channel_account_id = (char *)(uintptr_t)exchange->account_id;
    request.headers = headers.list;
    request.n_headers = headers.n;
    request.body.data = (uint8_t *)exchange->body.data;
    request.body.len = exchange->body.size;
    packed = arena_alloc(exchange->arena, bmt__payment__v1__handle_notification_request__get_packed_size(&request) + 1);
    exchange->message_size = bmt__payment__v1__handle_notification_request__pack(&request, packed);
    exchange->message = packed;
    exchange->deadline_ms = exchange->gateway->options.deadline_ms;
    exchange->take_reply = acknowledge;
    return true;
}
