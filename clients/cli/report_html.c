/* The report of a month as one page: no script, nothing loaded, and texts of others never taken for markup. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { SLOT = 24, DAY_BAR = 6, HEIGHT = 160, WIDTH = SLOT * 31, BAR_WIDTH = 400 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Ledger</title>\n<style>\n"
    "body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }\n"
    "table { border-collapse: collapse; margin: 1em 0; }\n"
    "th, td { padding: .2em .8em; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap; }\n"
    "th:first-child, td:first-child { text-align: left; }\n"
    "svg { max-width: 100%; } .in { fill: #2a6f97; } .back { fill: #c1554d; } .lost { fill: #7d4a9c; } "
    "text { font-size: 11px; fill: #555; }\n"
    "@media (prefers-color-scheme: dark) { body { background: #16191d; color: #ddd; } th, td { border-color: #333; } "
    "text { fill: #aaa; } }\n"
    "</style>\n</head>\n<body>\n";

static void put_text(FILE *file, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        case '\'': fputs("&#39;", file); break;
        default: fputc(*text, file);
        }
}

struct column {
    const char *name;
    const char *title;
    bool is_amount;
};

static void put_cell(FILE *file, const json_t *row, const struct column *column)
{
    const json_t *value = json_object_get(row, column->name);
    char *text = value == NULL       ? strdup("")
                 : column->is_amount ? cli_minor_text(value, cli_text_of(row, "currency"))
                                     : cli_cell(value);

    fputs("<td>", file);
    put_text(file, text);
    fputs("</td>", file);
    free(text);
}

/* The rows of the currency; NULL: of all. */
static void put_table(FILE *file, const json_t *rows, const char *currency, const struct column *columns, size_t n)
{
    size_t i;
    json_t *row;

    fputs("<table>\n<tr>", file);
    for (size_t j = 0; j < n; j++)
        fprintf(file, "<th>%s</th>", columns[j].title);
    fputs("</tr>\n", file);
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        if (currency != NULL && strcmp(cli_text_of(row, "currency"), currency) != 0)
            continue;
        fputs("<tr>", file);
        for (size_t j = 0; j < n; j++)
            put_cell(file, row, &columns[j]);
        fputs("</tr>\n", file);
    }
    fputs("</table>\n", file);
}

static int64_t scaled(int64_t amount, int64_t largest, int64_t size)
{
    return amount <= 0 || largest <= 0 ? 0 : amount * size / largest;
}

static void put_bar(FILE *file, const json_t *row, const char *name, const char *style, int64_t largest, int at)
{
    const int64_t height = scaled(report_minor(row, name), largest, HEIGHT);
    const int day = (int)strtol(cli_text_of(row, "date") + strlen("2026-07-"), NULL, 10);
    char *text;

    if (report_minor(row, name) <= 0)
        return;
    text = cli_minor_text(json_object_get(row, name), cli_text_of(row, "currency"));
    fprintf(file, "<rect class=\"%s\" x=\"%d\" y=\"%" PRId64 "\" width=\"%d\" height=\"%" PRId64 "\"><title>", style,
            (day - 1) * SLOT + at, HEIGHT - height, DAY_BAR, height > 0 ? height : 1);
    put_text(file, cli_text_of(row, "date"));
    fputs(": ", file);
    put_text(file, text);
    fputs("</title></rect>\n", file);
    free(text);
}

/* What came, what went back and what was lost, day by day. */
static void put_days_chart(FILE *file, const json_t *days, const char *currency)
{
    static const struct {
        const char *name;
        const char *style;
    } bars[] = {{"gross_minor", "in"}, {"refund_minor", "back"}, {"dispute_minor", "lost"}};
    enum { BARS = sizeof bars / sizeof bars[0] };
    int64_t largest = 0;
    size_t i;
    json_t *row;

    for (int j = 0; j < BARS; j++) {
        const int64_t amount = report_largest(days, bars[j].name, currency);

        largest = amount > largest ? amount : largest;
    }
    fprintf(file, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" ", WIDTH, HEIGHT + 20, WIDTH);
    fputs("aria-label=\"paid, refunded and lost in disputes by day\">\n", file);
    json_array_foreach((json_t *)(uintptr_t)days, i, row)
        if (strcmp(cli_text_of(row, "currency"), currency) == 0)
            for (int j = 0; j < BARS; j++)
                put_bar(file, row, bars[j].name, bars[j].style, largest, 2 + j * (DAY_BAR + 1));
    for (int day = 1; day <= 31; day += 5)
        fprintf(file, "<text x=\"%d\" y=\"%d\">%d</text>\n", (day - 1) * SLOT + 4, HEIGHT + 14, day);
    fputs("</svg>\n", file);
}

