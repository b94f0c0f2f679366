/*
 * The table of methods: what services serve, joined with what the contract says.
 */
#include <string.h>

#include "rpc/core.h"
#include "rpc/health.h"
#include "rpc/reflection.h"

struct method_builder {
    struct rpc *rpc;
    FILE *problems;
    int result;
    const ProtobufCServiceDescriptor *service;
};

static void methods_problem(struct method_builder *builder, const char *method, const char *problem)
{
    fprintf(builder->problems, "%s/%s: %s\n", builder->service->name, method, problem);
    builder->result = -1;
}

static const struct rpc_method *methods_row(const struct rpc_service *service, const char *name)
{
    for (size_t i = 0; i < service->n_methods; i++) {
        if (strcmp(service->methods[i].name, name) == 0)
            return &service->methods[i];
    }
    return NULL;
}

/* Whether a row can work at all. */
static void methods_check_row(struct method_builder *builder, const struct rpc_method *row,
                              const struct contract_method *rule)
{
    bool is_stream = rule->is_client_streaming || rule->is_server_streaming;

    if (row->plan == NULL)
        return;
    if (row->handle != NULL)
        methods_problem(builder, row->name, "has both a plan and a handler");
    if (row->read == NULL || row->reply == NULL || row->command_size < sizeof(struct command))
        methods_problem(builder, row->name, "has a plan but no read, reply or command");
    if (is_stream)
        methods_problem(builder, row->name, "streams cannot be served by a plan");
    if (rule->idempotency == IDEMPOTENCY_NO_SIDE_EFFECTS && !row->plan->is_read)
        methods_problem(builder, row->name, "says NO_SIDE_EFFECTS, but its batch may write");
}

static const ProtobufCFieldDescriptor *methods_request_id(const ProtobufCMessageDescriptor *request)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(request, "request_id");

    return field != NULL && field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED ? field
                                                                                                               : NULL;
}

static void methods_add(struct method_builder *builder, const struct rpc_service *service,
                        const ProtobufCMethodDescriptor *descriptor, bool runs_inline)
{
    struct rpc *rpc = builder->rpc;
    struct method *method = &rpc->methods[rpc->n_methods];
    const struct rpc_method *row = methods_row(service, descriptor->name);

    if (!contract_find_method(rpc->contract, service->descriptor->name, descriptor->name, &method->rule)) {
        methods_problem(builder, descriptor->name, "is not in the embedded contract");
        return;
    }
    if (row == NULL) {
        methods_problem(builder, descriptor->name, "is not in the service's table");
        return;
    }
    methods_check_row(builder, row, &method->rule);
    if (strcmp(method->rule.request, descriptor->input->name) != 0)
        methods_problem(builder, descriptor->name, "stub and embedded contract name different requests");
    method->rpc = rpc;
    method->path = arena_printf(rpc->arena, "/%s/%s", service->descriptor->name, descriptor->name);
    method->name = method->path + 1;
    method->served = row->plan != NULL || row->handle != NULL ? row : NULL;
    method->request = descriptor->input;
    method->request_id = methods_request_id(descriptor->input);
    method->runs_inline = runs_inline;
    call_metrics_init(&method->metrics, method->name);
    rpc->n_methods++;
}

static void methods_add_service(struct method_builder *builder, const struct rpc_service *service, bool runs_inline)
{
    builder->service = service->descriptor;
    for (unsigned i = 0; i < service->descriptor->n_methods; i++)
        methods_add(builder, service, &service->descriptor->methods[i], runs_inline);
    for (size_t i = 0; i < service->n_methods; i++) {
        const char *name = service->methods[i].name;

        if (protobuf_c_service_descriptor_get_method_by_name(service->descriptor, name) == NULL)
            methods_problem(builder, name, "is in the table but not in the contract");
    }
}

/* FNV-1a. */
static size_t methods_hash(const char *path, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)path[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

static void methods_index(struct rpc *rpc)
{
    rpc->by_path_size = 64;
    while (rpc->by_path_size < rpc->n_methods * 4)
        rpc->by_path_size *= 2;
    rpc->by_path = arena_array_of(rpc->arena, struct method *, rpc->by_path_size);
    for (size_t i = 0; i < rpc->n_methods; i++) {
        size_t slot = methods_hash(rpc->methods[i].path, strlen(rpc->methods[i].path));

        while (rpc->by_path[slot & (rpc->by_path_size - 1)] != NULL)
            slot++;
        rpc->by_path[slot & (rpc->by_path_size - 1)] = &rpc->methods[i];
    }
}

struct method *rpc_find_method(const struct rpc *rpc, const char *path, size_t length)
{
    struct method *method;

    for (size_t slot = methods_hash(path, length);; slot++) {
        method = rpc->by_path[slot & (rpc->by_path_size - 1)];
        if (method == NULL || (strlen(method->path) == length && memcmp(method->path, path, length) == 0))
            return method;
    }
}

int methods_build(struct rpc *rpc, const struct rpc_service *const *services, size_t n, FILE *problems)
{
    struct method_builder builder = {.rpc = rpc, .problems = problems};
    size_t n_methods = 8; /* health and reflection */

    rpc->contract = contract_embedded();
    if (contract_check_set(rpc->contract, problems) != 0)
        builder.result = -1;
    for (size_t i = 0; i < n; i++)
        n_methods += services[i]->descriptor->n_methods;
    rpc->methods = arena_array_of(rpc->arena, struct method, n_methods);
    for (size_t i = 0; i < n; i++)
        methods_add_service(&builder, services[i], false);
    methods_add_service(&builder, &health_service, true);
    if (rpc->conf->reflection) {
        methods_add_service(&builder, &reflection_service, true);
        methods_add_service(&builder, &reflection_alpha_service, true);
    }
    methods_index(rpc);
    return builder.result;
}
