/* Messages of agreements; see messages_agreement.h. */
#include "payment/messages_agreement.h"

#include "rpc/proto.h"

/* Messages never write through their pointers. */
static ProtobufCBinaryData bytes(const uint8_t *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)data};
}

static void add_subjects(Bmt__Payment__V1__AgreementTemplate *message, const struct agreement_view *view,
                         struct arena *arena)
{
    message->spu_ids = arena_array_of(arena, char *, view->n_subjects);
    message->sku_ids = arena_array_of(arena, char *, view->n_subjects);
    for (size_t i = 0; i < view->n_subjects; i++)
        if (view->subjects[i].kind == AGREEMENT_OF_SPU)
            message->spu_ids[message->n_spu_ids++] = proto_id(ID_SPU, view->subjects[i].subject_id, arena);
        else
            message->sku_ids[message->n_sku_ids++] = proto_id(ID_SKU, view->subjects[i].subject_id, arena);
}

Bmt__Payment__V1__AgreementTemplate *agreement_message(const struct agreement_view *view, struct arena *arena)
{
    Bmt__Payment__V1__AgreementTemplate *message = arena_new_of(arena, Bmt__Payment__V1__AgreementTemplate);

    bmt__payment__v1__agreement_template__init(message);
    message->agreement_template_id = proto_id(ID_TEMPLATE, view->template_id, arena);
    message->code = proto_text(view->row.code);
    message->version = view->row.version;
    message->title = proto_text(view->text.title);
    message->text = proto_text(view->text.text);
    message->create_time = proto_time(view->row.create_time_ms, arena);
    message->locale = proto_text(view->text.locale);
    message->text_sha256 = bytes(view->text.text_sha256, SHA256_SIZE);
    message->n_locales = view->n_locales;
    message->locales = arena_array_of(arena, char *, view->n_locales);
    for (size_t i = 0; i < view->n_locales; i++)
        message->locales[i] = proto_text(view->locales[i]);
    message->demand = (Bmt__Payment__V1__AgreementDemand)view->row.demand;
    add_subjects(message, view, arena);
    return message;
}

Bmt__Payment__V1__AgreementTemplate **agreement_messages(const struct agreement_view *views, size_t n,
                                                         struct arena *arena)
{
    Bmt__Payment__V1__AgreementTemplate **messages = arena_array_of(arena, Bmt__Payment__V1__AgreementTemplate *, n);

    for (size_t i = 0; i < n; i++)
        messages[i] = agreement_message(&views[i], arena);
    return messages;
}

Bmt__Payment__V1__AgreementAcceptance *acceptance_message(const struct acceptance_row *row, struct arena *arena)
{
    Bmt__Payment__V1__AgreementAcceptance *message = arena_new_of(arena, Bmt__Payment__V1__AgreementAcceptance);

    bmt__payment__v1__agreement_acceptance__init(message);
    message->acceptance_id = proto_id(ID_ACCEPTANCE, row->acceptance_id, arena);
    message->agreement_template_id = proto_id(ID_TEMPLATE, row->agreement_template_id, arena);
    message->user_id = proto_text(row->user_id);
    message->order_id = proto_id(ID_ORDER, row->order_id, arena);
    message->text_sha256 = bytes(row->text_sha256, SHA256_SIZE);
    message->actor = proto_text(row->actor);
    message->accept_time = proto_time(row->create_time_ms, arena);
    message->code = proto_text(row->code);
    message->version = row->version;
    message->locale = proto_text(row->locale);
    message->token_sha256 = bytes(row->token_sha256.data, row->token_sha256.size);
    return message;
}