static void put_share(FILE *file, const json_t *share, int64_t largest)
{
    const int64_t width = scaled(report_minor(share, "amount_minor"), largest, BAR_WIDTH);
    char *text = cli_minor_text(json_object_get(share, "amount_minor"), cli_text_of(share, "currency"));

    fputs("<tr><td>", file);
    put_text(file, cli_text_of(share, "title"));
    fprintf(file, "</td><td><svg width=\"%d\" height=\"12\"><rect class=\"in\" width=\"%" PRId64 "\" height=\"12\"/>",
            BAR_WIDTH, width);
    fputs("</svg></td><td>", file);
    put_text(file, text);
    fputs("</td></tr>\n", file);
    free(text);
}

static void put_shares(FILE *file, const json_t *shares)
{
    size_t i;
    json_t *share;

    fputs("<h2>Shares of partners</h2>\n<table>\n", file);
    json_array_foreach((json_t *)(uintptr_t)shares, i, share)
        put_share(file, share, report_largest(shares, "amount_minor", cli_text_of(share, "currency")));
    fputs("</table>\n", file);
}

static void put_page(FILE *file, const char *month, const json_t *reply)
{
    static const struct column of_days[] = {{"date", "day", false},
                                            {"gross_minor", "paid", true},
                                            {"fee_minor", "fees", true},
                                            {"refund_minor", "refunds", true},
                                            {"dispute_minor", "lost disputes", true},
                                            {"dispute_fee_minor", "their fees", true},
                                            {"partner_minor", "partners", true},
                                            {"platform_minor", "platform", true},
                                            {"payout_minor", "paid out", true}};
    static const struct column of_accounts[] = {{"kind", "account", false},
                                                {"subject_id", "of", false},
                                                {"balance_minor", "balance", true},
                                                {"explained_minor", "explained", true},
                                                {"unexplained_minor", "unexplained", true}};
    const json_t *days = json_object_get(reply, "days");

    fprintf(file, "%s<h1>Ledger, %s</h1>\n", head, month); /* the server has accepted it: digits and a dash */
    for (size_t i = 0; i < json_array_size(days); i++)
        if (report_is_first(days, i)) {
            const char *currency = cli_text_of(json_array_get(days, i), "currency");

            fprintf(file, "<h2>%s</h2>\n", currency);
            put_days_chart(file, days, currency);
            put_table(file, days, currency, of_days, sizeof of_days / sizeof of_days[0]);
        }
    if (json_array_size(days) == 0)
        fputs("<p>Nothing was moved in this month.</p>\n", file);
    put_shares(file, json_object_get(reply, "shares"));
    fputs("<h2>Accounts that return to zero, now</h2>\n", file);
    put_table(file, json_object_get(reply, "clearing_accounts"), NULL, of_accounts,
              sizeof of_accounts / sizeof of_accounts[0]);
    fputs("</body>\n</html>\n", file);
}

int report_write_html(const char *path, const char *month, const json_t *reply)
{
    FILE *file = fopen(path, "w");
    bool is_written;

    if (file == NULL)
        return perror(path), EXIT_FAILED;
    put_page(file, month, reply);
    is_written = !ferror(file);
    is_written = fclose(file) == 0 && is_written;
    if (!is_written)
        fprintf(stderr, "bmtctl: %s could not be written\n", path);
    return is_written ? 0 : EXIT_FAILED;
}
