/* Commands with steps of their own: the story of an order, watching it, health. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bmt/order/v1/order.pb-c.h"
#include "bmt/payment/v1/payment.pb-c.h"
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

    printf("%-17s %s%s%s", after_word(cli_text_of(event, "kind"), "KIND_"),
           from[0] != '\0' ? after_word(from, "STATE_") : "", from[0] != '\0' ? " -> " : "",
           after_word(cli_text_of(event, "to_state"), "STATE_"));
    if (reason[0] != '\0')
        printf(" (%s)", after_word(reason, "REASON_"));
    printf("  by %s", cli_text_of(event, "actor"));
    if (cli_text_of(event, "detail")[0] != '\0')
        printf(": %s", cli_text_of(event, "detail"));
}

/* One line of an order's story. `what` is `payment` or `refund`, with the state that it came to; NULL: an event. */
struct moment {
    const char *time;
    const char *what;
    const char *state;
    const json_t *of;
};

struct moments {
    struct moment *list;
    size_t n;
};

/* In the order of time; what is added later stands behind what is as old. Times have one form, so texts compare. */
static void add_moment(struct moments *moments, struct moment moment)
{
    size_t at = moments->n++;

    for (; at > 0 && strcmp(moments->list[at - 1].time, moment.time) > 0; at--)
        moments->list[at] = moments->list[at - 1];
    moments->list[at] = moment;
}

/* That it was created, and the state that it has now. */
static void add_money(struct moments *moments, const char *what, const json_t *of)
{
    const char *state = after_word(cli_text_of(of, "state"), "STATE_");
    const char *succeeded = cli_text_of(of, "succeed_time");

    add_moment(moments, (struct moment){cli_text_of(of, "create_time"), what, "CREATED", of});
    if (strcmp(state, "CREATED") != 0)
        add_moment(moments,
                   (struct moment){succeeded[0] != '\0' ? succeeded : cli_text_of(of, "update_time"), what, state, of});
}

static void tell_money(const struct moment *moment)
{
    const bool is_refund = strcmp(moment->what, "refund") == 0;
    const char *failure = cli_text_of(moment->of, "failure");
    char *amount = cli_cell(json_object_get(moment->of, "amount"));
    char label[64];
    size_t size = (size_t)snprintf(label, sizeof label, "%s ", moment->what);

    for (const char *at = moment->state; *at != '\0' && size < sizeof label - 1; at++)
        label[size++] = (char)tolower((unsigned char)*at);
    label[size] = '\0';
    printf("%-17s %s over %s", label, cli_text_of(moment->of, is_refund ? "refund_id" : "payment_id"), amount);
    if (strcmp(moment->state, "FAILED") == 0 && failure[0] != '\0')
        printf(": %s", failure);
    free(amount);
}

/* Payments and refund first: they are the causes of the order's moves of the same moment. */
static void tell_moments(const json_t *story)
{
    const json_t *events = json_object_get(story, "events");
    const json_t *payments = json_object_get(story, "payments");
    const size_t n_max = json_array_size(events) + 2 * json_array_size(payments) + 2;
    struct moments moments = {.list = calloc(n_max, sizeof(struct moment))};
    size_t i;
    json_t *one;

    if (moments.list == NULL)
        abort();
    json_array_foreach(payments, i, one)
        add_money(&moments, "payment", one);
    if (json_object_get(story, "refund") != NULL)
        add_money(&moments, "refund", json_object_get(story, "refund"));
    json_array_foreach(events, i, one)
        add_moment(&moments, (struct moment){.time = cli_text_of(one, "time"), .of = one});
    for (i = 0; i < moments.n; i++) {
        printf("  %s  ", moments.list[i].time);
        if (moments.list[i].what != NULL)
            tell_money(&moments.list[i]);
        else
            tell_event(moments.list[i].of);
        putchar('\n');
    }
    free(moments.list);
}

