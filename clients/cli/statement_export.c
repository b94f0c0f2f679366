/*
 * `statement export`: a statement with all its lines as a file, CSV or JSON, on standard output. Lines come in the
 * statement's own order, which its Merkle root is over; each names its order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmt/settlement/v1/settlement.pb-c.h"
#include "cli.h"

#define SERVICE &bmt__settlement__v1__settlement_service__descriptor

static const char *const columns[] = {"entry_id",   "order_id",          "line_no",
                                      "kind",       "currency",          "amount_minor",
                                      "source_id",  "reverses_entry_id", "claw_back_payout_id",
                                      "create_time"};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])

/* No value holds a comma or a quote: ids, numbers, words and times. */
static void csv_line(const json_t *entry)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const json_t *value = json_object_get(entry, columns[i]);

        printf("%s", i > 0 ? "," : "");
        if (json_is_integer(value))
            printf("%lld", (long long)json_integer_value(value));
        else
            fputs(cli_text_of(entry, columns[i]), stdout);
    }
    putchar('\n');
}

static void csv_head(void)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        printf("%s%s", i > 0 ? "," : "", columns[i]);
    putchar('\n');
}

static void json_line(const json_t *entry, bool is_first)
{
    if (!is_first)
        fputs(",\n", stdout);
    json_dumpf(entry, stdout, JSON_COMPACT);
}

/* Writes page by page, however long the statement is; `ret_n` counts the lines. 0, or an exit code. */
static int write_lines(const json_t *statement, bool is_csv, long long *ret_n)
{
    json_t *request = json_pack("{s:s, s:s, s:s, s:i}", "partner_id", cli_text_of(statement, "partner_id"), "currency",
                                cli_text_of(statement, "currency"), "statement_id",
                                cli_text_of(statement, "statement_id"), "page_size", 200);
    bool is_last = false;
    int rc = 0;

    while (rc == 0 && !is_last) {
        json_t *reply = NULL;
        const json_t *entry;
        size_t i;

        rc = cli_call(SERVICE, "ListClearingEntries", request, &reply);
        json_array_foreach(json_object_get(reply, "entries"), i, entry) {
            if (is_csv)
                csv_line(entry);
            else
                json_line(entry, *ret_n == 0);
            (*ret_n)++;
        }
        is_last = cli_text_of(reply, "next_page_token")[0] == '\0';
        json_object_set_new(request, "page_token", json_string(cli_text_of(reply, "next_page_token")));
        json_decref(reply);
    }
    json_decref(request);
    return rc;
}

int cli_statement_export(const struct cli_command *command, json_t *request)
{
    const bool is_csv = cli.format == NULL || strcmp(cli.format, "csv") == 0;
    const json_t *statement;
    json_t *reply = NULL;
    long long n = 0;
    int rc;

    if (!is_csv && strcmp(cli.format, "json") != 0)
        return fprintf(stderr, "bmtctl: format is csv or json, not %s\n", cli.format), EXIT_USAGE;
    rc = cli_call(command->service, command->method, request, &reply);
    if (rc != 0)
        return rc;
    statement = json_object_get(reply, "statement");
    if (is_csv) {
        csv_head();
    } else {
        fputs("{\"statement\": ", stdout);
        json_dumpf(statement, stdout, JSON_COMPACT);
        fputs(",\n\"entries\": [\n", stdout);
    }
    rc = write_lines(statement, is_csv, &n);
    if (!is_csv && rc == 0)
        puts("\n]}");
    if (rc == 0 && strtoll(cli_text_of(statement, "entries"), NULL, 10) != n)
        rc = (fprintf(stderr, "bmtctl: %lld of %s lines came\n", n, cli_text_of(statement, "entries")), EXIT_FAILED);
    json_decref(reply);
    return rc;
}
