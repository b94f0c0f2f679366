/* Recording what a run has found; see record.h. */
#include "reconcile/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/id.h"
#include "jobs/lease.h"
#include "reconcile/ops.h"

enum { CHUNK = 256 }; /* breaks a statement */

const char *record_object(const struct finding *finding, struct arena *arena)
{
    char id[ID_TEXT_SIZE];

    return arena_strdup(arena, finding->id != 0 ? id_text(finding->id_kind, finding->id, id) : finding->what);
}

static struct break_row break_of(const struct finding *finding, const struct run_row *run, int64_t now_ms,
                                 struct arena *arena)
{
    return (struct break_row){
        .break_id = id_new(0),
        .biz_id = finding->biz_id,
        .kind = finding_info(finding->kind)->name,
        .object = record_object(finding, arena),
        .object_id = finding->id,
        .pass = (int32_t)finding->pass,
        .pass_key = finding->key,
        .what = arena_strdup(arena, finding->what),
        .state = BREAK_OPEN,
        .first_run_id = run->run_id,
        .last_run_id = run->run_id,
        .ended_by = "",
        .reason = "",
        .done = "",
        .create_time_ms = now_ms,
        .update_time_ms = now_ms,
    };
}

static int compare_subjects(const void *left, const void *right)
{
    const struct break_row *a = left;
    const struct break_row *b = right;
    const int order = strcmp(a->kind, b->kind);

    return order != 0 ? order : strcmp(a->object, b->object);
}

/* One break a subject: of several lines about one order the first stands for all. */
static size_t merge(struct break_row *rows, size_t n)
{
    size_t n_merged = 0;

    if (n > 1)
        qsort(rows, n, sizeof *rows, compare_subjects);
    for (size_t i = 0; i < n; i++)
        if (n_merged == 0 || compare_subjects(&rows[n_merged - 1], &rows[i]) != 0)
            rows[n_merged++] = rows[i];
    return n_merged;
}

/* Tells the new ones from those that are open already, which keep their id. */
static size_t sort_out(struct break_row *rows, size_t n, const struct break_row *known, size_t n_known,
                       struct break_row *seen, struct break_row *new_ones)
{
    size_t n_new = 0;
    size_t n_seen = 0;

    for (size_t i = 0; i < n; i++) {
        const struct break_row *same = NULL;

        for (size_t j = 0; j < n_known && same == NULL; j++)
            same = compare_subjects(&rows[i], &known[j]) == 0 ? &known[j] : NULL;
        if (same == NULL) {
            new_ones[n_new++] = rows[i];
        } else {
            seen[n_seen] = rows[i];
            seen[n_seen++].break_id = same->break_id;
        }
    }
    return n_new;
}

/* A transaction that is nobody's once another replica has taken the lease. */
static int begin_leased(struct session *session, struct arena *arena, int64_t owner, struct tx **ret_tx,
                        struct err *err)
{
    const int rc = tx_begin(session, MODULE_PLATFORM, ret_tx, err);

    return rc == 0 ? lease_keep(*ret_tx, RECONCILE_LEASE, owner, arena, err) : rc;
}

static int record_chunk(struct session *session, struct arena *arena, int64_t owner, struct break_row *rows, size_t n,
                        struct run_row *run, struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    struct break_key *keys = arena_array_of(arena, struct break_key, n);
    struct break_row *seen = arena_array_of(arena, struct break_row, n);
    struct break_row *new_ones = arena_array_of(arena, struct break_row, n);
    struct break_row *known = NULL;
    size_t n_known = 0;
    size_t n_new;
    int rc;

    for (size_t i = 0; i < n; i++)
        keys[i] = (struct break_key){.kind = rows[i].kind, .object = rows[i].object};
    rc = begin_leased(session, arena, owner, &tx, err);
    if (rc == 0)
        rc = reconcile_store_find_open(tx, keys, n, arena, &known, &n_known, err);
    if (rc != 0)
        return rc;
    n_new = sort_out(rows, n, known, n_known, seen, new_ones);
    rc = reconcile_store_insert_breaks(tx, new_ones, n_new, err);
    if (rc == 0)
        rc = reconcile_store_see_breaks(tx, seen, n - n_new, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    run->new_count += rc == 0 ? (int64_t)n_new : 0;
    return rc;
}

/* Breaks that the run would have found again, had they still been there. */
static int end_gone(struct session *session, struct arena *arena, int64_t owner, struct run_row *run, size_t *ret_n,
                    struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    const struct gone_scope scope = {
        .run_id = run->run_id,
        .first_key = run->from_time_ms > 0 ? id_first_of(run->from_time_ms) : 0,
        .is_part = run->from_time_ms > 0,
        .limit = CHUNK,
    };
    struct break_row *rows = NULL;
    uint64_t n_ended = 0;
    int rc;

    rc = begin_leased(session, arena, owner, &tx, err);
    if (rc == 0)
        rc = reconcile_store_find_gone(tx, &scope, arena, &rows, ret_n, err);
    for (size_t i = 0; i < *ret_n && rc == 0; i++)
        rows[i] = break_ended(&rows[i], BREAK_GONE, "reconciliation", "", "a later run did not find it any more",
                              clock_now_ms());
    if (rc == 0)
        rc = reconcile_store_end_breaks(tx, rows, *ret_n, &n_ended, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    run->gone_count += rc == 0 ? (int64_t)n_ended : 0;
    return rc;
}

int record_findings(struct session *session, struct arena *arena, const struct findings *findings, struct run_row *run,
                    struct err *err)
{
    struct break_row *rows = arena_array_of(arena, struct break_row, findings->n);
    const int64_t now_ms = clock_now_ms();
    size_t n_gone = findings->are_all ? CHUNK : 0;
    size_t n;
    int rc = 0;

    for (size_t i = 0; i < findings->n; i++)
        rows[i] = break_of(&findings->list[i], run, now_ms, arena);
    n = merge(rows, findings->n);
    run->break_count = (int64_t)n;
    run->new_count = run->gone_count = 0;
    for (size_t at = 0; at < n && rc == 0; at += CHUNK)
        rc = record_chunk(session, arena, findings->owner, rows + at, n - at < CHUNK ? n - at : CHUNK, run, err);
    if (rc == 0)
        rc = failpoint_step("reconcile.recorded", err);
    while (rc == 0 && n_gone == CHUNK)
        rc = end_gone(session, arena, findings->owner, run, &n_gone, err);
    return rc;
}
