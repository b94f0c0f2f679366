#include "bench/samples.h"

#include <stdio.h>
#include <stdlib.h>

void samples_add(struct samples *samples, int64_t ns)
{
    if (samples->n == samples->capacity) {
        samples->capacity = samples->capacity == 0 ? 4096 : samples->capacity * 2;
        samples->ns = realloc(samples->ns, samples->capacity * sizeof(*samples->ns));
        if (samples->ns == NULL) {
            fputs("bench: out of memory\n", stderr);
            abort();
        }
    }
    samples->ns[samples->n++] = ns;
}

void samples_merge(struct samples *into, struct samples *from)
{
    for (size_t i = 0; i < from->n; i++)
        samples_add(into, from->ns[i]);

    samples_free(from);
}

void samples_free(struct samples *samples)
{
    free(samples->ns);
    *samples = (struct samples){0};
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

double samples_percentile_ms(struct samples *samples, double percent)
{
    if (samples->n == 0)
        return 0;

    qsort(samples->ns, samples->n, sizeof(*samples->ns), compare);
    size_t at = (size_t)((double)(samples->n - 1) * percent / 100.0);
    return (double)samples->ns[at] / 1e6;
}
