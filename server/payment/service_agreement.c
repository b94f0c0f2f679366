/* What a cashier shows: channels and agreements, and what is accepted; the table is in service.c. */
#include <string.h>
#include <strings.h>

#include "bmt/payment/v1/payment.pb-c.h"
#include "flows/accept_agreement.h"
#include "flows/create_agreement.h"
#include "flows/list_cashier_channels.h"
#include "payment/messages_agreement.h"
#include "payment/service.h"
#include "rpc/proto.h"

void list_cashier_channels_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__ListCashierChannelsRequest *request = message;
    struct list_cashier_channels *c = into;
    const char *filters =
        arena_printf(call_arena(call), "%s %d %s", request->order_id, (int)request->platform, request->locale);

    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    c->platform = (int32_t)request->platform;
    c->locale = request->locale;
    list_read(call, &c->command, request->page_size, request->page_token, filters, &c->list);
}

const ProtobufCMessage *list_cashier_channels_reply(const void *from, struct arena *arena)
{
    const struct list_cashier_channels *c = from;
    Bmt__Payment__V1__ListCashierChannelsResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__ListCashierChannelsResponse);

    bmt__payment__v1__list_cashier_channels_response__init(reply);
    reply->n_channels = list_shown(&c->list, c->n_channels);
    reply->channels = arena_array_of(arena, Bmt__Payment__V1__CashierChannel *, reply->n_channels);
    for (size_t i = 0; i < reply->n_channels; i++) {
        const struct channel_account_row *row = &c->channels[i];
        Bmt__Payment__V1__CashierChannel *channel = arena_new_of(arena, Bmt__Payment__V1__CashierChannel);

        bmt__payment__v1__cashier_channel__init(channel);
        channel->channel_account_id = proto_id(ID_CHANNEL_ACCOUNT, row->channel_account_id, arena);
        channel->channel = proto_text(row->channel);
        channel->title = proto_text(row->title);
        channel->is_preferred = row->channel_account_id == c->preferred_id;
        channel->code = proto_text(row->code);
        reply->channels[i] = channel;
    }
    reply->next_page_token =
        list_next(&c->list, c->n_channels, c->list.page.after_id + (int64_t)reply->n_channels, arena);
    reply->n_agreements = c->n_agreements;
    reply->agreements = agreement_messages(c->agreements, c->n_agreements, arena);
    return &reply->base;
}

/* The default text first. */
static void texts_read(const Bmt__Payment__V1__CreateAgreementTemplateRequest *request, struct create_agreement *c,
                       struct arena *arena)
{
    c->n_texts = request->n_translations + 1;
    c->texts = arena_array_of(arena, struct agreement_text_row, c->n_texts);
    c->texts[0] =
        (struct agreement_text_row){.locale = request->locale, .title = request->title, .text = request->text};
    for (size_t i = 1; i < c->n_texts; i++) {
        const Bmt__Payment__V1__AgreementText *text = request->translations[i - 1];

        c->texts[i] = (struct agreement_text_row){.locale = text->locale, .title = text->title, .text = text->text};
        for (size_t j = 0; j < i && !c->command.is_done; j++)
            if (strcasecmp(c->texts[j].locale, text->locale) == 0)
                command_refuse(&c->command, ERR_FIELD_DUPLICATE, "translations.locale", text->locale);
    }
}

/* Behind those that are there already. */
static void subjects_read(char *const *ids, size_t n, enum id_kind kind, enum agreement_subject subject,
                          struct create_agreement *c)
{
    const size_t first = c->n_subjects;

    for (size_t i = 0; i < n; i++) {
        const int64_t id = proto_id_of(kind, ids[i]);

        for (size_t j = first; j < c->n_subjects && !c->command.is_done; j++)
            if (c->subjects[j].subject_id == id)
                command_refuse(&c->command, ERR_FIELD_DUPLICATE, kind == ID_SPU ? "spu_ids" : "sku_ids", ids[i]);
        c->subjects[c->n_subjects++] = (struct agreement_subject_row){.subject_id = id, .kind = (int32_t)subject};
    }
}

