/* ImportStatement; the table is in service.c. */
#define _XOPEN_SOURCE   700 /* strptime */
#define _DEFAULT_SOURCE     /* timegm */
#include <string.h>
#include <time.h>

#include "bmt/payment/v1/payment.pb-c.h"
#include "payment/ops_statement.h"
#include "payment/service.h"
#include "rpc/proto.h"

/* The first millisecond of a UTC day, written `2026-07-01` and no other way; -1: it is no day. */
static int64_t day_of(const char *date)
{
    struct tm day = {0};
    char again[16];
    const char *end = strptime(date, "%Y-%m-%d", &day);
    const time_t seconds = timegm(&day);

    if (end == NULL || *end != '\0' || seconds < 0 || strftime(again, sizeof again, "%Y-%m-%d", &day) == 0 ||
        strcmp(again, date) != 0)
        return -1;
    return (int64_t)seconds * 1000;
}

void import_statement_read(const struct call *call, const void *message, void *into)
{
    const Bmt__Payment__V1__ImportStatementRequest *request = message;
    struct import_statement *c = into;

    (void)call;
    c->account_id = proto_id_of(ID_CHANNEL_ACCOUNT, request->channel_account_id);
    c->date = request->date;
    c->day_ms = day_of(request->date);
    c->file = (struct sql_bytes){.data = request->file.data, .size = request->file.len};
    if (c->day_ms < 0)
        command_refuse(&c->command, ERR_FIELD_MALFORMED, "date", "a day such as 2026-07-01");
}

static Bmt__Payment__V1__StatementLineDifference *difference_message(const struct statement_difference *d,
                                                                     struct arena *arena)
{
    Bmt__Payment__V1__StatementLineDifference *message = arena_new_of(arena, Bmt__Payment__V1__StatementLineDifference);

    bmt__payment__v1__statement_line_difference__init(message);
    message->line_no = d->line_no;
    message->channel_transaction = proto_text(d->line->transaction);
    message->object_id =
        proto_id(d->line->kind == STATEMENT_PAYMENT ? ID_PAYMENT : ID_REFUND, d->line->object_id, arena);
    message->explanation = proto_text(d->explanation);
    return message;
}

const ProtobufCMessage *import_statement_reply(const void *from, struct arena *arena)
{
    const struct import_statement *c = from;
    Bmt__Payment__V1__ImportStatementResponse *reply = arena_new_of(arena, Bmt__Payment__V1__ImportStatementResponse);

    bmt__payment__v1__import_statement_response__init(reply);
    reply->lines = (int64_t)c->statement.n;
    reply->matched = (int64_t)c->n_matched;
    reply->differences = (int64_t)c->n_differences;
    reply->n_shown = c->n_shown;
    reply->shown = arena_array_of(arena, Bmt__Payment__V1__StatementLineDifference *, c->n_shown);
    for (size_t i = 0; i < c->n_shown; i++)
        reply->shown[i] = difference_message(&c->shown[i], arena);
    reply->is_complete = c->is_complete;
    return &reply->base;
}
