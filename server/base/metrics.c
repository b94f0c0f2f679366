/*
 * Metrics; see metrics.h. Series live in one static table, found by a hash of name and labels; counting is one relaxed
 * atomic addition. Text follows the OpenMetrics specification 1.0: one family's samples stand together.
 */
#include "base/metrics.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

/* Upper bounds in microseconds. */
static const int64_t bucket_us[] = {100,    250,    500,    1000,    2500,    5000,    10000,    25000,   50000,
                                    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000};
enum { BUCKETS = COUNT_OF(bucket_us), NAME_SIZE = 64, LABELS_SIZE = 160, HELP_SIZE = 96 };

struct metric {
    enum metric_kind kind;
    char name[NAME_SIZE];
    char labels[LABELS_SIZE];
    char help[HELP_SIZE];
    _Atomic int64_t value; /* of a histogram: the sum in nanoseconds */
    _Atomic int64_t buckets[BUCKETS + 1];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric series[METRICS_SERIES_MAX];
static _Atomic size_t n_series;
static _Atomic uint32_t slots[2 * METRICS_SERIES_MAX]; /* index + 1 by hash */

static uint32_t hash_of(const char *name, const char *labels)
{
    uint32_t hash = 2166136261u;

    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    for (; *labels != '\0'; labels++)
        hash = (hash ^ (uint8_t)*labels) * 16777619u;
    return hash;
}

/* The series, or NULL with the free slot. Slots are written once and never cleared, so reading needs no lock. */
static struct metric *find(const char *name, const char *labels, size_t *ret_slot)
{
    size_t slot = hash_of(name, labels) % COUNT_OF(slots);
    uint32_t index;

    while ((index = atomic_load_explicit(&slots[slot], memory_order_acquire)) != 0) {
        struct metric *metric = &series[index - 1];

        if (strcmp(metric->name, name) == 0 && strcmp(metric->labels, labels) == 0)
            return metric;
        slot = (slot + 1) % COUNT_OF(slots);
    }
    *ret_slot = slot;
    return NULL;
}

static void keep(char *to, size_t size, const char *text)
{
    INVARIANT(strlen(text) < size);
    memcpy(to, text, strlen(text) + 1);
}

struct metric *metrics_series(enum metric_kind kind, const char *name, const char *help, const char *labels)
{
    size_t slot = 0;
    struct metric *metric = find(name, labels, &slot);

    if (metric != NULL) {
        PRE(metric->kind == kind);
        return metric;
    }
    pthread_mutex_lock(&lock);
    metric = find(name, labels, &slot);
    if (metric == NULL) {
        const size_t n = atomic_load(&n_series);

        INVARIANT(n < METRICS_SERIES_MAX);
        metric = &series[n];
        metric->kind = kind;
        keep(metric->name, sizeof metric->name, name);
        keep(metric->labels, sizeof metric->labels, labels);
        keep(metric->help, sizeof metric->help, help);
        atomic_store_explicit(&slots[slot], (uint32_t)n + 1, memory_order_release);
        atomic_store_explicit(&n_series, n + 1, memory_order_release);
    }
    pthread_mutex_unlock(&lock);
    return metric;
}

void metric_add(struct metric *counter_or_gauge, int64_t value)
{
    atomic_fetch_add_explicit(&counter_or_gauge->value, value, memory_order_relaxed);
}

void metric_set(struct metric *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}

void metric_observe_ns(struct metric *histogram, int64_t nanoseconds)
{
    size_t bucket = 0;

    while (bucket < BUCKETS && nanoseconds > bucket_us[bucket] * 1000)
        bucket++;
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->value, nanoseconds, memory_order_relaxed);
}

int64_t metric_value(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

static const char *labelled(const struct metric *metric, const char *further, struct arena *arena)
{
    if (metric->labels[0] == '\0' && further[0] == '\0')
        return "";
    return arena_printf(arena, "{%s%s%s}", metric->labels, metric->labels[0] != '\0' && further[0] != '\0' ? "," : "",
                        further);
}

static void write_histogram(const struct metric *metric, struct arena *arena, FILE *out)
{
    int64_t count = 0;

    for (size_t i = 0; i <= BUCKETS; i++) {
        count += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        const char *bound = i < BUCKETS ? arena_printf(arena, "le=\"%g\"", (double)bucket_us[i] / 1e6) : "le=\"+Inf\"";

        fprintf(out, "%s_bucket%s %" PRId64 "\n", metric->name, labelled(metric, bound, arena), count);
    }
    fprintf(out, "%s_count%s %" PRId64 "\n", metric->name, labelled(metric, "", arena), count);
    fprintf(out, "%s_sum%s %.9f\n", metric->name, labelled(metric, "", arena), (double)metric_value(metric) / 1e9);
}

static void write_sample(const struct metric *metric, struct arena *arena, FILE *out)
{
    if (metric->kind == METRIC_HISTOGRAM)
        write_histogram(metric, arena, out);
    else
        fprintf(out, "%s%s%s %" PRId64 "\n", metric->name, metric->kind == METRIC_COUNTER ? "_total" : "",
                labelled(metric, "", arena), metric_value(metric));
}

static bool is_first_of_family(size_t which)
{
    for (size_t i = 0; i < which; i++)
        if (strcmp(series[i].name, series[which].name) == 0)
            return false;
    return true;
}

static void write_family(size_t first, size_t n, struct arena *arena, FILE *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};

    fprintf(out, "# TYPE %s %s\n# HELP %s %s\n", series[first].name, types[series[first].kind], series[first].name,
            series[first].help);
    for (size_t i = first; i < n; i++)
        if (strcmp(series[i].name, series[first].name) == 0)
            write_sample(&series[i], arena, out);
}

const char *metrics_text(struct arena *arena)
{
    const size_t n = atomic_load_explicit(&n_series, memory_order_acquire);
    struct arena *scratch CLEANUP(arena_cleanup) = arena_new(16 << 20);
    const size_t room = 4 << 20;
    char *text = arena_alloc(arena, room);
    FILE *out = fmemopen(text, room, "w");

    INVARIANT(out != NULL);
    for (size_t i = 0; i < n; i++)
        if (is_first_of_family(i))
            write_family(i, n, scratch, out);
    fputs("# EOF\n", out);
    INVARIANT(fclose(out) == 0);
    return text;
}