/* What comes by itself: the order's next step, and the questions about payments that are not known. */
static void tell_next(const json_t *story)
{
    const json_t *next = json_object_get(story, "next_step");
    const char *time = cli_text_of(next, "time");
    bool is_told = next != NULL;
    size_t i;
    json_t *payment;

    if (next != NULL)
        printf("next: %s%s%s (%s)\n", after_word(cli_text_of(next, "kind"), "KIND_"), time[0] != '\0' ? " at " : "",
               time, cli_text_of(next, "explanation"));
    json_array_foreach(json_object_get(story, "payments"), i, payment)
        if (strcmp(cli_text_of(payment, "state"), "PAYMENT_STATE_UNKNOWN") == 0) {
            printf("next: the channel is asked again and again what became of %s\n",
                   cli_text_of(payment, "payment_id"));
            is_told = true;
        }
    if (!is_told)
        puts("next: nothing happens by itself");
}

/* All pages of a list, as one list in the first reply. */
static int all_pages(const ProtobufCServiceDescriptor *service, const char *method, const char *list, json_t *request,
                     json_t **ret_reply)
{
    json_t *whole = NULL;
    int rc = 0;

    for (;;) {
        json_t *page = NULL;

        rc = cli_call(service, method, request, &page);
        if (rc != 0)
            break;
        const char *token = cli_text_of(page, "next_page_token");
        char *next = strdup(token);

        json_object_set_new(request, "page_token", json_string(next));
        if (whole == NULL) {
            whole = page;
        } else {
            json_array_extend(json_object_get(whole, list), json_object_get(page, list));
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

/* Who may not see the money's side, and was told so, sees the rest. */
static int rc_of_money(int rc)
{
    return rc == EXIT_REFUSED ? EXIT_OK : rc;
}

/* Adds the `payments`. */
static int add_payments(const json_t *order, json_t *story)
{
    json_t *list = json_pack("{s:O}", "order_id", json_object_get(order, "order_id"));
    json_t *reply = NULL;
    int rc = all_pages(&bmt__payment__v1__payment_hub_service__descriptor, "ListPayments", "payments", list, &reply);

    json_decref(list);
    if (rc == 0 && json_object_get(reply, "payments") != NULL)
        json_object_set(story, "payments", json_object_get(reply, "payments"));
    json_decref(reply);
    return rc_of_money(rc);
}

/* Adds the `refund` under way. */
static int add_refund(const json_t *order, json_t *story)
{
    json_t *get;
    json_t *reply = NULL;
    int rc;

    if (cli_text_of(order, "refund_id")[0] == '\0')
        return EXIT_OK;
    get = json_pack("{s:O}", "refund_id", json_object_get(order, "refund_id"));
    rc = cli_call(&bmt__order__v1__order_service__descriptor, "GetRefund", get, &reply);
    json_decref(get);
    if (rc == 0)
        json_object_set(story, "refund", json_object_get(reply, "refund"));
    json_decref(reply);
    return rc_of_money(rc);
}

int cli_order_why(const struct cli_command *command, json_t *request)
{
    json_t *story = NULL;
    json_t *reply = NULL;
    json_t *get = json_pack("{s:O}", "order_id", json_object_get(request, "order_id"));
    const json_t *order;
    int rc;

    rc = cli_call(command->service, "GetOrder", get, &reply);
    json_decref(get);
    order = json_object_get(reply, "order");
    if (rc == 0)
        rc = all_pages(command->service, command->method, "events", request, &story);
    if (rc == 0)
        rc = add_payments(order, story);
    if (rc == 0)
        rc = add_refund(order, story);
    if (rc == 0 && cli.output != OUTPUT_TABLE) {
        json_object_set(story, "order", json_object_get(reply, "order"));
        cli_show(story);
    } else if (rc == 0) {
        char *total = cli_cell(json_object_get(order, "total"));

        printf("%s of %s over %s is %s\n", cli_text_of(order, "order_id"), cli_text_of(order, "user_id"), total,
               after_word(cli_text_of(order, "state"), "STATE_"));
        tell_moments(story);
        tell_next(story);
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
