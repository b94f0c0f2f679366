/*
 * bmtctl verify: the proof that anyone can run. Unlike every other command it asks no server but the databases
 * themselves, by the settings of bmtd.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "sql/db.h"
#include "verify/verify.h"

enum { SHOWN_MAX = 100, RECHECK_MS = 1000, RECHECK_MAX = 5, THREADS_MAX = 8, ARENA_BYTES_MAX = 256 << 20 };

/* What is shown while it runs and at the end. */
struct show {
    bool shows_progress;
    time_t last;
    int64_t shown[FINDING_COUNT];
    json_t *findings;
};

static void progress(void *context, const char *pass, double share, int64_t n_rows)
{
    struct show *show = context;
    const time_t now = time(NULL); /* for people, not for rules */

    if (!show->shows_progress || now == show->last)
        return;
    show->last = now;
    fprintf(stderr, "  %s: %3.0f %%, %lld rows\n", pass, share * 100, (long long)n_rows);
}

static void tell(void *context, const struct finding *finding)
{
    const struct finding_info *info = finding_info(finding->kind);
    struct show *show = context;
    char id[ID_TEXT_SIZE] = "";
    char business[ID_TEXT_SIZE] = "";

    if (show->shown[finding->kind]++ >= SHOWN_MAX)
        return;
    if (finding->id != 0)
        id_text(finding->id_kind, finding->id, id);
    if (finding->biz_id != 0)
        id_text(ID_BUSINESS, finding->biz_id, business);
    if (cli.output == OUTPUT_TABLE)
        printf("%s %s%s%s\n", info->name, id, id[0] != '\0' ? ": " : "", finding->what);
    json_array_append_new(show->findings,
                          json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", info->name, "id", id, "business_id", business,
                                    "what", finding->what, "repair", repair_name(info->repair)));
}

static json_t *money_json(const struct verify_report *report)
{
    json_t *list = json_array();

    for (size_t i = 0; i < report->n_money; i++) {
        const struct verify_money *m = &report->money[i];
        char business[ID_TEXT_SIZE];

        json_array_append_new(
            list, json_pack("{s:s, s:s, s:I, s:I, s:I}", "business_id", id_text(ID_BUSINESS, m->biz_id, business),
                            "currency", m->currency, "in_minor", (json_int_t)m->in_minor, "out_minor",
                            (json_int_t)m->out_minor, "held_minor", (json_int_t)(m->in_minor - m->out_minor)));
    }
    return list;
}

static void show_report(const struct verify_report *report, const struct show *show)
{
    if (cli.output != OUTPUT_TABLE) {
        json_t *json =
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:o}", "orders", (json_int_t)report->n_orders,
                      "payments", (json_int_t)report->n_payments, "refunds", (json_int_t)report->n_refunds, "skus",
                      (json_int_t)report->n_skus, "statement_lines", (json_int_t)report->n_statement_lines, "transfers",
                      (json_int_t)report->n_transfers, "transactions", (json_int_t)report->n_transactions, "rows",
                      (json_int_t)report->n_rows, "breaks", (json_int_t)report->n_findings, "findings", show->findings,
                      "money", money_json(report));

        cli_show(json);
        json_decref(json);
        return;
    }
    for (size_t i = 0; i < report->n_money; i++) {
        const struct verify_money *m = &report->money[i];
        char business[ID_TEXT_SIZE];
        char in[MONEY_TEXT_SIZE];
        char out[MONEY_TEXT_SIZE];
        char held[MONEY_TEXT_SIZE];

        printf("%s: in %s = out %s + held %s\n", id_text(ID_BUSINESS, m->biz_id, business),
               money_text(money_of(m->in_minor, m->currency), in), money_text(money_of(m->out_minor, m->currency), out),
               money_text(money_of(m->in_minor - m->out_minor, m->currency), held));
    }
    for (int kind = 0; kind < FINDING_COUNT; kind++)
        if (report->by_kind[kind] > 0)
            printf("%lld x %s: %s\n", (long long)report->by_kind[kind], finding_info((enum finding_kind)kind)->name,
                   finding_info((enum finding_kind)kind)->sentence);
    printf("%lld orders, %lld payments, %lld refunds, %lld SKUs, %lld statement lines, %lld transfers, %lld global "
           "transactions; %lld rows, %lld looked at again; %lld breaks\n",
           (long long)report->n_orders, (long long)report->n_payments, (long long)report->n_refunds,
           (long long)report->n_skus, (long long)report->n_statement_lines, (long long)report->n_transfers,
           (long long)report->n_transactions, (long long)report->n_rows, (long long)report->n_rechecked,
           (long long)report->n_findings);
}

static int run(struct db *db, unsigned threads, struct arena *arena)
{
    struct show show = {.shows_progress = true, .findings = json_array()};
    struct verify_report report;
    const struct verify verify = {
        .db = db,
        .threads = threads,
        .recheck_ms = RECHECK_MS,
        .recheck_max = RECHECK_MAX,
        .problems = stderr,
        .tell = tell,
        .progress = progress,
        .context = &show,
    };
    int rc = EXIT_UNAVAILABLE;

    db_thread_begin();
    if (verify_run(&verify, arena, &report) == 0) {
        show_report(&report, &show);
        rc = report.n_findings == 0 ? EXIT_OK : EXIT_FAILED;
    }
    db_thread_end();
    json_decref(show.findings);
    return rc;
}

/* One for each processor; the databases need some of them, too, but they wait for us as we wait for them. */
static long threads_default(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}

int cli_verify(const char *settings, const char *threads)
{
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct conf *conf = arena_new_of(arena, struct conf);
    const long n = threads != NULL ? strtol(threads, NULL, 10) : threads_default();
    struct db *db = NULL;
    int rc = EXIT_USAGE;

    if (settings == NULL)
        fputs("bmtctl: verify --config FILE: the settings of bmtd tell where the databases are\n", stderr);
    else if (n < 1 || n > THREADS_MAX)
        fputs("bmtctl: --threads is 1 to 8\n", stderr);
    else if (conf_load(settings, arena, conf, stderr) == 0 && db_open(conf, arena, &db, stderr) == 0) {
        rc = run(db, (unsigned)n, arena);
        db_close(db);
    }
    arena_free(arena);
    return rc;
}
