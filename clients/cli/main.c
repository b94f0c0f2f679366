/* bmtctl: options, dispatch, one call. What can be done is in commands.c. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

struct cli_settings cli = {.deadline_ms = 5000};

enum {
    OPT_ADDRESS = 1000,
    OPT_BUSINESS,
    OPT_CA,
    OPT_CERT,
    OPT_KEY,
    OPT_CONTEXT,
    OPT_TIMEOUT,
    OPT_REASON,
    OPT_YES,
    OPT_LINE,
    OPT_MARKDOWN,
    OPT_CONFIG,
    OPT_THREADS,
    OPT_HTML,
    OPT_FORMAT,
    OPT_FIELD = 2000
};
enum { OPTIONS_MAX = 64 };

static const struct option common[] = {
    {"output", required_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},
    {"address", required_argument, NULL, OPT_ADDRESS},
    {"business", required_argument, NULL, OPT_BUSINESS},
    {"ca", required_argument, NULL, OPT_CA},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"context", required_argument, NULL, OPT_CONTEXT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"reason", required_argument, NULL, OPT_REASON},
    {"yes", no_argument, NULL, OPT_YES},
    {"line", required_argument, NULL, OPT_LINE},
    {"markdown", no_argument, NULL, OPT_MARKDOWN},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"html", required_argument, NULL, OPT_HTML},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"help", no_argument, NULL, 'h'},
};
#define COMMON_COUNT (sizeof common / sizeof common[0])

static bool wants_markdown;
static bool wants_help;
static const char *config_file; /* of verify */
static const char *threads;

static int usage(const char *problem, const char *what)
{
    fprintf(stderr, "bmtctl: %s%s%s\nbmtctl help shows the commands\n", problem, what[0] != '\0' ? ": " : "", what);
    return EXIT_USAGE;
}

static bool read_output(const char *name)
{
    static const char *const names[] = {"table", "json", "jsonl", "yaml"};

    for (size_t i = 0; i < 4; i++)
        if (strcmp(names[i], name) == 0) {
            cli.output = (enum output)i;
            return true;
        }
    return false;
}

/* The options of a command: the common ones, and its request's fields with dashes. */
static void fill_options(const struct cli_command *command, struct option *options)
{
    size_t n = COMMON_COUNT;

    memcpy(options, common, sizeof common);
    if (command != NULL) {
        const ProtobufCMessageDescriptor *type =
            protobuf_c_service_descriptor_get_method_by_name(command->service, command->method)->input;

        for (unsigned i = 0; i < type->n_fields && n < OPTIONS_MAX - 1; i++) {
            char *name = strdup(type->fields[i].name);

            for (char *at = name; *at != '\0'; at++)
                *at = *at == '_' ? '-' : *at;
            options[n++] = (struct option){name, required_argument, NULL, OPT_FIELD + (int)i};
        }
    }
    options[n] = (struct option){NULL, 0, NULL, 0};
}

/* `SKU:QUANTITY` */
static bool add_line(json_t *request, const char *text)
{
    const char *colon = strrchr(text, ':');
    json_t *lines = json_object_get(request, "lines");

    if (colon == NULL)
        return false;
    if (lines == NULL) {
        lines = json_array();
        json_object_set_new(request, "lines", lines);
    }
    json_array_append_new(lines, json_pack("{s:s#, s:s}", "sku_id", text, (int)(colon - text), "quantity", colon + 1));
    return true;
}

/* A field of bytes is given as the path of a file. NULL after a line on stderr. */
static json_t *file_json(const char *path)
{
    enum { FILE_BYTES_MAX = 1 << 20 };
    char *bytes = malloc(FILE_BYTES_MAX);
    FILE *file = fopen(path, "rb");
    json_t *json = NULL;

    if (file == NULL || bytes == NULL) {
        perror(path);
    } else {
        const size_t size = fread(bytes, 1, FILE_BYTES_MAX, file);

        if (ferror(file) || !feof(file))
            fprintf(stderr, "bmtctl: %s cannot be read, or is larger than 1 MiB\n", path);
        else
            json = json_stringn_nocheck(bytes, size);
    }
    if (file != NULL)
        fclose(file);
    free(bytes);
    return json;
}

/* 0, or an exit code after a line on stderr. */
static int set_field(const struct cli_command *command, int which, const char *value, json_t *request)
{
    const ProtobufCMessageDescriptor *type =
        protobuf_c_service_descriptor_get_method_by_name(command->service, command->method)->input;
    const ProtobufCFieldDescriptor *field = &type->fields[which];
    json_t *json = field->type == PROTOBUF_C_TYPE_BYTES ? file_json(value) : json_string(value);

    if (json == NULL)
        return EXIT_USAGE;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        json_t *list = value[0] == '[' ? json_loads(value, 0, NULL) : NULL;
        json_t *present = json_object_get(request, field->name);

        if (list != NULL) {
            json_decref(json);
            json_object_set_new(request, field->name, list);
        } else if (present != NULL) {
            json_array_append_new(present, json);
        } else {
            json_object_set_new(request, field->name, json_pack("[o]", json));
        }
        return 0;
    }
    json_object_set_new(request, field->name, json);
    return 0;
}

