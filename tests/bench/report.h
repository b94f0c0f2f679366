/* One figure of a benchmark, for people or as one JSON object a line. */
#ifndef BMT_TESTS_BENCH_REPORT_H
#define BMT_TESTS_BENCH_REPORT_H

#include <stdbool.h>

#include "bench/load.h"
#include "bench/usage.h"

enum { REPORT_RATIOS_MAX = 4 };

/* `value` beside a baseline of the same run; ratios without a value are left out. */
struct ratio {
    const char *baseline;
    double value; /* of the baseline */
};

struct figure {
    const char *name;
    const char *param; /* such as "callers" */
    double param_value;
    double value;
    const char *unit; /* "1/s", "ms" */
    struct ratio ratios[REPORT_RATIOS_MAX];
    double p50_ms; /* 0: the figure is not made of latencies */
    double p99_ms;
    const struct load_result *load; /* NULL: not measured through the server */
    const struct usage *before;     /* with `after`: what the processes did meanwhile; NULL: unknown */
    const struct usage *after;
};

void report(const struct figure *figure, bool is_json);

#endif
