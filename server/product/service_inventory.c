/* ProductService: prices, stock, quotes and entitlements; from messages to commands and back. */
#include <string.h>

#include "bmt/product/v1/product.pb-c.h"
#include "product/ops_catalogue.h"
#include "product/ops_inventory.h"
#include "product/service.h"
#include "rpc/proto.h"

static Bmt__Product__V1__PriceVersion *price_message(const struct price_row *row, struct arena *arena)
{
    Bmt__Product__V1__PriceVersion *price = arena_new_of(arena, Bmt__Product__V1__PriceVersion);

    bmt__product__v1__price_version__init(price);
    price->price_id = proto_id(ID_PRICE, row->price_id, arena);
    price->sku_id = proto_id(ID_SKU, row->sku_id, arena);
    price->unit_price = proto_money(row->amount_minor, row->currency, arena);
    price->effective_time = proto_time(row->effective_time_ms, arena);
    price->create_time = proto_time(row->create_time_ms, arena);
    return price;
}

void create_price_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__CreatePriceVersionRequest *request = message;
    struct create_price *c = into;

    (void)call;
    c->row = (struct price_row){
        .sku_id = proto_id_of(ID_SKU, request->sku_id),
        .amount_minor = request->unit_price->amount_minor,
        .effective_time_ms = proto_time_ms(request->effective_time),
    };
    memcpy(c->row.currency, request->unit_price->currency, CURRENCY_SIZE);
}

const ProtobufCMessage *create_price_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__CreatePriceVersionResponse *reply =
        arena_new_of(arena, Bmt__Product__V1__CreatePriceVersionResponse);

    bmt__product__v1__create_price_version_response__init(reply);
    reply->price_version = price_message(&((const struct create_price *)from)->row, arena);
    return &reply->base;
}

void list_prices_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__ListPriceVersionsRequest *request = message;
    struct list_prices *c = into;

    c->sku_id = proto_id_of(ID_SKU, request->sku_id);
    list_read(call, &c->command, request->page_size, request->page_token, request->sku_id, &c->list);
}

const ProtobufCMessage *list_prices_reply(const void *from, struct arena *arena)
{
    const struct list_prices *c = from;
    Bmt__Product__V1__ListPriceVersionsResponse *reply =
        arena_new_of(arena, Bmt__Product__V1__ListPriceVersionsResponse);

    bmt__product__v1__list_price_versions_response__init(reply);
    reply->n_price_versions = list_shown(&c->list, c->n);
    reply->price_versions = arena_array_of(arena, Bmt__Product__V1__PriceVersion *, reply->n_price_versions);
    for (size_t i = 0; i < reply->n_price_versions; i++)
        reply->price_versions[i] = price_message(&c->rows[i], arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_price_versions - 1].price_id : 0, arena);
    return &reply->base;
}

static Bmt__Product__V1__Stock *stock_message(int64_t sku_id, bool is_counted, const struct stock_row *row,
                                              struct arena *arena)
{
    Bmt__Product__V1__Stock *stock = arena_new_of(arena, Bmt__Product__V1__Stock);

    bmt__product__v1__stock__init(stock);
    stock->sku_id = proto_id(ID_SKU, sku_id, arena);
    stock->kind = BMT__PRODUCT__V1__STOCK_KIND__STOCK_KIND_UNLIMITED;
    if (is_counted) {
        stock->kind = BMT__PRODUCT__V1__STOCK_KIND__STOCK_KIND_COUNTED;
        stock->total = row->total;
        stock->available = row->available;
        stock->held = row->held;
        stock->sold = row->sold;
    }
    return stock;
}

void set_stock_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__SetStockRequest *request = message;
    const bool is_counted = request->kind == BMT__PRODUCT__V1__STOCK_KIND__STOCK_KIND_COUNTED;
    struct change_stock *c = into;

    (void)call;
    c->sku_id = proto_id_of(ID_SKU, request->sku_id);
    c->change = is_counted ? STOCK_SET_TOTAL : STOCK_SET_UNLIMITED;
    c->amount = request->total;
    if (!is_counted && request->total != 0)
        command_refuse(&c->command, ERR_FIELD_OUT_OF_RANGE, "total", "0", "0");
}

const ProtobufCMessage *set_stock_reply(const void *from, struct arena *arena)
{
    const struct change_stock *c = from;
    Bmt__Product__V1__SetStockResponse *reply = arena_new_of(arena, Bmt__Product__V1__SetStockResponse);

    bmt__product__v1__set_stock_response__init(reply);
    reply->stock = stock_message(c->sku_id, c->is_counted, &c->row, arena);
    return &reply->base;
}