static int take_option(const struct cli_command *command, int which, json_t *request)
{
    switch (which) {
    case 'o': return read_output(optarg) ? 0 : usage("output is table, json, jsonl or yaml", optarg);
    case 'q': cli.is_quiet = true; return 0;
    case 'h': wants_help = true; return 0;
    case OPT_ADDRESS: cli.address = optarg; return 0;
    case OPT_BUSINESS: cli.business = optarg; return 0;
    case OPT_CA: cli.ca_file = optarg; return 0;
    case OPT_CERT: cli.certificate_file = optarg; return 0;
    case OPT_KEY: cli.key_file = optarg; return 0;
    case OPT_CONTEXT: cli.context = optarg; return 0;
    case OPT_CONFIG: config_file = optarg; return 0;
    case OPT_THREADS: threads = optarg; return 0;
    case OPT_HTML: cli.html_file = optarg; return 0;
    case OPT_FORMAT: cli.format = optarg; return 0;
    case OPT_REASON: cli.reason = optarg; return 0;
    case OPT_YES: cli.is_confirmed = true; return 0;
    case OPT_MARKDOWN: wants_markdown = true; return 0;
    case OPT_TIMEOUT:
        cli.deadline_ms = strtol(optarg, NULL, 10) * 1000;
        return cli.deadline_ms > 0 ? 0 : usage("timeout is a number of seconds", optarg);
    case OPT_LINE: return add_line(request, optarg) ? 0 : usage("a line is SKU:QUANTITY", optarg);
    default:
        if (command == NULL || which < OPT_FIELD)
            return usage("unknown or incomplete option", "");
        return set_field(command, which - OPT_FIELD, optarg, request);
    }
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void read_environment(void)
{
    cli.address = environment("BMT_ADDRESS");
    cli.api_key = environment("BMT_API_KEY");
    cli.business = environment("BMT_BUSINESS");
    cli.ca_file = environment("BMT_CA_FILE");
    cli.certificate_file = environment("BMT_CERT_FILE");
    cli.key_file = environment("BMT_KEY_FILE");
}

/* Half of what mutual TLS needs would be left out without a word. */
static bool is_tls_whole(void)
{
    return (cli.certificate_file == NULL) == (cli.key_file == NULL) &&
           (cli.certificate_file == NULL || cli.ca_file != NULL);
}

struct bmt_client *cli_client(void)
{
    static struct bmt_client *client;
    struct bmt_error error;

    if (client != NULL)
        return client;
    if (!is_tls_whole())
        return usage("mutual TLS needs all of --ca, --cert and --key", ""), NULL;
    client =
        bmt_client_new(&(struct bmt_client_options){.address = cli.address != NULL ? cli.address : "127.0.0.1:7450",
                                                    .api_key = cli.api_key,
                                                    .business = cli.business,
                                                    .ca_file = cli.ca_file,
                                                    .certificate_file = cli.certificate_file,
                                                    .key_file = cli.key_file,
                                                    .deadline_ms = cli.deadline_ms},
                       &error);
    if (client == NULL)
        fprintf(stderr, "bmtctl: %s\n", error.message);
    return client;
}

int cli_tell_error(const struct bmt_error *error)
{
    const char *reason = error->reason[0] != '\0' ? error->reason : bmt_code_name(error->code);

    fprintf(stderr, "bmtctl: %s: %s\n", reason, error->message);
    for (size_t i = 0; i < error->n_metadata; i++)
        fprintf(stderr, "  %s: %s\n", error->metadata[i].key, error->metadata[i].value);
    switch (error->code) {
    case 3: return EXIT_USAGE;
    case 4: /* DEADLINE_EXCEEDED */
    case 8: /* RESOURCE_EXHAUSTED */
    case 14: return EXIT_UNAVAILABLE;
    case 5: return EXIT_NOT_FOUND;
    case 2: /* UNKNOWN */
    case 13: return EXIT_FAILED;
    default: return EXIT_REFUSED;
    }
}

int cli_call(const ProtobufCServiceDescriptor *service, const char *method, const json_t *request, json_t **ret_reply)
{
    const ProtobufCMethodDescriptor *descriptor = protobuf_c_service_descriptor_get_method_by_name(service, method);
    ProtobufCMessage *message = cli_message_of(descriptor->input, request, "");
    struct bmt_client *client = cli_client();
    ProtobufCMessage *reply = NULL;
    struct bmt_error error;
    int code;

    if (message == NULL || client == NULL)
        return EXIT_USAGE;
    code = bmt_call(client, service, method, message, &reply, &error);
    protobuf_c_message_free_unpacked(message, NULL);
    if (code != 0)
        return cli_tell_error(&error);
    *ret_reply = cli_json_of(reply);
    protobuf_c_message_free_unpacked(reply, NULL);
    return EXIT_OK;
}

/* What moves money is done with a reason, and after the subject was typed again. */
int cli_confirm(const struct cli_command *command, json_t *request)
{
    static const char *const fields[] = {"detail", "reason"}; /* where the history keeps it */
    const ProtobufCMessageDescriptor *type =
        protobuf_c_service_descriptor_get_method_by_name(command->service, command->method)->input;
    const char *subject = json_string_value(json_object_get(request, command->subject));
    char typed[128] = "";

    if (cli.reason == NULL)
        return usage("this moves money: say why with --reason", "");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (protobuf_c_message_descriptor_get_field_by_name(type, fields[i]) != NULL)
            json_object_set_new(request, fields[i], json_string(cli.reason));
    if (cli.is_confirmed)
        return 0;
    if (!isatty(STDIN_FILENO))
        return usage("this moves money: confirm with --yes where nobody can type", "");
    fprintf(stderr, "%s %s %s: type the id again to confirm: ", command->noun, command->verb, subject);
    if (fgets(typed, sizeof typed, stdin) == NULL)
        return EXIT_REFUSED;
    typed[strcspn(typed, "\n")] = '\0';
    return strcmp(typed, subject) == 0 ? 0 : (fputs("bmtctl: not confirmed, nothing was done\n", stderr), EXIT_REFUSED);
}

static void give_request_id(const struct cli_command *command, json_t *request)
{
    const ProtobufCMessageDescriptor *type =
        protobuf_c_service_descriptor_get_method_by_name(command->service, command->method)->input;
    char text[BMT_REQUEST_ID_SIZE];

    if (protobuf_c_message_descriptor_get_field_by_name(type, "request_id") != NULL &&
        json_object_get(request, "request_id") == NULL)
        json_object_set_new(request, "request_id", json_string(bmt_request_id(text)));
}

static int run_command(const struct cli_command *command, json_t *request)
{
    json_t *reply = NULL;
    int rc;

    if (command->moves_money) {
        rc = cli_confirm(command, request);
        if (rc != 0)
            return rc;
    }
    give_request_id(command, request);
    if (command->run != NULL)
        return command->run(command, request);
    rc = cli_call(command->service, command->method, request, &reply);
    if (rc == 0)
        cli_show(reply);
    json_decref(reply);
    return rc;
}

static const struct cli_command *find_command(const char *noun, const char *verb)
{
    for (size_t i = 0; i < cli_commands_count; i++)
        if (strcmp(cli_commands[i].noun, noun) == 0 && strcmp(cli_commands[i].verb, verb) == 0)
            return &cli_commands[i];
    return NULL;
}

static int dispatch(int argc, char **argv, const struct cli_command *command, json_t *request)
{
    const char *noun = argv[1];

    if (wants_help || strcmp(noun, "help") == 0) {
        if (wants_markdown)
            return cli_help_markdown(), EXIT_OK;
        cli_help(command != NULL ? noun : optind + 1 < argc ? argv[optind + 1] : NULL);
        return EXIT_OK;
    }
    if (strcmp(noun, "context") == 0)
        return cli_context_run(argc - optind - 1, argv + optind + 1);
    if (strcmp(noun, "verify") == 0)
        return cli_verify(config_file, threads);
    if (strcmp(noun, "completion") == 0)
        return cli_completion(argc > 2 ? argv[2] : "");
    if (cli_context_load(&cli) != 0)
        return EXIT_USAGE;
    if (strcmp(noun, "health") == 0)
        return cli_health();
    if (command == NULL)
        return usage("there is no such command", noun);
    if (optind + 2 < argc && command->subject != NULL)
        json_object_set_new(request, command->subject, json_string(argv[optind + 2]));
    if (optind + 2 + (command->subject != NULL) < argc)
        return usage("one argument too many", argv[optind + 2 + (command->subject != NULL)]);
    return run_command(command, request);
}

int main(int argc, char **argv)
{
    const struct cli_command *command = argc > 2 ? find_command(argv[1], argv[2]) : NULL;
    struct option options[OPTIONS_MAX];
    json_t *request = json_object();
    int which;
    int rc;

    setenv("GRPC_VERBOSITY", "NONE", 0); /* errors are told by our own lines */
    if (argc < 2)
        return cli_help(NULL), EXIT_USAGE;
    read_environment();
    fill_options(command, options);
    while ((which = getopt_long(argc, argv, "o:qh", options, NULL)) != -1) {
        rc = take_option(command, which, request);
        if (rc != 0)
            return rc;
    }
    if (optind >= argc)
        return cli_help(NULL), wants_help ? EXIT_OK : EXIT_USAGE;
    argv[1] = argv[optind];
    rc = dispatch(argc, argv, command, request);
    json_decref(request);
    return rc;
}