void create_agreement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__CreateAgreementTemplateRequest *request = message;
    struct create_agreement *c = into;
    struct arena *arena = call_arena(call);

    c->code = request->code;
    c->demand = (int32_t)request->demand;
    texts_read(request, c, arena);
    c->subjects = arena_array_of(arena, struct agreement_subject_row, request->n_spu_ids + request->n_sku_ids);
    subjects_read(request->spu_ids, request->n_spu_ids, ID_SPU, AGREEMENT_OF_SPU, c);
    subjects_read(request->sku_ids, request->n_sku_ids, ID_SKU, AGREEMENT_OF_SKU, c);
}

const ProtobufCMessage *create_agreement_reply(const void *from, struct arena *arena)
{
    Bmt__Payment__V1__CreateAgreementTemplateResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__CreateAgreementTemplateResponse);

    bmt__payment__v1__create_agreement_template_response__init(reply);
    reply->agreement_template = agreement_message(&((const struct create_agreement *)from)->view, arena);
    return &reply->base;
}

void list_agreements_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__ListAgreementTemplatesRequest *request = message;
    struct list_agreements *c = into;

    c->code = request->code;
    c->locale = request->locale;
    list_read(call, &c->command, request->page_size, request->page_token, request->code, &c->list);
}

const ProtobufCMessage *list_agreements_reply(const void *from, struct arena *arena)
{
    const struct list_agreements *c = from;
    Bmt__Payment__V1__ListAgreementTemplatesResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__ListAgreementTemplatesResponse);

    bmt__payment__v1__list_agreement_templates_response__init(reply);
    reply->n_agreement_templates = list_shown(&c->list, c->n);
    reply->agreement_templates = agreement_messages(c->views, reply->n_agreement_templates, arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->views[reply->n_agreement_templates - 1].template_id : 0, arena);
    return &reply->base;
}

void accept_agreement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__AcceptAgreementRequest *request = message;
    const uint8_t *token = call_caller(call)->token_sha256;
    struct accept_agreement *c = into;

    if (c->command.user_id != NULL && strcmp(c->command.user_id, request->user_id) != 0)
        command_refuse(&c->command, ERR_FIELD_MALFORMED, "user_id", "the token's own user");
    c->template_id = proto_id_of(ID_TEMPLATE, request->agreement_template_id);
    c->user_id = request->user_id;
    c->locale = request->locale;
    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    c->token_sha256 = (struct sql_bytes){.data = token, .size = SHA256_SIZE};
    if (token == NULL)
        c->token_sha256 = (struct sql_bytes){.data = (const uint8_t *)"", .size = 0};
}

const ProtobufCMessage *accept_agreement_reply(const void *from, struct arena *arena)
{
    const struct accept_agreement *c = from;
    Bmt__Payment__V1__AcceptAgreementResponse *reply = arena_new_of(arena, Bmt__Payment__V1__AcceptAgreementResponse);

    bmt__payment__v1__accept_agreement_response__init(reply);
    reply->acceptance = acceptance_message(&c->row, arena);
    reply->accept_time = reply->acceptance->accept_time;
    return &reply->base;
}

void list_acceptances_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__ListAgreementAcceptancesRequest *request = message;
    struct list_acceptances *c = into;

    c->filter = (struct acceptance_filter){.user_id = request->user_id, .code = request->code};
    list_read(call, &c->command, request->page_size, request->page_token,
              arena_printf(call_arena(call), "%s %s", request->user_id, request->code), &c->list);
}

const ProtobufCMessage *list_acceptances_reply(const void *from, struct arena *arena)
{
    const struct list_acceptances *c = from;
    Bmt__Payment__V1__ListAgreementAcceptancesResponse *reply =
        arena_new_of(arena, Bmt__Payment__V1__ListAgreementAcceptancesResponse);

    bmt__payment__v1__list_agreement_acceptances_response__init(reply);
    reply->n_acceptances = list_shown(&c->list, c->n);
    reply->acceptances = arena_array_of(arena, Bmt__Payment__V1__AgreementAcceptance *, reply->n_acceptances);
    for (size_t i = 0; i < reply->n_acceptances; i++)
        reply->acceptances[i] = acceptance_message(&c->rows[i], arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_acceptances - 1].acceptance_id : 0, arena);
    return &reply->base;
}
