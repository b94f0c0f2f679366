/* What a run has found becomes breaks: new ones are kept, known ones seen again, and those not found any more end. */
#ifndef BMT_RECONCILE_RECORD_H
#define BMT_RECONCILE_RECORD_H

#include "reconcile/store.h"
#include "verify/verify.h"

/* The lease of whoever works runs. */
#define RECONCILE_LEASE "reconcile.run"

/* What a run has found. */
struct findings {
    const struct finding *list;
    size_t n;
    int64_t owner; /* of the lease RECONCILE_LEASE: each write checks that it is still held */
    bool are_all;  /* there were no more: what is not among them is gone */
};

/*
 * Records the findings of a run, in several transactions: each of them is true by itself. Sets the row's counts of
 * breaks. 0, or an error of sql.h: what was recorded by then stays, and recording again does no harm.
 */
int record_findings(struct session *session, struct arena *arena, const struct findings *findings, struct run_row *run,
                    struct err *err) MUST_CHECK;

/* How a break names what disagrees: by its id, or where it has none by what was found. */
const char *record_object(const struct finding *finding, struct arena *arena);

#endif
