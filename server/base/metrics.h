/*
 * Counters, gauges and histograms, shown as OpenMetrics text (https://openmetrics.io) by http/metrics_http.c.
 *
 * A metric is registered once at start; counting is lock-free and cheap enough for every call. Label values come
 * from closed lists (method names, status codes, states), never from input.
 */
#ifndef BMT_BASE_METRICS_H
#define BMT_BASE_METRICS_H

#include <stdint.h>

#include "base/arena.h"

struct metric;

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/*
 * Registers (or finds) the series of `name` with these labels, e.g. metrics_series(METRIC_COUNTER,
 * "bmt_rpc_calls", "calls answered", "method=\"CreateOrder\",code=\"OK\""). Histograms count seconds in fixed
 * buckets from 100 us to 30 s. `labels` may be empty. Thread-safe; never NULL; lives until the process ends.
 * More than METRICS_SERIES_MAX series stop the process: labels must not come from input.
 */
struct metric *metrics_series(enum metric_kind kind, const char *name, const char *help, const char *labels);

enum { METRICS_SERIES_MAX = 4096 };

void metric_add(struct metric *counter_or_gauge, int64_t value);
void metric_set(struct metric *gauge, int64_t value);
void metric_observe_ns(struct metric *histogram, int64_t nanoseconds);
int64_t metric_value(const struct metric *metric);

/* All series as OpenMetrics text, ended by `# EOF`; memory from the arena. */
const char *metrics_text(struct arena *arena);

#endif
