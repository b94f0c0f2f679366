/* Reconciliation's commands with steps of their own: a run that is followed, a repair that is shown before it is done.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bmt/reconcile/v1/reconcile.pb-c.h"
#include "cli.h"

#define SERVICE &bmt__reconcile__v1__reconcile_service__descriptor

enum { LOOK_EVERY_S = 1 };

static bool is_over(const json_t *run)
{
    return strcmp(cli_text_of(run, "state"), "RUN_STATE_DONE") == 0 ||
           strcmp(cli_text_of(run, "state"), "RUN_STATE_FAILED") == 0;
}

static void tell_progress(const json_t *run)
{
    if (cli_text_of(run, "pass")[0] != '\0')
        fprintf(stderr, "  %s: %3d %%, %s rows\n", cli_text_of(run, "pass"),
                (int)json_integer_value(json_object_get(run, "share_percent")), cli_text_of(run, "rows"));
}

/* Done without breaks is success; the number of breaks is the message. */
static int end_of(const json_t *reply)
{
    const json_t *run = json_object_get(reply, "run");

    cli_show(reply);
    if (strcmp(cli_text_of(run, "state"), "RUN_STATE_FAILED") == 0)
        return fprintf(stderr, "bmtctl: the run failed: %s\n", cli_text_of(run, "detail")), EXIT_FAILED;
    return strcmp(cli_text_of(run, "breaks"), "0") == 0 ? EXIT_OK : EXIT_FAILED;
}

int cli_reconcile_run(const struct cli_command *command, json_t *request)
{
    json_t *reply = NULL;
    json_t *get;
    int rc;

    rc = cli_call(command->service, command->method, request, &reply);
    if (rc != 0)
        return rc;
    if (cli.is_quiet) {
        cli_show(reply);
        json_decref(reply);
        return EXIT_OK;
    }
    get = json_pack("{s:O}", "run_id", json_object_get(json_object_get(reply, "run"), "run_id"));
    while (rc == 0 && !is_over(json_object_get(reply, "run"))) {
        sleep(LOOK_EVERY_S);
        json_decref(reply);
        reply = NULL;
        rc = cli_call(SERVICE, "GetRun", get, &reply);
        if (rc == 0)
            tell_progress(json_object_get(reply, "run"));
    }
    if (rc == 0)
        rc = end_of(reply);
    json_decref(get);
    json_decref(reply);
    return rc;
}

/* What would be done, without doing it. */
static int look(const struct cli_command *command, json_t *request)
{
    json_t *dry = json_deep_copy(request);
    json_t *reply = NULL;
    const json_t *found;
    int rc;

    json_object_set_new(dry, "dry_run", json_true());
    json_object_set_new(dry, "reason", json_string(cli.reason != NULL ? cli.reason : "a look"));
    rc = cli_call(command->service, command->method, dry, &reply);
    json_decref(dry);
    if (rc != 0)
        return rc;
    found = json_object_get(reply, "break");
    fprintf(stderr, "%s %s: %s\n%s\nrepair: %s\n", cli_text_of(found, "kind"), cli_text_of(found, "object"),
            cli_text_of(found, "what"), cli_text_of(found, "meaning"), cli_text_of(reply, "done"));
    json_decref(reply);
    return 0;
}

int cli_reconcile_repair(const struct cli_command *command, json_t *request)
{
    const bool is_look = json_object_get(request, "dry_run") != NULL;
    json_t *reply = NULL;
    int rc;

    rc = look(command, request);
    if (rc != 0 || is_look)
        return rc;
    rc = cli_confirm(command, request);
    if (rc == 0)
        rc = cli_call(command->service, command->method, request, &reply);
    if (rc == 0)
        cli_show(reply);
    json_decref(reply);
    return rc;
}
