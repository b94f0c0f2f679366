/*
 * The thread that works runs. Every reconcile.poll_ms it renews the lease `reconcile.run`; who holds it takes the
 * oldest run that is not over (one that is RUNNING then was left by a lost replica, and is begun again), and lets a
 * second thread verify, while it goes on renewing the lease and noting the progress. A lease that was lost stops the
 * run; and since a replica may sleep between its look at the lease and a write, each write checks in its own
 * transaction that the lease is still held.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "jobs/lease.h"
#include "reconcile/ops.h"
#include "reconcile/reconcile.h"
#include "reconcile/record.h"
#include "reconcile/repair.h"

enum { ARENA_BYTES_MAX = 1 << 30 };

/* One runner a process. */
static struct {
    const struct conf *conf;
    struct db *db;
    struct session *session;
    struct arena *arena; /* of the run at hand */
    int64_t owner;
    int64_t renew_ms; /* steady time; 0: the lease is not ours */
    pthread_t thread;

    /* The run at hand. */
    bool is_running;
    struct run_row run;
    char pass_shown[32];
    pthread_t worker;
    atomic_bool stops;

    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    bool is_ending;
    bool is_verified;
    int verify_rc;
    char pass[32];
    int share_percent;
    int64_t n_rows;
    struct verify_report report;
    struct finding *findings;
    size_t n_findings;
    size_t n_unkept;
    char *problems;
} runner = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool verify_stops(void *context)
{
    (void)context;
    return atomic_load(&runner.stops);
}

static void verify_tells(void *context, const struct finding *finding)
{
    (void)context;
    pthread_mutex_lock(&runner.lock);
    if (runner.n_findings < (size_t)runner.conf->reconcile_breaks_max)
        runner.findings[runner.n_findings++] = *finding;
    else
        runner.n_unkept++;
    pthread_mutex_unlock(&runner.lock);
}

static void verify_progresses(void *context, const char *pass, double share, int64_t n_rows)
{
    (void)context;
    pthread_mutex_lock(&runner.lock);
    snprintf(runner.pass, sizeof runner.pass, "%s", pass);
    runner.share_percent = (int)(share * 100);
    runner.n_rows = n_rows;
    pthread_mutex_unlock(&runner.lock);
}

static void *verify_all(void *argument)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(ARENA_BYTES_MAX);
    struct verify_report report = {0};
    size_t size = 0;
    char *problems = NULL;
    FILE *file = open_memstream(&problems, &size);
    const struct verify verify = {
        .db = runner.db,
        .threads = (unsigned)runner.conf->reconcile_threads,
        .recheck_ms = (int)runner.conf->reconcile_recheck_ms,
        .recheck_max = (int)runner.conf->reconcile_rechecks,
        .from_ms = runner.run.from_time_ms,
        .problems = file,
        .stops = verify_stops,
        .tell = verify_tells,
        .progress = verify_progresses,
    };

    (void)argument;
    INVARIANT(file != NULL);
    db_thread_begin();
    const int rc = verify_run(&verify, arena, &report);

    db_thread_end();
    fclose(file);
    pthread_mutex_lock(&runner.lock);
    runner.verify_rc = rc;
    runner.report = report;
    runner.report.money = NULL; /* of the arena */
    runner.problems = problems;
    runner.is_verified = true; /* seen at the next poll */
    pthread_mutex_unlock(&runner.lock);
    return NULL;
}

