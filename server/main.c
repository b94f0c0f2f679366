/*
 * bmtd: options, wiring, and the life of the process. Nothing is decided here.
 *
 *   settings -> database -> schema -> replica number, clock -> authenticator -> runtime -> jobs -> (signal) -> back
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "business/business.h"
#include "http/client.h"
#include "http/metrics_http.h"
#include "jobs/replica.h"
#include "modules.h"
#include "order/watch.h"
#include "payment/payment.h"
#include "reconcile/reconcile.h"
#include "reload.h"
#include "rpc/contract.h"
#include "rpc/health.h"
#include "rpc/runtime.h"
#include "sandbox/sandbox.h"
#include "settlement/settlement.h"
#include "sql/migrate.h"
#include "verify/verify.h"

/* Exit codes; the help text names them. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_DATABASE = 3,
    EXIT_SCHEMA = 4,
    EXIT_PORT = 5,
};

static const char help[] =
    "bmtd: transactions for virtual goods, over gRPC\n"
    "\n"
    "  bmtd --config FILE                   serve until SIGTERM or SIGINT; SIGHUP reads reloadable settings again\n"
    "  bmtd --config FILE --migrate         bring the schemas up to date, and end\n"
    "  bmtd --config FILE --check           check settings, database, schema and contract, and end\n"
    "  bmtd --config FILE --write-schema F  write all schemas as SQL, and end\n"
    "  bmtd --write-docs FOLDER             write errors.md, config.md, breaks.md and bmtd.conf.sample, end\n"
    "  bmtd --check-contract                check methods against the protos, and end\n"
    "  bmtd --new-key                       print a fresh API key, such as for auth.admin_key_file, and end\n"
    "  bmtd --help-config                   explain every setting\n"
    "  bmtd --help | --version\n"
    "\n"
    "  --ready-file FILE                    write `<grpc port> <metrics port>` there once serving\n"
    "\n"
    "Exit codes: 0 ended as asked, 1 failure, 2 wrong option or setting, 3 database not reachable,\n"
    "            4 schema not up to date (run --migrate), 5 address already in use.\n";

struct options {
    const char *config;
    const char *ready_file;
    const char *write_docs;
    const char *write_schema;
    bool migrate;
    bool check;
    bool check_contract;
    bool help_config;
};

static int usage(const char *problem)
{
    fprintf(stderr, "bmtd: %s\nbmtd --help explains the options\n", problem);
    return EXIT_USAGE;
}

static int print_new_key(void)
{
    char key[API_KEY_TEXT_SIZE];

    auth_key_generate(false, key);
    puts(key);
    return EXIT_OK;
}

/* -1 to go on; else the exit code. */
static int read_options(int argc, char **argv, struct options *options)
{
    enum {
        OPT_CONFIG = 1,
        OPT_READY,
        OPT_DOCS,
        OPT_SCHEMA,
        OPT_MIGRATE,
        OPT_CHECK,
        OPT_CONTRACT,
        OPT_HELP_CONFIG,
        OPT_NEW_KEY,
        OPT_HELP,
        OPT_VERSION
    };
    static const struct option list[] = {
        {"config", required_argument, NULL, OPT_CONFIG},     {"ready-file", required_argument, NULL, OPT_READY},
        {"write-docs", required_argument, NULL, OPT_DOCS},   {"write-schema", required_argument, NULL, OPT_SCHEMA},
        {"migrate", no_argument, NULL, OPT_MIGRATE},         {"check", no_argument, NULL, OPT_CHECK},
        {"check-contract", no_argument, NULL, OPT_CONTRACT}, {"help-config", no_argument, NULL, OPT_HELP_CONFIG},
        {"new-key", no_argument, NULL, OPT_NEW_KEY},         {"help", no_argument, NULL, OPT_HELP},
        {"version", no_argument, NULL, OPT_VERSION},         {NULL, 0, NULL, 0},
    };
    int which;

    while ((which = getopt_long(argc, argv, "", list, NULL)) != -1) {
        switch (which) {
        case OPT_CONFIG: options->config = optarg; break;
        case OPT_READY: options->ready_file = optarg; break;
        case OPT_DOCS: options->write_docs = optarg; break;
        case OPT_SCHEMA: options->write_schema = optarg; break;
        case OPT_MIGRATE: options->migrate = true; break;
        case OPT_CHECK: options->check = true; break;
        case OPT_CONTRACT: options->check_contract = true; break;
        case OPT_HELP_CONFIG: options->help_config = true; break;
        case OPT_NEW_KEY: return print_new_key();
        case OPT_HELP: fputs(help, stdout); return EXIT_OK;
        case OPT_VERSION: puts("bmtd " BMT_VERSION); return EXIT_OK;
        default: return usage("unknown or incomplete option");
        }
    }
    return optind < argc ? usage("options only, no arguments") : -1;
}

