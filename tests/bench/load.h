/*
 * A closed load: so many callers, each with one call under way; an answer starts the next call. All callers share one
 * client with its poller thread.
 */
#ifndef BMT_TESTS_BENCH_LOAD_H
#define BMT_TESTS_BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bmtclient.h"

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
};

enum { LOAD_BYTES_MAX = 1024 };

struct load_result {
    double calls_per_s;
    double p50_ms;
    double p99_ms;
    uint64_t calls;
    uint64_t errors;
    char first_error[640];
};

/* Runs the callers for `seconds`, after a warm-up of a fifth of it. */
void load_run(struct bmt_client *client, const struct load *load, int callers, double seconds,
              struct load_result *ret_result);

#endif
