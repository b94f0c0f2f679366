/* See load.h. Samples are written by the client's one poller thread only. */
#include "bench/load.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bench/samples.h"

struct run {
    struct bmt_client *client;
    const struct load *load;
    bool is_open;
    _Atomic int64_t left; /* calls that a closed load may still begin */
    atomic_bool is_measuring;
    atomic_bool is_over;
    _Atomic int under_way;
    int64_t begin_ns; /* of the measurement */
    struct samples samples;
    struct load_result *result;
};

struct caller {
    struct run *run;
    int64_t begin_ns;
    atomic_bool is_busy;
};

/* Counts on over all runs of the process: a second run's calls must not be repeats of the first one's. */
static _Atomic uint64_t next_call;
static struct caller callers[LOAD_CALLERS_MAX];

static void start_call(struct caller *caller, int64_t begin_ns);

uint64_t load_next_call(void)
{
    return atomic_fetch_add(&next_call, 1);
}

static void take_sample(struct run *run, const struct caller *caller)
{
    const int64_t now_ns = clock_steady_ns();
    const int64_t second = (now_ns - run->begin_ns) / 1000000000;

    samples_add(&run->samples, now_ns - caller->begin_ns);
    if (second >= 0 && second < LOAD_SECONDS_MAX)
        run->result->per_second[second]++;
}

static void on_answer(void *context, const void *reply, size_t size, const struct bmt_error *error)
{
    struct caller *caller = context;
    struct run *run = caller->run;

    if (error != NULL &&
        (run->load->expected_reason == NULL || strcmp(error->reason, run->load->expected_reason) != 0)) {
        if (run->result->errors++ == 0)
            snprintf(run->result->first_error, sizeof run->result->first_error, "%s: %s", error->reason,
                     error->message);
    } else {
        if (error == NULL && run->load->answered != NULL)
            run->load->answered(reply, size);
        if (atomic_load_explicit(&run->is_measuring, memory_order_relaxed))
            take_sample(run, caller);
    }
    if (run->is_open || atomic_load_explicit(&run->is_over, memory_order_relaxed) ||
        atomic_fetch_sub(&run->left, 1) <= 0) {
        atomic_store(&caller->is_busy, false);
        atomic_fetch_sub(&run->under_way, 1);
    } else {
        start_call(caller, clock_steady_ns());
    }
}

static void start_call(struct caller *caller, int64_t begin_ns)
{
    struct run *run = caller->run;
    uint8_t bytes[LOAD_BYTES_MAX];
    const size_t size = run->load->fill(load_next_call(), bytes);

    caller->begin_ns = begin_ns;
    bmt_call_start(run->client, run->load->service, run->load->method, bytes, size, on_answer, caller);
}

static void pause_seconds(double seconds)
{
    nanosleep(
        &(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)},
        NULL);
}

static void begin_measuring(struct run *run)
{
    run->begin_ns = clock_steady_ns();
    atomic_store(&run->is_measuring, true);
}

void load_sum_up(struct samples *samples, double seconds, struct load_result *result)
{
    result->calls = samples->n;
    result->calls_per_s = (double)samples->n / seconds;
    result->p50_ms = samples_percentile_ms(samples, 50);
    result->p90_ms = samples_percentile_ms(samples, 90);
    result->p99_ms = samples_percentile_ms(samples, 99);
    result->p999_ms = samples_percentile_ms(samples, 99.9);
    result->max_ms = samples_percentile_ms(samples, 100);
    result->n_seconds = (int)(seconds + 0.5);
    samples_free(samples);
}

/* Ends the run and waits for what is under way. */
static void finish(struct run *run)
{
    double elapsed;

    atomic_store(&run->is_measuring, false);
    elapsed = (double)(clock_steady_ns() - run->begin_ns) / 1e9;
    atomic_store(&run->is_over, true);
    while (atomic_load(&run->under_way) > 0)
        pause_seconds(0.01);

    load_sum_up(&run->samples, elapsed, run->result);
}

static void start_callers(struct run *run, int n_callers)
{
    for (int i = 0; i < n_callers; i++) {
        callers[i].run = run;
        start_call(&callers[i], clock_steady_ns());
    }
}

void load_run(struct bmt_client *client, const struct load *load, int n_callers, double seconds,
              struct load_result *ret_result)
{
    struct run run = {.client = client, .load = load, .left = INT64_MAX, .under_way = n_callers, .result = ret_result};

    *ret_result = (struct load_result){0};
    start_callers(&run, n_callers);
    pause_seconds(seconds / 5);
    begin_measuring(&run);
    pause_seconds(seconds);
    finish(&run);
}

void load_run_count(struct bmt_client *client, const struct load *load, int n_callers, int64_t n,
                    struct load_result *ret_result)
{
    const int n_first = n < n_callers ? (int)n : n_callers;
    struct run run = {.client = client, .load = load, .left = n - n_first, .under_way = n_first, .result = ret_result};

    *ret_result = (struct load_result){0};
    begin_measuring(&run);
    start_callers(&run, n_first);
    while (atomic_load(&run.under_way) > 0)
        pause_seconds(0.005);
    finish(&run);
}

/* The next caller that is free; the server is far behind when there is none. */
static struct caller *free_caller(size_t *at)
{
    for (size_t tried = 0; tried < LOAD_CALLERS_MAX; tried++) {
        struct caller *caller = &callers[(*at)++ % LOAD_CALLERS_MAX];

        if (!atomic_load(&caller->is_busy))
            return caller;
    }
    fprintf(stderr, "bench: the rate is too high: %d calls are under way\n", LOAD_CALLERS_MAX);
    exit(1);
}

static void wait_until(int64_t moment_ns)
{
    const int64_t left_ns = moment_ns - clock_steady_ns();

    if (left_ns > 0)
        pause_seconds((double)left_ns / 1e9);
}

void load_run_open(struct bmt_client *client, const struct load *load, double rate, double seconds,
                   struct load_result *ret_result)
{
    struct run run = {.client = client, .load = load, .is_open = true, .result = ret_result};
    const int64_t begin_ns = clock_steady_ns();
    const int64_t n_warm = (int64_t)(rate * seconds / 5);
    const int64_t n = n_warm + (int64_t)(rate * seconds);
    size_t at = 0;

    *ret_result = (struct load_result){0};
    for (int64_t i = 0; i < n; i++) {
        const int64_t due_ns = begin_ns + (int64_t)((double)i * 1e9 / rate);

        wait_until(due_ns);
        if (i == n_warm)
            begin_measuring(&run);
        struct caller *caller = free_caller(&at);

        caller->run = &run;
        atomic_store(&caller->is_busy, true);
        atomic_fetch_add(&run.under_way, 1);
        start_call(caller, due_ns);
    }
    finish(&run);
}
