/*
 * What the contract must not hold: see contract.h. The same check runs at build time and at each start.
 */
#include <string.h>

#include "rpc/contract.h"
#include "rpc/lane.h"
#include "sql/batch.h"

enum { CHECK_ARENA_MAX = 16 * 1024 * 1024, CHECK_DEPTH_MAX = 16, CHECK_PATH_SIZE = 300 };

#define FIELD_TYPE(x)  GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##x
#define FIELD_REPEATED GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED

typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;

struct check {
    const struct contract *contract;
    struct arena *arena;
    FILE *problems;
    int result;
    const char *method;                   /* `bmt.order.v1.OrderService.CreateOrder` */
    const Message *open[CHECK_DEPTH_MAX]; /* messages that we are inside of */
    unsigned depth;
};

static void check_problem(struct check *check, const char *path, const char *problem)
{
    fprintf(check->problems, "%s: %s%s%s\n", check->method, path, path[0] != '\0' ? ": " : "", problem);
    check->result = -1;
}

static const Field *check_find_field(const Message *message, const char *name)
{
    for (size_t i = 0; message != NULL && i < message->n_field; i++) {
        if (strcmp(message->field[i]->name, name) == 0)
            return message->field[i];
    }
    return NULL;
}

static bool check_is_bounded(const Bmt__Common__V1__FieldRule *rule)
{
    return rule != NULL && (rule->max_bytes > 0 || rule->id[0] != '\0' ||
                            rule->format == BMT__COMMON__V1__TEXT_FORMAT__TEXT_FORMAT_CURRENCY);
}

/* The rule of one request field; google's own types have none, they are bounded on the wire. */
static void check_field_rule(struct check *check, const Field *field, const char *path)
{
    const Bmt__Common__V1__FieldRule *rule = contract_field_rule(field, check->arena);

    if ((field->type == FIELD_TYPE(STRING) || field->type == FIELD_TYPE(BYTES)) && !check_is_bounded(rule))
        check_problem(check, path, "text without max_bytes or id");
    if (field->label == FIELD_REPEATED && (rule == NULL || rule->max_items == 0))
        check_problem(check, path, "list without max_items");
    if (rule != NULL && rule->range != NULL && rule->range->min > rule->range->max)
        check_problem(check, path, "range whose min is above its max");
    if (field->has_proto3_optional && field->proto3_optional)
        check_problem(check, path, "proto3 optional is not supported by protobuf-c");
}

static void check_message(struct check *check, const Message *message, bool has_rules, const char *path);

static void check_field(struct check *check, const Field *field, bool has_rules, const char *path)
{
    if (has_rules)
        check_field_rule(check, field, path);
    if (field->type == FIELD_TYPE(GROUP))
        check_problem(check, path, "group");
    if (field->type != FIELD_TYPE(MESSAGE))
        return;

    const Message *inner = contract_message(check->contract, field->type_name);
    for (unsigned i = 0; i < check->depth; i++) {
        if (check->open[i] == inner) {
            check_problem(check, path, "message that can hold itself");
            return;
        }
    }
    if (inner == NULL)
        check_problem(check, path, "unknown message type");
    else
        check_message(check, inner, has_rules && strncmp(field->type_name, ".google.", 8) != 0, path);
}

static void check_message(struct check *check, const Message *message, bool has_rules, const char *path)
{
    if (check->depth == CHECK_DEPTH_MAX) {
        check_problem(check, path, "messages are nested too deep");
        return;
    }
    check->open[check->depth++] = message;
    for (size_t i = 0; i < message->n_field; i++) {
        char inner[CHECK_PATH_SIZE];

        snprintf(inner, sizeof(inner), "%s%s%s", path, path[0] != '\0' ? "." : "", message->field[i]->name);
        check_field(check, message->field[i], has_rules, inner);
    }
    check->depth--;
}

/*
 * A repeat must be recognisable: writing methods carry a request_id, required by its rule. Excepted are PUBLIC ones,
 * whose callers (channels) do not know of it, and are recognised by what they report, and those that say by their rule
 * that a repeat does no harm; both say IDEMPOTENT.
 */
static void check_request_id(struct check *check, const struct contract_method *method, const Message *request)
{
    const Field *field = check_find_field(request, "request_id");

    if (method->idempotency == IDEMPOTENCY_NO_SIDE_EFFECTS ||
        (method->idempotency == IDEMPOTENCY_IDEMPOTENT &&
         (contract_allows(method, ROLE_PUBLIC) || method->without_request_id)))
        return;
    if (field == NULL || field->type != FIELD_TYPE(STRING)) {
        check_problem(check, "", "writes (idempotency_level) without request_id");
        return;
    }
    const Bmt__Common__V1__FieldRule *rule = contract_field_rule(field, check->arena);
    if (rule == NULL || !rule->required)
        check_problem(check, "request_id", "must be required");
}

static void check_paging(struct check *check, const char *name, const struct contract_method *method,
                         const Message *request)
{
    const Field *size = check_find_field(request, "page_size");
    const Field *token = check_find_field(request, "page_token");
    const Field *next = check_find_field(contract_message(check->contract, method->response), "next_page_token");

    if (strncmp(name, "List", 4) != 0 || method->is_server_streaming)
        return;
    if (size == NULL || size->type != FIELD_TYPE(INT32) || token == NULL || token->type != FIELD_TYPE(STRING))
        check_problem(check, "", "list without page_size and page_token");
    if (next == NULL || next->type != FIELD_TYPE(STRING))
        check_problem(check, "", "list without next_page_token");
}

static void check_rule(struct check *check, const struct contract_method *method)
{
    if (!method->has_rule) {
        check_problem(check, "", "no rule");
        return;
    }
    if (method->roles == 0)
        check_problem(check, "", "no role");
    if (method->priority <= 0 || method->priority >= PRIORITY_COUNT)
        check_problem(check, "", "no priority");
    if (method->batch_max < 1 || method->batch_max > BATCH_MAX)
        check_problem(check, "", "batch_max outside 1 to 512");
}

static void check_method(struct check *check, const char *service, const char *name)
{
    struct contract_method method;

    if (!contract_find_method(check->contract, service, name, &method))
        return;
    check->method = arena_printf(check->arena, "%s/%s", service, name);
    check_rule(check, &method);
    const Message *request = contract_message(check->contract, method.request);
    if (request == NULL) {
        check_problem(check, "", "unknown request type");
        return;
    }
    check_message(check, request, true, "");
    check_request_id(check, &method, request);
    check_paging(check, name, &method, request);
}

int contract_check_set(const struct contract *contract, FILE *problems)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(CHECK_ARENA_MAX);
    struct check check = {.contract = contract, .arena = arena, .problems = problems};
    const struct contract_symbol *symbols;
    size_t n = contract_symbols(contract, &symbols);

    for (size_t i = 0; i < n; i++) {
        const Google__Protobuf__ServiceDescriptorProto *service = symbols[i].proto;

        /* Health and reflection are gRPC's own contracts and carry no rules of ours. */
        if (symbols[i].kind != CONTRACT_SERVICE || strncmp(symbols[i].name, "grpc.", 5) == 0)
            continue;
        for (size_t m = 0; m < service->n_method; m++)
            check_method(&check, symbols[i].name, service->method[m]->name);
    }
    return check.result;
}

int contract_check(FILE *problems)
{
    return contract_check_set(contract_embedded(), problems);
}
