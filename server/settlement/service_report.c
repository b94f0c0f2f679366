/* SettlementService: the report of a month; from messages to commands and back. */
#include "bmt/settlement/v1/settlement.pb-c.h"
#include "rpc/proto.h"
#include "settlement/messages_books.h"
#include "settlement/ops_report.h"
#include "settlement/service.h"

void get_month_report_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Settlement__V1__GetMonthReportRequest *request = message;
    struct get_month_report *c = into;

    (void)call;
    if (!month_days(request->month, &c->from_day, &c->to_day))
        command_refuse(&c->command, ERR_FIELD_MALFORMED, "month", "a month such as 2026-07");
}

static Bmt__Settlement__V1__MonthDay *month_day_message(const struct month_day *day, struct arena *arena)
{
    Bmt__Settlement__V1__MonthDay *message = arena_new_of(arena, Bmt__Settlement__V1__MonthDay);
    char text[DATE_SIZE];

    bmt__settlement__v1__month_day__init(message);
    message->date = proto_text(arena_printf(arena, "%s", day_text(day->day, text)));
    message->currency = proto_text(day->currency);
    message->gross_minor = day->gross_minor;
    message->fee_minor = day->fee_minor;
    message->refund_minor = day->refund_minor;
    message->partner_minor = day->partner_minor;
    message->platform_minor = day->platform_minor;
    message->payout_minor = day->payout_minor;
    message->dispute_minor = day->dispute_minor;
    message->dispute_fee_minor = day->dispute_fee_minor;
    return message;
}

static Bmt__Settlement__V1__PartnerShare *share_message(const struct partner_share *share, struct arena *arena)
{
    Bmt__Settlement__V1__PartnerShare *message = arena_new_of(arena, Bmt__Settlement__V1__PartnerShare);

    bmt__settlement__v1__partner_share__init(message);
    message->partner_id = proto_id(ID_PARTNER, share->partner_id, arena);
    message->title = proto_text(share->title);
    message->currency = proto_text(share->currency);
    message->amount_minor = share->amount_minor;
    return message;
}

const ProtobufCMessage *get_month_report_reply(const void *from, struct arena *arena)
{
    const struct get_month_report *c = from;
    Bmt__Settlement__V1__GetMonthReportResponse *reply =
        arena_new_of(arena, Bmt__Settlement__V1__GetMonthReportResponse);

    bmt__settlement__v1__get_month_report_response__init(reply);
    reply->n_days = c->n_days;
    reply->days = arena_array_of(arena, Bmt__Settlement__V1__MonthDay *, c->n_days);
    for (size_t i = 0; i < c->n_days; i++)
        reply->days[i] = month_day_message(&c->days[i], arena);
    reply->n_shares = c->n_shares;
    reply->shares = arena_array_of(arena, Bmt__Settlement__V1__PartnerShare *, c->n_shares);
    for (size_t i = 0; i < c->n_shares; i++)
        reply->shares[i] = share_message(&c->shares[i], arena);
    reply->n_clearing_accounts = c->n_accounts;
    reply->clearing_accounts = arena_array_of(arena, Bmt__Settlement__V1__ClearingAccount *, c->n_accounts);
    for (size_t i = 0; i < c->n_accounts; i++)
        reply->clearing_accounts[i] = open_account_message(&c->accounts[i], arena);
    return &reply->base;
}