void adjust_stock_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__AdjustStockRequest *request = message;
    struct change_stock *c = into;

    (void)call;
    c->sku_id = proto_id_of(ID_SKU, request->sku_id);
    c->change = STOCK_ADD;
    c->amount = request->delta;
}

const ProtobufCMessage *adjust_stock_reply(const void *from, struct arena *arena)
{
    const struct change_stock *c = from;
    Bmt__Product__V1__AdjustStockResponse *reply = arena_new_of(arena, Bmt__Product__V1__AdjustStockResponse);

    bmt__product__v1__adjust_stock_response__init(reply);
    reply->stock = stock_message(c->sku_id, c->is_counted, &c->row, arena);
    return &reply->base;
}

void get_stock_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__GetStockRequest *request = message;

    (void)call;
    ((struct get_stock *)into)->sku_id = proto_id_of(ID_SKU, request->sku_id);
}

const ProtobufCMessage *get_stock_reply(const void *from, struct arena *arena)
{
    const struct get_stock *c = from;
    Bmt__Product__V1__GetStockResponse *reply = arena_new_of(arena, Bmt__Product__V1__GetStockResponse);

    bmt__product__v1__get_stock_response__init(reply);
    reply->stock = stock_message(c->sku_id, c->is_counted, &c->row, arena);
    return &reply->base;
}

void quote_price_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__QuotePriceRequest *request = message;
    struct quote_price *c = into;

    c->user_id = request->user_id;
    c->n_lines = request->n_lines;
    c->lines = arena_array_of(call_arena(call), struct sale_line, c->n_lines);
    if (c->command.user_id != NULL && strcmp(c->command.user_id, c->user_id) != 0) {
        command_refuse(&c->command, ERR_FIELD_MALFORMED, "user_id", "the token's own user");
        return;
    }
    c->coupon_code = request->n_coupon_codes > 0 ? request->coupon_codes[0] : NULL;
    for (size_t i = 0; i < c->n_lines; i++) {
        c->lines[i].command = &c->command;
        c->lines[i].sku_id = proto_id_of(ID_SKU, request->lines[i]->sku_id);
        c->lines[i].quantity = request->lines[i]->quantity;
        memcpy(c->lines[i].currency, request->currency, CURRENCY_SIZE);
    }
}

static Bmt__Product__V1__QuoteLine *quote_line_message(const char *currency, const struct quote_line_row *row,
                                                       struct arena *arena)
{
    Bmt__Product__V1__QuoteLine *line = arena_new_of(arena, Bmt__Product__V1__QuoteLine);

    bmt__product__v1__quote_line__init(line);
    line->line_no = row->line_no;
    line->sku_id = proto_id(ID_SKU, row->sku_id, arena);
    line->spu_id = proto_id(ID_SPU, row->spu_id, arena);
    line->title = proto_text(row->title);
    line->quantity = row->quantity;
    line->unit_price = proto_money(row->unit_minor, currency, arena);
    line->amount = proto_money(row->amount_minor, currency, arena);
    return line;
}

static Bmt__Product__V1__Quote *quote_message(const struct quote_row *row, const struct quote_line_row *lines,
                                              size_t n_lines, struct arena *arena)
{
    Bmt__Product__V1__Quote *quote = arena_new_of(arena, Bmt__Product__V1__Quote);

    bmt__product__v1__quote__init(quote);
    quote->quote_id = proto_id(ID_QUOTE, row->quote_id, arena);
    quote->user_id = proto_text(row->user_id);
    quote->total = proto_money(row->amount_minor, row->currency, arena);
    quote->n_lines = n_lines;
    quote->lines = arena_array_of(arena, Bmt__Product__V1__QuoteLine *, n_lines);
    for (size_t i = 0; i < n_lines; i++)
        quote->lines[i] = quote_line_message(row->currency, &lines[i], arena);
    quote->expire_time = proto_time(row->expire_time_ms, arena);
    quote->order_id = proto_id(ID_ORDER, row->order_id, arena);
    quote->create_time = proto_time(row->create_time_ms, arena);
    return quote;
}

const ProtobufCMessage *quote_price_reply(const void *from, struct arena *arena)
{
    const struct quote_price *c = from;
    struct quote_line_row *lines = arena_array_of(arena, struct quote_line_row, c->n_lines);
    Bmt__Product__V1__QuotePriceResponse *reply = arena_new_of(arena, Bmt__Product__V1__QuotePriceResponse);

    product_quote_lines(c, lines);
    bmt__product__v1__quote_price_response__init(reply);
    reply->quote = quote_message(&c->row, lines, c->n_lines, arena);
    return &reply->base;
}

