/*
 * Loads a server through the client library; all callers share one client with its poller thread.
 *
 * Closed: so many callers, each with one call under way; an answer starts the next call. Open: calls begin at a
 * constant rate, whatever becomes of those before; a call's time counts from when it was due, so a server that stands
 * still for a second is not measured as having been slow once.
 */
#ifndef BMT_TESTS_BENCH_LOAD_H
#define BMT_TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bmtclient.h"

enum { LOAD_BYTES_MAX = 8192, LOAD_SECONDS_MAX = 600, LOAD_CALLERS_MAX = 8192 };

/*
 * What one kind of call sends. `fill` packs the request of the n-th call of this process into `bytes` and returns its
 * size.
 */
struct load {
    const ProtobufCServiceDescriptor *service;
    const char *method;
    size_t (*fill)(uint64_t n, uint8_t *bytes);
    /* Sees every good answer; NULL when nobody wants them. */
    void (*answered)(const void *reply, size_t size);
    /* A refusal that belongs to the load (sold out), counted as an answer; "" for none. */
    const char *expected_reason;
};

struct load_result {
    double calls_per_s;
    double p50_ms;
    double p90_ms;
    double p99_ms;
    double p999_ms;
    double max_ms;
    uint64_t calls;
    uint64_t errors;
    char first_error[640];
    int n_seconds;
    uint32_t per_second[LOAD_SECONDS_MAX];
};

/* The number of the next call of this process, for `fill`. Thread-safe. */
uint64_t load_next_call(void);

/* `callers` for `seconds`, after a warm-up of a fifth of it. */
void load_run(struct bmt_client *client, const struct load *load, int callers, double seconds,
              struct load_result *ret_result);

/* `n` calls by `callers`, without a warm-up. */
void load_run_count(struct bmt_client *client, const struct load *load, int callers, int64_t n,
                    struct load_result *ret_result);

/* `rate` calls a second for `seconds`, after the same warm-up. Stops the process if more than LOAD_CALLERS_MAX wait. */
void load_run_open(struct bmt_client *client, const struct load *load, double rate, double seconds,
                   struct load_result *ret_result);

/* What the samples of so many seconds say; frees them. Errors and calls of each second are not touched. */
struct samples;
void load_sum_up(struct samples *samples, double seconds, struct load_result *result);

#endif
