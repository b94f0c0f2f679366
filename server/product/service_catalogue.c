/* ProductService: SPUs, SKUs and prices; from messages to commands and back. */
#include "bmt/product/v1/product.pb-c.h"
#include "product/ops_catalogue.h"
#include "product/service.h"
#include "rpc/proto.h"

/* Reads `update_mask` and `etag` into an edit; the bits are those of CATALOGUE_... */
static void read_update(struct command *command, struct catalogue_edit *edit, const Google__Protobuf__FieldMask *mask,
                        const char *etag, size_t n_paths)
{
    static const char *const paths[] = {"title", "description"};

    edit->version = proto_version_of(etag);
    edit->fields = proto_mask(mask, paths, n_paths, command);
    if (!command->is_done && edit->fields & CATALOGUE_TITLE && edit->title[0] == '\0')
        command_refuse(command, ERR_FIELD_REQUIRED, "title");
}

static Bmt__Product__V1__Spu *spu_message(const struct spu_row *row, struct arena *arena)
{
    Bmt__Product__V1__Spu *spu = arena_new_of(arena, Bmt__Product__V1__Spu);

    bmt__product__v1__spu__init(spu);
    spu->spu_id = proto_id(ID_SPU, row->spu_id, arena);
    spu->code = proto_text(row->code);
    spu->title = proto_text(row->title);
    spu->description = proto_text(row->description);
    spu->state = (Bmt__Product__V1__SpuState)row->state;
    spu->etag = proto_etag(row->version, arena);
    spu->create_time = proto_time(row->create_time_ms, arena);
    spu->update_time = proto_time(row->update_time_ms, arena);
    return spu;
}

void create_spu_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__CreateSpuRequest *request = message;
    struct create_spu *c = into;

    (void)call;
    c->row = (struct spu_row){.code = request->code, .title = request->title, .description = request->description};
}

const ProtobufCMessage *create_spu_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__CreateSpuResponse *reply = arena_new_of(arena, Bmt__Product__V1__CreateSpuResponse);

    bmt__product__v1__create_spu_response__init(reply);
    reply->spu = spu_message(&((const struct create_spu *)from)->row, arena);
    return &reply->base;
}

void get_spu_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__GetSpuRequest *request = message;

    (void)call;
    ((struct get_spu *)into)->spu_id = proto_id_of(ID_SPU, request->spu_id);
}

const ProtobufCMessage *get_spu_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__GetSpuResponse *reply = arena_new_of(arena, Bmt__Product__V1__GetSpuResponse);

    bmt__product__v1__get_spu_response__init(reply);
    reply->spu = spu_message(&((const struct get_spu *)from)->row, arena);
    return &reply->base;
}

void list_spus_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__ListSpusRequest *request = message;
    struct list_spus *c = into;

    list_read(call, &c->command, request->page_size, request->page_token, "", &c->list);
}

const ProtobufCMessage *list_spus_reply(const void *from, struct arena *arena)
{
    const struct list_spus *c = from;
    Bmt__Product__V1__ListSpusResponse *reply = arena_new_of(arena, Bmt__Product__V1__ListSpusResponse);

    bmt__product__v1__list_spus_response__init(reply);
    reply->n_spus = list_shown(&c->list, c->n);
    reply->spus = arena_array_of(arena, Bmt__Product__V1__Spu *, reply->n_spus);
    for (size_t i = 0; i < reply->n_spus; i++)
        reply->spus[i] = spu_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_spus - 1].spu_id : 0, arena);
    return &reply->base;
}

void update_spu_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__UpdateSpuRequest *request = message;
    struct edit_spu *c = into;

    (void)call;
    c->edit = (struct catalogue_edit){
        .id = proto_id_of(ID_SPU, request->spu_id), .title = request->title, .description = request->description};
    read_update(&c->command, &c->edit, request->update_mask, request->etag, 2);
}

const ProtobufCMessage *update_spu_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__UpdateSpuResponse *reply = arena_new_of(arena, Bmt__Product__V1__UpdateSpuResponse);

    bmt__product__v1__update_spu_response__init(reply);
    reply->spu = spu_message(&((const struct edit_spu *)from)->row, arena);
    return &reply->base;
}

void publish_spu_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__PublishSpuRequest *request = message;

    (void)call;
    ((struct edit_spu *)into)->edit =
        (struct catalogue_edit){.id = proto_id_of(ID_SPU, request->spu_id), .event = SALE_EVENT_PUBLISH, .version = -1};
}

const ProtobufCMessage *publish_spu_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__PublishSpuResponse *reply = arena_new_of(arena, Bmt__Product__V1__PublishSpuResponse);

    bmt__product__v1__publish_spu_response__init(reply);
    reply->spu = spu_message(&((const struct edit_spu *)from)->row, arena);
    return &reply->base;
}

void unpublish_spu_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__UnpublishSpuRequest *request = message;

    (void)call;
    ((struct edit_spu *)into)->edit = (struct catalogue_edit){
        .id = proto_id_of(ID_SPU, request->spu_id), .event = SALE_EVENT_UNPUBLISH, .version = -1};
}

const ProtobufCMessage *unpublish_spu_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__UnpublishSpuResponse *reply = arena_new_of(arena, Bmt__Product__V1__UnpublishSpuResponse);

    bmt__product__v1__unpublish_spu_response__init(reply);
    reply->spu = spu_message(&((const struct edit_spu *)from)->row, arena);
    return &reply->base;
}

