/*
 * What happens later, by itself: timers kept as rows, worked off by jobs in batches.
 *
 * Threads of each process tick every jobs.tick_ms: one for the jobs that run in every replica, recovery among them, and
 * jobs.threads for all others, which may wait for rows that only recovery sets free. Those run in one replica at a
 * time: the one that holds the job's lease (a row, taken by compare-and-set in the database's time). A job with much to
 * do is cut into shards, each with a lease of its own. A lost replica's jobs are taken over when their leases end. A
 * run that worked a whole batch is followed by the next at once; a failed one backs off, twice as long each time, up to
 * jobs.back_off_max_ms. What a job does must be right even when two replicas did it at once.
 */
#ifndef BMT_JOBS_JOBS_H
#define BMT_JOBS_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/conf.h"
#include "base/err.h"
#include "sql/db.h"

/* What one run of a job gets. The arena is reset after the run. */
struct job_run {
    struct session *session;
    struct arena *arena;
    int64_t now_ms;    /* of the rules' clock */
    size_t limit;      /* take at most so many rows */
    size_t shard;      /* take those whose number leaves this rest when divided by `shards` */
    size_t shards;     /* at least 1 */
    const char *actor; /* for histories: `job order.close_expired` */
};

struct job {
    const char *name;                                /* `order.close_expired` */
    int64_t every_ms;                                /* least pause between runs that found nothing; 0: every tick */
    int64_t (*every_ms_of)(const struct conf *conf); /* the same as a setting; NULL: every_ms */
    bool everywhere;                                 /* runs in every replica, without a lease */
    size_t shards;                                   /* parts that are worked beside one another; 0: it is one */
    /* `ret_done`: rows worked; `limit` of them means that more may wait. */
    int (*run)(struct job_run *run, size_t *ret_done, struct err *err);
};

struct scheduler;

/* Starts the threads. `jobs` must live as long as they. */
struct scheduler *scheduler_start(const struct conf *conf, struct db *db, const struct job *const *jobs, size_t n_jobs);

/* Ends after the runs at hand; gives the leases back. */
void scheduler_stop(struct scheduler *scheduler);

/* The clock moved: look for due work now. Thread-safe. */
void jobs_wake(void);

#endif
