/* Messages of orders; see messages.h. */
#include "order/messages.h"

#include <string.h>

#include "rpc/proto.h"

static Bmt__Order__V1__OrderLine *line_message(const struct order_line_row *row, const char *currency,
                                               struct arena *arena)
{
    Bmt__Order__V1__OrderLine *line = arena_new_of(arena, Bmt__Order__V1__OrderLine);

    bmt__order__v1__order_line__init(line);
    line->line_no = row->line_no;
    line->sku_id = proto_id(ID_SKU, row->sku_id, arena);
    line->spu_id = proto_id(ID_SPU, row->spu_id, arena);
    line->title = proto_text(row->title);
    line->quantity = row->quantity;
    line->unit_price = proto_money(row->unit_minor, currency, arena);
    line->amount = proto_money(row->amount_minor, currency, arena);
    line->refunded_quantity = row->refunded_quantity;
    return line;
}

const char *order_labels_text(Bmt__Common__V1__Label *const *labels, size_t n, struct arena *arena)
{
    const char *text = "";

    for (size_t i = 0; i < n; i++)
        text = arena_printf(arena, "%s%s=%s\n", text, labels[i]->key, labels[i]->value);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

/* Keys are tokens and values are single lines, so the first `=` and the line's end divide them. */
static void fill_labels(Bmt__Order__V1__Order *order, const char *text, struct arena *arena)
{
    char *at = arena_strdup(arena, text);

    order->n_labels = count_lines(text);
    order->labels = arena_array_of(arena, Bmt__Common__V1__Label *, order->n_labels);
    for (size_t i = 0; i < order->n_labels; i++) {
        char *equals = strchr(at, '=');
        char *end = strchr(at, '\n');

        INVARIANT(equals != NULL && end != NULL);
        *equals = *end = '\0';
        order->labels[i] = arena_new_of(arena, Bmt__Common__V1__Label);
        bmt__common__v1__label__init(order->labels[i]);
        order->labels[i]->key = at;
        order->labels[i]->value = equals + 1;
        at = end + 1;
    }
}

Bmt__Order__V1__Order *order_message(const struct order_row *row, const struct order_lines *lines, struct arena *arena)
{
    Bmt__Order__V1__Order *order = arena_new_of(arena, Bmt__Order__V1__Order);

    bmt__order__v1__order__init(order);
    order->order_id = proto_id(ID_ORDER, row->order_id, arena);
    order->user_id = proto_text(row->user_id);
    order->state = (Bmt__Order__V1__OrderState)row->state;
    order->close_reason = (Bmt__Order__V1__CloseReason)row->close_reason;
    order->version = row->version;
    order->total = proto_money(row->amount_minor, row->currency, arena);
    order->n_lines = lines->n;
    order->lines = arena_array_of(arena, Bmt__Order__V1__OrderLine *, lines->n);
    for (size_t i = 0; i < lines->n; i++)
        order->lines[i] = line_message(&lines->list[i], row->currency, arena);
    order->quote_id = proto_id(ID_QUOTE, row->quote_id, arena);
    order->payment_id = proto_id(ID_PAYMENT, row->payment_id, arena);
    fill_labels(order, row->labels, arena);
    order->expire_time = row->state == ORDER_PENDING_PAYMENT ? proto_time(row->due_time_ms, arena) : NULL;
    order->create_time = proto_time(row->create_time_ms, arena);
    order->update_time = proto_time(row->update_time_ms, arena);
    order->pay_time = proto_time(row->pay_time_ms, arena);
    order->fulfil_time = proto_time(row->fulfil_time_ms, arena);
    order->complete_time = proto_time(row->complete_time_ms, arena);
    order->refunded = proto_money(row->refunded_minor, row->currency, arena);
    order->refund_id = proto_id(ID_REFUND, row->refund_id, arena);
    return order;
}

Bmt__Order__V1__OrderEvent *order_event_message(const struct order_event_row *row, struct arena *arena)
{
    Bmt__Order__V1__OrderEvent *event = arena_new_of(arena, Bmt__Order__V1__OrderEvent);

    bmt__order__v1__order_event__init(event);
    event->order_id = proto_id(ID_ORDER, row->order_id, arena);
    event->version = row->version;
    event->kind = (Bmt__Order__V1__OrderEventKind)row->event;
    event->from_state = (Bmt__Order__V1__OrderState)row->from_state;
    event->to_state = (Bmt__Order__V1__OrderState)row->to_state;
    event->close_reason = (Bmt__Order__V1__CloseReason)row->close_reason;
    event->payment_id = proto_id(ID_PAYMENT, row->payment_id, arena);
    event->actor = proto_text(row->actor);
    event->detail = proto_text(row->detail);
    event->time = proto_time(row->create_time_ms, arena);
    return event;
}

/* By state: what a timer or a job will do. A refund has no time here: the payment side decides when it asks again. */
static const struct {
    enum order_state state;
    Bmt__Order__V1__OrderEventKind kind;
    bool has_time;
    const char *explanation;
} next_steps[] = {
    {ORDER_PENDING_PAYMENT, BMT__ORDER__V1__ORDER_EVENT_KIND__ORDER_EVENT_KIND_EXPIRE, true,
     "closes with reason TIMEOUT unless it is paid before"},
    {ORDER_FULFILLED, BMT__ORDER__V1__ORDER_EVENT_KIND__ORDER_EVENT_KIND_CONFIRM, true,
     "completes by itself unless the buyer confirms before"},
    {ORDER_REFUNDING, BMT__ORDER__V1__ORDER_EVENT_KIND__ORDER_EVENT_KIND_REFUND, false,
     "the channel is asked again and again until it says what became of the refund"},
};

Bmt__Order__V1__NextStep *order_next_step_message(const struct order_row *row, struct arena *arena)
{
    Bmt__Order__V1__NextStep *next;

    for (size_t i = 0; i < COUNT_OF(next_steps); i++) {
        if ((int32_t)next_steps[i].state != row->state || (next_steps[i].has_time && row->due_time_ms == 0))
            continue;
        next = arena_new_of(arena, Bmt__Order__V1__NextStep);
        bmt__order__v1__next_step__init(next);
        next->kind = next_steps[i].kind;
        next->time = next_steps[i].has_time ? proto_time(row->due_time_ms, arena) : NULL;
        next->explanation = proto_text(next_steps[i].explanation);
        return next;
    }
    return NULL;
}