void get_quote_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__GetQuoteRequest *request = message;

    (void)call;
    ((struct get_quote *)into)->row.quote_id = proto_id_of(ID_QUOTE, request->quote_id);
}

const ProtobufCMessage *get_quote_reply(const void *from, struct arena *arena)
{
    const struct get_quote *c = from;
    Bmt__Product__V1__GetQuoteResponse *reply = arena_new_of(arena, Bmt__Product__V1__GetQuoteResponse);

    bmt__product__v1__get_quote_response__init(reply);
    reply->quote = quote_message(&c->row, c->lines, c->n_lines, arena);
    return &reply->base;
}

static Bmt__Product__V1__EntitlementLot *lot_message(const struct lot_row *row, struct arena *arena)
{
    Bmt__Product__V1__EntitlementLot *lot = arena_new_of(arena, Bmt__Product__V1__EntitlementLot);

    bmt__product__v1__entitlement_lot__init(lot);
    lot->lot_id = proto_id(ID_LOT, row->lot_id, arena);
    lot->user_id = proto_text(row->user_id);
    lot->spu_id = proto_id(ID_SPU, row->spu_id, arena);
    lot->sku_id = proto_id(ID_SKU, row->sku_id, arena);
    lot->order_id = proto_id(ID_ORDER, row->order_id, arena);
    lot->line_no = row->line_no;
    lot->kind = (Bmt__Product__V1__GrantKind)row->grant_kind;
    lot->state = (Bmt__Product__V1__LotState)row->state;
    lot->quantity = row->quantity;
    lot->granted = row->granted;
    lot->remaining = row->remaining;
    lot->start_time = proto_time(row->start_time_ms, arena);
    lot->end_time = proto_time(row->end_time_ms, arena);
    lot->create_time = proto_time(row->create_time_ms, arena);
    return lot;
}

void get_entitlement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__GetEntitlementRequest *request = message;

    (void)call;
    ((struct get_entitlement *)into)->row.lot_id = proto_id_of(ID_LOT, request->lot_id);
}

const ProtobufCMessage *get_entitlement_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__GetEntitlementResponse *reply = arena_new_of(arena, Bmt__Product__V1__GetEntitlementResponse);

    bmt__product__v1__get_entitlement_response__init(reply);
    reply->lot = lot_message(&((const struct get_entitlement *)from)->row, arena);
    return &reply->base;
}

void list_entitlements_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__ListEntitlementsRequest *request = message;
    struct list_entitlements *c = into;

    c->user_id = request->user_id;
    c->spu_id = proto_id_of(ID_SPU, request->spu_id);
    list_read(call, &c->command, request->page_size, request->page_token,
              arena_printf(call_arena(call), "%s %s", request->user_id, request->spu_id), &c->list);
}

const ProtobufCMessage *list_entitlements_reply(const void *from, struct arena *arena)
{
    const struct list_entitlements *c = from;
    Bmt__Product__V1__ListEntitlementsResponse *reply = arena_new_of(arena, Bmt__Product__V1__ListEntitlementsResponse);

    bmt__product__v1__list_entitlements_response__init(reply);
    reply->n_lots = list_shown(&c->list, c->n);
    reply->lots = arena_array_of(arena, Bmt__Product__V1__EntitlementLot *, reply->n_lots);
    for (size_t i = 0; i < reply->n_lots; i++)
        reply->lots[i] = lot_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_lots - 1].lot_id : 0, arena);
    return &reply->base;
}

void check_entitlement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__CheckEntitlementRequest *request = message;
    struct check_entitlement *c = into;

    (void)call;
    c->user_id = request->user_id;
    c->spu_id = proto_id_of(ID_SPU, request->spu_id);
}

const ProtobufCMessage *check_entitlement_reply(const void *from, struct arena *arena)
{
    const struct check_entitlement *c = from;
    Bmt__Product__V1__CheckEntitlementResponse *reply = arena_new_of(arena, Bmt__Product__V1__CheckEntitlementResponse);

    bmt__product__v1__check_entitlement_response__init(reply);
    reply->is_entitled = c->is_entitled;
    reply->end_time = proto_time(c->end_time_ms, arena);
    reply->remaining = c->remaining;
    return &reply->base;
}
