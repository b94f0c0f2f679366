/* The report of a month for people: bars and tables on the terminal. As a page: report_html.c. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { BAR_MAX = 50 };

int64_t report_minor(const json_t *row, const char *name)
{
    return strtoll(cli_text_of(row, name), NULL, 10);
}

int64_t report_largest(const json_t *rows, const char *name, const char *currency)
{
    int64_t largest = 0;
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        const int64_t amount = report_minor(row, name);

        if (strcmp(cli_text_of(row, "currency"), currency) == 0 && amount > largest)
            largest = amount;
    }
    return largest;
}

bool report_is_first(const json_t *rows, size_t at)
{
    const char *currency = cli_text_of(json_array_get(rows, at), "currency");

    for (size_t i = 0; i < at; i++)
        if (strcmp(cli_text_of(json_array_get(rows, i), "currency"), currency) == 0)
            return false;
    return true;
}

/* Whatever is more than nothing can be seen. */
static void draw_bar(int64_t amount, int64_t largest)
{
    const int64_t length = amount <= 0 || largest <= 0 ? 0 : amount * BAR_MAX / largest;

    for (int64_t i = 0; i < (length == 0 && amount > 0 ? 1 : length); i++)
        putchar('#');
}

/* A line for each row of the currency: its name, a bar, the amount. */
static void draw(const json_t *rows, const char *label, const char *name, const char *currency)
{
    const int64_t largest = report_largest(rows, name, currency);
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        char *text;

        if (strcmp(cli_text_of(row, "currency"), currency) != 0)
            continue;
        text = cli_minor_text(json_object_get(row, name), currency);
        printf("  %-20.20s ", cli_text_of(row, label));
        draw_bar(report_minor(row, name), largest);
        printf("%s%s\n", report_minor(row, name) > 0 ? " " : "", text);
        free(text);
    }
}

static void draw_all(const json_t *rows, const char *what, const char *label, const char *name)
{
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (report_is_first(rows, i)) {
            const char *currency = cli_text_of(json_array_get(rows, i), "currency");

            printf("%s, %s\n", what, currency);
            draw(rows, label, name, currency);
            puts("");
        }
}

static void show(const json_t *reply)
{
    const json_t *accounts = json_object_get(reply, "clearing_accounts");

    if (json_array_size(json_object_get(reply, "days")) == 0) {
        puts("nothing was moved in this month");
    } else {
        draw_all(json_object_get(reply, "days"), "Paid by customers", "date", "gross_minor");
        draw_all(json_object_get(reply, "shares"), "Shares of partners", "title", "amount_minor");
        cli_show_rows(json_object_get(reply, "days"));
    }
    if (json_array_size(accounts) > 0) {
        puts("");
        cli_show_rows(accounts);
    }
}

int cli_ledger_report(const struct cli_command *command, json_t *request)
{
    json_t *reply = NULL;
    int rc = cli_call(command->service, command->method, request, &reply);

    if (rc != 0)
        return rc;
    if (cli.html_file != NULL)
        rc = report_write_html(cli.html_file, cli_text_of(request, "month"), reply);
    if (cli.output == OUTPUT_TABLE && !cli.is_quiet)
        show(reply);
    else
        cli_show(reply);
    json_decref(reply);
    return rc;
}
