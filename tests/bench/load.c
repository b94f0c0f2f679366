/* See load.h. Samples are written by the client's one poller thread only. */
#include "bench/load.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "bench/samples.h"

enum { CALLERS_MAX = 2048 };

struct run {
    struct bmt_client *client;
    const struct load *load;
    atomic_bool is_measuring;
    atomic_bool is_over;
    _Atomic int open;
    struct samples samples;
    uint64_t errors;
    char first_error[640];
};

/* Counts on over all runs of the process: a second run's calls must not be repeats of the first one's. */
static _Atomic uint64_t next_call;

struct caller {
    struct run *run;
    int64_t begin_ns;
};

static void start_call(struct caller *caller);

static void on_answer(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    struct caller *caller = context;
    struct run *run = caller->run;

    if (error != NULL) {
        if (run->errors++ == 0)
            snprintf(run->first_error, sizeof run->first_error, "%s: %s", error->reason, error->message);
    } else {
        if (run->load->answered != NULL)
            run->load->answered(reply, size);
        if (atomic_load_explicit(&run->is_measuring, memory_order_relaxed))
            samples_add(&run->samples, clock_steady_ns() - caller->begin_ns);
    }
    if (atomic_load_explicit(&run->is_over, memory_order_relaxed))
        atomic_fetch_sub(&run->open, 1);
    else
        start_call(caller);
}

static void start_call(struct caller *caller)
{
    struct run *run = caller->run;
    uint8_t bytes[LOAD_BYTES_MAX];
    const size_t size = run->load->fill(atomic_fetch_add(&next_call, 1), bytes);

    caller->begin_ns = clock_steady_ns();
    bmt_call_start(run->client, run->load->service, run->load->method, bytes, size, on_answer, caller);
}

static void pause_seconds(double seconds)
{
    nanosleep(
        &(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)},
        NULL);
}

void load_run(struct bmt_client *client, const struct load *load, int callers, double seconds,
              struct load_result *ret_result)
{
    static struct caller all[CALLERS_MAX];
    struct run run = {.client = client, .load = load, .open = callers};
    int64_t begin_ns;
    double elapsed;

    for (int i = 0; i < callers; i++) {
        all[i].run = &run;
        start_call(&all[i]);
    }
    pause_seconds(seconds / 5);
    begin_ns = clock_steady_ns();
    atomic_store(&run.is_measuring, true);
    pause_seconds(seconds);
    atomic_store(&run.is_measuring, false);
    elapsed = (double)(clock_steady_ns() - begin_ns) / 1e9;
    atomic_store(&run.is_over, true);
    while (atomic_load(&run.open) > 0)
        pause_seconds(0.01);
    *ret_result = (struct load_result){
        .calls_per_s = (double)run.samples.n / elapsed,
        .p50_ms = samples_percentile_ms(&run.samples, 50),
        .p99_ms = samples_percentile_ms(&run.samples, 99),
        .calls = run.samples.n,
        .errors = run.errors,
    };
    snprintf(ret_result->first_error, sizeof ret_result->first_error, "%s", run.first_error);
    samples_free(&run.samples);
}