static Bmt__Product__V1__Sku *sku_message(const struct sku_row *row, struct arena *arena)
{
    Bmt__Product__V1__Sku *sku = arena_new_of(arena, Bmt__Product__V1__Sku);

    bmt__product__v1__sku__init(sku);
    sku->sku_id = proto_id(ID_SKU, row->sku_id, arena);
    sku->spu_id = proto_id(ID_SPU, row->spu_id, arena);
    sku->code = proto_text(row->code);
    sku->title = proto_text(row->title);
    sku->state = (Bmt__Product__V1__SkuState)row->state;
    sku->grant = arena_new_of(arena, Bmt__Product__V1__Grant);
    bmt__product__v1__grant__init(sku->grant);
    sku->grant->kind = (Bmt__Product__V1__GrantKind)row->grant_kind;
    sku->grant->amount = row->grant_amount;
    sku->etag = proto_etag(row->version, arena);
    sku->create_time = proto_time(row->create_time_ms, arena);
    sku->update_time = proto_time(row->update_time_ms, arena);
    return sku;
}

/* PERMANENT grants no amount, the others need one (seconds of up to ten years, or pieces). */
static void check_grant(struct command *command, int kind, int64_t amount)
{
    const int64_t ten_years_s = INT64_C(10) * 366 * 86400;

    if (kind == GRANT_PERMANENT && amount != 0)
        command_refuse(command, ERR_FIELD_OUT_OF_RANGE, "grant.amount", "0", "0");
    else if (kind != GRANT_PERMANENT && amount == 0)
        command_refuse(command, ERR_FIELD_REQUIRED, "grant.amount");
    else if (kind == GRANT_DURATION && amount > ten_years_s)
        command_refuse(command, ERR_FIELD_OUT_OF_RANGE, "grant.amount", "1", err_i64(ten_years_s));
}

void create_sku_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__CreateSkuRequest *request = message;
    struct create_sku *c = into;

    (void)call;
    c->row = (struct sku_row){
        .spu_id = proto_id_of(ID_SPU, request->spu_id),
        .code = request->code,
        .title = request->title,
        .grant_kind = (int32_t)request->grant->kind,
        .grant_amount = request->grant->amount,
    };
    check_grant(&c->command, c->row.grant_kind, c->row.grant_amount);
}

const ProtobufCMessage *create_sku_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__CreateSkuResponse *reply = arena_new_of(arena, Bmt__Product__V1__CreateSkuResponse);

    bmt__product__v1__create_sku_response__init(reply);
    reply->sku = sku_message(&((const struct create_sku *)from)->row, arena);
    return &reply->base;
}

void get_sku_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__GetSkuRequest *request = message;

    (void)call;
    ((struct get_sku *)into)->sku_id = proto_id_of(ID_SKU, request->sku_id);
}

const ProtobufCMessage *get_sku_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__GetSkuResponse *reply = arena_new_of(arena, Bmt__Product__V1__GetSkuResponse);

    bmt__product__v1__get_sku_response__init(reply);
    reply->sku = sku_message(&((const struct get_sku *)from)->row, arena);
    return &reply->base;
}

void list_skus_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__ListSkusRequest *request = message;
    struct list_skus *c = into;

    c->spu_id = proto_id_of(ID_SPU, request->spu_id);
    list_read(call, &c->command, request->page_size, request->page_token, request->spu_id, &c->list);
}

const ProtobufCMessage *list_skus_reply(const void *from, struct arena *arena)
{
    const struct list_skus *c = from;
    Bmt__Product__V1__ListSkusResponse *reply = arena_new_of(arena, Bmt__Product__V1__ListSkusResponse);

    bmt__product__v1__list_skus_response__init(reply);
    reply->n_skus = list_shown(&c->list, c->n);
    reply->skus = arena_array_of(arena, Bmt__Product__V1__Sku *, reply->n_skus);
    for (size_t i = 0; i < reply->n_skus; i++)
        reply->skus[i] = sku_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_skus - 1].sku_id : 0, arena);
    return &reply->base;
}

void update_sku_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__UpdateSkuRequest *request = message;
    struct edit_sku *c = into;

    (void)call;
    c->edit = (struct catalogue_edit){.id = proto_id_of(ID_SKU, request->sku_id), .title = request->title};
    read_update(&c->command, &c->edit, request->update_mask, request->etag, 1);
}

const ProtobufCMessage *update_sku_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__UpdateSkuResponse *reply = arena_new_of(arena, Bmt__Product__V1__UpdateSkuResponse);

    bmt__product__v1__update_sku_response__init(reply);
    reply->sku = sku_message(&((const struct edit_sku *)from)->row, arena);
    return &reply->base;
}

void publish_sku_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__PublishSkuRequest *request = message;

    (void)call;
    ((struct edit_sku *)into)->edit =
        (struct catalogue_edit){.id = proto_id_of(ID_SKU, request->sku_id), .event = SALE_EVENT_PUBLISH, .version = -1};
}

const ProtobufCMessage *publish_sku_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__PublishSkuResponse *reply = arena_new_of(arena, Bmt__Product__V1__PublishSkuResponse);

    bmt__product__v1__publish_sku_response__init(reply);
    reply->sku = sku_message(&((const struct edit_sku *)from)->row, arena);
    return &reply->base;
}

void unpublish_sku_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Product__V1__UnpublishSkuRequest *request = message;

    (void)call;
    ((struct edit_sku *)into)->edit = (struct catalogue_edit){
        .id = proto_id_of(ID_SKU, request->sku_id), .event = SALE_EVENT_UNPUBLISH, .version = -1};
}

const ProtobufCMessage *unpublish_sku_reply(const void *from, struct arena *arena)
{
    Bmt__Product__V1__UnpublishSkuResponse *reply = arena_new_of(arena, Bmt__Product__V1__UnpublishSkuResponse);

    bmt__product__v1__unpublish_sku_response__init(reply);
    reply->sku = sku_message(&((const struct edit_sku *)from)->row, arena);
    return &reply->base;
}
