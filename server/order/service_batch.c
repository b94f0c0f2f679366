/* OrderService: calls about many orders. */
#include <string.h>

#include "base/clock.h"
#include "order/messages.h"
#include "order/service.h"
#include "rpc/form.h"
#include "rpc/proto.h"

void get_orders_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__BatchGetOrdersRequest *request = message;
    struct get_orders *c = into;
    int64_t *ids = arena_array_of(call_arena(call), int64_t, request->n_order_ids);

    for (size_t i = 0; i < request->n_order_ids; i++)
        ids[i] = proto_id_of(ID_ORDER, request->order_ids[i]);
    c->order_ids = ids;
    c->n = request->n_order_ids;
}

const ProtobufCMessage *get_orders_reply(const void *from, struct arena *arena)
{
    const struct get_orders *c = from;
    Bmt__Order__V1__BatchGetOrdersResponse *reply = arena_new_of(arena, Bmt__Order__V1__BatchGetOrdersResponse);

    bmt__order__v1__batch_get_orders_response__init(reply);
    reply->orders = arena_array_of(arena, Bmt__Order__V1__Order *, c->n);
    reply->missing_order_ids = arena_array_of(arena, char *, c->n);
    for (size_t i = 0; i < c->n; i++)
        if (c->rows[i] != NULL)
            reply->orders[reply->n_orders++] = order_message(c->rows[i], &c->lines[i], arena);
        else
            reply->missing_order_ids[reply->n_missing_order_ids++] = proto_id(ID_ORDER, c->order_ids[i], arena);
    return &reply->base;
}

/* Creation times follow the rules' clock, ids the machine's: an id is never later than its row's creation time. */
static void read_times(struct order_filter *filter, int64_t from_ms, int64_t to_ms)
{
    const int64_t slack_ms = 1000; /* ids borrow milliseconds under load */

    filter->create_from_ms = from_ms;
    filter->create_to_ms = to_ms != 0 ? to_ms : INT64_MAX;
    filter->id_from = id_first_of(from_ms - clock_offset_ms() - slack_ms);
    filter->id_to = to_ms != 0 ? id_first_of(to_ms + slack_ms) : INT64_MAX;
}

void list_orders_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Order__V1__ListOrdersRequest *request = message;
    struct list_orders *c = into;
    const int64_t from_ms = proto_time_ms(request->create_time_from);
    const int64_t to_ms = proto_time_ms(request->create_time_to);
    const char *filters = arena_printf(call_arena(call), "%s %d %lld %lld", request->user_id, (int)request->state,
                                       (long long)from_ms, (long long)to_ms);

    c->filter = (struct order_filter){
        .biz_id = c->command.biz_id, .user_id = request->user_id, .state = (int32_t)request->state};
    read_times(&c->filter, from_ms, to_ms);
    list_read(call, &c->command, request->page_size, request->page_token, filters, &c->list);
}

const ProtobufCMessage *list_orders_reply(const void *from, struct arena *arena)
{
    const struct list_orders *c = from;
    Bmt__Order__V1__ListOrdersResponse *reply = arena_new_of(arena, Bmt__Order__V1__ListOrdersResponse);

    bmt__order__v1__list_orders_response__init(reply);
    reply->n_orders = list_shown(&c->list, c->n);
    reply->orders = arena_array_of(arena, Bmt__Order__V1__Order *, reply->n_orders);
    for (size_t i = 0; i < reply->n_orders; i++)
        reply->orders[i] = order_message(&c->rows[i], &c->lines[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_orders - 1].order_id : 0, arena);
    return &reply->base;
}

static const char *const batch_method_of_one = "bmt.order.v1.OrderService/CreateOrder";

/* An entry is checked and kept as if it had come by CreateOrder. */
static void read_entry(const struct call *call, const Bmt__Order__V1__CreateOrderRequest *entry, size_t i,
                       struct place_order *c)
{
    struct arena *arena = call_arena(call);

