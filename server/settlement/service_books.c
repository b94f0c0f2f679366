/* SettlementService: reading the books; from messages to commands and back. */
#include <string.h>

#include "bmt/settlement/v1/settlement.pb-c.h"
#include "rpc/proto.h"
#include "settlement/messages_books.h"
#include "settlement/service.h"

void list_clearings_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListClearingsRequest *request = message;
    struct list_clearings *c = into;

    c->order_id = proto_id_of(ID_ORDER, request->order_id);
    list_read(call, &c->command, request->page_size, request->page_token, id_show(ID_ORDER, c->order_id), &c->list);
}

const ProtobufCMessage *list_clearings_reply(const void *from, struct arena *arena)
{
    const struct list_clearings *c = from;
    Bmt__Settlement__V1__ListClearingsResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__ListClearingsResponse);

    bmt__settlement__v1__list_clearings_response__init(reply);
    reply->n_clearings = list_shown(&c->list, c->n);
    reply->clearings = arena_array_of(arena, Bmt__Settlement__V1__Clearing *, reply->n_clearings);
    for (size_t i = 0; i < reply->n_clearings; i++)
        reply->clearings[i] = clearing_message(&c->lines[i], arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->lines[reply->n_clearings - 1].row.line_no : 0, arena);
    return &reply->base;
}

void list_entries_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListClearingEntriesRequest *request = message;
    struct list_entries *c = into;
    const char *filters;

    c->partner_id = proto_id_of(ID_PARTNER, request->partner_id);
    c->statement_id = proto_id_of(ID_PARTNER_STATEMENT, request->statement_id);
    memcpy(c->currency, request->currency, CURRENCY_SIZE);
    filters = arena_printf(call_arena(call), "%lld %lld %s", (long long)c->partner_id, (long long)c->statement_id,
                           c->currency);
    list_read(call, &c->command, request->page_size, request->page_token, filters, &c->list);
}

const ProtobufCMessage *list_entries_reply(const void *from, struct arena *arena)
{
    const struct list_entries *c = from;
    Bmt__Settlement__V1__ListClearingEntriesResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__ListClearingEntriesResponse);

    bmt__settlement__v1__list_clearing_entries_response__init(reply);
    reply->n_entries = list_shown(&c->list, c->n);
    reply->entries = arena_array_of(arena, Bmt__Settlement__V1__ClearingEntry *, reply->n_entries);
    for (size_t i = 0; i < reply->n_entries; i++)
        reply->entries[i] = entry_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_entries - 1].entry_id : 0, arena);
    return &reply->base;
}

void list_balances_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListAccountBalancesRequest *request = message;
    struct list_balances *c = into;
    const char *filters;

    c->account = (int32_t)request->kind;
    c->at_time_ms = proto_time_ms(request->at_time);
    filters = arena_printf(call_arena(call), "%d %lld", c->account, (long long)c->at_time_ms);
    list_read(call, &c->command, request->page_size, request->page_token, filters, &c->list);
}

const ProtobufCMessage *list_balances_reply(const void *from, struct arena *arena)
{
    const struct list_balances *c = from;
    const size_t n = list_shown(&c->list, c->n);
    Bmt__Settlement__V1__ListAccountBalancesResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__ListAccountBalancesResponse);

    bmt__settlement__v1__list_account_balances_response__init(reply);
    reply->balances = arena_array_of(arena, Bmt__Settlement__V1__AccountBalance *, n);
    for (size_t i = 0; i < n; i++)
        if (c->rows[i].posting_count > 0)
            reply->balances[reply->n_balances++] = balance_message(&c->rows[i], arena);
    reply->next_page_token = list_next(&c->list, c->n, c->last_at, arena);
    return &reply->base;
}

