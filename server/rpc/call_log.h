/*
 * What is counted and told of each call: metrics by method, and one log line.
 *
 * Lanes write their lines after the replies of a batch have been sent; other threads at once.
 */
#ifndef BMT_RPC_CALL_LOG_H
#define BMT_RPC_CALL_LOG_H

#include <stdint.h>

#include "base/err.h"
#include "base/metrics.h"

enum { STATUS_COUNT = 17, LOG_REQUEST_ID_SIZE = 65 };

/* The series of one method. */
struct call_metrics {
    const char *method;
    struct metric *_Atomic by_status[STATUS_COUNT]; /* registered when first met */
    struct metric *latency;
    struct metric *queue_wait;
    struct metric *batches;
    struct metric *batched_calls;
};

void call_metrics_init(struct call_metrics *metrics, const char *method);

/* One answered call. Texts other than request_id live as long as the process. */
struct call_line {
    const char *method;
    const char *reason; /* empty: OK */
    enum err_status status;
    int64_t biz_id;
    int64_t taken_ns;
    uint32_t batch_size;
    char request_id[LOG_REQUEST_ID_SIZE];
};

void call_log_enable(bool is_on);

void call_metrics_count(struct call_metrics *metrics, enum err_status status, int64_t taken_ns);
void call_log_add(const struct call_line *line);

/* From here to call_log_flush, this thread's lines are kept back (as many as fit). */
void call_log_hold(void);
void call_log_flush(void);

#endif
