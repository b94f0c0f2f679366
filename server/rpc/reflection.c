/*
 * Reflection: one question, one answer, on a bidirectional stream.
 *
 * Both versions have the same messages under different names, so both are answered with the types of v1: the bytes
 * are the same, and so is the layout of the structs (asserted below).
 */
#include "rpc/reflection.h"

#include <string.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"
#include "rpc/contract.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest Question;
typedef Grpc__Reflection__V1__ServerReflectionResponse Answer;
typedef Grpc__Reflection__V1alpha__ServerReflectionRequest QuestionAlpha;
#define QUESTION(x) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##x
#define ANSWER(x)   GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##x

#define SAME_PLACE(member) \
    _Static_assert(offsetof(Question, member) == offsetof(QuestionAlpha, member), "both versions have one layout")
_Static_assert(sizeof(Question) == sizeof(QuestionAlpha), "both versions have one layout");
SAME_PLACE(list_services);
SAME_PLACE(message_request_case);

enum { REFLECTION_ARENA_MAX = 32 * 1024 * 1024, NOT_FOUND = STATUS_NOT_FOUND };

static void reflection_not_found(Answer *answer, const char *what, const char *name, struct arena *arena)
{
    Grpc__Reflection__V1__ErrorResponse *error = arena_new_of(arena, Grpc__Reflection__V1__ErrorResponse);

    grpc__reflection__v1__error_response__init(error);
    error->error_code = NOT_FOUND;
    error->error_message = arena_printf(arena, "%s %.200s is not known", what, name);
    answer->message_response_case = ANSWER(ERROR_RESPONSE);
    answer->error_response = error;
}

/* The file and everything that it imports, each once, so that one question is enough. */
static void reflection_collect(const struct contract_file *files, size_t n, size_t index, bool *seen,
                               Grpc__Reflection__V1__FileDescriptorResponse *response)
{
    const Google__Protobuf__FileDescriptorProto *file = files[index].file;

    if (seen[index])
        return;
    seen[index] = true;
    response->file_descriptor_proto[response->n_file_descriptor_proto++] = (ProtobufCBinaryData){
        .data = (uint8_t *)(uintptr_t)files[index].bytes.data,
        .len = files[index].bytes.size,
    };
    for (size_t d = 0; d < file->n_dependency; d++) {
        for (size_t i = 0; i < n; i++) {
            if (strcmp(files[i].file->name, file->dependency[d]) == 0)
                reflection_collect(files, n, i, seen, response);
        }
    }
}

static void reflection_file(Answer *answer, size_t index, struct arena *arena)
{
    Grpc__Reflection__V1__FileDescriptorResponse *response =
        arena_new_of(arena, Grpc__Reflection__V1__FileDescriptorResponse);
    const struct contract_file *files;
    size_t n = contract_files(contract_embedded(), &files);

    grpc__reflection__v1__file_descriptor_response__init(response);
    response->file_descriptor_proto = arena_array_of(arena, ProtobufCBinaryData, n);
    reflection_collect(files, n, index, arena_array_of(arena, bool, n), response);
    answer->message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
    answer->file_descriptor_response = response;
}

static void reflection_by_name(Answer *answer, const char *name, struct arena *arena)
{
    const struct contract_file *files;
    size_t n = contract_files(contract_embedded(), &files);

    for (size_t i = 0; i < n; i++) {
        if (strcmp(files[i].file->name, name) == 0) {
            reflection_file(answer, i, arena);
            return;
        }
    }
    reflection_not_found(answer, "file", name, arena);
}

static void reflection_by_symbol(Answer *answer, const char *name, struct arena *arena)
{
    const struct contract_symbol *symbol = contract_find_symbol(contract_embedded(), name);

    if (symbol != NULL)
        reflection_file(answer, symbol->file, arena);
    else
        reflection_not_found(answer, "symbol", name, arena);
}

/* Whether the symbol extends this type; `extendee` has a leading dot. */
static bool reflection_extends(const struct contract_symbol *symbol, const char *type)
{
    const Google__Protobuf__FieldDescriptorProto *field = symbol->proto;

    return symbol->kind == CONTRACT_EXTENSION && strcmp(field->extendee + 1, type) == 0;
}

static void reflection_by_extension(Answer *answer, const Grpc__Reflection__V1__ExtensionRequest *question,
                                    struct arena *arena)
{
    const struct contract_symbol *symbols;
    size_t n = contract_symbols(contract_embedded(), &symbols);

