/*
 * Global transactions: every branch row has a decision that commits it, every such decision has its branch rows, and
 * nothing is still prepared that recovery should have finished. Fates are forgotten after xa.keep_s; what is about to
 * be is not looked at.
 *
 * Names are read in slices, in their own order, of all modules at once: two sorted streams that are joined, so that
 * memory does not grow with their number.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sql/gtid.h"
#include "sql/recovery.h"
#include "verify/pass.h"

/* No settings: verify judges every installation alike. */
enum { LEFT_MS = 10000, FORGET_MARGIN_MS = 900000, SLICE = 8192, BOUND_SIZE = 160 };

/* A name as it sorts: the id, and what it says. */
struct fate_seen {
    char gtid[GTID_SIZE];
    char decision;
    unsigned modules; /* of a decision: the branches that it names; of branch rows: where they are */
};

struct fates {
    struct fate_seen *list;
    size_t n;
    size_t room;
};

/* Names in (after, upto], as hexadecimal digits, which sort as the names do. */
struct slice {
    char after[BOUND_SIZE];
    char upto[BOUND_SIZE];
    bool is_last;
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

/* Adds the module's rows; no more than SLICE of one table are in a slice. */
static int add(struct worker *worker, enum module module, const char *text, bool are_branches, struct fates *fates)
{
    const size_t most = fates->n + SLICE;
    struct scan scan;
    bool is_cut = false;

    if (scan_begin(worker->session, module, text, worker->verify->problems, &scan) != 0)
        return -1;
    while (scan_next(&scan)) {
        if (fates->n == most) {
            is_cut = true; /* read to the end, so that the connection can be used again */
            continue;
        }
        fates->list = arena_grow(worker->arena, fates->list, fates->n, &fates->room, sizeof *fates->list);
        struct fate_seen *fate = &fates->list[fates->n];

        snprintf(fate->gtid, sizeof fate->gtid, "%s", scan_text(&scan, 0));
        fate->decision = are_branches ? 0 : scan_text(&scan, 1)[0];
        fate->modules = are_branches ? 1u << module : modules_of(scan_text(&scan, 2));
        fates->n++;
        worker->n_rows++;
    }
    if (is_cut) /* rows came into the slice while it was read: what is missing here would be found missing */
        return fprintf(worker->verify->problems, "there are more than %d names of global transactions in a slice\n",
                       SLICE),
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

    if (branches->n > 1)
        qsort(branches->list, branches->n, sizeof *branches->list, compare);
    for (size_t i = 0; i < branches->n; i++)
        if (n > 0 && compare(&branches->list[n - 1], &branches->list[i]) == 0)
            branches->list[n - 1].modules |= branches->list[i].modules;
        else
            branches->list[n++] = branches->list[i];
    branches->n = n;
}

/* The end of the next slice: no table has more than SLICE rows up to it. */
static int find_end(struct worker *worker, struct slice *slice)
{
    static const char *const tables[] = {"txn_decisions", "txn_branches"};

    slice->is_last = true;
    for (int i = 0; i < (int)COUNT_OF(tables) * MODULE_COUNT; i++) {
        const enum module module = (enum module)(i % MODULE_COUNT);
        struct scan scan;

        if (scan_begin(worker->session, module,
                       arena_printf(worker->arena,
                                    "SELECT HEX(gtid) FROM %s.%s WHERE gtid > x'%s' AND gtid <= x'%s' ORDER BY gtid "
                                    "LIMIT 1 OFFSET %d",
                                    module_schema(module), tables[i / MODULE_COUNT], slice->after, slice->upto,
                                    SLICE / 2 - 1),
                       worker->verify->problems, &scan) != 0)
            return -1;
        while (scan_next(&scan)) {
            snprintf(slice->upto, sizeof slice->upto, "%s", scan_text(&scan, 0));
            slice->is_last = false;
        }
        if (scan.has_failed)
            return -1;
    }
    return 0;
}

static int read_slice(struct worker *worker, const struct slice *slice, struct fates *decisions, struct fates *branches)
{
    const char *where = arena_printf(worker->arena, "gtid > x'%s' AND gtid <= x'%s'", slice->after, slice->upto);
    int rc = 0;

    /* Branches first: a branch row is never there before its decision is. */
    for (int module = 0; module < MODULE_COUNT && rc == 0; module++)
        rc = add(worker, (enum module)module,
                 arena_printf(worker->arena, "SELECT gtid FROM %s.txn_branches WHERE %s",
                              module_schema((enum module)module), where),
                 true, branches);
    for (int module = 0; module < MODULE_COUNT && rc == 0; module++)
        rc = add(worker, (enum module)module,
                 arena_printf(worker->arena, "SELECT gtid, decision, branches FROM %s.txn_decisions WHERE %s",
                              module_schema((enum module)module), where),
                 false, decisions);
    merge(branches);
    if (rc == 0 && decisions->n > 1)
        qsort(decisions->list, decisions->n, sizeof *decisions->list, compare);
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

/* What is in doubt now; -1 when it cannot be told. */
static int read_in_doubt(struct worker *worker, struct in_doubt_list *ret_list)
{
    *ret_list = recovery_list(worker->session, worker->arena);
    if (ret_list->is_whole)
        return 0;
    return fprintf(worker->verify->problems,
                   "prepared branches could not be read: %zu servers without an answer, %zu transactions in doubt%s\n",
                   ret_list->n_unreachable, ret_list->n, ret_list->is_cut ? " and more" : ""),
           -1;
}

static int check_slice(struct worker *worker, const struct slice *slice, int64_t *n_decisions)
{
    struct fates decisions = {0};
    struct fates branches = {0};
    struct in_doubt_list in_doubt = {0};
    int rc;

    rc = read_slice(worker, slice, &decisions, &branches);
    /* Read after the rows, so that what was prepared then is either listed or has its row by now. */
    if (rc == 0 && decisions.n + branches.n > 0)
        rc = read_in_doubt(worker, &in_doubt);
    if (rc == 0)
        compare_fates(worker, &decisions, &branches, &in_doubt);
    *n_decisions += (int64_t)decisions.n;
    return rc;
}

static void text_hex(const char *text, char *hex)
{
    size_t n = 0;

    for (; *text != '\0' && n + 2 < BOUND_SIZE; text++)
        n += (size_t)snprintf(hex + n, BOUND_SIZE - n, "%02X", (unsigned char)*text);
}

static int check_fates(struct worker *worker, struct verify_report *report)
{
    const struct conf *conf = session_conf(worker->session);
    const int64_t from_ms = clock_wall_ms() - conf->xa_keep_s * 1000 + FORGET_MARGIN_MS;
    struct slice slice = {.is_last = false};
    char end[BOUND_SIZE];
    int rc = 0;

    text_hex(arena_printf(worker->arena, "bmt1.%s.%016llx", conf->database_cluster,
                          (unsigned long long)id_first_of(from_ms)),
             slice.after);
    text_hex(arena_printf(worker->arena, "bmt1.%s/", conf->database_cluster), end);
    report->n_transactions = 0;
    while (rc == 0 && !slice.is_last) {
        if (pass_stops(worker->verify))
            return -1;
        memcpy(slice.upto, end, sizeof end);
        rc = find_end(worker, &slice);
        if (rc == 0)
            rc = check_slice(worker, &slice, &report->n_transactions);
        memcpy(slice.after, slice.upto, sizeof slice.after);
        arena_reset(worker->arena);
    }
    return rc;
}

int transactions_check(struct worker *worker, struct verify_report *report)
{
    struct in_doubt_list in_doubt;

    if (check_fates(worker, report) != 0 || read_in_doubt(worker, &in_doubt) != 0)
        return -1;
    report->n_foreign = (int64_t)in_doubt.n_foreign;
    for (size_t i = 0; i < in_doubt.n; i++)
        if (in_doubt.items[i].age_ms > LEFT_MS)
            found(worker, 0, BRANCH_LEFT, 0, ID_KIND_COUNT, 0, "%s: %zu branches are prepared since %lld s",
                  in_doubt.items[i].gtid, in_doubt.items[i].n_branches, (long long)in_doubt.items[i].age_ms / 1000);
    return 0;
}
