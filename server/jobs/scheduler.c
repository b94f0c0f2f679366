/* The threads that run jobs; see jobs.h. */
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs.h"
#include "jobs/lease.h"

/* No settings: sizes, and how many full batches of one job let the others wait (jobs.batch_max says how full). */
enum {
    ENTRIES_MAX = 64,
    WORKERS_MAX = 1 + 16, /* conf.def bounds jobs.threads */
    JOB_ARENA_BYTES_MAX = 64 << 20,
    RUNS_IN_A_ROW_MAX = 64,
    BACK_OFF_FIRST_MS = 200,
};

/*
 * What the scheduler remembers of a job, or of a shard of it; times are steady milliseconds. All but is_taken belongs
 * to the worker that took it.
 */
struct entry {
    const struct job *job;
    size_t shard;
    const char *lease; /* `settlement.clear`, `settlement.clear.1` */
    const char *actor;
    bool is_taken;       /* under the lock */
    unsigned wakes_seen; /* when it ran last */
    int64_t next_ms;
    int64_t lease_renew_ms; /* 0: the lease is not ours */
    int64_t back_off_ms;
    bool has_more; /* the last run found a whole batch */
    struct metric *runs;
    struct metric *failures;
    struct metric *rows;
};

/* The first thread works those jobs that run everywhere, the others those that need a lease. */
struct worker {
    struct scheduler *scheduler;
    bool everywhere;
    struct arena *arena;
    struct session *session;
    pthread_t thread;
};

struct scheduler {
    const struct conf *conf;
    struct db *db;
    struct arena *own;
    int64_t owner;
    size_t n;
    struct entry entries[ENTRIES_MAX];
    size_t n_workers;
    struct worker workers[WORKERS_MAX];
};

/* One scheduler a process; jobs_wake needs no handle. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_stopping;
static unsigned wakes;

static int64_t steady_ms(void)
{
    return clock_steady_ns() / 1000000;
}

/* Whether the job may run here now: without a lease, or with one that is renewed in time. */
static int hold_lease(struct worker *worker, struct entry *entry, bool *ret_held, struct err *err)
{
    const struct scheduler *scheduler = worker->scheduler;
    const int64_t now_ms = steady_ms();
    int rc;

    if (entry->job->everywhere || now_ms < entry->lease_renew_ms) {
        *ret_held = true;
        return 0;
    }
    rc = lease_take(worker->session, entry->lease, scheduler->owner, scheduler->conf->jobs_lease_ms, ret_held, err);
    entry->lease_renew_ms = rc == 0 && *ret_held ? now_ms + scheduler->conf->jobs_lease_ms / 2 : 0;
    return rc;
}

static int run_job(struct worker *worker, struct entry *entry, size_t *ret_done, struct err *err)
{
    struct job_run run = {
        .session = worker->session,
        .arena = worker->arena,
        .now_ms = clock_now_ms(),
        .limit = (size_t)worker->scheduler->conf->jobs_batch_max,
        .shard = entry->shard,
        .shards = entry->job->shards > 0 ? entry->job->shards : 1,
        .actor = entry->actor,
    };
    bool is_held = false;
    int rc;

    *ret_done = 0;
    rc = hold_lease(worker, entry, &is_held, err);
    if (rc != 0 || !is_held)
        return rc;

    (void)FAILPOINT("job.leased");
    metric_add(entry->runs, 1);
    (void)failpoint_within(entry->job->name);
    rc = entry->job->run(&run, ret_done, err);
    if (rc == 0 && *ret_done > 0)
        (void)FAILPOINT("job.worked");
    (void)failpoint_within(NULL);
    arena_reset(worker->arena);
    return rc;
}

static void back_off(struct entry *entry, int64_t longest_ms, const struct err *err)
{
    char message[ERR_TEXT_MAX];

    entry->back_off_ms = entry->back_off_ms == 0 ? BACK_OFF_FIRST_MS : entry->back_off_ms * 2;
    if (entry->back_off_ms > longest_ms)
        entry->back_off_ms = longest_ms;
    entry->next_ms = steady_ms() + entry->back_off_ms;
    metric_add(entry->failures, 1);
    log_warn("job failed, trying again", log_text("job", entry->job->name),
             log_text("reason", err_info(err->id)->reason),
             log_text("message", err_message(err, message, sizeof message)), log_i64("in_ms", entry->back_off_ms));
}

static bool stops(void)
{
    pthread_mutex_lock(&lock);
    const bool answer = is_stopping;
    pthread_mutex_unlock(&lock);
    return answer;
}

/* Runs a job until it finds less than a whole batch, or others must have their turn: then it is due again at once. */
static void work_off(struct worker *worker, struct entry *entry)
{
    const struct scheduler *scheduler = worker->scheduler;

    entry->has_more = true;
    for (int i = 0; i < RUNS_IN_A_ROW_MAX && !stops(); i++) {
        struct err err = {0};
        size_t done = 0;

        if (run_job(worker, entry, &done, &err) != 0) {
            entry->has_more = false;
            back_off(entry, worker->scheduler->conf->jobs_back_off_max_ms, &err);
            return;
        }
        metric_add(entry->rows, (int64_t)done);
        entry->back_off_ms = 0;
        entry->has_more = done >= (size_t)scheduler->conf->jobs_batch_max;
        if (!entry->has_more)
            break;
    }
    entry->next_ms = steady_ms() + (entry->job->every_ms_of != NULL ? entry->job->every_ms_of(scheduler->conf)
                                                                    : entry->job->every_ms);
}