static int write_one(const char *folder, const char *name, void (*write)(FILE *out))
{
    char path[512];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    out = fopen(path, "w");
    if (out == NULL)
        return perror(path), EXIT_FAILED;
    write(out);
    return fclose(out) == 0 ? EXIT_OK : EXIT_FAILED;
}

static int write_docs(const char *folder)
{
    return write_one(folder, "errors.md", err_write_markdown) || write_one(folder, "config.md", conf_write_markdown) ||
           write_one(folder, "bmtd.conf.sample", conf_write_sample) ||
           write_one(folder, "breaks.md", finding_write_markdown);
}

static int write_schema(struct db *db, const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL)
        return perror(path), EXIT_FAILED;
    const int rc = migrate_write_schema(db, out);

    return fclose(out) == 0 && rc == 0 ? EXIT_OK : EXIT_FAILED;
}

static int check_contract(FILE *problems)
{
    return contract_check(problems) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* What cannot be a range of conf.def: settings that depend on each other. */
static bool settings_agree(const struct conf *conf)
{
    const bool is_sandbox = strcmp(conf->mode, "sandbox") == 0;
    enum log_level level;

    if (!log_level_of(conf->log_level, &level))
        return fprintf(stderr, "log.level must be debug, info, warn or error, not \"%s\"\n", conf->log_level), false;
    log_set_level(level);
    if (!is_sandbox && conf->failpoints[0] != '\0')
        return fputs("failpoints: not in production mode\n", stderr), false;
    if (!is_sandbox && conf->auth_token_key_file[0] == '\0') /* other replicas must know the tokens of this one */
        return fputs("auth.token_key_file: must be set in production mode\n", stderr), false;
    if (failpoint_enable(conf->failpoints, stderr) != 0)
        return false;
    return true;
}

static void wire(const struct conf *conf, bool is_sandbox)
{
    sandbox_enable(is_sandbox);
    payment_use_settings(conf);
    settlement_use_settings(conf);
    settings_apply(conf);
}

/* The process's own number and time, before anything makes an id or decides by time. */
static int join(struct db *db)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct err err = {0};

    if (replica_join(session, &err) == 0 && sandbox_load_clock(session, &err) == 0)
        return 0;
    log_error("could not join the other replicas", log_text("reason", err_info(err.id)->reason));
    return -1;
}

static void leave(struct db *db)
{
    struct session *session CLEANUP(session_cleanup) = session_new(db);
    struct err err = {0};

    if (replica_leave(session, &err) != 0)
        log_warn("replica number could not be given back, ignoring", log_text("reason", err_info(err.id)->reason));
}

static int tell_ready(const struct options *options, int port, int metrics_port)
{
    FILE *file;

    log_info("ready", log_i64("port", port), log_i64("metrics_port", metrics_port));
    if (options->ready_file == NULL)
        return 0;
    file = fopen(options->ready_file, "w");
    if (file == NULL || fprintf(file, "%d %d\n", port, metrics_port) < 0 || fclose(file) != 0)
        return perror(options->ready_file), -1;
    return 0;
}

/* SIGHUP reads the settings again. The first other signal ends in order; a second one at once, by its default action.
 */
