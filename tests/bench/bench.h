/* What a benchmark outside main.c gets, and those benchmarks; each ends the process when something fails. */
#ifndef BMT_TESTS_BENCH_BENCH_H
#define BMT_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "bmtclient.h"

struct bench {
    struct bmt_client *client; /* the shop is set up */
    bool is_json;
    double seconds;
    int64_t orders;   /* of clearing */
    int64_t skus;     /* of the catalogue */
    int64_t growth;   /* orders that there are at the end of growth, at least */
    double half_load; /* orders a second: half of what the server can create; of watch */
};

/* The job that divides lines: so many orders that have completed wait for it, and then it may run. */
void bench_clearing(const struct bench *bench);

/* Orders that are created, paid, notified, fulfilled, confirmed and divided; the last one counts, too. */
void bench_whole_life(const struct bench *bench);

/* From a change to whoever watches the order, while orders are created at half load. */
void bench_watch(const struct bench *bench);

/* The gateway beside bmtd: throughput, what it adds, and the memory of open streams. */
void bench_gateway(const struct bench *bench);

/* Throughput with no orders, and with more and more. */
void bench_growth(const struct bench *bench);

/* Orders of many SKUs, beside the same of few. */
void bench_catalogue(const struct bench *bench);

#endif