/* Waits for the next tick, a wake or the end. False at the end. */
static bool wait_for_tick(int64_t tick_ms, unsigned *wakes_seen)
{
    const struct timespec until = clock_moment_in(tick_ms);
    bool goes_on;

    pthread_mutex_lock(&lock);
    while (!is_stopping && wakes == *wakes_seen)
        if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
            break;
    goes_on = !is_stopping;
    *wakes_seen = wakes;
    pthread_mutex_unlock(&lock);
    return goes_on;
}

/* Whether the entry is this worker's now: one of its kind, that no other worker has. */
static bool take(const struct worker *worker, struct entry *entry)
{
    bool is_free;

    if (entry->job->everywhere != worker->everywhere)
        return false;
    pthread_mutex_lock(&lock);
    is_free = !entry->is_taken;
    entry->is_taken = true;
    pthread_mutex_unlock(&lock);
    return is_free;
}

static void give(struct entry *entry)
{
    pthread_mutex_lock(&lock);
    entry->is_taken = false;
    pthread_mutex_unlock(&lock);
}

static void *run_worker(void *argument)
{
    struct worker *worker = argument;
    struct scheduler *scheduler = worker->scheduler;
    unsigned wakes_seen = 0;
    bool has_more;

    db_thread_begin();
    worker->session = session_new(scheduler->db);
    do {
        has_more = false;
        for (size_t i = 0; i < scheduler->n && !stops(); i++) {
            struct entry *entry = &scheduler->entries[i];

            if (!take(worker, entry))
                continue;
            if (entry->wakes_seen != wakes_seen || entry->has_more || steady_ms() >= entry->next_ms)
                work_off(worker, entry);
            entry->wakes_seen = wakes_seen;
            has_more = has_more || entry->has_more;
            give(entry);
        }
    } while (wait_for_tick(has_more ? 0 : scheduler->conf->jobs_tick_ms, &wakes_seen));
    session_free(worker->session);
    db_thread_end();
    return NULL;
}

static void give_leases_back(const struct scheduler *scheduler)
{
    struct session *session CLEANUP(session_cleanup) = session_new(scheduler->db);

    for (size_t i = 0; i < scheduler->n; i++) {
        const struct entry *entry = &scheduler->entries[i];
        struct err err = {0};

        if (entry->lease_renew_ms != 0 && lease_release(session, entry->lease, scheduler->owner, &err) != 0)
            log_warn("lease could not be given back, ignoring", log_text("job", entry->lease));
    }
}

static struct metric *job_metric(const char *name, const char *help, const struct job *job, struct arena *arena)
{
    return metrics_series(METRIC_COUNTER, name, help, arena_printf(arena, "job=\"%s\"", job->name));
}

static void add_job(struct scheduler *scheduler, const struct job *job)
{
    struct arena *own = scheduler->own;

    for (size_t shard = 0; shard == 0 || shard < job->shards; shard++) {
        PRE(scheduler->n < ENTRIES_MAX);
        scheduler->entries[scheduler->n++] = (struct entry){
            .job = job,
            .shard = shard,
            .lease = shard == 0 ? job->name : arena_printf(own, "%s.%zu", job->name, shard),
            .actor = arena_printf(own, "job %s", job->name),
            .runs = job_metric("bmt_job_runs", "runs of jobs", job, own),
            .failures = job_metric("bmt_job_failures", "runs of jobs that failed", job, own),
            .rows = job_metric("bmt_job_rows", "rows worked by jobs", job, own),
        };
    }
}

struct scheduler *scheduler_start(const struct conf *conf, struct db *db, const struct job *const *jobs, size_t n_jobs)
{
    struct arena *own = arena_new(1 << 20);
    struct scheduler *scheduler = arena_new_of(own, struct scheduler);

    scheduler->conf = conf;
    scheduler->db = db;
    scheduler->own = own;
    crypto_random(&scheduler->owner, sizeof scheduler->owner);
    scheduler->owner = (scheduler->owner & INT64_MAX) | 1;
    for (size_t i = 0; i < n_jobs; i++)
        add_job(scheduler, jobs[i]);
    scheduler->n_workers = 1 + (size_t)conf->jobs_threads;
    PRE(scheduler->n_workers <= WORKERS_MAX);
    is_stopping = false;
    for (size_t i = 0; i < scheduler->n_workers; i++) {
        struct worker *worker = &scheduler->workers[i];

        *worker =
            (struct worker){.scheduler = scheduler, .everywhere = i == 0, .arena = arena_new(JOB_ARENA_BYTES_MAX)};
        INVARIANT(pthread_create(&worker->thread, NULL, run_worker, worker) == 0);
    }
    return scheduler;
}

void scheduler_stop(struct scheduler *scheduler)
{
    if (scheduler == NULL)
        return;
    pthread_mutex_lock(&lock);
    is_stopping = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < scheduler->n_workers; i++) {
        pthread_join(scheduler->workers[i].thread, NULL);
        arena_free(scheduler->workers[i].arena);
    }
    give_leases_back(scheduler);
    arena_free(scheduler->own);
}

void jobs_wake(void)
{
    pthread_mutex_lock(&lock);
    wakes++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}
