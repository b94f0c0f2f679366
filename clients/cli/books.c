/* The books for people: sums with their currency, and the lists inside a reply as tables of their own. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* `balance_minor` is shown as `balance`: 12.50 EUR. */
static bool is_minor(const char *name)
{
    const size_t length = strlen(name);

    return length > 6 && strcmp(name + length - 6, "_minor") == 0;
}

char *cli_minor_text(const json_t *amount, const char *currency)
{
    json_t *money = json_pack("{s:O, s:s}", "amount_minor", amount, "currency", currency);
    char *text = cli_money_text(money);

    json_decref(money);
    return text;
}

static json_t *money_cell(const json_t *amount, const char *currency)
{
    char *text = cli_minor_text(amount, currency);
    json_t *cell = json_string(text);

    free(text);
    return cell;
}

/* `1d 12.50 EUR (3), old 1.00 EUR (1)` */
static json_t *ages_cell(const json_t *ages, const char *currency)
{
    char text[256] = "";
    size_t i;
    json_t *age;

    json_array_foreach((json_t *)(uintptr_t)ages, i, age) {
        json_t *money = money_cell(json_object_get(age, "amount_minor"), currency);
        const size_t length = strlen(text);

        snprintf(text + length, sizeof text - length, "%s%s %s (%s)", i > 0 ? ", " : "", cli_text_of(age, "age"),
                 json_string_value(money), cli_text_of(age, "items"));
        json_decref(money);
    }
    return json_string(text);
}

static const char *currency_of(const json_t *row)
{
    const json_t *amount = json_object_get(row, "amount");

    return amount != NULL && json_is_object(amount) ? cli_text_of(amount, "currency") : cli_text_of(row, "currency");
}

/* A row as people read it. */
static json_t *readable(const json_t *row)
{
    const char *currency = currency_of(row);
    json_t *shown = json_object();
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)row, name, value) {
        if (is_minor(name)) {
            char *short_name = strndup(name, strlen(name) - 6);

            json_object_set_new(shown, short_name, money_cell(value, currency));
            free(short_name);
        } else if (strcmp(name, "ages") == 0) {
            json_object_set_new(shown, name, ages_cell(value, currency));
        } else if (strcmp(name, "currency") != 0) { /* it stands with the amounts */
            json_object_set(shown, name, value);
        }
    }
    return shown;
}

void cli_show_rows(const json_t *rows)
{
    json_t *shown = json_array();
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        json_array_append_new(shown, readable(row));
    cli_show_table(shown);
    json_decref(shown);
}

/* The lists inside the rows, such as the entries of lines, together. */
static void show_inner(const json_t *rows, const char *list)
{
    json_t *all = json_array();
    size_t i;
    json_t *row;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
        json_array_extend(all, json_object_get(row, list));
    if (json_array_size(all) > 0) {
        puts("");
        cli_show_rows(all);
    }
    json_decref(all);
}

static void show_transfer(const json_t *transfer)
{
    json_t *head = json_copy((json_t *)(uintptr_t)transfer);

    json_object_del(head, "postings");
    cli_show_pairs(head);
    puts("");
    cli_show_rows(json_object_get(transfer, "postings"));
    json_decref(head);
}

static void show(const json_t *reply)
{
    bool is_first = true;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)reply, name, value) {
        if (!json_is_array(value) || json_array_size(value) == 0)
            continue;
        if (!is_first)
            puts("");
        is_first = false;
        cli_show_rows(value);
    }
}

static bool is_for_people(void)
{
    return !cli.is_quiet && cli.output == OUTPUT_TABLE;
}

int cli_books(const struct cli_command *command, json_t *request)
{
    json_t *reply = NULL;
    const int rc = cli_call(command->service, command->method, request, &reply);

    if (rc != 0)
        return rc;
    if (!is_for_people())
        cli_show(reply);
    else if (json_object_get(reply, "transfer") != NULL)
        show_transfer(json_object_get(reply, "transfer"));
    else
        show(reply);
    if (is_for_people() && cli_text_of(reply, "next_page_token")[0] != '\0')
        fprintf(stderr, "there are more: --page-token %s\n", cli_text_of(reply, "next_page_token"));
    json_decref(reply);
    return EXIT_OK;
}

int cli_clearing_get(const struct cli_command *command, json_t *request)
{
    json_t *reply = NULL;
    const int rc = cli_call(command->service, command->method, request, &reply);

    if (rc != 0)
        return rc;
    if (!is_for_people()) {
        cli_show(reply);
    } else {
        show(reply);
        show_inner(json_object_get(reply, "clearings"), "entries");
    }
    json_decref(reply);
    return EXIT_OK;
}
