/* How many breaks are open, as a metric; see reconcile.h. */
#include <string.h>

#include "base/metrics.h"
#include "reconcile/reconcile.h"
#include "reconcile/store.h"
#include "verify/verify.h"

enum { COUNT_EVERY_MS = 2000 }; /* a metric, read every few seconds: no setting */

static int64_t count_of(const struct break_count *counts, size_t n, const char *kind)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(counts[i].kind, kind) == 0)
            return counts[i].n;
    return 0;
}

static int count_open(struct job_run *run, size_t *ret_done, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct break_count *counts = NULL;
    size_t n = 0;
    int rc;

    *ret_done = 0;
    rc = tx_begin_read(run->session, &tx, err);
    if (rc == 0)
        rc = reconcile_store_count_open(tx, run->arena, &counts, &n, err);
    for (int kind = 0; kind < FINDING_COUNT && rc == 0; kind++) {
        const char *name = finding_info((enum finding_kind)kind)->name;

        metric_set(metrics_series(METRIC_GAUGE, "bmt_breaks_open", "breaks of reconciliation that are open",
                                  arena_printf(run->arena, "kind=\"%s\"", name)),
                   count_of(counts, n, name));
    }
    return rc;
}

const struct job reconcile_count_job = {
    .name = "reconcile.count_breaks", .every_ms = COUNT_EVERY_MS, .everywhere = true, .run = count_open};