/* Writes the run's row as it is in memory. */
static int write_run(struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    int rc;

    rc = tx_begin(runner.session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = lease_keep(tx, RECONCILE_LEASE, runner.owner, runner.arena, err);
    if (rc == 0)
        rc = reconcile_store_update_run(tx, &runner.run, err);
    if (rc == 0)
        rc = tx_commit(tx, err);
    if (rc == 0)
        runner.run.state_read = runner.run.state;
    return rc;
}

static int begin(const struct run_row *row, struct err *err)
{
    int rc;

    runner.run = *row;
    runner.run.requested_by = arena_strdup(runner.arena, row->requested_by);
    runner.run.state_read = row->state;
    runner.run.state = RUN_RUNNING;
    runner.run.start_time_ms = clock_now_ms();
    runner.run.pass = runner.run.detail = "";
    rc = write_run(err);
    if (rc == 0)
        rc = failpoint_step("reconcile.begun", err);
    if (rc != 0)
        return rc;
    log_info("reconciliation begins", log_text("run", id_show(ID_RUN, row->run_id)));
    runner.findings = arena_array_of(runner.arena, struct finding, (size_t)runner.conf->reconcile_breaks_max);
    runner.n_findings = runner.n_unkept = 0;
    runner.n_rows = runner.share_percent = 0;
    runner.pass[0] = '\0';
    runner.is_verified = false;
    atomic_store(&runner.stops, false);
    INVARIANT(pthread_create(&runner.worker, NULL, verify_all, NULL) == 0);
    runner.is_running = true;
    return 0;
}

/* Queues the run that comes by itself: so long after the last one, and at once where there was none. */
static int schedule(struct err *err)
{
    struct tx *tx CLEANUP(tx_cleanup) = NULL;
    const int64_t every_ms = runner.conf->reconcile_every_s * 1000;
    const int64_t window_ms = runner.conf->reconcile_window_s * 1000;
    const int64_t now_ms = clock_wall_ms(); /* ids follow it, and so does the schedule */
    struct run_row *last = NULL;
    struct run_row row;
    size_t n = 0;
    int rc;

    if (every_ms == 0)
        return 0;
    rc = tx_begin(runner.session, MODULE_PLATFORM, &tx, err);
    if (rc == 0)
        rc = reconcile_store_last_run(tx, runner.arena, &last, &n, err);
    if (rc != 0 || (n > 0 && now_ms < id_time_ms(last[0].run_id) + every_ms))
        return rc;
    row = run_make("schedule", window_ms > 0 ? now_ms - window_ms : 0, clock_now_ms());
    rc = reconcile_store_insert_run(tx, &row, err);
    return rc == 0 ? tx_commit(tx, err) : rc;
}

static int look_for_run(struct err *err)
{
    struct run_row *rows = NULL;
    size_t n = 0;
    int rc;

    rc = schedule(err);
    if (rc == 0) {
        struct tx *tx CLEANUP(tx_cleanup) = NULL;

        rc = tx_begin_read(runner.session, &tx, err);
        if (rc == 0)
            rc = reconcile_store_next_run(tx, runner.arena, &rows, &n, err);
    }
    if (rc == 0 && n > 0)
        rc = begin(&rows[0], err);
    return rc;
}

/* The run is over, and its thread gone. */
static void forget_run(void)
{
    pthread_join(runner.worker, NULL);
    free(runner.problems); /* open_memstream's own */
    runner.problems = NULL;
    runner.is_running = false;
}

static const char *detail_of(void)
{
    if (runner.verify_rc != 0)
        return arena_printf(runner.arena, "%.250s", runner.problems);
    if (runner.n_unkept > 0)
        return arena_printf(runner.arena, "%zu more disagree than reconcile.breaks_max, not recorded", runner.n_unkept);
    return "";
}

/* Everything was looked at, or could not be. An error leaves the run as it is: the next poll records it again. */
static int end(struct err *err)
{
    struct arena *arena CLEANUP(arena_cleanup) = arena_new(ARENA_BYTES_MAX);
    const struct findings findings = {
        .list = runner.findings, .n = runner.n_findings, .owner = runner.owner, .are_all = runner.n_unkept == 0};
    struct run_row *run = &runner.run;
    int rc = 0;

    run->row_count = runner.report.n_rows;
    run->order_count = runner.report.n_orders;
    run->payment_count = runner.report.n_payments;
    run->refund_count = runner.report.n_refunds;
    run->pass = "";
    run->share_percent = 100;
    run->detail = detail_of();
    run->end_time_ms = clock_now_ms();
    if (runner.verify_rc == 0)
        rc = record_findings(runner.session, arena, &findings, run, err);
    if (rc != 0)
        return rc;
    run->state = runner.verify_rc == 0 ? RUN_DONE : RUN_FAILED;
    rc = write_run(err);
    if (rc != 0) {
        run->state = RUN_RUNNING;
        return rc;
    }
    log_info("reconciliation ended", log_text("run", id_show(ID_RUN, run->run_id)), log_text("detail", run->detail),
             log_i64("breaks", run->break_count), log_i64("new", run->new_count), log_i64("gone", run->gone_count));
    return 0;
}

/* The run at hand, at each poll: its progress, or its end. */
static int attend(struct err *err)
{
    bool is_verified;
    int rc;

    pthread_mutex_lock(&runner.lock);
    is_verified = runner.is_verified;
    snprintf(runner.pass_shown, sizeof runner.pass_shown, "%s", runner.pass);
    runner.run.pass = runner.pass_shown;
    runner.run.share_percent = runner.share_percent;
    runner.run.row_count = runner.n_rows;
    pthread_mutex_unlock(&runner.lock);
    if (!is_verified)
        return write_run(err);
    rc = end(err);
    if (rc == 0)
        forget_run();
    return rc;
}

static void drop_run(void)
{
    atomic_store(&runner.stops, true);
    forget_run();
}

/* Takes the lease, or renews it in time. */
static int hold_lease(bool *ret_held, struct err *err)
{
    const int64_t now_ms = clock_steady_ns() / 1000000;
    int rc;

    *ret_held = now_ms < runner.renew_ms;
    if (*ret_held)
        return 0;
    rc = lease_take(runner.session, RECONCILE_LEASE, runner.owner, runner.conf->jobs_lease_ms, ret_held, err);
    runner.renew_ms = rc == 0 && *ret_held ? now_ms + runner.conf->jobs_lease_ms / 3 : 0;
    return rc;
}

static void poll_once(void)
{
    struct err err = {0};
    bool is_held = false;
    int rc;

    if (!runner.is_running)
        arena_reset(runner.arena);
    rc = hold_lease(&is_held, &err);
    if (rc == 0 && !is_held && runner.is_running) {
        log_warn("lease of reconciliation lost, another replica begins the run again");
        drop_run();
    }
    if (rc == 0 && is_held)
        rc = runner.is_running ? attend(&err) : look_for_run(&err);
    if (rc == ERR_BATCH_CONFLICT)
        runner.renew_ms = 0; /* ask for the lease anew */
    if (rc == ERR_BATCH_CONFLICT && runner.is_running) {
        log_warn("run of reconciliation was ended by another replica while this one slept, ignoring");
        drop_run();
    } else if (rc != 0) {
        log_warn("reconciliation waits for the database", log_text("reason", err_info(err.id)->reason));
    }
}

/* Until the next poll, or the end of the process: false then. */
static bool wait_for_poll(void)
{
    const struct timespec until = clock_moment_in(runner.conf->reconcile_poll_ms);
    bool goes_on;

    pthread_mutex_lock(&runner.lock);
    while (!runner.is_ending)
        if (pthread_cond_timedwait(&runner.changed, &runner.lock, &until) != 0)
            break;
    goes_on = !runner.is_ending;
    pthread_mutex_unlock(&runner.lock);
    return goes_on;
}

static void *run(void *argument)
{
    struct err err = {0};

    (void)argument;
    db_thread_begin();
    runner.session = session_new(runner.db);
    runner.arena = arena_new(ARENA_BYTES_MAX);
    while (wait_for_poll())
        poll_once();
    if (runner.is_running)
        drop_run();
    if (lease_release(runner.session, RECONCILE_LEASE, runner.owner, &err) != 0)
        log_warn("lease could not be given back, ignoring", log_text("job", RECONCILE_LEASE));
    arena_free(runner.arena);
    session_free(runner.session);
    db_thread_end();
    return NULL;
}

void reconcile_start(const struct conf *conf, struct db *db)
{
    runner.conf = conf;
    runner.db = db;
    runner.is_ending = false;
    crypto_random(&runner.owner, sizeof runner.owner);
    runner.owner = (runner.owner & INT64_MAX) | 1;
    repair_use_database(db);
    INVARIANT(pthread_create(&runner.thread, NULL, run, NULL) == 0);
}

void reconcile_stop(void)
{
    pthread_mutex_lock(&runner.lock);
    runner.is_ending = true;
    pthread_cond_signal(&runner.changed);
    pthread_mutex_unlock(&runner.lock);
    pthread_join(runner.thread, NULL);
}
