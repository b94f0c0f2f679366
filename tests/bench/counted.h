/* What gate.c (the server) and counted_load.c (its client) agree on. */
#ifndef BMT_TESTS_BENCH_COUNTED_H
#define BMT_TESTS_BENCH_COUNTED_H

enum {
    COUNTED_BATCH = 64,   /* callers, and calls in every batch */
    COUNTED_WARM_UP = 8,  /* batches before counting: statements are prepared, caches and pools filled */
    COUNTED_BATCHES = 32, /* batches that are counted */
    /* One batch more arrives than is counted: it is what the last one's end is known by. */
    COUNTED_CALLS = (COUNTED_WARM_UP + COUNTED_BATCHES + 1) * COUNTED_BATCH,
};

#endif
