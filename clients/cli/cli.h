/* What the files of bmtctl share. */
#ifndef BMTCTL_CLI_H
#define BMTCTL_CLI_H

#include <jansson.h>
#include <stdbool.h>

#include "bmtclient.h"

/* Exit codes; `bmtctl help` names them. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,      /* something else went wrong */
    EXIT_USAGE = 2,       /* wrong command, option or value */
    EXIT_UNAVAILABLE = 3, /* the server cannot be reached or cannot work now: try again */
    EXIT_NOT_FOUND = 4,
    EXIT_REFUSED = 5, /* the server refused: state, permission, form */
};

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_YAML };

/* One line of the command table (commands.c). */
struct cli_command {
    const char *noun;
    const char *verb;
    const ProtobufCServiceDescriptor *service;
    const char *method;
    const char *subject; /* the request field that the argument after the verb fills; NULL: none */
    bool moves_money;    /* asks for a reason and a typed confirmation */
    int (*run)(const struct cli_command *command, json_t *request); /* NULL: call the method and show the reply */
    const char *help;
};

extern const struct cli_command cli_commands[];
extern const size_t cli_commands_count;

/* How and where to call; filled by main.c from options, environment and the context. */
struct cli_settings {
    const char *address;
    const char *api_key;
    const char *business;
    const char *ca_file;
    const char *certificate_file; /* ours, for mutual TLS; with key_file and ca_file */
    const char *key_file;
    const char *context;
    enum output output;
    bool is_quiet;     /* ids only */
    bool is_confirmed; /* --yes */
    const char *reason;
    const char *html_file; /* where a report is written as a page; NULL: nowhere */
    const char *format;    /* of an export; NULL: csv */
    int64_t deadline_ms;
};
extern struct cli_settings cli;

/* Between messages and JSON, by descriptor (proto3 JSON rules; money also as "12.50 EUR", enums also by their last
 * words). cli_message_of returns NULL after a line on stderr. */
json_t *cli_json_of(const ProtobufCMessage *message);
ProtobufCMessage *cli_message_of(const ProtobufCMessageDescriptor *type, const json_t *json, const char *path);

/* Money as people write it, `12.50 EUR`. The object is NULL when the text is not exactly that: a currency that is not
 * known, too many decimals, anything after it. A text is shown in minor units when its currency is not known. */
bool cli_is_money(const json_t *value);
json_t *cli_money_object(const char *text);
char *cli_money_text(const json_t *money);                        /* free() it */
char *cli_minor_text(const json_t *amount, const char *currency); /* free() it */

/* Times as RFC 3339 writes them. The object is NULL when the text is not exactly that: no offset, anything after it. */
json_t *cli_time_json(int64_t seconds, int32_t nanos);
json_t *cli_time_object(const char *text);

/* Calls a method with a request in JSON. 0 with the reply, or an exit code after the error was told. */
int cli_call(const ProtobufCServiceDescriptor *service, const char *method, const json_t *request, json_t **ret_reply);
struct bmt_client *cli_client(void);
/* Asks for --reason, and for the subject to be typed again or --yes. 0, or an exit code after a line on stderr. */
int cli_confirm(const struct cli_command *command, json_t *request);
int cli_tell_error(const struct bmt_error *error);

/* Shows a reply in the wanted form. */
void cli_show(const json_t *reply);
void cli_show_table(const json_t *rows);
void cli_show_pairs(const json_t *object);
void cli_show_rows(const json_t *rows); /* amounts with their currency, `balance_minor` as balance */

/* A field's text; empty where there is none. */
const char *cli_text_of(const json_t *object, const char *name);

/* Text with the value's own look, such as 12.50 EUR for money; free() it. */
char *cli_cell(const json_t *value);

/* Contexts: named addresses and keys in a file of mode 0600. */
int cli_context_load(struct cli_settings *settings);
int cli_context_run(int argc, char **argv);

/* Commands with steps of their own. */
/* Recomputes from the databases that nothing was lost; `settings` are those of bmtd. */
int cli_verify(const char *settings, const char *threads);

int cli_order_why(const struct cli_command *command, json_t *request);
int cli_txn_why(const struct cli_command *command, json_t *request);
int cli_reconcile_run(const struct cli_command *command, json_t *request);
int cli_reconcile_repair(const struct cli_command *command, json_t *request);
int cli_books(const struct cli_command *command, json_t *request);
int cli_ledger_report(const struct cli_command *command, json_t *request);
int cli_clearing_get(const struct cli_command *command, json_t *request);
int cli_statement_export(const struct cli_command *command, json_t *request);
int cli_statement_prove(const struct cli_command *command, json_t *request);
int cli_watch(const struct cli_command *command, json_t *request);
int cli_health(void);
int cli_completion(const char *shell);
void cli_help(const char *noun);
void cli_help_markdown(void);

#endif
