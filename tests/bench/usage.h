/* What the processes of a run cost: processor time, and the most memory they held. BMT_PROCESSES names them: bmtd=12
 * ... */
#ifndef BMT_TESTS_BENCH_USAGE_H
#define BMT_TESTS_BENCH_USAGE_H

#include <stdint.h>

enum { USAGE_PROCESSES_MAX = 8 };

struct usage {
    int n;
    struct usage_process {
        char name[16];
        int pid;
        double cpu_s;
        long peak_kib;
    } processes[USAGE_PROCESSES_MAX];
    int64_t time_ns;
};

/* As they stand now, and this process itself as `bench`. Processes that are gone are left out. */
void usage_read(struct usage *ret_usage);

#endif