/* The subject that goes with the kind of account, and none where the business has one of the kind. */
static int64_t read_subject(struct command *command, int32_t account, const char *text)
{
    enum id_kind kind;
    int64_t id = 0;

    if (!account_subject(account, &kind)) {
        if (text[0] != '\0')
            command_refuse(command, ERR_FIELD_MALFORMED, "subject_id", "empty for this kind");
    } else if (text[0] == '\0') {
        command_refuse(command, ERR_FIELD_REQUIRED, "subject_id");
    } else if (id_parse(kind, text, &id) != 0) {
        command_refuse(command, ERR_FIELD_MALFORMED, "subject_id",
                       kind == ID_PARTNER ? "an id of a partner" : "an id of a channel account");
    }
    return id;
}

void list_postings_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__ListPostingsRequest *request = message;
    struct list_postings *c = into;
    const char *filters;

    c->account.account = (int32_t)request->kind;
    c->account.subject_id = read_subject(&c->command, c->account.account, request->subject_id);
    if (c->command.is_done)
        return;
    memcpy(c->account.currency, request->currency, CURRENCY_SIZE);
    filters = arena_printf(call_arena(call), "%d %lld %s", c->account.account, (long long)c->account.subject_id,
                           c->account.currency);
    list_read(call, &c->command, request->page_size, request->page_token, filters, &c->list);
}

const ProtobufCMessage *list_postings_reply(const void *from, struct arena *arena)
{
    const struct list_postings *c = from;
    Bmt__Settlement__V1__ListPostingsResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__ListPostingsResponse);

    bmt__settlement__v1__list_postings_response__init(reply);
    reply->n_postings = list_shown(&c->list, c->n);
    reply->postings = arena_array_of(arena, Bmt__Settlement__V1__Posting *, reply->n_postings);
    for (size_t i = 0; i < reply->n_postings; i++)
        reply->postings[i] = posting_message(&c->rows[i], arena);
    reply->next_page_token =
        list_next(&c->list, c->n, c->n > 0 ? c->rows[reply->n_postings - 1].transfer_id : 0, arena);
    return &reply->base;
}

void get_transfer_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetTransferRequest *request = message;

    (void)call;
    ((struct get_transfer *)into)->transfer_id = proto_id_of(ID_TRANSFER, request->transfer_id);
}

const ProtobufCMessage *get_transfer_reply(const void *from, struct arena *arena)
{
    const struct get_transfer *c = from;
    Bmt__Settlement__V1__GetTransferResponse *reply = arena_new_of(arena, Bmt__Settlement__V1__GetTransferResponse);

    bmt__settlement__v1__get_transfer_response__init(reply);
    reply->transfer = transfer_message(&c->row, c->postings, c->n_postings, arena);
    return &reply->base;
}

void get_trial_balance_read(const struct call *call, const void *message, void *into)
{
    (void)call;
    (void)message;
    (void)into;
}

static Bmt__Settlement__V1__TrialBalance *trial_balance_message(const struct currency_sum *sum, struct arena *arena)
{
    Bmt__Settlement__V1__TrialBalance *message = arena_new_of(arena, Bmt__Settlement__V1__TrialBalance);

    bmt__settlement__v1__trial_balance__init(message);
    message->currency = proto_text(sum->currency);
    message->debit_minor = sum->debit_minor;
    message->credit_minor = sum->credit_minor;
    message->is_balanced = sum->debit_minor == sum->credit_minor;
    return message;
}

const ProtobufCMessage *get_trial_balance_reply(const void *from, struct arena *arena)
{
    const struct get_trial_balance *c = from;
    Bmt__Settlement__V1__GetTrialBalanceResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__GetTrialBalanceResponse);

    bmt__settlement__v1__get_trial_balance_response__init(reply);
    reply->n_currencies = c->n_currencies;
    reply->currencies = arena_array_of(arena, Bmt__Settlement__V1__TrialBalance *, c->n_currencies);
    for (size_t i = 0; i < c->n_currencies; i++)
        reply->currencies[i] = trial_balance_message(&c->currencies[i], arena);
    reply->n_clearing_accounts = c->n_accounts;
    reply->clearing_accounts = arena_array_of(arena, Bmt__Settlement__V1__ClearingAccount *, c->n_accounts);
    for (size_t i = 0; i < c->n_accounts; i++)
        reply->clearing_accounts[i] = open_account_message(&c->accounts[i], arena);
    return &reply->base;
}
