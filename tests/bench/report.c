/* See report.h. */
#include "bench/report.h"

#include <stdio.h>
#include <string.h>

static void json_load(const struct load_result *load)
{
    printf(", \"p90_ms\": %.2f, \"p999_ms\": %.2f, \"max_ms\": %.2f, \"errors\": %llu, \"per_second\": [", load->p90_ms,
           load->p999_ms, load->max_ms, (unsigned long long)load->errors);
    for (int i = 0; i < load->n_seconds && i < LOAD_SECONDS_MAX; i++)
        printf(i == 0 ? "%u" : ", %u", load->per_second[i]);
    printf("]");
}

/* Cores that a process kept busy between the two looks. */
static double cores(const struct usage *before, const struct usage *after, int i)
{
    for (int j = 0; j < before->n; j++)
        if (before->processes[j].pid == after->processes[i].pid)
            return (after->processes[i].cpu_s - before->processes[j].cpu_s) /
                   ((double)(after->time_ns - before->time_ns) / 1e9);
    return 0;
}

static void json_usage(const struct usage *before, const struct usage *after)
{
    printf(", \"processes\": {");
    for (int i = 0; i < after->n; i++)
        printf("%s\"%s\": {\"cores\": %.2f, \"peak_mib\": %ld}", i == 0 ? "" : ", ", after->processes[i].name,
               cores(before, after, i), after->processes[i].peak_kib / 1024);
    printf("}");
}

static void as_json(const struct figure *figure)
{
    const char *between = "";

    printf("{\"name\": \"%s\", \"params\": {\"%s\": %.0f}, \"value\": %.*f, \"unit\": \"%s\", \"ratios\": {",
           figure->name, figure->param, figure->param_value, figure->value < 100 ? 2 : 0, figure->value, figure->unit);
    for (int i = 0; i < REPORT_RATIOS_MAX; i++)
        if (figure->ratios[i].value > 0) {
            printf("%s\"%s\": %.2f", between, figure->ratios[i].baseline, figure->value / figure->ratios[i].value);
            between = ", ";
        }
    printf("}");
    if (figure->p50_ms > 0)
        printf(", \"p50_ms\": %.2f, \"p99_ms\": %.2f", figure->p50_ms, figure->p99_ms);
    if (figure->load != NULL)
        json_load(figure->load);
    if (figure->after != NULL)
        json_usage(figure->before, figure->after);
    printf("}\n");
}

static void as_text(const struct figure *figure)
{
    printf("%-20s %6.0f %-9s %10.*f %-4s", figure->name, figure->param_value, figure->param,
           figure->value < 100 ? 2 : 0, figure->value, figure->unit);
    if (figure->p50_ms > 0)
        printf(" p50 %8.2f ms  p99 %8.2f ms", figure->p50_ms, figure->p99_ms);
    for (int i = 0; i < REPORT_RATIOS_MAX; i++)
        if (figure->ratios[i].value > 0)
            printf("  %.2f x %s", figure->value / figure->ratios[i].value, figure->ratios[i].baseline);
    if (figure->load != NULL && figure->load->errors > 0)
        printf("  %llu ERRORS", (unsigned long long)figure->load->errors);
    printf("\n");
    for (int i = 0; figure->after != NULL && i < figure->after->n; i++)
        fprintf(stderr, "    %s %.2f cores, %ld MiB%s", figure->after->processes[i].name,
                cores(figure->before, figure->after, i), figure->after->processes[i].peak_kib / 1024,
                i + 1 == figure->after->n ? "\n" : ",");
}

void report(const struct figure *figure, bool is_json)
{
    if (is_json)
        as_json(figure);
    else
        as_text(figure);
    fflush(stdout);
}
