/* Latencies of a run: kept whole, so that percentiles are exact. One thread writes a set; sets are merged at the end.
 */
#ifndef BMT_TESTS_BENCH_SAMPLES_H
#define BMT_TESTS_BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    int64_t *ns;
    size_t n;
    size_t capacity;
};

void samples_add(struct samples *samples, int64_t ns);
void samples_merge(struct samples *into, struct samples *from);
void samples_free(struct samples *samples);

/* The value below which `percent` of all lie, in ms; sorts. 0 without samples. */
double samples_percentile_ms(struct samples *samples, double percent);

#endif
