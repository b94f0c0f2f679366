/*
 * Reads the descriptor set and finds things in it.
 */
#include "rpc/contract.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CONTRACT_ARENA_MAX = 64 * 1024 * 1024, RULE_FIELD_METHOD = 50001, RULE_FIELD_FIELD = 50002 };

extern const uint8_t rpc_descriptors_start[];
extern const uint8_t rpc_descriptors_end[];

struct contract {
    struct contract_file *files;
    size_t n_files;
    struct contract_symbol *symbols;
    size_t n_symbols;
    size_t symbols_size; /* while they are collected */
    struct arena *arena;
};

static void *contract_alloc(void *arena, size_t size)
{
    return arena_alloc(arena, size);
}

static void contract_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

static ProtobufCAllocator contract_allocator(struct arena *arena)
{
    return (ProtobufCAllocator){.alloc = contract_alloc, .free = contract_free, .allocator_data = arena};
}

static size_t contract_length(const uint8_t *data, size_t size, size_t *ret_prefix)
{
    size_t length = 0;
    size_t i = 0;

    for (; i < size && i < 5; i++) {
        length |= (size_t)(data[i] & 0x7f) << (7 * i);
        if ((data[i] & 0x80) == 0)
            break;
    }
    *ret_prefix = i + 1;
    return length;
}

/*
 * The payload of an option: an extension, so an unknown field to protobuf-c. protoc may write it in several pieces,
 * which by the rules of the encoding are one message when put together.
 */
static struct sql_bytes contract_option(const ProtobufCMessage *options, uint32_t number, struct arena *arena)
{
    struct sql_bytes whole = {0};

    for (unsigned i = 0; options != NULL && i < options->n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *field = &options->unknown_fields[i];
        size_t prefix = 0;

        if (field->tag != number || field->wire_type != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
            continue;
        size_t length = contract_length(field->data, field->len, &prefix);
        if (prefix + length > field->len)
            continue;
        uint8_t *joined = arena_alloc(arena, whole.size + length + 1);
        if (whole.size > 0)
            memcpy(joined, whole.data, whole.size);
        memcpy(joined + whole.size, field->data + prefix, length);
        whole = (struct sql_bytes){.data = joined, .size = whole.size + length};
    }
    return whole;
}

const Bmt__Common__V1__FieldRule *contract_field_rule(const Google__Protobuf__FieldDescriptorProto *field,
                                                      struct arena *arena)
{
    ProtobufCAllocator allocator = contract_allocator(arena);

    if (field->options == NULL)
        return NULL;
    struct sql_bytes option = contract_option(&field->options->base, RULE_FIELD_FIELD, arena);
    if (option.data == NULL)
        return NULL;
    return bmt__common__v1__field_rule__unpack(&allocator, option.size, option.data);
}

static void contract_add(struct contract *contract, const char *scope, const char *name, enum contract_kind kind,
                         const void *proto, size_t file, const char **ret_name)
{
    if (contract->n_symbols == contract->symbols_size) {
        size_t size = contract->symbols_size == 0 ? 512 : contract->symbols_size * 2;
        struct contract_symbol *grown = arena_array_of(contract->arena, struct contract_symbol, size);

        if (contract->n_symbols > 0)
            memcpy(grown, contract->symbols, contract->n_symbols * sizeof(*grown));
        contract->symbols = grown;
        contract->symbols_size = size;
    }
    *ret_name = scope[0] != '\0' ? arena_printf(contract->arena, "%s.%s", scope, name) : name;
    contract->symbols[contract->n_symbols++] =
        (struct contract_symbol){.name = *ret_name, .kind = kind, .proto = proto, .file = file};
}

/* Messages with what is nested in them; the depth is that of our own sources. */
static void contract_add_message(struct contract *contract, const char *scope,
                                 const Google__Protobuf__DescriptorProto *message, size_t file)
{
    const char *name;
    const char *inner;

    contract_add(contract, scope, message->name, CONTRACT_MESSAGE, message, file, &name);
    for (size_t i = 0; i < message->n_nested_type; i++)
        contract_add_message(contract, name, message->nested_type[i], file);
    for (size_t i = 0; i < message->n_enum_type; i++)
        contract_add(contract, name, message->enum_type[i]->name, CONTRACT_ENUM, message->enum_type[i], file, &inner);
    for (size_t i = 0; i < message->n_extension; i++)
        contract_add(contract, name, message->extension[i]->name, CONTRACT_EXTENSION, message->extension[i], file,
                     &inner);
}

static void contract_add_file(struct contract *contract, size_t index)
{
    const Google__Protobuf__FileDescriptorProto *file = contract->files[index].file;
    const char *package = file->package != NULL ? file->package : "";
    const char *name;
    const char *inner;

    for (size_t i = 0; i < file->n_message_type; i++)
        contract_add_message(contract, package, file->message_type[i], index);
    for (size_t i = 0; i < file->n_enum_type; i++)
        contract_add(contract, package, file->enum_type[i]->name, CONTRACT_ENUM, file->enum_type[i], index, &name);
    for (size_t i = 0; i < file->n_extension; i++)
        contract_add(contract, package, file->extension[i]->name, CONTRACT_EXTENSION, file->extension[i], index, &name);
    for (size_t i = 0; i < file->n_service; i++) {
        const Google__Protobuf__ServiceDescriptorProto *service = file->service[i];

        contract_add(contract, package, service->name, CONTRACT_SERVICE, service, index, &name);
        for (size_t m = 0; m < service->n_method; m++)
            contract_add(contract, name, service->method[m]->name, CONTRACT_METHOD, service->method[m], index, &inner);
    }
}

static int contract_compare(const void *left, const void *right)
{
    return strcmp(((const struct contract_symbol *)left)->name, ((const struct contract_symbol *)right)->name);
}

/* The set is a list of files, each `file = 1`, so the bytes of each stand in it as they are. */
static bool contract_read_files(struct contract *contract, const uint8_t *set, size_t size)
{
    ProtobufCAllocator allocator = contract_allocator(contract->arena);
    size_t at = 0;

    contract->files = arena_array_of(contract->arena, struct contract_file, size / 64 + 1);
    while (at < size) {
        size_t prefix = 0;
        size_t length;

        if (set[at] != ((1 << 3) | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED))
            return false;
        at++;
        length = contract_length(set + at, size - at, &prefix);
        if (length < 8 || prefix > size - at || length > size - at - prefix || contract->n_files > size / 64)
            return false;
        struct contract_file *file = &contract->files[contract->n_files++];
        file->bytes = (struct sql_bytes){.data = set + at + prefix, .size = length};
        file->file = google__protobuf__file_descriptor_proto__unpack(&allocator, length, file->bytes.data);
        if (file->file == NULL || file->file->name == NULL)
            return false;
        at += prefix + length;
    }
    return true;
}

const struct contract *contract_read(const uint8_t *set, size_t size, struct arena *arena)
{
    struct contract *contract = arena_new_of(arena, struct contract);

    contract->arena = arena;
    if (!contract_read_files(contract, set, size))
        return NULL;
    for (size_t i = 0; i < contract->n_files; i++)
        contract_add_file(contract, i);
    if (contract->n_symbols > 0)
        qsort(contract->symbols, contract->n_symbols, sizeof(contract->symbols[0]), contract_compare);
    return contract;
}

static const struct contract *embedded;

static void contract_read_embedded(void)
{
    size_t size = (size_t)(rpc_descriptors_end - rpc_descriptors_start);

    embedded = contract_read(rpc_descriptors_start, size, arena_new(CONTRACT_ARENA_MAX));
    INVARIANT(embedded != NULL);
}

const struct contract *contract_embedded(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, contract_read_embedded);
    return embedded;
}

