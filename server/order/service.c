/*
 * OrderService: the table of its methods; single orders. Many orders in one call: service_batch.c; WatchOrder:
 * watch.c; PayOrder: flows/pay_order.c, since it goes over a channel.
 */
#include <string.h>

#include "base/clock.h"
#include "flows/close_order.h"
#include "flows/confirm_order.h"
#include "flows/pay_order.h"
#include "flows/refund_order.h"
#include "order/messages.h"
#include "order/order.h"
#include "order/service.h"
#include "rpc/proto.h"

/* Where lines come from: a quote, or SKUs with a currency; a browser orders for its own user. */
static void check_create(struct place_order *c, const Bmt__Order__V1__CreateOrderRequest *request)
{
    struct command *command = &c->command;

    if (command->user_id != NULL && strcmp(command->user_id, request->user_id) != 0)
        command_refuse(command, ERR_FIELD_MALFORMED, "user_id", "the token's own user");
    else if (request->quote_id[0] != '\0' && request->n_lines > 0)
        command_refuse(command, ERR_FIELD_CONFLICT, "quote_id", "lines");
    else if (request->quote_id[0] != '\0' && request->currency[0] != '\0')
        command_refuse(command, ERR_FIELD_CONFLICT, "quote_id", "currency");
    else if (request->quote_id[0] == '\0' && request->n_lines == 0)
        command_refuse(command, ERR_FIELD_REQUIRED, "lines");
    else if (request->quote_id[0] == '\0' && request->currency[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "currency");
}

static void check_labels(struct command *command, Bmt__Common__V1__Label *const *labels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i && !command->is_done; j++)
            if (strcmp(labels[i]->key, labels[j]->key) == 0)
                command_refuse(command, ERR_FIELD_DUPLICATE, "labels.key", labels[i]->key);
}

void place_order_fill(const Bmt__Order__V1__CreateOrderRequest *request, struct arena *arena, struct place_order *c)
{
    check_create(c, request);
    if (!c->command.is_done)
        check_labels(&c->command, request->labels, request->n_labels);
    if (c->command.is_done)
        return;
    c->user_id = request->user_id;
    c->quote_id = proto_id_of(ID_QUOTE, request->quote_id);
    c->expires_in_ms = request->expires_in_s * 1000;
    c->labels = order_labels_text(request->labels, request->n_labels, arena);
    c->n_lines = request->n_lines;
    c->lines = arena_array_of(arena, struct sale_line, c->n_lines);
    for (size_t i = 0; i < c->n_lines; i++) {
        c->lines[i].sku_id = proto_id_of(ID_SKU, request->lines[i]->sku_id);
        c->lines[i].quantity = request->lines[i]->quantity;
        memcpy(c->lines[i].currency, request->currency, CURRENCY_SIZE);
    }
}

static void place_order_read(const struct call *call, const void *message, void *into)
{
    place_order_fill(message, call_arena(call), into);
}

static const ProtobufCMessage *place_order_reply(const void *from, struct arena *arena)
{
    const struct place_order *c = from;
    Bmt__Order__V1__CreateOrderResponse *reply = arena_new_of(arena, Bmt__Order__V1__CreateOrderResponse);

    bmt__order__v1__create_order_response__init(reply);
    reply->order = order_message(c->row, &c->order_lines, arena);
    return &reply->base;
}

static void get_order_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__GetOrderRequest *request = message;

    (void)call;
    ((struct get_order *)into)->order_id = proto_id_of(ID_ORDER, request->order_id);
}

static const ProtobufCMessage *get_order_reply(const void *from, struct arena *arena)
{
    const struct get_order *c = from;
    Bmt__Order__V1__GetOrderResponse *reply = arena_new_of(arena, Bmt__Order__V1__GetOrderResponse);

    bmt__order__v1__get_order_response__init(reply);
    reply->order = order_message(c->row, &c->lines, arena);
    return &reply->base;
}

/* Support closes with a reason of its own. */
static void cancel_order_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__CancelOrderRequest *request = message;
    struct close_order *c = into;

    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    c->event = ORDER_EVENT_CANCEL;
    c->reason = call_caller(call)->role == ROLE_SUPPORT ? CLOSE_SUPPORT : CLOSE_USER_CANCELLED;
    c->detail = request->detail;
}

static const ProtobufCMessage *cancel_order_reply(const void *from, struct arena *arena)
{
    const struct close_order *c = from;
    Bmt__Order__V1__CancelOrderResponse *reply = arena_new_of(arena, Bmt__Order__V1__CancelOrderResponse);

    bmt__order__v1__cancel_order_response__init(reply);
    reply->order = order_message(c->row, &c->lines, arena);
    return &reply->base;
}

static void confirm_order_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__ConfirmOrderRequest *request = message;

    (void)call;
    ((struct confirm_order *)into)->order_id = proto_id_of(ID_ORDER, request->order_id);
}

static const ProtobufCMessage *confirm_order_reply(const void *from, struct arena *arena)
{
    const struct confirm_order *c = from;
    Bmt__Order__V1__ConfirmOrderResponse *reply = arena_new_of(arena, Bmt__Order__V1__ConfirmOrderResponse);

    bmt__order__v1__confirm_order_response__init(reply);
    reply->order = order_message(c->row, &c->lines, arena);
    return &reply->base;
}

static void list_order_events_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__ListOrderEventsRequest *request = message;
    struct list_order_events *c = into;

    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    list_read(call, &c->command, request->page_size, request->page_token, request->order_id, &c->list);
}

static const ProtobufCMessage *list_order_events_reply(const void *from, struct arena *arena)
{
    const struct list_order_events *c = from;
    Bmt__Order__V1__ListOrderEventsResponse *reply = arena_new_of(arena, Bmt__Order__V1__ListOrderEventsResponse);

    bmt__order__v1__list_order_events_response__init(reply);
    reply->n_events = list_shown(&c->list, c->n);
    reply->events = arena_array_of(arena, Bmt__Order__V1__OrderEvent *, reply->n_events);
    for (size_t i = 0; i < reply->n_events; i++)
        reply->events[i] = order_event_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_events - 1].version : 0, arena);
    reply->next_step = order_next_step_message(c->row, arena);
    return &reply->base;
}

static const struct rpc_method methods[] = {
    {"CreateOrder", RPC_BATCH(place_order)},
    {"BatchCreateOrders", .handle = batch_create_orders_handle},
    {"GetOrder", RPC_BATCH(get_order)},
    {"BatchGetOrders", RPC_BATCH(get_orders)},
    {"ListOrders", RPC_BATCH(list_orders)},
    {"WatchOrder", .handle = watch_order_handle},
    {"PayOrder", .handle = pay_order_handle},
    {"CancelOrder", .read = cancel_order_read, .plan = &cancel_order_plan, .reply = cancel_order_reply,
     .command_size = sizeof(struct close_order)},
    {"ConfirmOrder", RPC_BATCH(confirm_order)},
    {"ListOrderEvents", RPC_BATCH(list_order_events)},
    RPC_LATER("ReportFulfillment"),
    {"RefundOrder", .handle = refund_order_handle},
    {"GetRefund", RPC_BATCH(get_refund)},
    RPC_LATER("GetBusinessMetrics"),
};

const struct rpc_service order_service = RPC_SERVICE(bmt__order__v1__order_service__descriptor, methods);