    for (size_t i = 0; i < n; i++) {
        const Google__Protobuf__FieldDescriptorProto *field = symbols[i].proto;

        if (reflection_extends(&symbols[i], question->containing_type) && field->number == question->extension_number) {
            reflection_file(answer, symbols[i].file, arena);
            return;
        }
    }
    reflection_not_found(answer, "extension of", question->containing_type, arena);
}

static void reflection_numbers(Answer *answer, const char *type, struct arena *arena)
{
    Grpc__Reflection__V1__ExtensionNumberResponse *response =
        arena_new_of(arena, Grpc__Reflection__V1__ExtensionNumberResponse);
    const struct contract_symbol *symbols;
    size_t n = contract_symbols(contract_embedded(), &symbols);

    if (contract_message(contract_embedded(), type) == NULL) {
        reflection_not_found(answer, "type", type, arena);
        return;
    }
    grpc__reflection__v1__extension_number_response__init(response);
    response->base_type_name = arena_strdup(arena, type);
    response->extension_number = arena_array_of(arena, int32_t, n);
    for (size_t i = 0; i < n; i++) {
        if (reflection_extends(&symbols[i], type))
            response->extension_number[response->n_extension_number++] =
                ((const Google__Protobuf__FieldDescriptorProto *)symbols[i].proto)->number;
    }
    answer->message_response_case = ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE);
    answer->all_extension_numbers_response = response;
}

static void reflection_services(Answer *answer, struct arena *arena)
{
    Grpc__Reflection__V1__ListServiceResponse *response =
        arena_new_of(arena, Grpc__Reflection__V1__ListServiceResponse);
    const struct contract_symbol *symbols;
    size_t n = contract_symbols(contract_embedded(), &symbols);

    grpc__reflection__v1__list_service_response__init(response);
    response->service = arena_array_of(arena, Grpc__Reflection__V1__ServiceResponse *, n);
    for (size_t i = 0; i < n; i++) {
        if (symbols[i].kind != CONTRACT_SERVICE)
            continue;
        Grpc__Reflection__V1__ServiceResponse *service = arena_new_of(arena, Grpc__Reflection__V1__ServiceResponse);
        grpc__reflection__v1__service_response__init(service);
        service->name = (char *)(uintptr_t)symbols[i].name;
        response->service[response->n_service++] = service;
    }
    answer->message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
    answer->list_services_response = response;
}

static void reflection_answer(Answer *answer, const Question *question, struct arena *arena)
{
    switch (question->message_request_case) {
    case QUESTION(FILE_BY_FILENAME): reflection_by_name(answer, question->file_by_filename, arena); break;
    case QUESTION(FILE_CONTAINING_SYMBOL): reflection_by_symbol(answer, question->file_containing_symbol, arena); break;
    case QUESTION(FILE_CONTAINING_EXTENSION):
        reflection_by_extension(answer, question->file_containing_extension, arena);
        break;
    case QUESTION(ALL_EXTENSION_NUMBERS_OF_TYPE):
        reflection_numbers(answer, question->all_extension_numbers_of_type, arena);
        break;
    case QUESTION(LIST_SERVICES): reflection_services(answer, arena); break;
    default: reflection_not_found(answer, "question", "without content", arena); break;
    }
}

static void reflection_on_message(struct call *call, const void *message, void *context)
{
    const Question *question = message;
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(REFLECTION_ARENA_MAX);
    Answer answer = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;

    if (question == NULL) {
        stream_finish(call, NULL);
        return;
    }
    answer.valid_host = question->host;
    answer.original_request = (Question *)(uintptr_t)question;
    reflection_answer(&answer, question, arena);
    if (stream_send(call, &answer.base))
        stream_receive(call, reflection_on_message, context);
}

static void reflection_info(struct lane *lane, struct call **calls, size_t n)
{
    (void)lane;
    for (size_t i = 0; i < n; i++)
        stream_receive(calls[i], reflection_on_message, NULL);
}

static const struct rpc_method reflection_methods[] = {
    {"ServerReflectionInfo", .handle = reflection_info},
};
const struct rpc_service reflection_service =
    RPC_SERVICE(grpc__reflection__v1__server_reflection__descriptor, reflection_methods);
const struct rpc_service reflection_alpha_service =
    RPC_SERVICE(grpc__reflection__v1alpha__server_reflection__descriptor, reflection_methods);
