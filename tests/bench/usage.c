/* See usage.h. */
#include "bench/usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static int read_cpu(struct usage_process *process)
{
    char path[64];
    unsigned long long user = 0;
    unsigned long long system = 0;
    FILE *file;
    int n;

    snprintf(path, sizeof path, "/proc/%d/stat", process->pid);
    file = fopen(path, "re");
    if (file == NULL)
        return -1;
    n = fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system);
    fclose(file);
    process->cpu_s = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    return n == 2 ? 0 : -1;
}

static void read_peak(struct usage_process *process)
{
    char path[64];
    char line[256];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", process->pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            process->peak_kib = strtol(line + 6, NULL, 10);
    if (file != NULL)
        fclose(file);
}

static void add(struct usage *usage, const char *name, size_t name_size, int pid)
{
    struct usage_process *process = &usage->processes[usage->n];

    if (usage->n == USAGE_PROCESSES_MAX)
        return;
    *process = (struct usage_process){.pid = pid};
    snprintf(process->name, sizeof process->name, "%.*s", (int)name_size, name);
    if (read_cpu(process) != 0)
        return;
    read_peak(process);
    usage->n++;
}

void usage_read(struct usage *ret_usage)
{
    const char *at = getenv("BMT_PROCESSES");

    *ret_usage = (struct usage){.time_ns = clock_steady_ns()};
    add(ret_usage, "bench", strlen("bench"), getpid());
    while (at != NULL && *at != '\0') {
        const size_t name_size = strcspn(at, "=");

        if (at[name_size] == '=')
            add(ret_usage, at, name_size, (int)strtol(at + name_size + 1, NULL, 10));
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
}
