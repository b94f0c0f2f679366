/*
 * Global transactions: every branch row has a decision that commits it, every such decision has its branch rows, and
 * nothing is still prepared that recovery should have finished. Fates are forgotten after xa.keep_s; what is about to
 * be is not looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sql/gtid.h"
#include "sql/recovery.h"
#include "verify/pass.h"

/* No settings: verify judges every installation alike. */
enum { LEFT_MS = 10000, FORGET_MARGIN_MS = 900000, FATES_MAX = 4000000 };

/* A name as it sorts: the id, and what it says. */
struct fate_seen {
    char gtid[GTID_SIZE];
    char decision;
    unsigned modules; /* of a decision: the branches that it names; of branch rows: where they are */
};

struct fates {
    struct fate_seen *list;
    size_t n;
};

static unsigned modules_of(const char *text)
{
    unsigned modules = 0;

    while (*text != '\0') {
        char name[32];
        const size_t size = strcspn(text, ",");

        snprintf(name, sizeof name, "%.*s", (int)size, text);
        if (module_of_name(name) != MODULE_COUNT)
            modules |= 1u << module_of_name(name);
        text += size + (text[size] == ',');
    }
    return modules;
}

static int add(struct worker *worker, enum module module, const char *text, bool are_branches, size_t room,
               struct fates *fates)
{
    struct scan scan;
    bool is_cut = false;

    if (scan_begin(worker->session, module, text, worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        struct fate_seen *fate = &fates->list[fates->n];

        if (fates->n == room) {
            is_cut = true; /* read to the end, so that the connection can be used again */
            continue;
        }
        snprintf(fate->gtid, sizeof fate->gtid, "%s", scan_text(&scan, 0));
        fate->decision = are_branches ? 0 : scan_text(&scan, 1)[0];
        fate->modules = are_branches ? 1u << module : modules_of(scan_text(&scan, 2));
        fates->n++;
        worker->n_rows++;
    }
    if (is_cut) /* what is missing here would be found missing */
        return fprintf(worker->verify->problems, "there are more than %zu names of global transactions to compare\n",
                       room),
               -1;
    return scan.has_failed ? -1 : 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct fate_seen *)a)->gtid, ((const struct fate_seen *)b)->gtid);
}

/* Rows of one name stand together now: those of branches become one. */
static void merge(struct fates *branches)
{
    size_t n = 0;

    qsort(branches->list, branches->n, sizeof *branches->list, compare);
    for (size_t i = 0; i < branches->n; i++)
        if (n > 0 && compare(&branches->list[n - 1], &branches->list[i]) == 0)
            branches->list[n - 1].modules |= branches->list[i].modules;
        else
            branches->list[n++] = branches->list[i];
    branches->n = n;
}

static int count_rows(struct worker *worker, const char *table, size_t *ret_n)
{
    for (int module = 0; module < MODULE_COUNT; module++) {
        struct scan scan;

        if (scan_begin(
                worker->session, (enum module)module,
                arena_printf(worker->arena, "SELECT COUNT(*) FROM %s.%s", module_schema((enum module)module), table),
                worker->verify->problems, &scan) != 0)
            return -1;
        while (scan_next(&scan))
            *ret_n += (size_t)scan_i64(&scan, 0);
    }
    return 0;
}