static void wait_for_end(const struct options *options, const struct conf *conf, const sigset_t *signals)
{
    sigset_t ending = *signals;
    int which = SIGHUP;

    reload_begin(options->config, conf);
    while (which == SIGHUP) {
        sigwait(signals, &which);
        if (which == SIGHUP)
            reload_settings();
    }
    log_info("ending", log_text("signal", which == SIGTERM ? "SIGTERM" : "SIGINT"));
    sigdelset(&ending, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
}

/* An empty address means no metrics over HTTP. */
static int start_metrics(const struct conf *conf, struct metrics_http **ret_metrics)
{
    if (conf->metrics_listen[0] == '\0')
        return EXIT_OK;
    return metrics_http_start(conf->metrics_listen, health_is_serving, ret_metrics, stderr) == 0 ? EXIT_OK : EXIT_PORT;
}

static int serve_with(const struct conf *conf, struct db *db, const struct options *options, const sigset_t *signals,
                      struct authenticator *authenticator)
{
    struct metrics_http *metrics = NULL;
    struct scheduler *scheduler;
    struct rpc *rpc = NULL;
    int rc;

    order_watch_start(conf, db);
    rc = rpc_start(conf, db, authenticator, modules_services, modules_services_count, &rpc, stderr);
    if (rc != 0) {
        order_watch_stop();
        return rc == RPC_PORT_TAKEN ? EXIT_PORT : EXIT_FAILED;
    }
    rc = start_metrics(conf, &metrics);
    scheduler = scheduler_start(conf, db, modules_jobs, modules_jobs_count);
    reconcile_start(conf, db);
    if (rc == EXIT_OK)
        rc = tell_ready(options, rpc_port(rpc), metrics != NULL ? metrics_http_port(metrics) : 0) == 0 ? EXIT_OK
                                                                                                       : EXIT_FAILED;
    if (rc == EXIT_OK)
        wait_for_end(options, conf, signals);
    reconcile_stop();
    scheduler_stop(scheduler);
    rpc_stop(rpc);
    order_watch_stop();
    metrics_http_stop(metrics);
    return rc;
}

static int serve(const struct conf *conf, struct db *db, const struct options *options, const sigset_t *signals)
{
    const bool is_sandbox = strcmp(conf->mode, "sandbox") == 0;
    struct authenticator *authenticator = NULL;
    int rc;

    if (!is_sandbox)
        prctl(PR_SET_DUMPABLE, 0); /* no secrets in cores */
    wire(conf, is_sandbox);
    if (join(db) != 0)
        return EXIT_FAILED;
    if (auth_start(conf, db, &business_auth_source, &authenticator, stderr) != 0)
        return EXIT_USAGE;
    business_use_authenticator(authenticator, !is_sandbox);
    if (http_client_start(is_sandbox, conf->payment_connections_max) != 0)
        return EXIT_FAILED;
    rc = serve_with(conf, db, options, signals, authenticator);
    http_client_stop();
    auth_stop(authenticator);
    leave(db);
    return rc;
}

static int with_database(const struct conf *conf, struct db *db, const struct options *options, const sigset_t *signals)
{
    if (db_ping(db, stderr) != 0)
        return EXIT_DATABASE;
    if (options->migrate) {
        puts("migrations:");
        return migrate_up(db, stdout) == 0 ? EXIT_OK : EXIT_SCHEMA;
    }
    if (migrate_check(db, stderr) != 0)
        return fputs("bring the schemas up to date with --migrate\n", stderr), EXIT_SCHEMA;
    if (options->write_schema != NULL)
        return write_schema(db, options->write_schema);
    if (options->check)
        return check_contract(stderr);
    return serve(conf, db, options, signals);
}

int main(int argc, char **argv)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(1 << 20);
    struct options options = {0};
    struct conf conf;
    struct db *db = NULL;
    sigset_t signals;
    int rc;

    setenv("GRPC_VERBOSITY", "NONE", 0); /* its lines are no JSON; what matters is told by our own */
    rc = read_options(argc, argv, &options);
    if (rc >= 0)
        return rc;
    if (options.help_config)
        return conf_write_help(stdout), EXIT_OK;
    if (options.write_docs != NULL)
        return write_docs(options.write_docs);
    if (options.check_contract)
        return check_contract(stderr);
    if (options.config == NULL)
        return usage("--config is missing");
    if (conf_load(options.config, arena, &conf, stderr) != 0 || !settings_agree(&conf) ||
        db_open(&conf, arena, &db, stderr) != 0)
        return EXIT_USAGE;

    /* All threads inherit the mask: signals reach sigwait alone. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    db_thread_begin();
    rc = with_database(&conf, db, &options, &signals);
    db_thread_end();
    db_close(db);
    return rc;
}
