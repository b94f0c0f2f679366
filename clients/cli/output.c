/* Replies for people and programs: tables (libsmartcols), JSON, JSON lines, YAML. */
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char *cli_text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* ORDER_STATE_PAID is shown as PAID: what stands before is the same for all. */
static const char *short_enum(const char *text)
{
    static const char *const words[] = {"_STATE_", "_REASON_", "_KIND_", "_ROLE_"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *found = strstr(text, words[i]);

        if (found != NULL && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(text))
            return found + strlen(words[i]);
    }
    return text;
}

char *cli_cell(const json_t *value)
{
    char *text;

    if (cli_is_money(value))
        return cli_money_text(value);
    if (json_is_string(value))
        return strdup(short_enum(json_string_value(value)));
    if (json_is_array(value) && asprintf(&text, "%zu", json_array_size(value)) >= 0)
        return text;
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    return text != NULL ? text : strdup("");
}

/* All names of all rows, in the order of their first appearance. */
static json_t *columns_of(const json_t *rows)
{
    json_t *columns = json_array();
    json_t *known = json_object();
    size_t i;
    json_t *row;
    const char *name;
    json_t *value;

    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        json_object_foreach(row, name, value) {
            if (json_object_get(known, name) != NULL || (json_is_object(value) && !cli_is_money(value)))
                continue;
            json_object_set_new(known, name, json_true());
            json_array_append_new(columns, json_string(name));
        }
    }
    json_decref(known);
    return columns;
}

void cli_show_table(const json_t *rows)
{
    struct libscols_table *table = scols_new_table();
    json_t *columns = columns_of(rows);
    size_t i;
    size_t j;
    json_t *name;
    json_t *row;

    if (table == NULL)
        abort();
    json_array_foreach(columns, i, name) {
        char *title = strdup(json_string_value(name));

        for (char *at = title; *at != '\0'; at++)
            *at = *at == '_' ? ' ' : (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
        scols_table_new_column(table, title, 0.1, 0);
        free(title);
    }
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        struct libscols_line *line = scols_table_new_line(table, NULL);

        json_array_foreach(columns, j, name) {
            const json_t *value = json_object_get(row, json_string_value(name));

            if (value == NULL)
                continue;
            char *text = cli_cell(value);

            scols_line_set_data(line, j, text);
            free(text);
        }
    }
    scols_print_table(table);
    scols_unref_table(table);
    json_decref(columns);
}

/* A reply with one resource shows that one. */
static const json_t *resource_of(const json_t *reply)
{
    void *first = json_object_iter((json_t *)(uintptr_t)reply);
    const json_t *value = first != NULL ? json_object_iter_value(first) : NULL;

    if (json_object_size(reply) == 1 && (json_is_object(value) || json_is_array(value)) && !cli_is_money(value))
        return value;
    return reply;
}

/* The list of a list's reply; NULL when it is none. */
static const json_t *list_of(const json_t *reply)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)reply, name, value)
        if (json_is_array(value) && json_is_object(json_array_get(value, 0)))
            return value;
    return NULL;
}

void cli_show_pairs(const json_t *object)
{
    json_t *rows = json_array();
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        char *text = cli_cell(value);

        json_array_append_new(rows, json_pack("{s:s, s:s}", "field", name, "value", text));
        free(text);
    }
    cli_show_table(rows);
    json_decref(rows);
}

/* Block style; texts always in quotes, so that nothing is taken for something else. */
static void show_yaml(const json_t *value, int depth)
{
    const char *name;
    json_t *item;
    size_t i;

    if (json_is_object(value)) {
        json_object_foreach((json_t *)(uintptr_t)value, name, item) {
            printf("%*s%s:", depth * 2, "", name);
            printf("%s", json_is_object(item) || json_is_array(item) ? "\n" : " ");
            show_yaml(item, depth + 1);
        }
    } else if (json_is_array(value)) {
        json_array_foreach((json_t *)(uintptr_t)value, i, item) {
            printf("%*s-%s", depth * 2, "", json_is_object(item) ? "\n" : " ");
            show_yaml(item, depth + 1);
        }
    } else {
        char *text = json_dumps(value, JSON_ENCODE_ANY);

        printf("%s\n", text);
        free(text);
    }
}

static void show_json(const json_t *value, size_t flags)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | flags);

    puts(text);
    free(text);
}

static void show_lines(const json_t *reply)
{
    const json_t *list = list_of(reply);
    size_t i;
    json_t *item;

    if (list == NULL)
        show_json(reply, JSON_COMPACT);
    else
        json_array_foreach((json_t *)(uintptr_t)list, i, item)
            show_json(item, JSON_COMPACT);
}

/* The id of a resource is its first field. */
static void show_ids(const json_t *reply)
{
    const json_t *list = list_of(reply);
    const json_t *one = resource_of(reply);
    size_t i;
    json_t *item;

    if (list != NULL && one != reply)
        one = NULL;
    if (list == NULL) {
        void *first = json_object_iter((json_t *)(uintptr_t)one);

        if (first != NULL)
            puts(json_string_value(json_object_iter_value(first)) != NULL
                     ? json_string_value(json_object_iter_value(first))
                     : "");
        return;
    }
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
        puts(json_string_value(json_object_iter_value(json_object_iter(item))));
}

void cli_show(const json_t *reply)
{
    const json_t *list = list_of(reply);

    if (cli.is_quiet)
        show_ids(reply);
    else if (cli.output == OUTPUT_JSON)
        show_json(reply, JSON_INDENT(2));
    else if (cli.output == OUTPUT_JSONL)
        show_lines(reply);
    else if (cli.output == OUTPUT_YAML)
        show_yaml(reply, 0);
    else if (list != NULL)
        cli_show_table(list);
    else
        cli_show_pairs(resource_of(reply));
}
