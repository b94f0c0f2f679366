/*
 * Metrics and log lines of calls.
 */
#include "rpc/call_log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "sql/batch.h"

static _Atomic bool log_is_on;

/* Lines of this thread that wait for call_log_flush. */
static _Thread_local struct {
    bool is_held;
    size_t n;
    struct call_line lines[BATCH_MAX];
} held;

void call_metrics_init(struct call_metrics *metrics, const char *method)
{
    char labels[200];

    snprintf(labels, sizeof(labels), "method=\"%s\"", method);
    metrics->method = method;
    metrics->latency = metrics_series(METRIC_HISTOGRAM, "bmt_rpc_latency_seconds", "from arrival to answer", labels);
    metrics->queue_wait =
        metrics_series(METRIC_HISTOGRAM, "bmt_rpc_queue_wait_seconds", "from the queue's entry to a lane", labels);
    metrics->batches = metrics_series(METRIC_COUNTER, "bmt_rpc_batches", "batches run by lanes", labels);
    metrics->batched_calls = metrics_series(METRIC_COUNTER, "bmt_rpc_batched_calls", "calls in those batches", labels);
}

void call_metrics_count(struct call_metrics *metrics, enum err_status status, int64_t taken_ns)
{
    struct metric *_Atomic *slot = &metrics->by_status[(unsigned)status < STATUS_COUNT ? status : STATUS_UNKNOWN];
    struct metric *counter = atomic_load_explicit(slot, memory_order_acquire);

    if (counter == NULL) {
        char labels[240];

        snprintf(labels, sizeof(labels), "method=\"%s\",code=\"%s\"", metrics->method, err_status_name(status));
        counter = metrics_series(METRIC_COUNTER, "bmt_rpc_calls", "calls answered", labels);
        atomic_store_explicit(slot, counter, memory_order_release);
    }
    metric_add(counter, 1);
    metric_observe_ns(metrics->latency, taken_ns);
}

void call_log_enable(bool is_on)
{
    atomic_store(&log_is_on, is_on);
}

static void call_log_write(const struct call_line *line)
{
    log_info("call", log_text("method", line->method), log_text("code", err_status_name(line->status)),
             log_text("reason", line->reason), log_i64("biz", line->biz_id), log_text("request_id", line->request_id),
             log_i64("us", line->taken_ns / 1000), log_i64("batch", line->batch_size));
}

void call_log_add(const struct call_line *line)
{
    if (!atomic_load_explicit(&log_is_on, memory_order_relaxed))
        return;
    if (held.is_held && held.n < COUNT_OF(held.lines))
        held.lines[held.n++] = *line;
    else
        call_log_write(line);
}

void call_log_hold(void)
{
    held.is_held = true;
}

void call_log_flush(void)
{
    log_gather();
    for (size_t i = 0; i < held.n; i++)
        call_log_write(&held.lines[i]);
    log_flush();
    held.n = 0;
    held.is_held = false;
}