    call_command(call, NULL, &c->command);
    c->command.method = batch_method_of_one;
    c->command.request_id = entry->request_id;
    c->command.deadline_ns = call_deadline_ns(call);
    if (form_check(&entry->base, arena_printf(arena, "orders[%zu].", i), &c->command.err) != 0) {
        c->command.is_done = true;
        return;
    }
    message_fingerprint(&entry->base, arena, c->command.fingerprint);
    place_order_fill(entry, arena, c);
}

static Bmt__Common__V1__Refusal *refusal_message(const struct err *err, struct arena *arena)
{
    const struct err_info *info = err_info(err->id);
    Bmt__Common__V1__Refusal *refusal = arena_new_of(arena, Bmt__Common__V1__Refusal);
    char *message = arena_alloc(arena, 2 * ERR_TEXT_MAX);

    bmt__common__v1__refusal__init(refusal);
    refusal->code = (int32_t)info->status;
    refusal->reason = proto_text(info->reason);
    refusal->message = proto_text(err_message(err, message, 2 * ERR_TEXT_MAX));
    refusal->details = arena_array_of(arena, Bmt__Common__V1__RefusalDetail *, ERR_KEYS_MAX);
    for (size_t i = 0; info->keys[i] != NULL; i++) {
        Bmt__Common__V1__RefusalDetail *detail = arena_new_of(arena, Bmt__Common__V1__RefusalDetail);

        bmt__common__v1__refusal_detail__init(detail);
        detail->key = proto_text(info->keys[i]);
        detail->value = proto_text(err_value(err, i));
        refusal->details[refusal->n_details++] = detail;
    }
    return refusal;
}

static Bmt__Order__V1__CreateOrderResult *result_message(const struct place_order *c, struct arena *arena)
{
    Bmt__Order__V1__CreateOrderResult *result = arena_new_of(arena, Bmt__Order__V1__CreateOrderResult);

    bmt__order__v1__create_order_result__init(result);
    if (c->command.err.id == ERR_NONE) {
        result->result_case = BMT__ORDER__V1__CREATE_ORDER_RESULT__RESULT_ORDER;
        result->order = order_message(c->row, &c->order_lines, arena);
    } else {
        result->result_case = BMT__ORDER__V1__CREATE_ORDER_RESULT__RESULT_REFUSAL;
        result->refusal = refusal_message(&c->command.err, arena);
    }
    return result;
}

static void answer(struct call *call, const struct place_order *commands, size_t n, struct arena *arena)
{
    Bmt__Order__V1__BatchCreateOrdersResponse reply = BMT__ORDER__V1__BATCH_CREATE_ORDERS_RESPONSE__INIT;

    reply.n_results = n;
    reply.results = arena_array_of(arena, Bmt__Order__V1__CreateOrderResult *, n);
    for (size_t i = 0; i < n; i++)
        reply.results[i] = result_message(&commands[i], arena);
    call_reply(call, &reply.base);
}

/* The entries of all waiting calls are one array: the batch is as large as the callers together. */
void batch_create_orders_handle(struct lane *lane, struct call **calls, size_t n)
{
    struct arena *arena = lane_arena(lane);
    struct place_order *commands;
    size_t n_commands = 0;

    for (size_t i = 0; i < n; i++)
        n_commands += ((const Bmt__Order__V1__BatchCreateOrdersRequest *)call_request(calls[i]))->n_orders;
    commands = arena_array_of(arena, struct place_order, n_commands);
    n_commands = 0;
    for (size_t i = 0; i < n; i++) {
        const Bmt__Order__V1__BatchCreateOrdersRequest *request = call_request(calls[i]);

        for (size_t j = 0; j < request->n_orders; j++)
            read_entry(calls[i], request->orders[j], j, &commands[n_commands++]);
    }

    batch_run(lane_session(lane), &place_order_plan, arena, commands, n_commands, sizeof *commands);

    for (size_t i = 0, at = 0; i < n; i++) {
        const size_t n_orders = ((const Bmt__Order__V1__BatchCreateOrdersRequest *)call_request(calls[i]))->n_orders;

        answer(calls[i], commands + at, n_orders, arena);
        at += n_orders;
    }
}