static int read_fates(struct worker *worker, struct fates *decisions, struct fates *branches)
{
    const struct conf *conf = session_conf(worker->session);
    const int64_t from_ms = clock_wall_ms() - conf->xa_keep_s * 1000 + FORGET_MARGIN_MS;
    const char *where =
        arena_printf(worker->arena, "gtid >= 'bmt1.%s.%016llx' AND gtid < 'bmt1.%s/'", conf->database_cluster,
                     (unsigned long long)id_first_of(from_ms), conf->database_cluster);
    size_t n_decisions = 1000;
    size_t n_branches = 1000;
    int rc = 0;

    if (count_rows(worker, "txn_decisions", &n_decisions) != 0 || count_rows(worker, "txn_branches", &n_branches) != 0)
        return -1;
    n_decisions = n_decisions < FATES_MAX ? n_decisions * 2 : FATES_MAX;
    n_branches = n_branches < FATES_MAX ? n_branches * 2 : FATES_MAX;
    decisions->list = arena_array_of(worker->arena, struct fate_seen, n_decisions);
    branches->list = arena_array_of(worker->arena, struct fate_seen, n_branches);
    /* Branches first: a branch row is never there before its decision is. */
    for (int module = 0; module < MODULE_COUNT && rc == 0; module++)
        rc = add(worker, (enum module)module,
                 arena_printf(worker->arena, "SELECT gtid FROM %s.txn_branches WHERE %s",
                              module_schema((enum module)module), where),
                 true, n_branches, branches);
    for (int module = 0; module < MODULE_COUNT && rc == 0; module++)
        rc = add(worker, (enum module)module,
                 arena_printf(worker->arena, "SELECT gtid, decision, branches FROM %s.txn_decisions WHERE %s",
                              module_schema((enum module)module), where),
                 false, n_decisions, decisions);
    return rc;
}

static bool is_in_doubt(const struct in_doubt_list *list, const char *gtid)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].gtid, gtid) == 0)
            return true;
    return false;
}

/* A decision whose branches were prepared when the branch rows were read is a moment old, or in doubt. */
static void compare_fates(struct worker *worker, const struct fates *decisions, const struct fates *branches,
                          const struct in_doubt_list *in_doubt)
{
    const char *cluster = session_conf(worker->session)->database_cluster;

    for (size_t i = 0; i < decisions->n; i++) {
        const struct fate_seen *decision = &decisions->list[i];
        const struct fate_seen *rows =
            branches->n > 0 ? bsearch(decision, branches->list, branches->n, sizeof *branches->list, compare) : NULL;
        const unsigned there = rows != NULL ? rows->modules : 0;
        struct gtid gtid;

        if (decision->decision == 'C' ? there == decision->modules : there == 0)
            continue;
        if (gtid_parse(cluster, decision->gtid, strlen(decision->gtid), &gtid) && decision->decision == 'C' &&
            (id_time_ms(gtid.id) > clock_wall_ms() - LEFT_MS || is_in_doubt(in_doubt, decision->gtid)))
            continue;
        found(worker, 0, BRANCH_FATE, 0, ID_KIND_COUNT, 0, "%s: decided %c with branches %x, there are rows %x",
              decision->gtid, decision->decision, decision->modules, there);
    }
    for (size_t i = 0; i < branches->n; i++) {
        const struct fate_seen *rows = &branches->list[i];

        if (decisions->n == 0 || bsearch(rows, decisions->list, decisions->n, sizeof *decisions->list, compare) == NULL)
            found(worker, 0, BRANCH_FATE, 0, ID_KIND_COUNT, 0, "%s: there are branch rows %x and no decision",
                  rows->gtid, rows->modules);
    }
}

int transactions_check(struct worker *worker, struct verify_report *report)
{
    struct fates decisions = {0};
    struct fates branches = {0};
    struct in_doubt_list in_doubt;

    if (read_fates(worker, &decisions, &branches) != 0)
        return -1;
    merge(&branches);
    qsort(decisions.list, decisions.n, sizeof *decisions.list, compare);
    in_doubt = recovery_list(worker->session, worker->arena);
    if (!in_doubt.is_whole)
        return fprintf(
                   worker->verify->problems,
                   "prepared branches could not be read: %zu servers without an answer, %zu transactions in doubt%s\n",
                   in_doubt.n_unreachable, in_doubt.n, in_doubt.is_cut ? " and more" : ""),
               -1;
    report->n_transactions = (int64_t)decisions.n;
    report->n_foreign = (int64_t)in_doubt.n_foreign;
    compare_fates(worker, &decisions, &branches, &in_doubt);
    for (size_t i = 0; i < in_doubt.n; i++)
        if (in_doubt.items[i].age_ms > LEFT_MS)
            found(worker, 0, BRANCH_LEFT, 0, ID_KIND_COUNT, 0, "%s: %zu branches are prepared since %lld s",
                  in_doubt.items[i].gtid, in_doubt.items[i].n_branches, (long long)in_doubt.items[i].age_ms / 1000);
    return 0;
}
