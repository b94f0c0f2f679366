/* Statement files of the sandbox channel: JSON, as tests/channelsim/README.md has it. */
#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "payment/channel_sandbox.h"

enum { TEXT_BYTES_MAX = 64 };

static bool fits(const char *text)
{
    return text != NULL && strlen(text) <= TEXT_BYTES_MAX;
}

static bool says(const json_t *json, const char *name, const char *expected)
{
    const char *text = json_string_value(json_object_get(json, name));

    return text != NULL && strcmp(text, expected) == 0;
}

/* The types of lines, and whose id is in them. */
static const struct line_type {
    const char *name;
    enum statement_line_kind kind;
    enum id_kind id_kind; /* ID_KIND_COUNT: nobody's */
} line_types[] = {
    {"PAYMENT", STATEMENT_PAYMENT, ID_PAYMENT},
    {"REFUND", STATEMENT_REFUND, ID_REFUND},
    {"PAYOUT", STATEMENT_PAYOUT, ID_PAYOUT},
    {"RETURN", STATEMENT_RETURN, ID_PAYOUT},
    {"SETTLEMENT", STATEMENT_SETTLEMENT, ID_KIND_COUNT},
};

static const struct line_type *type_of(const json_t *json)
{
    for (size_t i = 0; i < COUNT_OF(line_types); i++)
        if (says(json, "type", line_types[i].name))
            return &line_types[i];
    return NULL;
}

/* An id that is not one of ours stays 0: the line is kept, and found to be of nobody. */
static int64_t object_of(const json_t *json, enum id_kind kind)
{
    const char *text = json_string_value(json_object_get(json, "merchant_id"));
    int64_t id = 0;

    return kind != ID_KIND_COUNT && text != NULL && id_parse(kind, text, &id) == 0 ? id : 0;
}

static bool read_line(const json_t *json, struct arena *arena, struct channel_statement_line *line)
{
    const char *currency = json_string_value(json_object_get(json, "currency"));
    const json_t *amount = json_object_get(json, "amount_minor");
    const struct line_type *type = type_of(json);

    if (type == NULL)
        return false;
    if (currency == NULL || !currency_known(currency) || !json_is_integer(amount) || json_integer_value(amount) <= 0)
        return false;
    line->kind = type->kind;
    line->object_id = object_of(json, type->id_kind);
    line->ref = channel_sandbox_text(json, "channel_id", arena);
    line->transaction = channel_sandbox_text(json, "channel_transaction_id", arena);
    line->amount = money_of(json_integer_value(amount), currency);
    line->time_ms = json_integer_value(json_object_get(json, "time_ms"));
    return channel_sandbox_fee(json, line->amount.amount_minor, &line->fee_minor) && fits(line->ref) &&
           fits(line->transaction);
}

static const char *read_lines(const json_t *list, struct arena *arena, struct channel_statement *statement)
{
    const size_t n = json_array_size(list);

    statement->lines = arena_array_of(arena, struct channel_statement_line, n);
    for (size_t i = 0; i < n; i++)
        if (!read_line(json_array_get(list, i), arena, &statement->lines[i]))
            return arena_printf(arena, "line %zu is no movement of money", i + 1);
    statement->n = n;
    return NULL;
}

static const char *read_all(const json_t *json, const struct channel_account *account, const char *date,
                            struct arena *arena, struct channel_statement *statement)
{
    const json_int_t part = json_integer_value(json_object_get(json, "part"));
    const json_int_t parts = json_integer_value(json_object_get(json, "parts"));

    if (!json_is_array(json_object_get(json, "lines")))
        return "it is not in the channel's format";
    if (!says(json, "merchant", account->row->merchant))
        return "it is of another merchant";
    if (!says(json, "date", date))
        return "it is of another day";
    if (part < 1 || part > parts || parts > STATEMENT_PARTS_MAX)
        return "it does not say which part of the statement it is";
    statement->part = (int32_t)part;
    statement->parts = (int32_t)parts;
    return read_lines(json_object_get(json, "lines"), arena, statement);
}

bool channel_sandbox_read_statement(const struct channel_account *account, const char *date, struct sql_bytes file,
                                    struct arena *arena, struct channel_statement *ret_statement,
                                    const char **ret_problem)
{
    json_t *json = json_loadb((const char *)file.data, file.size, JSON_REJECT_DUPLICATES, NULL);

    *ret_problem = read_all(json, account, date, arena, ret_statement);
    json_decref(json);
    return *ret_problem == NULL;
}