const struct contract_symbol *contract_find_symbol(const struct contract *contract, const char *name)
{
    struct contract_symbol key = {.name = name};

    if (contract->n_symbols == 0)
        return NULL;
    return bsearch(&key, contract->symbols, contract->n_symbols, sizeof(key), contract_compare);
}

const Google__Protobuf__DescriptorProto *contract_message(const struct contract *contract, const char *name)
{
    const struct contract_symbol *symbol = contract_find_symbol(contract, name[0] == '.' ? name + 1 : name);

    return symbol != NULL && symbol->kind == CONTRACT_MESSAGE ? symbol->proto : NULL;
}

size_t contract_files(const struct contract *contract, const struct contract_file **ret_files)
{
    *ret_files = contract->files;
    return contract->n_files;
}

size_t contract_symbols(const struct contract *contract, const struct contract_symbol **ret_symbols)
{
    *ret_symbols = contract->symbols;
    return contract->n_symbols;
}

static void contract_read_rule(const Google__Protobuf__MethodOptions *options, struct arena *arena,
                               struct contract_method *method)
{
    ProtobufCAllocator allocator = contract_allocator(arena);
    struct sql_bytes option = contract_option(&options->base, RULE_FIELD_METHOD, arena);

    if (options->has_idempotency_level)
        method->idempotency = (enum idempotency)options->idempotency_level;
    if (option.data == NULL)
        return;
    const Bmt__Common__V1__MethodRule *rule =
        bmt__common__v1__method_rule__unpack(&allocator, option.size, option.data);
    if (rule == NULL)
        return;
    method->has_rule = true;
    for (size_t i = 0; i < rule->n_roles; i++) {
        if (rule->roles[i] > 0 && rule->roles[i] <= (int)ROLE_ADMIN)
            method->roles |= 1u << rule->roles[i];
    }
    method->priority = (int)rule->priority;
    method->batch_max = rule->batch_max;
    method->scope = rule->scope;
    method->business_optional = rule->business_optional;
    method->without_request_id = rule->without_request_id;
}

bool contract_find_method(const struct contract *contract, const char *service, const char *method,
                          struct contract_method *ret_method)
{
    char name[300];

    snprintf(name, sizeof(name), "%s.%s", service, method);
    const struct contract_symbol *symbol = contract_find_symbol(contract, name);
    if (symbol == NULL || symbol->kind != CONTRACT_METHOD)
        return false;

    const Google__Protobuf__MethodDescriptorProto *proto = symbol->proto;
    *ret_method = (struct contract_method){
        .scope = "",
        .is_client_streaming = proto->has_client_streaming && proto->client_streaming,
        .is_server_streaming = proto->has_server_streaming && proto->server_streaming,
        .request = proto->input_type + 1, /* without the leading dot */
        .response = proto->output_type + 1,
    };
    if (proto->options != NULL)
        contract_read_rule(proto->options, contract->arena, ret_method);
    return true;
}
