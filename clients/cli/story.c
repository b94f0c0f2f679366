/* Commands with steps of their own: the story of an order, watching it, health. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bmt/order/v1/order.pb-c.h"
#include "cli.h"
#include "grpc/health/v1/health.pb-c.h"

static const char *after_word(const char *text, const char *word)
{
    const char *found = strstr(text, word);

    return found != NULL ? found + strlen(word) : text;
}

static void tell_event(const json_t *event)
{
    const char *from = cli_text_of(event, "from_state");
    const char *reason = cli_text_of(event, "close_reason");

    printf("  %s  %-16s %s%s%s", cli_text_of(event, "time"), after_word(cli_text_of(event, "kind"), "KIND_"),
           from[0] != '\0' ? after_word(from, "STATE_") : "", from[0] != '\0' ? " -> " : "",
           after_word(cli_text_of(event, "to_state"), "STATE_"));
    if (reason[0] != '\0')
        printf(" (%s)", after_word(reason, "REASON_"));
    printf("  by %s", cli_text_of(event, "actor"));
    if (cli_text_of(event, "detail")[0] != '\0')
        printf(": %s", cli_text_of(event, "detail"));
    putchar('\n');
}

/* All pages of events, as one list in the first reply. */
static int all_events(json_t *request, json_t **ret_reply)
{
    json_t *whole = NULL;
    int rc = 0;

    for (;;) {
        json_t *page = NULL;

        rc = cli_call(&bmt__order__v1__order_service__descriptor, "ListOrderEvents", request, &page);
        if (rc != 0)
            break;
        const char *token = cli_text_of(page, "next_page_token");
        char *next = strdup(token);

        json_object_set_new(request, "page_token", json_string(next));
        if (whole == NULL) {
            whole = page;
        } else {
            json_array_extend(json_object_get(whole, "events"), json_object_get(page, "events"));
            json_decref(page);
        }
        const bool is_last = next[0] == '\0';

        free(next);
        if (is_last)
            break;
    }
    if (rc != 0) {
        json_decref(whole);
        return rc;
    }
    json_object_del(whole, "next_page_token");
    *ret_reply = whole;
    return 0;
}

int cli_order_why(const struct cli_command *command, json_t *request)
{
    json_t *story = NULL;
    json_t *reply = NULL;
    json_t *get = json_pack("{s:O}", "order_id", json_object_get(request, "order_id"));
    size_t i;
    json_t *event;
    int rc;

    rc = cli_call(command->service, "GetOrder", get, &reply);
    json_decref(get);
    if (rc == 0)
        rc = all_events(request, &story);
    if (rc == 0 && cli.output != OUTPUT_TABLE) {
        json_object_set(story, "order", json_object_get(reply, "order"));
        cli_show(story);
    } else if (rc == 0) {
        const json_t *order = json_object_get(reply, "order");
        const json_t *next = json_object_get(story, "next_step");
        char *total = cli_cell(json_object_get(order, "total"));

        printf("%s of %s over %s is %s\n", cli_text_of(order, "order_id"), cli_text_of(order, "user_id"), total,
               after_word(cli_text_of(order, "state"), "STATE_"));
        json_array_foreach(json_object_get(story, "events"), i, event)
            tell_event(event);
        if (next != NULL)
            printf("next: %s at %s (%s)\n", after_word(cli_text_of(next, "kind"), "KIND_"), cli_text_of(next, "time"),
                   cli_text_of(next, "explanation"));
        else
            puts("next: nothing happens by itself");
        free(total);
    }
    json_decref(reply);
    json_decref(story);
    return rc;
}

int cli_txn_why(const struct cli_command *command, json_t *request)
{
    json_t *reply = NULL;
    const int rc = cli_call(command->service, command->method, request, &reply);

    if (rc == 0 && cli.output != OUTPUT_TABLE) {
        cli_show(reply);
    } else if (rc == 0) {
        const json_t *txn = json_object_get(reply, "transaction");
        size_t i;
        const json_t *branch;

        printf("%s of %s is %s\n", cli_text_of(txn, "gtid"), cli_text_of(txn, "home_module"),
               after_word(cli_text_of(txn, "fate"), "FATE_"));
        json_array_foreach(json_object_get(txn, "branches"), i, branch)
            printf("  prepared on %s for %s\n", cli_text_of(branch, "server"), cli_text_of(branch, "module"));
        printf("why: %s\n", cli_text_of(txn, "explanation"));
    }
    json_decref(reply);
    return rc;
}

static int show_message(void *context, const ProtobufCMessage *message)
{
    json_t *json = cli_json_of(message);
    char *text = json_dumps(json, JSON_COMPACT);

    (void)context;
    puts(text);
    fflush(stdout);
    free(text);
    json_decref(json);
    return 0;
}

int cli_watch(const struct cli_command *command, json_t *request)
{
    ProtobufCMessage *message = cli_message_of(&bmt__order__v1__watch_order_request__descriptor, request, "");
    struct bmt_client *client = cli_client();
    struct bmt_error error;
    int rc = EXIT_USAGE;

    if (message != NULL && client != NULL)
        rc = bmt_stream(client, command->service, command->method, message, 0, show_message, NULL, &error) == 0
                 ? EXIT_OK
                 : cli_tell_error(&error);
    if (message != NULL)
        protobuf_c_message_free_unpacked(message, NULL);
    return rc;
}

int cli_health(void)
{
    json_t *request = json_object();
    json_t *reply = NULL;
    int rc = cli_call(&grpc__health__v1__health__descriptor, "Check", request, &reply);

    json_decref(request);
    if (rc != 0)
        return rc;
    const char *status = cli_text_of(reply, "status");
    const bool is_serving = strcmp(status, "SERVING") == 0;

    puts(status);
    json_decref(reply);
    return is_serving ? EXIT_OK : EXIT_UNAVAILABLE;
}
