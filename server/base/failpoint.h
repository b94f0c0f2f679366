/*
 * Fail points: named places at which a test can make the server fail, stop or die.
 *
 * Off, a fail point costs one relaxed load. They exist in sandbox mode only; main refuses to start with one switched
 * on in production mode.
 */
#ifndef BMT_BASE_FAILPOINT_H
#define BMT_BASE_FAILPOINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"

/* Whether any fail point is switched on. */
extern _Atomic bool failpoint_any;

/*
 * Switches points on: `name=action[,name=action]`, action one of error, once (an error, the first time only), kill
 * (SIGKILL to self), stop (SIGSTOP to self, the first time only), each with an optional `:N` that lets N passes through
 * first. A name may be that of a plan or job and of a point within it: `order.place/sql.after_commit`. 0, or -1 with a
 * line in `problems`.
 */
int failpoint_enable(const char *list, FILE *problems) MUST_CHECK;
void failpoint_disable_all(void);

/* Whether the point has taken effect since it was switched on; for tests. */
bool failpoint_was_hit(const char *name);

/* True when the caller must fail here now; kill and stop take effect inside. */
bool failpoint_hit(const char *name);

#define FAILPOINT(name) (failpoint_any && failpoint_hit(name))

/* A step at which a test lets work fail as if the database had gone away: 0, or the error. */
#define failpoint_step(name, err) (FAILPOINT(name) ? err_fail((err), ERR_DATABASE_UNAVAILABLE) : 0)

/* Names what this thread is at from now on, a plan or a job (a literal, or NULL). Returns what it was at before. */
const char *failpoint_within(const char *scope);

#endif
